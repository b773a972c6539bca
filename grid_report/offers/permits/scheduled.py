"""What time does to cards: a reminder before the end, the end, and applications nobody decided.

For the jobs: each card is its own transaction; what was listed is looked at again under its lock.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import select

from grid_report.db import db, transaction, use_case
from grid_report.errors import Conflict
from grid_report.notify import outbox
from grid_report.offers.permits import steps as paper_steps
from grid_report.offers.permits.lifecycle import HELD, WAITING, ApplicationStep, Fee
from grid_report.offers.permits.models import Application
from grid_report.offers.redemptions import steps as redemptions_steps
from grid_report.offers.redemptions.models import Redemption


def watch_permits(
    *, remind_days: int, now: datetime, should_continue: Callable[[], bool] = lambda: True
) -> int:
    """Remind, end and let lapse whatever is due; return how many."""
    soon = now + timedelta(days=remind_days)
    lapsed = _refs(Application.state.in_(WAITING), Redemption.holds_until <= now)
    over = _refs(Application.state.in_(HELD), Application.valid_until <= now)
    near = _refs(
        Application.state.in_(HELD),
        Application.valid_until > now,
        Application.valid_until <= soon,
        Application.reminded_at.is_(None),
    )
    done = 0
    for refs, act in ((lapsed, _lapse), (over, _expire), (near, _remind)):
        for ref in refs:
            if not should_continue():
                return done
            try:
                done += act(ref, now=now)
            except Conflict:
                # The ledger is frozen, or somebody was faster: looked at again next time.
                continue
    return done


def _refs(*where: object) -> list[str]:
    query = select(Redemption.ref).join(Application, Application.redemption_id == Redemption.id)
    return list(db.session.scalars(query.where(*where).order_by(Application.id)))  # type: ignore[arg-type]


@use_case
def _lapse(ref: str, *, now: datetime) -> bool:
    with transaction() as session:
        redemption = redemptions_steps.lock(session, ref)
        application = paper_steps.lock(session, redemption.id)
        if application.state not in WAITING or redemption.holds_until > now:
            return False
        step, role = ApplicationStep.LAPSE, redemptions_steps.SYSTEM
        paper_steps.move(session, application, step, actor=None, role=role, now=now)
        back = paper_steps.move_fee(
            session, application, redemption, step, Fee.RELEASE, actor=None, role=role, now=now
        )
        paper_steps.tell_rider(session, application, ref, step, now=now, points_back=back)
        return True


@use_case
def _expire(ref: str, *, now: datetime) -> bool:
    with transaction() as session:
        application = paper_steps.lock(session, redemptions_steps.lock(session, ref).id)
        until = application.valid_until
        if application.state not in HELD or until is None or until > now:
            return False
        step = ApplicationStep.EXPIRE
        paper_steps.move(
            session, application, step, actor=None, role=redemptions_steps.SYSTEM, now=now
        )
        paper_steps.tell_rider(session, application, ref, step, now=now)
        return True


@use_case
def _remind(ref: str, *, now: datetime) -> bool:
    with transaction() as session:
        application = paper_steps.lock(session, redemptions_steps.lock(session, ref).id)
        if application.state not in HELD or application.reminded_at is not None:
            return False
        application.reminded_at = now
        outbox.put(
            session,
            "application_expiring",
            to_member=application.rider_id,
            about=ref,
            facts={
                "paper": application.paper.value,
                "compound": application.compound_name,
                "until": application.valid_until,
            },
            now=now,
        )
        return True
