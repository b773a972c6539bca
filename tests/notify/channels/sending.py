"""Channels of tests, and what is told on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from grid_report.access.roles import Role
from grid_report.db import db, transaction
from grid_report.notify import delivery, outbox, retries
from grid_report.notify.models import ChannelChoice, ChannelDelivery
from grid_report.notify.outgoing import Channel, Outgoing

NUMBER = "KY-20261123-0042"
# By day, in the county and in UTC.
AT = datetime(2026, 11, 16, 2, 0, tzinfo=UTC)
FACTS = {
    "category": "RD02", "community": "站前社区", "clock": "accept", "severity": 4,
    "due": "2026-11-16T10:00:00+00:00", "words": "快点",
}  # fmt: skip


class Pigeon:
    """A channel that carries everything and does at each send what it was told, in turn."""

    busy_for = retries.WHILE_SENDING

    def __init__(self, name: str = "pigeon", *, fails: int = 0) -> None:
        self.name = name
        self.sent: list[tuple[int, int]] = []
        self.fails = fails
        self.does: Callable[[Outgoing, int], Any] | None = None
        self.not_before: datetime | None = AT - timedelta(days=1000)

    def reaches(self, member_id: int) -> bool:
        return True

    def tells_of(self, kind: str) -> bool:
        return True

    def carries(self, message: Outgoing) -> bool:
        return True

    def when(self, message: Outgoing, member_id: int, now: datetime) -> datetime | None:
        return None if self.not_before is None else max(now, self.not_before)

    def send(self, message: Outgoing, member_id: int, *, now: datetime) -> bool:
        self.sent.append((message.message_id, member_id))
        if self.fails:
            self.fails -= 1
            raise ConnectionError("13800000001 does not answer")
        return True if self.does is None else bool(self.does(message, member_id))


def put(kind: str = "report_urged", *, at: datetime = AT, **more: Any) -> None:
    """Write a message into the outbox."""
    values: dict[str, Any] = {"about": NUMBER, "facts": FACTS, "now": at, **more}
    # Riders are told on a channel only once they asked for it.
    values.setdefault("read_as", Role.WORKER)
    with transaction() as session:
        outbox.put(session, kind, **values)


def deliver(*channels: Channel, at: datetime = AT, **more: Any) -> int:
    """Bring to the inboxes what waits."""
    return delivery.deliver_due(now=lambda: at, channels=channels, **more)


def send(*channels: Channel, at: datetime = AT, **more: Any) -> int:
    """Send what is due on channels."""
    return delivery.send_due(now=lambda: at, channels=channels, **more)


def say(member_id: int, channel: str, wanted: bool, kind: str = "report_urged") -> None:
    """Write down what somebody said last of a kind on a channel, whoever it is offered to."""
    with transaction() as session:
        session.execute(
            delete(ChannelChoice).where(
                ChannelChoice.member_id == member_id,
                ChannelChoice.channel == channel,
                ChannelChoice.kind == kind,
            )
        )
        session.add(
            ChannelChoice(member_id=member_id, channel=channel, kind=kind, wanted=wanted, at=AT)
        )


def rows() -> Sequence[ChannelDelivery]:
    """Return all deliveries as the database has them."""
    db.session.rollback()
    query = select(ChannelDelivery).order_by(ChannelDelivery.id)
    return db.session.scalars(query.execution_options(populate_existing=True)).all()


def states() -> list[tuple[str, str, int, str]]:
    """Return channel, state, attempts and what went wrong of each delivery."""
    return [(row.channel, row.state.value, row.attempts, row.last_error) for row in rows()]
