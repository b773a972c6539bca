"""Deliver a message, put it off, give it another chance; read one, read all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update

from grid_report.access.roles import Role
from grid_report.db import transaction, use_case
from grid_report.errors import NotFound
from grid_report.notify import retries, steps
from grid_report.notify.models import ChannelDelivery, Delivery, InboxEntry, Message, Sending
from grid_report.notify.outgoing import Channel, Outgoing

logger = logging.getLogger(__name__)


@use_case
def post(
    message_id: int,
    *,
    channels: Sequence[Channel] = (),
    instead: tuple[Role, str] | None = None,
    now: datetime,
) -> int | None:
    """Put a message into the inboxes and on its channels; None when there was nothing to do any more.

    Returns how many members it is for.
    """
    with transaction() as session:
        message = steps.take_due(session, message_id, now)
        if message is None:
            return None
        role, member_ids = steps.receivers(message, instead)
        steps.copy_to(session, message, role, member_ids)
        if member_ids:
            outgoing = steps.outgoing(message, role, member_ids)
            carriers = _carriers(channels, outgoing)
            steps.put_on(session, message, steps.wanted_by_any(session, outgoing, carriers))
        steps.mark_delivered(message, now)
        return len(member_ids)


def _carriers(channels: Sequence[Channel], outgoing: Outgoing) -> list[str]:
    """Name the channels a message goes on. One that fails to say keeps it from no inbox."""
    names = []
    for channel in channels:
        try:
            if channel.carries(outgoing):
                names.append(channel.name)
        except Exception:
            logger.exception(
                "channel passed over",
                extra={"message_id": outgoing.message_id, "channel": channel.name},
            )
    return names


@use_case
def put_off(message_id: int, *, error: str, now: datetime) -> bool:
    """Note why a message could not be delivered; True when that was the last attempt."""
    with transaction() as session:
        message = session.get(Message, message_id, with_for_update=True)
        if message is None or message.state is not Delivery.WAITING:
            return False
        steps.count_attempt(message, now)
        message.last_error = error[:120]
        if retries.is_hopeless(message.attempts):
            message.state = Delivery.GIVEN_UP
            message.retry_at = None
        return message.state is Delivery.GIVEN_UP


@use_case
def retry_given_up() -> int:
    """Give everything given up its attempts back, in inboxes and on channels; return how many."""
    again = {"attempts": 0, "retry_at": None}
    with transaction() as session:
        messages = session.scalars(
            update(Message)
            .where(Message.state == Delivery.GIVEN_UP)
            .values(state=Delivery.WAITING, **again)
            .returning(Message.id)
        ).all()
        sendings = session.scalars(
            update(ChannelDelivery)
            .where(ChannelDelivery.state == Sending.GIVEN_UP)
            .values(state=Sending.WAITING, **again)
            .returning(ChannelDelivery.id)
        ).all()
        return len(messages) + len(sendings)


@use_case
def mark_read(entry_id: int, *, member_id: int, now: datetime) -> None:
    """Note that a member has read one message. Raises NotFound when it is not theirs."""
    with transaction() as session:
        entry = session.scalars(
            select(InboxEntry)
            .where(InboxEntry.id == entry_id, InboxEntry.member_id == member_id)
            .with_for_update()
        ).one_or_none()
        if entry is None:
            raise NotFound
        if entry.read_at is None:
            entry.read_at = now


@use_case
def mark_all_read(*, member_id: int, up_to: int, now: datetime) -> int:
    """Note that a member has read everything up to the newest message they were shown.

    What came in since stays unread. Returns how many were.
    """
    with transaction() as session:
        found = session.scalars(
            update(InboxEntry)
            .where(
                InboxEntry.member_id == member_id,
                InboxEntry.read_at.is_(None),
                InboxEntry.id <= up_to,
            )
            .values(read_at=now)
            .returning(InboxEntry.id)
            .execution_options(synchronize_session=False)
        ).all()
        return len(found)
