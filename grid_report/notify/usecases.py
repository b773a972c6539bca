"""Deliver a message, put it off, give it another chance; read one, read all."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from grid_report.access.roles import Role
from grid_report.db import transaction, use_case
from grid_report.errors import NotFound
from grid_report.notify import retries, steps
from grid_report.notify.channels import Outgoing
from grid_report.notify.models import Delivery, InboxEntry, Message


@use_case
def post(
    message_id: int,
    *,
    goes_further: bool,
    instead: tuple[Role, str] | None = None,
    now: datetime,
) -> Outgoing | None:
    """Put a message into the inboxes; None when there was nothing to do any more.

    With `goes_further` it stays due (after a wait) until `settle`: a channel still has to send it.
    """
    with transaction() as session:
        message = steps.take_due(session, message_id, now)
        if message is None:
            return None
        role, member_ids = steps.receivers(message, instead)
        steps.copy_to(session, message, role, member_ids)
        if goes_further and member_ids:
            steps.count_attempt(message, now)
        else:
            steps.mark_delivered(message, now)
        return Outgoing(
            message_id=message.id,
            kind=message.kind,
            about=message.about,
            facts=message.facts,
            role=role,
            member_ids=tuple(member_ids),
            created_at=message.created_at,
        )


@use_case
def settle(message_id: int, *, now: datetime) -> None:
    """Note that every channel has sent a message."""
    with transaction() as session:
        message = session.get(Message, message_id, with_for_update=True)
        if message is not None and message.state is Delivery.WAITING:
            steps.mark_delivered(message, now)


@use_case
def put_off(message_id: int, *, error: str, counted: bool, now: datetime) -> bool:
    """Note why a message could not go; True when that was the last attempt.

    `counted` tells that `post` has counted this attempt before the channel failed.
    """
    with transaction() as session:
        message = session.get(Message, message_id, with_for_update=True)
        if message is None or message.state is not Delivery.WAITING:
            return False
        if not counted:
            steps.count_attempt(message, now)
        message.last_error = error[:120]
        if retries.is_hopeless(message.attempts):
            message.state = Delivery.GIVEN_UP
            message.retry_at = None
        return message.state is Delivery.GIVEN_UP


@use_case
def retry_given_up() -> int:
    """Give every given-up message its attempts back; return how many there were."""
    with transaction() as session:
        found = session.scalars(
            update(Message)
            .where(Message.state == Delivery.GIVEN_UP)
            .values(state=Delivery.WAITING, attempts=0, retry_at=None)
            .returning(Message.id)
        ).all()
        return len(found)


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
