"""What a station does: look at a code, confirm once, write down and upload, refund."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from grid_report import access, clock
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid, NotFound
from grid_report.notify import outbox
from grid_report.offers import errors as offers_errors
from grid_report.offers.catalogue.models import Offer
from grid_report.offers.counter import voucher_steps
from grid_report.offers.counter.commands import BookLine, Scan
from grid_report.offers.kinds import BOOK_MOST_POINTS, BookResult, TryResult
from grid_report.offers.redemptions import steps as redemptions_steps
from grid_report.offers.redemptions.lifecycle import DELIVERED_ONCE, RedemptionState, RedemptionStep
from grid_report.offers.redemptions.models import BookEntry, Redemption, VoucherTry
from grid_report.offers.redemptions.permissions import (
    REDEMPTION_REFUND,
    STATION_OPEN,
    VOUCHER_CONFIRM,
)
from grid_report.offers.redemptions.rules import SCAN_HOLDS
from grid_report.points import ledger

logger = logging.getLogger(__name__)

# A line older than this is no line of a day without network.
BOOK_OLDEST: Final = timedelta(days=7)
TRIES_KEPT: Final = timedelta(days=30)


@dataclass(frozen=True)
class Confirmed:
    """A redemption that was handed out, and whether it was so before this request."""

    redemption: Redemption
    replayed: bool = False


@dataclass(frozen=True)
class Uploaded:
    """What came of one line of a station's book."""

    nonce: str
    result: BookResult
    why: str
    ref: str | None


@use_case
def scan(command: Scan, *, actor: Actor, now: datetime) -> Redemption:
    """Look at a voucher; nothing about it changes. Wrong tries are counted though refused.

    Raises Forbidden, TooMany, Invalid, and the five voucher refusals.
    """
    access.check(actor, STATION_OPEN)
    if not command.qr and not command.digits:
        raise Invalid.field("code", "code-needed")
    with transaction() as session:
        seen = voucher_steps.look(session, command, actor, at=now, now=now)
        voucher_steps.note(session, seen, actor, now)
    # Raised after the commit: a refusal inside would take the count back with it.
    if seen.refusal is not None:
        raise seen.refusal
    assert seen.redemption is not None
    return seen.redemption


@use_case
def confirm(ref: str, nonce: str, *, actor: Actor, now: datetime) -> Confirmed:
    """Hand it out, exactly once: the same nonce answers as before, another one is refused.

    Raises Forbidden, OwnVoucher, Invalid, and the voucher refusals; VoucherStepOld also when the
    station has not looked at the voucher within the last quarter of an hour.
    """
    access.check(actor, STATION_OPEN)
    if not nonce or len(nonce) > 64:
        raise Invalid.field("nonce", "nonce-needed")
    with transaction() as session:
        try:
            redemption = redemptions_steps.lock(session, ref)
        except NotFound:
            raise offers_errors.VoucherUnknown from None
        if redemption.rider_id == actor.member_id:
            raise offers_errors.OwnVoucher
        stations = voucher_steps.stations_of(actor)
        here = redemption.station_code in stations
        if here and redemption.state in DELIVERED_ONCE and redemption.confirm_nonce == nonce:
            return Confirmed(redemption, replayed=True)
        refusal = voucher_steps.why_not(session, redemption, stations, now)
        if refusal is not None:
            raise refusal
        access.check(actor, VOUCHER_CONFIRM, redemption)
        if not voucher_steps.was_seen(session, redemption, now - SCAN_HOLDS):
            raise offers_errors.VoucherStepOld
        _hand_out(session, redemption, nonce, actor, now)
    logger.info("voucher confirmed", extra={"redemption_id": redemption.id})
    return Confirmed(redemption)


def _hand_out(
    session: Session, redemption: Redemption, nonce: str, actor: Actor, now: datetime
) -> None:
    redemptions_steps.move(
        session,
        redemption,
        RedemptionStep.CONFIRM,
        actor=actor,
        role=Role.STATION_STAFF.value,
        now=now,
        nonce=nonce,
    )
    offer = session.get_one(Offer, redemption.offer_id)
    outbox.put(
        session,
        "redemption_delivered",
        to_member=redemption.rider_id,
        about=redemption.ref,
        facts={**redemptions_steps.titles(offer), "points": redemption.points},
        now=now,
    )


def upload_book(
    lines: Sequence[BookLine], *, county: str, actor: Actor, now: datetime
) -> list[Uploaded]:
    """Take over what a station wrote down without network, each line in its own transaction.

    Raises Forbidden.
    """
    access.check(actor, STATION_OPEN)
    return [_upload(line, county=county, actor=actor, now=now) for line in lines]


@use_case
def _upload(line: BookLine, *, county: str, actor: Actor, now: datetime) -> Uploaded:
    with transaction() as session:
        stations = voucher_steps.stations_of(actor)
        # Sent twice at the same moment: the second waits here, and finds the line of the first.
        voucher_steps.lock_stations(session, stations)
        known = session.scalars(
            select(BookEntry).where(
                BookEntry.station_code.in_(stations), BookEntry.nonce == line.nonce
            )
        ).one_or_none()
        if known is not None:
            return _as_before(session, known)
        seen = voucher_steps.look(session, line.scan, actor, at=line.at, now=now)
        if seen.result is TryResult.WRONG:
            # Or the book would be the place to guess in.
            voucher_steps.note(session, seen, actor, now)
        result, why = _judge(session, seen, line, actor, now)
        ref = seen.redemption.ref if seen.redemption else None
        if seen.station_code:
            session.add(
                BookEntry(
                    station_code=seen.station_code,
                    nonce=line.nonce,
                    redemption_id=seen.redemption.id if seen.redemption else None,
                    actor_id=actor.member_id,
                    written_at=line.at,
                    uploaded_at=now,
                    result=result,
                    why=why,
                )
            )
        if result is BookResult.DISPUTED and seen.redemption is not None:
            offer = session.get_one(Offer, seen.redemption.offer_id)
            outbox.put(
                session,
                "redemption_disputed",
                to_role=(Role.ADMINISTRATOR, county),
                about=seen.redemption.ref,
                facts={**redemptions_steps.titles(offer), "words": ""},
                now=now,
            )
        return Uploaded(line.nonce, result, why, ref)


def _as_before(session: Session, known: BookEntry) -> Uploaded:
    ref = session.scalar(select(Redemption.ref).where(Redemption.id == known.redemption_id))
    return Uploaded(known.nonce, known.result, known.why, ref)


def _judge(
    session: Session, seen: voucher_steps.Look, line: BookLine, actor: Actor, now: datetime
) -> tuple[BookResult, str]:
    """Confirm a right line; what collides with something that happened meanwhile is disputed."""
    if not now - BOOK_OLDEST <= line.at <= now + clock.CLOCKS_DIFFER:
        return BookResult.REFUSED, "book-line-too-old"
    if seen.redemption is None or seen.result is TryResult.WRONG:
        return BookResult.REFUSED, offers_errors.VoucherUnknown.code
    redemption = redemptions_steps.lock(session, seen.redemption.ref)
    if redemption.rider_id == actor.member_id:
        return BookResult.REFUSED, offers_errors.OwnVoucher.code
    if redemption.points > BOOK_MOST_POINTS:
        return BookResult.REFUSED, "book-too-many-points"
    # What is wrong with the code or the place is wrong whatever happened meanwhile.
    if isinstance(seen.refusal, offers_errors.VoucherStepOld | offers_errors.VoucherWrongStation):
        return BookResult.REFUSED, seen.refusal.code
    if redemption.state is RedemptionState.RESERVED and line.at < redemption.holds_until:
        redemption.by_book = True
        _hand_out(session, redemption, line.nonce, actor, now)
        return BookResult.CONFIRMED, ""
    if redemption.state is RedemptionState.DELIVERED:
        if redemption.confirm_nonce == line.nonce:
            return BookResult.CONFIRMED, ""
        redemptions_steps.move(
            session,
            redemption,
            RedemptionStep.DISPUTE,
            actor=None,
            role=redemptions_steps.SYSTEM,
            now=now,
        )
    code = (
        offers_errors.VoucherUsed.code
        if redemption.delivered_at
        else offers_errors.VoucherExpired.code
    )
    return BookResult.DISPUTED, code


@use_case
def refund(ref: str, words: str, *, actor: Actor, now: datetime) -> Confirmed:
    """Give the points of a delivery back while it is not final. A second time changes nothing.

    Raises NotFound, Forbidden, Invalid, IllegalRedemptionStep.
    """
    with transaction() as session:
        redemption = redemptions_steps.lock(session, ref)
        access.check(actor, REDEMPTION_REFUND, redemption)
        if redemption.state is RedemptionState.REFUNDED:
            return Confirmed(redemption, replayed=True)
        if not words.strip():
            raise Invalid.field("words", "reason-missing")
        staff = access.allowed(actor, VOUCHER_CONFIRM, redemption)
        role = Role.STATION_STAFF if staff else Role.ADMINISTRATOR
        redemptions_steps.move(
            session,
            redemption,
            RedemptionStep.REFUND,
            actor=actor,
            role=role.value,
            now=now,
            words=words.strip(),
        )
        offer = session.get_one(Offer, redemption.offer_id)
        outbox.put(
            session,
            "redemption_refunded",
            to_member=redemption.rider_id,
            about=redemption.ref,
            facts={
                **redemptions_steps.titles(offer),
                "points": ledger.stayed(session, redemption.ref, at=now),
                "words": words.strip(),
            },
            now=now,
        )
    return Confirmed(redemption)


@use_case
def sweep_tries(*, now: datetime) -> int:
    """Delete tries nobody counts any more; return how many."""
    with transaction() as session:
        gone = session.execute(
            delete(VoucherTry)
            .where(VoucherTry.at < now - TRIES_KEPT)
            .returning(VoucherTry.id)
            .execution_options(synchronize_session=False)
        )
        return len(gone.all())
