"""What riders do with offers: one function, one transaction, safe to repeat."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, tzinfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts.steps import lock_member_weakly
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid, NotFound
from grid_report.notify import outbox
from grid_report.offers import errors as offers_errors
from grid_report.offers import signals
from grid_report.offers.catalogue.models import Offer, Slot, Station
from grid_report.offers.catalogue.permissions import OFFERS_REDEEM
from grid_report.offers.catalogue.ratings import STARS
from grid_report.offers.kinds import ForWhom, WaitState
from grid_report.offers.redemptions import opening_queries, steps, vouchers
from grid_report.offers.redemptions.commands import Redeem, fingerprint
from grid_report.offers.redemptions.lifecycle import (
    REDEMPTION_MOVES,
    RedemptionState,
    RedemptionStep,
)
from grid_report.offers.redemptions.models import Rating, Redemption, Waiting
from grid_report.offers.redemptions.permissions import (
    REDEMPTION_CANCEL,
    REDEMPTION_DISPUTE,
    REDEMPTION_RATE,
)
from grid_report.offers.redemptions.rules import dispute_until, may_cancel, voucher_holds_until
from grid_report.points import ledger

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Taken:
    """A redemption, and whether it was there before this request."""

    redemption: Redemption
    replayed: bool = False


@use_case
def redeem(command: Redeem, *, actor: Actor, zone: tzinfo, now: datetime) -> Taken:
    """Take an offer: quota, place or stock, and the points on hold, or none of it.

    Raises NotFound, Forbidden, Invalid, BookingKeyReused, OfferGone, SoldOut, SlotFull, SlotOver,
    QuotaUsedUp, FreeQuotaUsedUp, FirstReportNeeded, PriceChanged, NeedsApplication,
    NumberUnproved, and NotEnoughPoints of the ledger.
    """
    access.check(actor, OFFERS_REDEEM)
    sent = fingerprint(command)
    with transaction() as session:
        # Quota and key are counted under this lock: two phones of one rider queue here.
        lock_member_weakly(session, actor.member_id)
        known = session.scalars(
            select(Redemption).where(
                Redemption.rider_id == actor.member_id, Redemption.key == command.key
            )
        ).one_or_none()
        if known is not None:
            if known.fingerprint != sent:
                raise offers_errors.BookingKeyReused(known.ref)
            return Taken(known, replayed=True)
        offer = session.get(Offer, command.offer_id)
        if offer is None:
            raise NotFound
        if offer.kind.way.is_applied_for:
            raise offers_errors.NeedsApplication
        if command.price not in (None, offer.points):
            raise offers_errors.PriceChanged(offer.points)
        _check_for_whom(offer, command)
        refusal = opening_queries.why_not(
            session, offer, actor.member_id, now=now, zone=zone, slot_id=command.slot_id
        )
        if refusal is not None and not isinstance(refusal, offers_errors.FirstReportNeeded):
            raise refusal
        slot = _reserve(session, offer, command, actor.member_id, now)
        redemption = Redemption(
            ref=vouchers.new_ref(),
            key=command.key,
            fingerprint=sent,
            rider_id=actor.member_id,
            offer_id=offer.id,
            slot_id=slot.id if slot else None,
            provider_code=offer.provider_code,
            station_code=offer.station_code,
            points=offer.points,
            for_whom=command.for_whom,
            guardian_at=now if command.for_whom is ForWhom.CHILD else None,
            secret=vouchers.new_secret(),
            holds_until=slot.ends_at if slot else voucher_holds_until(now, offer.valid_days, zone),
            created_at=now,
            person_mark=opening_queries.mark_of(offer, actor.member_id, now=now, zone=zone),
        )
        set_initial_state(redemption)
        session.add(redemption)
        session.flush()
        if offer.points:
            ledger.hold(
                session,
                actor.member_id,
                ref=redemption.ref,
                points=offer.points,
                provider_code=offer.provider_code,
                holds_until=redemption.holds_until,
                at=now,
            )
        # Whoever has too few points reads that, and not what would be missing after it.
        if refusal is not None:
            raise refusal
        steps.record(
            session,
            redemption,
            RedemptionStep.RESERVE,
            came_from=None,
            actor_id=actor.member_id,
            role=Role.RIDER.value,
            now=now,
        )
        signals.reserved.send(session, redemption=redemption)
    logger.info("offer reserved", extra={"redemption_id": redemption.id, "offer_id": offer.id})
    return Taken(redemption)


def set_initial_state(redemption: Redemption) -> None:
    """Put a new redemption where every way begins."""
    redemption.state = next(
        state for (state, step) in REDEMPTION_MOVES if step is RedemptionStep.CONFIRM
    )


def _check_for_whom(offer: Offer, command: Redeem) -> None:
    welcome = {
        ForWhom.RIDER: offer.for_rider,
        ForWhom.FAMILY: offer.for_family,
        ForWhom.CHILD: offer.for_child,
    }
    if not welcome[command.for_whom]:
        raise Invalid.field("for", "not-for-them")
    if command.for_whom is ForWhom.CHILD and not command.guardian_consents:
        raise Invalid.field("guardian", "guardian-needed")


def _reserve(
    session: Session, offer: Offer, command: Redeem, rider_id: int, now: datetime
) -> Slot | None:
    """Take the place or the unit; the conditional update is the reservation."""
    station = session.get(Station, offer.station_code)
    if offer.retired_at is not None or station is None or station.retired_at is not None:
        raise offers_errors.OfferGone
    if offer.kind.way.has_stock:
        if command.slot_id is not None:
            raise Invalid.field("slot", "slot-of-another")
        if not steps.take_stock(session, offer.id):
            raise offers_errors.SoldOut
        return None
    if command.slot_id is None:
        raise Invalid.field("slot", "slot-needed")
    slot = session.get(Slot, command.slot_id)
    if slot is None or slot.offer_id != offer.id:
        raise Invalid.field("slot", "slot-of-another")
    if slot.called_off_at is not None or slot.starts_at <= now:
        raise offers_errors.SlotOver
    _refuse_twice(session, slot, rider_id, command.for_whom)
    if not steps.take_place(session, slot.id, rider_id, now):
        raise offers_errors.SlotFull
    return slot


def _refuse_twice(session: Session, slot: Slot, rider_id: int, for_whom: ForWhom) -> None:
    """One time, one person: the same slot again would be a mistake of the thumb."""
    twice = session.scalar(
        select(Redemption.ref).where(
            Redemption.slot_id == slot.id,
            Redemption.rider_id == rider_id,
            Redemption.for_whom == for_whom,
            Redemption.state == RedemptionState.RESERVED,
        )
    )
    if twice is not None:
        raise offers_errors.BookedAlready(twice)


@use_case
def cancel(ref: str, *, actor: Actor, now: datetime) -> Taken:
    """Give a booking back in time: points, stock and quota return. A second time changes nothing.

    Raises NotFound, Forbidden, CancelTooLate, IllegalRedemptionStep.
    """
    with transaction() as session:
        redemption = steps.lock(session, ref)
        access.check(actor, REDEMPTION_CANCEL, redemption)
        if redemption.state is RedemptionState.CANCELLED:
            return Taken(redemption, replayed=True)
        offer = session.get_one(Offer, redemption.offer_id)
        slot = session.get(Slot, redemption.slot_id) if redemption.slot_id else None
        starts_at = slot.starts_at if slot else None
        if redemption.state is RedemptionState.RESERVED and not may_cancel(
            now, redemption.holds_until, starts_at, offer.cancel_minutes
        ):
            raise offers_errors.CancelTooLate
        steps.move(
            session,
            redemption,
            RedemptionStep.CANCEL,
            actor=actor,
            role=Role.RIDER.value,
            now=now,
        )
    return Taken(redemption)


@use_case
def dispute(ref: str, words: str, *, county: str, actor: Actor, now: datetime) -> Taken:
    """Say within 72 hours that something was wrong; nobody is paid until that is decided.

    Raises NotFound, Forbidden, Invalid, DisputeTooLate, IllegalRedemptionStep.
    """
    with transaction() as session:
        redemption = steps.lock(session, ref)
        access.check(actor, REDEMPTION_DISPUTE, redemption)
        if redemption.state is RedemptionState.DISPUTED:
            return Taken(redemption, replayed=True)
        if not words.strip():
            raise Invalid.field("words", "dispute-words-needed")
        late = redemption.delivered_at and now >= dispute_until(redemption.delivered_at)
        if late or redemption.state is RedemptionState.SETTLED:
            raise offers_errors.DisputeTooLate
        steps.move(
            session,
            redemption,
            RedemptionStep.DISPUTE,
            actor=actor,
            role=Role.RIDER.value,
            now=now,
            words=words.strip(),
        )
        offer = session.get_one(Offer, redemption.offer_id)
        outbox.put(
            session,
            "redemption_disputed",
            to_role=(Role.ADMINISTRATOR, county),
            about=redemption.ref,
            facts={**steps.titles(offer), "words": words.strip()},
            now=now,
        )
    return Taken(redemption)


@use_case
def rate(ref: str, stars: int, words: str, *, actor: Actor, now: datetime) -> Taken:
    """Keep what a rider thought of it, once. Raises NotFound, Forbidden, Invalid, AlreadyRatedOffer."""
    with transaction() as session:
        redemption = steps.lock(session, ref)
        access.check(actor, REDEMPTION_RATE, redemption)
        if stars not in STARS:
            raise Invalid.field("stars", "answer-needed")
        before = session.get(Rating, redemption.id)
        if before is not None:
            if (before.stars, before.words) == (stars, words):
                return Taken(redemption, replayed=True)
            raise offers_errors.AlreadyRatedOffer
        session.add(
            Rating(
                redemption_id=redemption.id,
                offer_id=redemption.offer_id,
                stars=stars,
                words=words,
                at=now,
            )
        )
        steps.count_rating(session, redemption.offer_id, stars)
        steps.record(
            session,
            redemption,
            RedemptionStep.RATE,
            came_from=redemption.state,
            actor_id=actor.member_id,
            role=Role.RIDER.value,
            now=now,
        )
    return Taken(redemption)


@use_case
def join_queue(slot_id: int, *, actor: Actor, zone: tzinfo, now: datetime) -> int:
    """Wait for a place of a full slot; return the offer's id. Joining twice is joining once.

    Whoever could not book the place may not wait for it: a place kept for nothing helps nobody.
    Raises NotFound, Forbidden, SlotOver, PlacesFree, NumberUnproved, FirstReportNeeded,
    QuotaUsedUp, FreeQuotaUsedUp.
    """
    access.check(actor, OFFERS_REDEEM)
    with transaction() as session:
        # Places waited for count, so two queues joined at once are joined one after the other.
        lock_member_weakly(session, actor.member_id)
        slot = steps.lock_slot(session, slot_id)
        if slot.called_off_at is not None or slot.starts_at <= now:
            raise offers_errors.SlotOver
        if steps.find_in_queue(session, slot_id, actor.member_id) is not None:
            return slot.offer_id
        offer = session.get_one(Offer, slot.offer_id)
        refusal = opening_queries.why_not(
            session, offer, actor.member_id, now=now, zone=zone, slot_id=slot_id, queueing=True
        )
        if refusal is not None:
            raise refusal
        if slot.reserved < slot.capacity:
            raise offers_errors.PlacesFree
        session.add(
            Waiting(slot_id=slot_id, rider_id=actor.member_id, state=WaitState.WAITING, since=now)
        )
        return slot.offer_id


@use_case
def leave_queue(slot_id: int, *, actor: Actor, now: datetime) -> int:
    """Stop waiting; a place that was kept goes to the next. Return the offer's id.

    Raises NotFound, Forbidden.
    """
    access.check(actor, OFFERS_REDEEM)
    with transaction() as session:
        slot = steps.lock_slot(session, slot_id)
        entry = steps.find_in_queue(session, slot_id, actor.member_id)
        if entry is not None:
            steps.leave(session, slot, entry, WaitState.LEFT, now)
        return slot.offer_id
