"""Reads what members send about their news: hours as clocks show them, yes and no."""

from __future__ import annotations

from grid_report.errors import Invalid
from grid_report.notify import quiet_hours
from grid_report.notify.quiet_hours import QuietHours
from grid_report.plain_characters import plain


def quiet_hours_of(begins: str, ends: str) -> QuietHours:
    """Read quiet hours. Raises Invalid at the time at fault."""
    minutes = []
    for name, text in (("quiet_begins", begins), ("quiet_ends", ends)):
        minute = quiet_hours.read(plain(text[:20]).replace("：", ":").strip())
        if minute is None:
            raise Invalid.field(name, "time-of-day-unreadable")
        minutes.append(minute)
    return QuietHours(*minutes)


def wanted_of(text: str) -> bool:
    """Read yes or no. Raises Invalid."""
    if text not in ("yes", "no"):
        raise Invalid.field("wanted", "value-unknown")
    return text == "yes"
