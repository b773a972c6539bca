"""Reads about cards: a rider's, what waits at a desk, prices and what the county paid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts.aliases import rider_alias
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.offers.catalogue.models import Offer
from grid_report.offers.kinds import APPLIED_FOR
from grid_report.offers.permits import rules
from grid_report.offers.permits.lifecycle import HELD, WAITING, ApplicationState, waits_for
from grid_report.offers.permits.models import (
    Application,
    ApplicationEntry,
    OwnerPrice,
    PermitOffer,
    Subsidy,
)
from grid_report.offers.permits.rules import PermitKind
from grid_report.offers.redemptions.models import Redemption


class Pile(StrEnum):
    """Which applications a desk looks at."""

    TO_DO = "to_do"
    UNDER_WAY = "under_way"
    CARDS = "cards"
    OVER = "over"


@dataclass(frozen=True)
class PermitRow:
    """An application with the reference it goes by."""

    application: Application
    ref: str

    @property
    def alias(self) -> str:
        """The holder's alias, the same everywhere."""
        return rider_alias(self.application.rider_id)

    @property
    def turn(self) -> str:
        """Whose turn it is, or nothing."""
        side = waits_for(self.application.state, has_firm=self.application.unit_code is not None)
        return side.value if side is not None else ""

    def due_at(self, hours: int) -> datetime:
        """Until when it should be answered."""
        return rules.due_at(self.application.waiting_since, hours)

    def is_late(self, hours: int, now: datetime) -> bool:
        """Tell whether somebody lets the rider wait too long."""
        return bool(self.turn) and now >= self.due_at(hours)

    def is_valid(self, now: datetime) -> bool:
        """Tell whether the card is good now."""
        it = self.application
        return rules.is_valid(it.state, it.valid_until, now)

    def may_renew(self, days: int, now: datetime) -> bool:
        """Tell whether it can be applied for again."""
        it = self.application
        return rules.may_renew(it.state, it.valid_until, now, days)


_ROW = select(Application, Redemption.ref).join(
    Redemption, Redemption.id == Application.redemption_id
)


def find_permit(ref: str) -> PermitRow:
    """Return an application by its reference. Raises NotFound."""
    found = find_card_or_none(ref)
    if found is None:
        raise NotFound
    return found


def find_card_or_none(ref: str) -> PermitRow | None:
    """Return an application by its reference, or None: most redemptions are no applications."""
    found = db.session.execute(_ROW.where(Redemption.ref == ref)).one_or_none()
    return PermitRow(*found) if found is not None else None


def find_ref_by_key(key: str) -> str | None:
    """Return the reference of what was asked for under a key, whoever asked."""
    return db.session.scalar(select(Redemption.ref).where(Redemption.key == key))


def cards_by_redemption(ids: Sequence[int]) -> dict[int, Application]:
    """Return the applications behind redemptions."""
    if not ids:
        return {}
    rows = db.session.scalars(select(Application).where(Application.redemption_id.in_(ids)))
    return {row.redemption_id: row for row in rows}


def list_entries(application_id: int) -> Sequence[ApplicationEntry]:
    """List the steps of an application, oldest first."""
    return db.session.scalars(
        select(ApplicationEntry)
        .where(ApplicationEntry.application_id == application_id)
        .order_by(ApplicationEntry.id)
    ).all()


def _seen_by(who: Actor) -> ColumnElement[bool] | None:
    """Return what restricts a list to what somebody may read; None: everything."""
    if who.holds_any(Role.ADMINISTRATOR, Role.AUDITOR):
        return None
    return or_(
        false(),
        Application.unit_code.in_(who.places(Role.HANDLER)),
        Application.community_code.in_(who.places(Role.WORKER)),
    )


def _turn_of(who: Actor) -> ColumnElement[bool]:
    """Return what is somebody's turn: the firm's, the community's, or anybody's to watch."""
    if who.holds_any(Role.ADMINISTRATOR, Role.AUDITOR):
        return Application.state.in_(WAITING)
    state, firm = Application.state, Application.unit_code
    S = ApplicationState
    return or_(
        and_(firm.in_(who.places(Role.HANDLER)), state.in_((S.SUBMITTED, S.APPROVED))),
        and_(
            Application.community_code.in_(who.places(Role.WORKER)),
            or_(state == S.PROPERTY_APPROVED, firm.is_(None)),
        ),
    )


def _in_pile(pile: Pile, who: Actor) -> ColumnElement[bool]:
    if pile is Pile.TO_DO:
        return and_(Application.state.in_(WAITING), _turn_of(who))
    if pile is Pile.UNDER_WAY:
        return Application.state.in_(WAITING)
    if pile is Pile.CARDS:
        return Application.state.in_(HELD)
    return Application.state.not_in((*WAITING, *HELD))


def list_permits(
    who: Actor, pile: Pile, *, before: int | None = None, limit: int = 50
) -> tuple[list[PermitRow], int | None]:
    """List a pile: what waits longest first where somebody waits, else the newest first."""
    query = _ROW.where(_in_pile(pile, who), Application.rider_id != who.member_id)
    mine = _seen_by(who)
    if mine is not None:
        query = query.where(mine)
    if pile in (Pile.TO_DO, Pile.UNDER_WAY):
        rows = db.session.execute(query.order_by(Application.waiting_since).limit(200))
        return [PermitRow(*row) for row in rows], None
    if before is not None:
        query = query.where(Application.id < before)
    rows = db.session.execute(query.order_by(Application.id.desc()).limit(limit + 1))
    found = [PermitRow(*row) for row in rows]
    following = found[limit - 1].application.id if len(found) > limit else None
    return found[:limit], following


def count_to_do(who: Actor) -> int:
    """Count what is somebody's turn."""
    query = (
        select(func.count())
        .select_from(Application)
        .where(_in_pile(Pile.TO_DO, who), Application.rider_id != who.member_id)
    )
    mine = _seen_by(who)
    return int(db.session.scalar(query.where(mine) if mine is not None else query) or 0)


def find_permit_kind(offer_id: int) -> PermitKind | None:
    """Return what is applied for through an offer."""
    return db.session.scalar(select(PermitOffer.paper).where(PermitOffer.offer_id == offer_id))


def offers_of_permits() -> dict[PermitKind, int]:
    """Return the offer of each kind of card."""
    rows = db.session.execute(select(PermitOffer.paper, PermitOffer.offer_id))
    return {row.paper: row.offer_id for row in rows}


def application_offers() -> Sequence[Offer]:
    """List the offers that are applied for."""
    return db.session.scalars(
        select(Offer)
        .where(Offer.kind.in_(APPLIED_FOR), Offer.retired_at.is_(None))
        .order_by(Offer.id)
    ).all()


def prices_now(paper: PermitKind | None = None) -> dict[tuple[str, PermitKind], OwnerPrice]:
    """Return the price that counts, by compound and kind."""
    newest = select(func.max(OwnerPrice.id)).group_by(OwnerPrice.compound_code, OwnerPrice.paper)
    if paper is not None:
        newest = newest.where(OwnerPrice.paper == paper)
    rows = db.session.scalars(select(OwnerPrice).where(OwnerPrice.id.in_(newest)))
    return {(row.compound_code, row.paper): row for row in rows}


def price_history(compound_code: str) -> Sequence[OwnerPrice]:
    """List every price a compound ever had, the newest first."""
    return db.session.scalars(
        select(OwnerPrice)
        .where(OwnerPrice.compound_code == compound_code)
        .order_by(OwnerPrice.id.desc())
    ).all()


def list_subsidies(limit: int = 200) -> list[tuple[Subsidy, PermitRow]]:
    """List what the county owes for cards, the newest first."""
    rows = db.session.execute(
        select(Subsidy, Application, Redemption.ref)
        .join(Application, Application.id == Subsidy.application_id)
        .join(Redemption, Redemption.id == Application.redemption_id)
        .order_by(Subsidy.at.desc(), Subsidy.application_id.desc())
        .limit(limit)
    )
    return [(subsidy, PermitRow(application, ref)) for subsidy, application, ref in rows]


def total_subsidies() -> int:
    """Sum what the county owes for cards, in fen."""
    return int(db.session.scalar(select(func.coalesce(func.sum(Subsidy.fen), 0))) or 0)
