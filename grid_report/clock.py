"""The time: asked for once at the border, then passed on as an argument."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from typing import Final, Self

from grid_report.errors import Invalid
from grid_report.plain_characters import plain

# So much may a phone's clock be ahead of ours; an instant past that is none anybody can go by.
CLOCKS_DIFFER: Final = timedelta(minutes=5)

# How far the site's clock is ahead of the machine's: nothing but under test. One number for all
# processes of a site, so that they agree on the time whenever each of them was started.
_ahead = timedelta(0)


def now() -> datetime:
    """Return the present instant in UTC. Called by routes, jobs and commands only."""
    return datetime.now(UTC) + _ahead


def ahead() -> timedelta:
    """Return how far this process's clock is ahead of the machine's."""
    return _ahead


def run_ahead(by: timedelta) -> None:
    """Let this process's clock run that far ahead of the machine's, or behind. Only for tests."""
    global _ahead  # noqa: PLW0603 - there is one present in a process, as there is one machine
    _ahead = by


def by_machine(at: datetime) -> datetime:
    """Return what the machine's clock shows at an instant: a disk and a store date files by it."""
    return at - _ahead


def from_machine(at: datetime) -> datetime:
    """Return the instant at which the machine's clock showed that: the date of a file."""
    return at + _ahead


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month; its bounds depend on the zone it is looked at from."""

    year: int
    number: int

    @classmethod
    def of(cls, at: datetime, zone: tzinfo) -> Self:
        """Return the month an instant falls in, seen from a zone."""
        local = at.astimezone(zone)
        return cls(local.year, local.month)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `YYYY-MM`. Raises Invalid."""
        found = re.fullmatch(r"([0-9]{4})-([0-9]{2})", plain(text).strip())
        if not found or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1970:
            raise Invalid.field("month", "month-unreadable")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.number:02d}"

    def plus(self, months: int) -> Self:
        """Return the month that many months later (or earlier, if negative)."""
        count = self.year * 12 + self.number - 1 + months
        return type(self)(count // 12, count % 12 + 1)

    def bounds(self, zone: tzinfo) -> tuple[datetime, datetime]:
        """First instant of the month and of the next one, in UTC (half-open)."""
        start = datetime(self.year, self.number, 1, tzinfo=zone)
        following = self.plus(1)
        end = datetime(following.year, following.number, 1, tzinfo=zone)
        return start.astimezone(UTC), end.astimezone(UTC)


def months_between(first: Month, last: Month) -> Sequence[Month]:
    """Return the months from one to another, both included."""
    length = (last.year - first.year) * 12 + last.number - first.number
    return [first.plus(n) for n in range(length + 1)]


def local_day(at: datetime, zone: tzinfo) -> date:
    """Return the calendar day of an instant in a zone."""
    return at.astimezone(zone).date()


class PlainDate(Enum):
    """Which instant of the day a date without a time means."""

    FIRST = "first instant"
    # A deadline on a day is kept all that day long, and is written as that day.
    LAST_SECOND = "last second"
    # The end of a stretch of time that leaves its end out.
    AFTER = "first instant of the next day"


def read_instant(text: str, zone: tzinfo, *, plain: PlainDate) -> datetime:
    """Read an instant; without a zone it was typed on a clock there. Raises ValueError."""
    text = text.strip()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=zone) if at.tzinfo is None else at
    if plain is PlainDate.AFTER:
        day += timedelta(days=1)
    clock = time(23, 59, 59) if plain is PlainDate.LAST_SECOND else time.min
    return datetime.combine(day, clock, tzinfo=zone)


def day_bounds(at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """First instant of an instant's day in a zone and of the next one, in UTC (half-open)."""
    day = local_day(at, zone)
    start = datetime.combine(day, time.min, tzinfo=zone)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)
    return start.astimezone(UTC), end.astimezone(UTC)
