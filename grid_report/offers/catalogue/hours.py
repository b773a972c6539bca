"""Opening hours: a line a weekday group, such as `Mon-Fri 08:00-18:00, Sat 09:00-12:00`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_PIECE: Final = re.compile(
    r"(?:(?P<first>[A-Z][a-z]{2})(?:-(?P<last>[A-Z][a-z]{2}))?\s+)?"
    r"(?P<open>\d{1,2}:\d{2})-(?P<close>\d{1,2}:\d{2})"
)
MINUTES_A_DAY: Final = 24 * 60


class HoursUnreadable(ValueError):
    """The text names no days and times."""


@dataclass(frozen=True)
class Opening:
    """Some weekdays (0 is Monday) and from when to when, in minutes of the day."""

    days: tuple[int, ...]
    opens: int
    closes: int


def parse_hours(text: str) -> Sequence[Opening]:
    """Read opening hours; an empty text means always open. Raises HoursUnreadable."""
    found = []
    for piece in filter(None, (part.strip() for part in re.split(r"[,;，；\n]", text))):
        match = _PIECE.fullmatch(piece)
        if match is None:
            raise HoursUnreadable(piece)
        first, last = match["first"] or "Mon", match["last"] or match["first"] or "Sun"
        if first not in DAYS or last not in DAYS:
            raise HoursUnreadable(piece)
        opens, closes = _minutes(match["open"]), _minutes(match["close"])
        if opens >= closes:
            raise HoursUnreadable(piece)
        start, count = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % 7 + 1
        found.append(Opening(tuple((start + n) % 7 for n in range(count)), opens, closes))
    return tuple(found)


def _minutes(text: str) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if minute > 59 or hour * 60 + minute > MINUTES_A_DAY:
        raise HoursUnreadable(text)
    return hour * 60 + minute


def is_open(openings: Sequence[Opening], at: datetime, zone: tzinfo) -> bool:
    """Tell whether it is open at an instant, by the clock of a zone."""
    if not openings:
        return True
    local = at.astimezone(zone)
    minute = local.hour * 60 + local.minute
    return any(local.weekday() in one.days and one.opens <= minute < one.closes for one in openings)
