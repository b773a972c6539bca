"""When a text message about a message may go out: not at night, and not when it says nothing any more."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo
from typing import Final

from grid_report.notify import kinds
from grid_report.notify.outgoing import Outgoing

NIGHT_BEGINS: Final = time(22)
NIGHT_ENDS: Final = time(7)
# Older news is in the inbox; on a phone it would be taken for today's.
OLDEST: Final = timedelta(hours=24)


def when(message: Outgoing, now: datetime, zone: tzinfo) -> datetime | None:
    """Return when a message may go; None when it would be too late by then."""
    urgent = kinds.is_urgent(message.kind, message.facts)
    earliest = now if urgent else after_the_night(now, zone)
    last = message.created_at + OLDEST
    if message.kind in kinds.OVER_WHEN_DUE:
        last = min(last, datetime.fromisoformat(message.facts["due"]))
    return earliest if earliest < last else None


def after_the_night(now: datetime, zone: tzinfo) -> datetime:
    """Return `now` by day, at night the next morning."""
    local = now.astimezone(zone)
    if NIGHT_ENDS <= local.timetz().replace(tzinfo=None) < NIGHT_BEGINS:
        return now
    day = local.date() + timedelta(days=local.time() >= NIGHT_BEGINS)
    return datetime.combine(day, NIGHT_ENDS, zone)


def next_day(now: datetime, zone: tzinfo) -> datetime:
    """Return the first instant of tomorrow, when a used-up day is over."""
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(0), zone)
