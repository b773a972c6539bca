"""A message's way on one channel: taken by one deliverer, noted member by member, put off, ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from grid_report.db import transaction, use_case
from grid_report.notify import retries, steps
from grid_report.notify.models import (
    ChannelChoice,
    ChannelDelivery,
    InboxEntry,
    Message,
    QuietHoursChosen,
    Sending,
    is_to_send,
)
from grid_report.notify.outgoing import Channel, Outgoing, is_wanted
from grid_report.notify.quiet_hours import QuietHours

SWITCHED_OFF = "switched_off"
TOO_LATE = "too_late"
NOBODY = "nobody"


@use_case
def take(delivery_id: int, *, channel: Channel, now: datetime) -> Outgoing | None:
    """Take a delivery for one deliverer; None when there is nothing to send now.

    It is for those who have not read the message meanwhile, still hold the role it was for, want to
    be told of its kind on the channel, may be disturbed now, and for whom it is not done yet. The
    attempt is counted, and other deliverers leave it alone.
    """
    with transaction() as session:
        row = session.scalars(
            select(ChannelDelivery)
            .where(ChannelDelivery.id == delivery_id, is_to_send(now))
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).one_or_none()
        if row is None:
            return None
        message = session.get_one(Message, row.message_id)
        copies = session.execute(
            select(
                InboxEntry.member_id,
                InboxEntry.role,
                ChannelChoice.wanted,
                QuietHoursChosen.begins,
                QuietHoursChosen.ends,
            )
            .outerjoin(
                ChannelChoice,
                (ChannelChoice.member_id == InboxEntry.member_id)
                & (ChannelChoice.channel == row.channel)
                & (ChannelChoice.kind == message.kind),
            )
            .outerjoin(QuietHoursChosen, QuietHoursChosen.member_id == InboxEntry.member_id)
            .where(InboxEntry.message_id == row.message_id, InboxEntry.read_at.is_(None))
            .order_by(InboxEntry.member_id)
        ).all()
        gone = steps.no_holders(message, [copy.member_id for copy in copies])
        left = [
            copy
            for copy in copies
            if is_wanted(copy.wanted, copy.role)
            and copy.member_id not in row.done_for
            and not (copy.role is message.role and copy.member_id in gone)
        ]
        if not left:
            _settle(row, now)
            return None
        # Whoever cannot be reached must not stand in front of the others every time.
        turn = row.attempts % len(left)
        member_ids = [copy.member_id for copy in (*left[turn:], *left[:turn])]
        outgoing = replace(
            steps.outgoing(message, left[0].role, member_ids),
            quiet={
                copy.member_id: QuietHours(copy.begins, copy.ends)
                for copy in left
                if copy.begins is not None
            },
        )
        instants = {one: channel.when(outgoing, one, now) for one in member_ids}
        ready = [one for one, at in instants.items() if at is not None and at <= now]
        later = min((at for at in instants.values() if at is not None and at > now), default=None)
        if not ready:
            if later is None:
                _drop(row, TOO_LATE)
            else:
                row.retry_at = later
            return None
        row.attempts += 1
        row.retry_at = now + channel.busy_for
        return replace(outgoing, member_ids=tuple(ready), later=later)


@use_case
def note(
    delivery_id: int, member_id: int, *, went: bool, busy_for: timedelta, now: datetime
) -> None:
    """Note that a member needs nothing more; `went` tells whether something was sent."""
    with transaction() as session:
        row = _lock(session, delivery_id)
        if row is None or member_id in row.done_for:
            return
        row.done_for = [*row.done_for, member_id]
        row.sent_to += went
        row.retry_at = now + busy_for


@use_case
def settle(delivery_id: int, *, now: datetime) -> None:
    """Note that everybody has it who can have it on this channel."""
    with transaction() as session:
        row = _lock(session, delivery_id)
        if row is not None:
            _settle(row, now)


@use_case
def put_back(delivery_id: int, *, until: datetime) -> None:
    """Have a delivery wait until an instant: nothing was wrong, so no attempt is counted."""
    with transaction() as session:
        row = _lock(session, delivery_id)
        if row is not None:
            row.attempts = max(row.attempts - 1, 0)
            row.retry_at = until


@use_case
def put_off(delivery_id: int, *, error: str, now: datetime, counted: bool = True) -> bool:
    """Note why a delivery could not go; True when that was the last attempt.

    `counted` tells that `take` has counted this attempt before the channel failed.
    """
    with transaction() as session:
        row = _lock(session, delivery_id)
        if row is None:
            return False
        row.attempts += not counted
        row.last_error = error[:120]
        row.retry_at = now + retries.wait_after(row.attempts)
        if retries.is_hopeless(row.attempts):
            row.state, row.retry_at = Sending.GIVEN_UP, None
        return row.state is Sending.GIVEN_UP


@use_case
def drop_of_others(names: Sequence[str]) -> int:
    """Drop what waits for channels that are not switched on any more; return how many."""
    with transaction() as session:
        dropped = session.scalars(
            update(ChannelDelivery)
            .where(ChannelDelivery.state == Sending.WAITING, ChannelDelivery.channel.not_in(names))
            .values(state=Sending.DROPPED, retry_at=None, last_error=SWITCHED_OFF)
            .returning(ChannelDelivery.id)
            .execution_options(synchronize_session=False)
        ).all()
        return len(dropped)


def _lock(session: Session, delivery_id: int) -> ChannelDelivery | None:
    """Load a delivery that is not over yet; None when it is."""
    row = session.get(ChannelDelivery, delivery_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.state is Sending.WAITING else None


def _settle(row: ChannelDelivery, now: datetime) -> None:
    if not row.sent_to:
        _drop(row, NOBODY)
        return
    row.state, row.sent_at, row.retry_at, row.last_error = Sending.SENT, now, None, ""


def _drop(row: ChannelDelivery, why: str) -> None:
    # Those who had it before keep what they have; the others are not told any more.
    row.state, row.retry_at, row.last_error = Sending.DROPPED, None, why
