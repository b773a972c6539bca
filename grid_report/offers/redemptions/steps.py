"""Writes on offers and redemptions that take an open session and never commit.

Locks are taken in one order: rider, redemption, slot or offer, then the ledger's accounts.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.accounts import steps as accounts_steps
from grid_report.db import lock_one
from grid_report.errors import NotFound
from grid_report.languages import Written, written_in_all
from grid_report.notify import outbox
from grid_report.offers import signals
from grid_report.offers.catalogue.models import Offer, Slot, Station
from grid_report.offers.kinds import WaitState
from grid_report.offers.redemptions.lifecycle import (
    OVER,
    Points,
    RedemptionMove,
    RedemptionState,
    RedemptionStep,
    redemption_move,
)
from grid_report.offers.redemptions.models import Redemption, RedemptionEntry, Waiting
from grid_report.offers.redemptions.rules import REMEMBERED, offer_of_place_until, penalty_points
from grid_report.points import ledger
from grid_report.workflow import enter

SYSTEM: Final = "system"


def lock_rider_of(session: Session, ref: str) -> None:
    """Make everything that counts what the rider of a redemption took or missed wait in line."""
    rider_id = session.scalar(select(Redemption.rider_id).where(Redemption.ref == ref))
    if rider_id is None:
        raise NotFound
    # Nothing is counted any more of somebody who erased the account.
    with suppress(NotFound):
        accounts_steps.lock_member_weakly(session, rider_id)


def lock(session: Session, ref: str) -> Redemption:
    """Take a redemption for deciding on it; others wait until the transaction ends."""
    return lock_one(session, Redemption, Redemption.ref == ref)


def lock_slot(session: Session, slot_id: int) -> Slot:
    """Take a slot: its queue and its places. Raises NotFound."""
    return lock_one(session, Slot, Slot.id == slot_id)


def take_stock(session: Session, offer_id: int) -> bool:
    """Reserve one unit; the update is the check. False when there is none left."""
    taken = session.execute(
        update(Offer)
        .where(
            Offer.id == offer_id,
            Offer.retired_at.is_(None),
            Offer.stock.is_(None) | (Offer.reserved < Offer.stock),
        )
        .values(reserved=Offer.reserved + 1)
        .returning(Offer.id)
        .execution_options(synchronize_session=False)
    )
    return taken.first() is not None


def take_place(session: Session, slot_id: int, rider_id: int, now: datetime) -> bool:
    """Reserve one place of a slot, or use the one kept for the rider. False when it is full."""
    # The queue is read under the slot's lock: a kept place may be passed on at this moment.
    lock_slot(session, slot_id)
    kept = find_in_queue(session, slot_id, rider_id)
    if kept is not None and kept.state is WaitState.OFFERED:
        kept.state, kept.kept_until = WaitState.TAKEN, None
        return True
    taken = session.execute(
        update(Slot)
        .where(
            Slot.id == slot_id,
            Slot.called_off_at.is_(None),
            Slot.starts_at > now,
            Slot.reserved < Slot.capacity,
        )
        .values(reserved=Slot.reserved + 1)
        .returning(Slot.id)
        .execution_options(synchronize_session=False)
    )
    if taken.first() is None:
        return False
    if kept is not None:
        kept.state = WaitState.TAKEN
    return True


def give_back(session: Session, redemption: Redemption, now: datetime) -> None:
    """Return the unit to the stock, or the place to the next in the queue or to everybody."""
    if redemption.slot_id is None:
        session.execute(
            update(Offer)
            .where(Offer.id == redemption.offer_id)
            .values(reserved=Offer.reserved - 1)
            .execution_options(synchronize_session=False)
        )
        return
    free_place(session, lock_slot(session, redemption.slot_id), now)


def free_place(session: Session, slot: Slot, now: datetime) -> None:
    """Keep a freed place for the next in the queue, for a while; nobody there: it is free."""
    until = offer_of_place_until(now, slot.starts_at)
    following = None
    if until is not None and slot.called_off_at is None:
        following = session.scalars(
            select(Waiting)
            .where(Waiting.slot_id == slot.id, Waiting.state == WaitState.WAITING)
            .order_by(Waiting.id)
            .limit(1)
        ).first()
    if following is None:
        slot.reserved -= 1
        return
    following.state, following.kept_until = WaitState.OFFERED, until
    offer = session.get_one(Offer, slot.offer_id)
    outbox.put(
        session,
        "place_offered",
        to_member=following.rider_id,
        about=str(offer.id),
        facts={**titles(offer), "due": until},
        now=now,
    )


def find_in_queue(session: Session, slot_id: int, rider_id: int) -> Waiting | None:
    """Return a rider's place in the queue of a slot, as long as it counts."""
    return session.scalars(
        select(Waiting).where(
            Waiting.slot_id == slot_id,
            Waiting.rider_id == rider_id,
            Waiting.state.in_((WaitState.WAITING, WaitState.OFFERED)),
        )
    ).one_or_none()


def leave(session: Session, slot: Slot, entry: Waiting, why: WaitState, now: datetime) -> None:
    """Take somebody out of the queue; a place that was kept goes on to the next."""
    kept = entry.state is WaitState.OFFERED
    entry.state, entry.kept_until = why, None
    session.flush()
    if kept:
        free_place(session, slot, now)


def count_rating(session: Session, offer_id: int, stars: int) -> None:
    """Add one rating to an offer's count and sum."""
    session.execute(
        update(Offer)
        .where(Offer.id == offer_id)
        .values(ratings=Offer.ratings + 1, stars=Offer.stars + stars)
        .execution_options(synchronize_session=False)
    )


def titles(offer: Offer) -> dict[str, Written]:
    """Return an offer's names as the fact of a message: the reader's language chooses."""
    return {"title": written_in_all(offer, "title")}


def record(
    session: Session,
    redemption: Redemption,
    step: RedemptionStep,
    *,
    came_from: RedemptionState | None,
    actor_id: int | None,
    role: str,
    now: datetime,
    words: str = "",
) -> RedemptionEntry:
    """Write one line of a redemption's history."""
    entry = RedemptionEntry(
        redemption_id=redemption.id,
        step=step,
        from_state=came_from,
        to_state=redemption.state,
        at=now,
        actor_id=actor_id,
        role=role,
        words=words,
    )
    session.add(entry)
    session.flush()
    return entry


def move(
    session: Session,
    redemption: Redemption,
    step: RedemptionStep,
    *,
    actor: Actor | None,
    role: str,
    now: datetime,
    words: str = "",
    nonce: str = "",
) -> RedemptionEntry:
    """Take a redemption to where the table says, with its points, its place and its history.

    Raises IllegalRedemptionStep, and what the ledger refuses.
    """
    target = redemption_move(redemption.state, step)
    signals.taken.send(session, redemption=redemption)
    came_from = enter(redemption, target.to)
    actor_id = actor.member_id if actor else None
    if target.to is RedemptionState.DELIVERED:
        redemption.delivered_at, redemption.confirm_nonce = now, nonce
        redemption.confirmed_by_id = actor_id
    if target.to is RedemptionState.DISPUTED:
        redemption.disputed_at = now
    if target.to in OVER:
        redemption.ended_at = now
    if target.points is Points.NOSHOW:
        redemption.penalty_points = _penalty(session, redemption, now)
    session.flush()
    if target.gives_back:
        give_back(session, redemption, now)
    _move_points(session, redemption, target, actor_id, now)
    entry = record(
        session,
        redemption,
        step,
        came_from=came_from,
        actor_id=actor_id,
        role=role,
        now=now,
        words=words,
    )
    signals.moved.send(session, redemption=redemption, entry=entry)
    return entry


def _penalty(session: Session, redemption: Redemption, now: datetime) -> int:
    missed = session.scalar(
        select(func.count())
        .select_from(Redemption)
        .where(
            Redemption.rider_id == redemption.rider_id,
            Redemption.state == RedemptionState.NO_SHOW,
            Redemption.id != redemption.id,
            Redemption.ended_at > now - REMEMBERED,
        )
    )
    percent = session.scalar(select(Offer.noshow_percent).where(Offer.id == redemption.offer_id))
    return penalty_points(redemption.points, percent or 0, missed or 0)


def _move_points(
    session: Session,
    redemption: Redemption,
    target: RedemptionMove,
    actor_id: int | None,
    now: datetime,
) -> None:
    """Tell the ledger; what costs nothing never gets there."""
    if redemption.points == 0:
        return
    ref = redemption.ref
    match target.points:
        case Points.CAPTURE:
            ledger.capture(session, ref, at=now, actor_id=actor_id)
        case Points.RELEASE:
            ledger.release(session, ref, at=now, actor_id=actor_id)
        case Points.REFUND:
            ledger.refund(session, ref, at=now, actor_id=actor_id)
        case Points.SETTLE:
            ledger.settle(session, ref, at=now)
        case Points.NOSHOW:
            # What is owed is met first: what was really lost may be less than was meant.
            redemption.penalty_points = ledger.noshow(
                session,
                ref,
                penalty_points=redemption.penalty_points,
                community_code=_community(session, redemption),
                at=now,
            ).points


def _community(session: Session, redemption: Redemption) -> str:
    code = session.scalar(
        select(Station.community_code).where(Station.code == redemption.station_code)
    )
    assert code is not None
    return code
