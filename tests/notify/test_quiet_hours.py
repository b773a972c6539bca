"""Quiet hours: around midnight or by day, on the minute, and how they are written."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from grid_report.notify import quiet_hours
from grid_report.notify.quiet_hours import USUAL, QuietHours

COUNTY = ZoneInfo("Asia/Shanghai")
BY_DAY = QuietHours(9 * 60, 17 * 60)
LATE = QuietHours(23 * 60 + 30, 5)
NONE = QuietHours(8 * 60, 8 * 60)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=COUNTY)


@pytest.mark.parametrize(
    ("hours", "now", "over"),
    [
        (USUAL, "16T21:59:59", "16T21:59:59"),
        (USUAL, "16T22:00:00", "17T07:00:00"),
        (USUAL, "17T06:59:59", "17T07:00:00"),
        (USUAL, "17T07:00:00", "17T07:00:00"),
        # A night shift turns them round.
        (BY_DAY, "16T08:59:59", "16T08:59:59"),
        (BY_DAY, "16T09:00:00", "16T17:00:00"),
        (BY_DAY, "16T16:59:59", "16T17:00:00"),
        (BY_DAY, "16T17:00:00", "16T17:00:00"),
        (BY_DAY, "16T23:00:00", "16T23:00:00"),
        (LATE, "16T23:29:00", "16T23:29:00"),
        (LATE, "16T23:30:00", "17T00:05:00"),
        (LATE, "17T00:04:59", "17T00:05:00"),
        (LATE, "17T00:05:00", "17T00:05:00"),
        (NONE, "16T08:00:00", "16T08:00:00"),
        (NONE, "16T03:00:00", "16T03:00:00"),
    ],
)
def test_quiet_hours_end_when_they_say(hours: QuietHours, now: str, over: str) -> None:
    assert hours.over(local(now).astimezone(UTC), COUNTY) == local(over)


@pytest.mark.parametrize(("text", "minute"), [("00:00", 0), ("07:05", 425), ("23:59", 1439)])
def test_a_time_is_read_as_it_is_shown(text: str, minute: int) -> None:
    assert (quiet_hours.read(text), quiet_hours.shown(minute)) == (minute, text)


@pytest.mark.parametrize(
    "text",
    ["", "7:00", "24:00", "07:60", "0700", "07:0", "07:00:00", "-1:00", "０７:００", "²²:00"],
)
def test_what_is_no_time_of_the_day_is_none(text: str) -> None:
    assert quiet_hours.read(text) is None
