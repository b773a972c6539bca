"""Reads of inboxes and of the outbox's health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Row, ScalarSelect, Select, bindparam, func, literal, select

from grid_report.access.roles import Role
from grid_report.db import BIG, db, table_of
from grid_report.notify.models import (
    ChannelDelivery,
    Delivery,
    InboxEntry,
    Message,
    Sending,
    is_due,
    is_to_send,
)

# Nobody reads the difference between 100 unread messages and 1,000; counting them costs.
MOST_COUNTED: Final = 100


@dataclass(frozen=True)
class InboxRow:
    """One message as its reader sees it."""

    id: int
    kind: str
    about: str
    facts: Mapping[str, Any]
    role: Role
    at: datetime
    is_read: bool


@dataclass(frozen=True)
class OutboxHealth:
    """How the delivery is doing, to inboxes and on channels; counts stop at 100."""

    waiting: int
    given_up: int
    oldest_waiting: datetime | None
    to_send: int
    sending_given_up: int


# What stands for the inbox where channels are named.
INBOX: Final = "inbox"


@dataclass(frozen=True)
class GivenUp:
    """A message that nobody will try to deliver again by itself, to the inbox or on a channel."""

    id: int
    kind: str
    about: str
    channel: str
    attempts: int
    last_error: str
    created_at: datetime


_ROW = (
    InboxEntry.id,
    Message.kind,
    Message.about,
    Message.facts,
    InboxEntry.role,
    Message.created_at,
    InboxEntry.read_at,
)


def unread_by(member_id: int | BindParameter[int]) -> ScalarSelect[int]:
    """Return the count of a member's unread messages, to be asked along with something else."""
    entries = table_of(InboxEntry).c
    some = (
        select(entries.id)
        .where(entries.member_id == member_id, entries.read_at.is_(None))
        .limit(MOST_COUNTED)
        .subquery()
    )
    return select(func.count()).select_from(some).scalar_subquery()


# Asked by most pages, so put together once.
_UNREAD: Final = select(unread_by(bindparam("member_id", type_=BIG)))


def count_unread(member_id: int) -> int:
    """Count a member's unread messages, up to 100: one look into an index, however many."""
    return db.session.scalar(_UNREAD, {"member_id": member_id}) or 0


def list_inbox(
    member_id: int, *, before: int | None = None, limit: int = 50
) -> tuple[Sequence[InboxRow], int | None]:
    """List a member's messages, newest first, and where the next page starts (None: no more)."""
    query = (
        select(*_ROW)
        .join(Message, Message.id == InboxEntry.message_id)
        .where(InboxEntry.member_id == member_id)
        .order_by(InboxEntry.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(InboxEntry.id < before)
    found = [_row(row) for row in db.session.execute(query)]
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def find_in_inbox(entry_id: int, member_id: int) -> InboxRow | None:
    """Find one message of a member."""
    row = db.session.execute(
        select(*_ROW)
        .join(Message, Message.id == InboxEntry.message_id)
        .where(InboxEntry.id == entry_id, InboxEntry.member_id == member_id)
    ).one_or_none()
    return _row(row) if row else None


def _row(row: Row[Any]) -> InboxRow:
    return InboxRow(
        id=row.id,
        kind=row.kind,
        about=row.about,
        facts=row.facts,
        role=row.role,
        at=row.created_at,
        is_read=row.read_at is not None,
    )


def list_due(*, now: datetime, after: int = 0, limit: int = 50) -> Sequence[int]:
    """List the ids of messages to deliver now, oldest first."""
    return db.session.scalars(
        select(Message.id).where(is_due(now), Message.id > after).order_by(Message.id).limit(limit)
    ).all()


def list_to_send(channel: str, *, now: datetime, after: int = 0, limit: int = 50) -> Sequence[int]:
    """List the ids of deliveries to send on a channel now, oldest first."""
    return db.session.scalars(
        select(ChannelDelivery.id)
        .where(is_to_send(now), ChannelDelivery.channel == channel, ChannelDelivery.id > after)
        .order_by(ChannelDelivery.id)
        .limit(limit)
    ).all()


def waits_for_others(names: Sequence[str]) -> bool:
    """Tell whether anything waits for a channel that is not one of these."""
    others = select(ChannelDelivery.id).where(
        ChannelDelivery.state == Sending.WAITING, ChannelDelivery.channel.not_in(names)
    )
    return db.session.scalar(others.limit(1)) is not None


def outbox_health() -> OutboxHealth:
    """Say how much waits and how much was given up, and since when the oldest message waits."""
    oldest = db.session.scalar(
        select(Message.created_at)
        .where(Message.state == Delivery.WAITING)
        .order_by(Message.id)
        .limit(1)
    )
    return OutboxHealth(
        waiting=_count(select(Message.id).where(Message.state == Delivery.WAITING)),
        given_up=_count(select(Message.id).where(Message.state == Delivery.GIVEN_UP)),
        oldest_waiting=oldest,
        to_send=_count(select(ChannelDelivery.id).where(ChannelDelivery.state == Sending.WAITING)),
        sending_given_up=_count(
            select(ChannelDelivery.id).where(ChannelDelivery.state == Sending.GIVEN_UP)
        ),
    )


def _count(rows: Select[int]) -> int:
    some = rows.limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def list_given_up(*, limit: int = 50) -> Sequence[GivenUp]:
    """List what needs a person to look at it: what reached no inbox first."""
    told = (Message.id, Message.kind, Message.about)
    messages = (
        select(*told, literal(INBOX), Message.attempts, Message.last_error, Message.created_at)
        .where(Message.state == Delivery.GIVEN_UP)
        .order_by(Message.id)
    )
    sendings = (
        select(
            *told,
            ChannelDelivery.channel,
            ChannelDelivery.attempts,
            ChannelDelivery.last_error,
            Message.created_at,
        )
        .join(Message, Message.id == ChannelDelivery.message_id)
        .where(ChannelDelivery.state == Sending.GIVEN_UP)
        .order_by(ChannelDelivery.id)
    )
    found: list[GivenUp] = []
    for rows in (messages, sendings):
        found += [GivenUp(*row) for row in db.session.execute(rows.limit(limit - len(found)))]
    return found
