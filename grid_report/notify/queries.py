"""Reads of inboxes and of the outbox's health."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, Row, ScalarSelect, bindparam, func, select

from grid_report.access.roles import Role
from grid_report.db import BIG, db, table_of
from grid_report.notify.models import Delivery, InboxEntry, Message, is_due

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
    """How the delivery is doing; counts stop at 100."""

    waiting: int
    given_up: int
    oldest_waiting: datetime | None


@dataclass(frozen=True)
class GivenUp:
    """A message that nobody will try to deliver again by itself."""

    id: int
    kind: str
    about: str
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


def outbox_health() -> OutboxHealth:
    """Say how many messages wait, how many were given up, and since when the oldest waits."""
    waiting, given_up = (_count_in(state) for state in (Delivery.WAITING, Delivery.GIVEN_UP))
    oldest = db.session.scalar(
        select(Message.created_at)
        .where(Message.state == Delivery.WAITING)
        .order_by(Message.id)
        .limit(1)
    )
    return OutboxHealth(waiting, given_up, oldest)


def _count_in(state: Delivery) -> int:
    some = select(Message.id).where(Message.state == state).limit(MOST_COUNTED).subquery()
    return db.session.scalar(select(func.count()).select_from(some)) or 0


def list_given_up(*, limit: int = 50) -> Sequence[GivenUp]:
    """List the messages that need a person to look at them."""
    return [
        GivenUp(*row)
        for row in db.session.execute(
            select(
                Message.id,
                Message.kind,
                Message.about,
                Message.attempts,
                Message.last_error,
                Message.created_at,
            )
            .where(Message.state == Delivery.GIVEN_UP)
            .order_by(Message.id)
            .limit(limit)
        )
    ]
