"""What a rider wrote about services, in the room's own tables and in messages to others."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from grid_report.accounts.leaving.erasing import Leaver, Work
from grid_report.db import db
from grid_report.notify.erasure_steps import Said, forget_quotes
from grid_report.offers.permits.models import Application, ApplicationEntry
from grid_report.offers.permits.rules import new_token
from grid_report.offers.redemptions.models import Redemption, RedemptionEntry

# A vehicle's permit has a plate: what stands for one that is forgotten.
NO_PLATE = "—"


def forget_words(it: Leaver) -> Work:
    """Empty what others were told in the rider's words; the histories' own follow."""
    return forget_quotes(list(_said(it.member_id)))


def _said(member_id: int) -> Iterator[Said]:
    for entry, joined in (
        (RedemptionEntry, RedemptionEntry.redemption_id == Redemption.id),
        (ApplicationEntry, ApplicationEntry.application_id == Application.id),
    ):
        query = select(Redemption.ref, entry.at, entry.words)
        if entry is ApplicationEntry:
            query = query.join(Application, Application.redemption_id == Redemption.id)
        rows = db.session.execute(
            query.join(entry, joined).where(entry.actor_id == member_id, entry.words != "")
        )
        yield from (Said(*row) for row in rows)


def forget_cards(it: Leaver) -> Work:
    """Let plates go, and the codes on cards lead nowhere."""
    return lambda session: _forget_cards(session, it)


def _forget_cards(session: Session, it: Leaver) -> None:
    for application in session.scalars(
        select(Application)
        .where(
            Application.rider_id == it.member_id,
            or_(Application.plate.not_in(("", NO_PLATE)), Application.card_number != "",
                Application.nickname != ""),
        )
        .order_by(Application.id)
        .with_for_update()
    ):  # fmt: skip
        application.plate = NO_PLATE if application.plate else ""
        if application.token is not None:
            application.token = new_token()
    session.flush()
