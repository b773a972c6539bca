"""On which day a month is told of. Pure."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from grid_report.clock import Month

FIRST_DAY: Final = 1
# Every month has it.
LAST_DAY: Final = 28


def month_due(day: int, today: date) -> Month:
    """Return the newest month that is to be told of: the one before, from that day on."""
    this = Month(today.year, today.month)
    return this.plus(-1 if today.day >= day else -2)


def told_before(day: int, today: date) -> Month:
    """Return what counts as told for whoever is added today: only what is due from today on is new."""
    return month_due(day, today - timedelta(days=1))


def next_day(day: int, told_month: str, today: date) -> date:
    """Return when somebody is told next: today where a month is due that was not told of."""
    if told_month < str(month_due(day, today)):
        return today
    this = Month(today.year, today.month)
    following = this if today.day < day else this.plus(1)
    return date(following.year, following.number, day)
