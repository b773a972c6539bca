"""Writes of the delivery that take an open session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.accounts import queries as accounts_queries
from grid_report.db import insert_of
from grid_report.notify import retries
from grid_report.notify.models import (
    ChannelChoice,
    ChannelDelivery,
    Delivery,
    InboxEntry,
    Message,
    Sending,
    is_due,
)
from grid_report.notify.outgoing import Outgoing, is_wanted


def take_due(session: Session, message_id: int, now: datetime) -> Message | None:
    """Lock a message that still has to go; None when another deliverer has it or is done."""
    return session.scalars(
        select(Message)
        .where(Message.id == message_id, is_due(now))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def receivers(message: Message, instead: tuple[Role, str] | None) -> tuple[Role, Sequence[int]]:
    """Find who gets a message now, and as what they read it.

    A role nobody holds at the place goes to `instead`: better an administrator than nobody.
    """
    if message.member_id is not None:
        # Whoever has left is told of nothing any more.
        gone = accounts_queries.is_erased(message.member_id)
        return message.role, [] if gone else [message.member_id]
    assert message.place is not None
    holders = accounts_queries.list_member_ids_with(message.role, message.place)
    if holders or instead is None:
        return message.role, [one for one in holders if one != message.except_id]
    role, place = instead
    return role, accounts_queries.list_member_ids_with(role, place)


def no_holders(message: Message, member_ids: Sequence[int]) -> frozenset[int]:
    """Return those who do not hold the role any more that a message to a place was for."""
    if message.place is None:
        return frozenset()
    holders = accounts_queries.list_member_ids_with(message.role, message.place)
    return frozenset(member_ids) - frozenset(holders)


def copy_to(session: Session, message: Message, role: Role, member_ids: Sequence[int]) -> None:
    """Put a copy into each inbox; a copy already there stays as it is, read or not."""
    put_copies(session, [copy_of(message, role, one) for one in member_ids])


def copy_of(message: Message, role: Role, member_id: int) -> dict[str, Any]:
    """Return the row a member's copy of a message is."""
    return {"message_id": message.id, "member_id": member_id, "role": role}


def put_copies(session: Session, copies: Sequence[Mapping[str, Any]]) -> None:
    """Put copies into inboxes, of one message or many; what is there stays as it is."""
    if not copies:
        return
    session.execute(
        insert_of(session, InboxEntry).on_conflict_do_nothing(
            index_elements=["message_id", "member_id"]
        ),
        copies,
    )


def put_on(session: Session, message: Message, channels: Sequence[str]) -> None:
    """Have a message sent on channels as well, each by a row of its own; once, however often asked."""
    if not channels:
        return
    first = {
        "message_id": message.id, "state": Sending.WAITING, "attempts": 0, "last_error": "",
        "done_for": [], "sent_to": 0,
    }  # fmt: skip
    session.execute(
        insert_of(session, ChannelDelivery).on_conflict_do_nothing(
            index_elements=["message_id", "channel"]
        ),
        [{**first, "channel": one} for one in channels],
    )


def wanted_by_any(session: Session, message: Outgoing, channels: Sequence[str]) -> Sequence[str]:
    """Return those channels on which any of its readers may want to be told of a message.

    Most riders ask for little: what nobody wants gets no rows.
    """
    if not channels or is_wanted(None, message.role):
        return channels
    asked = session.scalars(
        select(ChannelChoice.channel)
        .where(
            ChannelChoice.member_id.in_(message.member_ids),
            ChannelChoice.kind == message.kind,
            ChannelChoice.wanted,
        )
        .distinct()
    ).all()
    return [one for one in channels if one in asked]


def outgoing(message: Message, role: Role, member_ids: Sequence[int]) -> Outgoing:
    """Return what channels get to know of a message."""
    return Outgoing(
        message_id=message.id,
        kind=message.kind,
        about=message.about,
        facts=message.facts,
        role=role,
        member_ids=tuple(member_ids),
        created_at=message.created_at,
    )


def mark_delivered(message: Message, now: datetime) -> None:
    """Close a message: everybody it is for has it."""
    message.state = Delivery.DELIVERED
    message.delivered_at = now
    message.retry_at = None
    message.last_error = ""


def count_attempt(message: Message, now: datetime) -> None:
    """Count one more attempt and set the time of the next, should this one not succeed."""
    message.attempts += 1
    message.retry_at = now + retries.wait_after(message.attempts)
