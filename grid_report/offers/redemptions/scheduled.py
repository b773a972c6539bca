"""What time does: final after the window, expired, missed, a kept place passed on. For the jobs.

Each redemption is its own transaction; what was listed is looked at again under its lock, and the
table of moves refuses what has moved on meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.db import db, transaction, use_case
from grid_report.errors import Conflict, Invalid
from grid_report.notify import outbox
from grid_report.offers.catalogue.models import Offer
from grid_report.offers.kinds import APPLIED_FOR, WaitState
from grid_report.offers.redemptions import steps
from grid_report.offers.redemptions.lifecycle import RedemptionState, RedemptionStep
from grid_report.offers.redemptions.models import Redemption, Waiting
from grid_report.offers.redemptions.permissions import REDEMPTION_DECIDE
from grid_report.offers.redemptions.rules import DISPUTE_WINDOW
from grid_report.points import ledger


def settle_due(*, now: datetime, should_continue: Callable[[], bool] = lambda: True) -> int:
    """Make final what was delivered 72 hours ago and nobody disputed; return how many."""
    refs = _refs(
        Redemption.state == RedemptionState.DELIVERED,
        Redemption.delivered_at <= now - DISPUTE_WINDOW,
    )
    return _each(refs, lambda ref: _settle(ref, now=now), should_continue)


def end_overdue(*, now: datetime, should_continue: Callable[[], bool] = lambda: True) -> int:
    """Let vouchers past their day expire and bookings nobody came to be missed; return how many."""
    refs = _refs(
        Redemption.state == RedemptionState.RESERVED,
        Redemption.holds_until <= now,
        # Applications lapse with words of their own, see `permits/scheduled.py`.
        Redemption.offer_id.not_in(select(Offer.id).where(Offer.kind.in_(APPLIED_FOR))),
    )
    return _each(refs, lambda ref: _end(ref, now=now), should_continue)


def pass_on_places(*, now: datetime, should_continue: Callable[[], bool] = lambda: True) -> int:
    """Pass kept places on that nobody took in time, and end queues that waited in vain."""
    rows = db.session.scalars(
        select(Waiting.id).where(Waiting.state == WaitState.OFFERED, Waiting.kept_until <= now)
    ).all()
    return _each(rows, lambda entry_id: _lapse(entry_id, now=now), should_continue)


def _refs(*where: object) -> list[str]:
    return list(
        db.session.scalars(select(Redemption.ref).where(*where).order_by(Redemption.id))  # type: ignore[arg-type]
    )


def _each(found: object, act: Callable[..., bool], should_continue: Callable[[], bool]) -> int:
    done = 0
    for one in found:  # type: ignore[attr-defined]
        if not should_continue():
            break
        try:
            done += act(one)
        except Conflict:
            # The ledger is frozen, or somebody was faster: it is looked at again next time.
            continue
    return done


@use_case
def _settle(ref: str, *, now: datetime) -> bool:
    with transaction() as session:
        redemption = steps.lock(session, ref)
        steps.move(
            session, redemption, RedemptionStep.SETTLE, actor=None, role=steps.SYSTEM, now=now
        )
        return True


@use_case
def _end(ref: str, *, now: datetime) -> bool:
    with transaction() as session:
        # Or two bookings missed at the same moment would each be the first of the month.
        steps.lock_rider_of(session, ref)
        redemption = steps.lock(session, ref)
        missed = redemption.slot_id is not None
        step = RedemptionStep.MISS if missed else RedemptionStep.EXPIRE
        steps.move(session, redemption, step, actor=None, role=steps.SYSTEM, now=now)
        offer = session.get_one(Offer, redemption.offer_id)
        facts = {**steps.titles(offer), "points": ledger.stayed(session, ref, at=now)}
        if missed:
            facts["penalty"] = redemption.penalty_points
        outbox.put(
            session,
            "redemption_missed" if missed else "redemption_expired",
            to_member=redemption.rider_id,
            about=redemption.ref,
            facts=facts,
            now=now,
        )
        return True


@use_case
def _lapse(entry_id: int, *, now: datetime) -> bool:
    with transaction() as session:
        entry = session.get_one(Waiting, entry_id)
        slot = steps.lock_slot(session, entry.slot_id)
        session.refresh(entry)
        if entry.state is not WaitState.OFFERED:
            return False
        steps.leave(session, slot, entry, WaitState.LAPSED, now)
        return True


@use_case
def dismiss(ref: str, words: str, *, actor: Actor, now: datetime) -> None:
    """Decide a dispute for the station: the delivery is final. A second time changes nothing.

    Raises NotFound, Forbidden, Invalid, IllegalRedemptionStep.
    """
    with transaction() as session:
        redemption = steps.lock(session, ref)
        access.check(actor, REDEMPTION_DECIDE, redemption)
        if redemption.state is RedemptionState.SETTLED:
            return
        if not words.strip():
            raise Invalid.field("words", "reason-missing")
        steps.move(
            session,
            redemption,
            RedemptionStep.DISMISS,
            actor=actor,
            role=Role.ADMINISTRATOR.value,
            now=now,
            words=words.strip(),
        )
        offer = session.get_one(Offer, redemption.offer_id)
        outbox.put(
            session,
            "dispute_dismissed",
            to_member=redemption.rider_id,
            about=redemption.ref,
            facts={**steps.titles(offer), "words": words.strip()},
            now=now,
        )
