"""When a member may be told beside the inbox: not in quiet hours, and not what says nothing any more. Pure."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from grid_report.notify import kinds
from grid_report.notify.outgoing import Outgoing
from grid_report.notify.quiet_hours import USUAL, QuietHours

# Older news is in the inbox; on a phone it would be taken for today's.
OLDEST: Final = timedelta(hours=24)


def when(
    message: Outgoing, now: datetime, zone: tzinfo, quiet: QuietHours = USUAL
) -> datetime | None:
    """Return when a message may go to whoever has these quiet hours; None: too late by then."""
    urgent = kinds.is_urgent(message.kind, message.facts)
    earliest = now if urgent else quiet.over(now, zone)
    last = message.created_at + OLDEST
    if message.kind in kinds.OVER_WHEN_DUE:
        last = min(last, datetime.fromisoformat(message.facts["due"]))
    return earliest if earliest < last else None


def next_day(now: datetime, zone: tzinfo) -> datetime:
    """Return the first instant of tomorrow, when a used-up day is over."""
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(0), zone)
