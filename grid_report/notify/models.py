"""Messages written with the change they tell of, and the copies people have in their inboxes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    UniqueConstraint,
    or_,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.access.roles import Role
from grid_report.db import BIG, Base, Instant, RowId, enum_column
from grid_report.notify import retries


class Delivery(StrEnum):
    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


class Sending(StrEnum):
    """How far a message is on one channel. Dropped: there was nothing to send, see `last_error`."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


IS_WAITING = "state = 'waiting'"
IS_GIVEN_UP = "state = 'given_up'"
IS_UNREAD = "read_at IS NULL"


class Message(Base):
    """One thing to tell one member, or everybody who holds a role at a place."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("(member_id IS NULL) <> (place IS NULL)", name="to_one_or_to_a_place"),
        CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_iff_dated"
        ),
        CheckConstraint("attempts >= 0", name="attempts_counted"),
        Index(
            "ix_outbox_waiting",
            "id",
            sqlite_where=text(IS_WAITING),
            postgresql_where=text(IS_WAITING),
        ),
        Index(
            "ix_outbox_given_up",
            "id",
            sqlite_where=text(IS_GIVEN_UP),
            postgresql_where=text(IS_GIVEN_UP),
        ),
    )

    id: Mapped[RowId]
    kind: Mapped[str] = mapped_column(String(40))
    # What people read it as: a rider opens another page than a worker does.
    role: Mapped[Role] = mapped_column(enum_column(Role, "read_as_known"))
    member_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    place: Mapped[str | None] = mapped_column(String(20))
    # Who did it needs no message about it.
    except_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    about: Mapped[str] = mapped_column(String(24))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[Instant]
    state: Mapped[Delivery] = mapped_column(
        enum_column(Delivery, "delivery_known"), default=Delivery.WAITING
    )
    attempts: Mapped[int] = mapped_column(default=0)
    retry_at: Mapped[Instant | None]
    delivered_at: Mapped[Instant | None]
    # The kind of error only: its text may hold what logs must not.
    last_error: Mapped[str] = mapped_column(String(120), default="")


class InboxEntry(Base):
    """A member's copy of a message. Unique, so that delivering again changes nothing."""

    __tablename__ = "inbox"
    __table_args__ = (
        UniqueConstraint("message_id", "member_id", name="a_copy_once"),
        Index("ix_inbox_member_id_id", "member_id", "id"),
        Index(
            "ix_inbox_unread",
            "member_id",
            "id",
            sqlite_where=text(IS_UNREAD),
            postgresql_where=text(IS_UNREAD),
        ),
    )

    id: Mapped[RowId]
    message_id: Mapped[int] = mapped_column(BIG, ForeignKey("outbox.id"))
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    role: Mapped[Role] = mapped_column(enum_column(Role, "inbox_role_known"))
    read_at: Mapped[Instant | None]


class ChannelDelivery(Base):
    """A message's way on one channel, with attempts of its own: whatever another one does.

    Made with the inbox copies, for the channels switched on then and wanting it.
    """

    __tablename__ = "channel_deliveries"
    __table_args__ = (
        UniqueConstraint("message_id", "channel", name="a_channel_once"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_iff_dated"),
        CheckConstraint("attempts >= 0 AND sent_to >= 0", name="sendings_counted"),
        Index(
            "ix_channel_deliveries_waiting",
            "channel",
            "id",
            sqlite_where=text(IS_WAITING),
            postgresql_where=text(IS_WAITING),
        ),
        Index(
            "ix_channel_deliveries_given_up",
            "id",
            sqlite_where=text(IS_GIVEN_UP),
            postgresql_where=text(IS_GIVEN_UP),
        ),
    )

    id: Mapped[RowId]
    message_id: Mapped[int] = mapped_column(BIG, ForeignKey("outbox.id"))
    channel: Mapped[str] = mapped_column(String(40))
    state: Mapped[Sending] = mapped_column(
        enum_column(Sending, "sending_known"), default=Sending.WAITING
    )
    attempts: Mapped[int] = mapped_column(default=0)
    # When it is tried next; while one deliverer sends, until when the others leave it alone.
    retry_at: Mapped[Instant | None]
    # The kind of error, or why it was dropped.
    last_error: Mapped[str] = mapped_column(String(120), default="")
    sent_at: Mapped[Instant | None]
    # Members it is done for (sent, or without an address there), and how many it was sent to.
    done_for: Mapped[list[int]] = mapped_column(JSON, default=list)
    sent_to: Mapped[int] = mapped_column(default=0)


class ChannelChoice(Base):
    """Whether a member wants to be told of a kind on a channel. The inbox has it anyway."""

    __tablename__ = "channel_choices"
    __table_args__ = (
        UniqueConstraint("member_id", "kind", "channel", name="one_choice_a_kind_and_channel"),
    )

    id: Mapped[RowId]
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    kind: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(40))
    wanted: Mapped[bool]
    at: Mapped[Instant]


class QuietHoursChosen(Base):
    """The hours in which a member is not to be disturbed, as minutes of the day, where chosen."""

    __tablename__ = "quiet_hours"
    __table_args__ = (
        CheckConstraint("begins BETWEEN 0 AND 1439 AND ends BETWEEN 0 AND 1439", name="in_a_day"),
    )

    member_id: Mapped[int] = mapped_column(
        BIG, ForeignKey("members.id"), primary_key=True, autoincrement=False
    )
    begins: Mapped[int]
    ends: Mapped[int]
    at: Mapped[Instant]


def is_due(now: datetime) -> ColumnElement[bool]:
    """Match messages to deliver now. Those never tried are due whatever the clock says."""
    return (Message.state == Delivery.WAITING) & or_(
        Message.retry_at.is_(None),
        Message.retry_at <= now,
        Message.retry_at > retries.latest_honest_retry(now),
    )


def is_to_send(now: datetime) -> ColumnElement[bool]:
    """Match what is to be sent on a channel now."""
    return (ChannelDelivery.state == Sending.WAITING) & or_(
        ChannelDelivery.retry_at.is_(None),
        ChannelDelivery.retry_at <= now,
        ChannelDelivery.retry_at > retries.latest_honest_wait(now),
    )
