"""The hours in which a member is not to be disturbed: their own, around midnight or not. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

A_DAY: Final = 24 * 60


@dataclass(frozen=True)
class QuietHours:
    """From one minute of the day to another one of it; twice the same means none."""

    begins: int
    ends: int

    def over(self, now: datetime, zone: tzinfo) -> datetime:
        """Return `now` outside of these hours, within them the instant they end."""
        local = now.astimezone(zone)
        minute = local.hour * 60 + local.minute
        if (minute - self.begins) % A_DAY >= (self.ends - self.begins) % A_DAY:
            return now
        day = local.date() + timedelta(days=minute >= self.ends)
        return datetime.combine(day, clock_time(self.ends), zone)


# Whoever says nothing else sleeps at night.
USUAL: Final = QuietHours(22 * 60, 7 * 60)


def clock_time(minute: int) -> time:
    """Return a minute of the day as a time."""
    return time(minute // 60, minute % 60)


def shown(minute: int) -> str:
    """Write a minute of the day as clocks show it."""
    return clock_time(minute).strftime("%H:%M")


def read(text: str) -> int | None:
    """Read what `shown` writes; None when it is no time of the day."""
    hours, colon, minutes = text.partition(":")
    if not (colon and text.isascii() and len(hours) == len(minutes) == 2):
        return None
    if not (hours.isdecimal() and minutes.isdecimal() and int(hours) < 24 and int(minutes) < 60):
        return None
    return int(hours) * 60 + int(minutes)
