"""The present of the tests: one instant each test begins at, whatever day it really is.

`./test --date 2027-02-28T12:00` chooses another one, in the county's time, through the environment.
The clock runs on from there, for order would be lost if it stood still; a site a test starts
is told how far the test's clock is ahead of the machine's, so both tell the same time.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from grid_report import clock

VARIABLE = "GRID_REPORT_TEST_NOW"
COUNTY = ZoneInfo("Asia/Shanghai")
# A Monday in the middle of a month, in office hours: a test about the edges of a day, a week, a
# month or a year names its own instant.
USUAL = "2026-11-16T10:00"
# The places and the tariff of the county were there before anybody began.
BEFORE = timedelta(hours=1)


def beginning(at: str = "") -> datetime:
    """Return the instant each test begins at, or the one a test asks for, in UTC."""
    asked = datetime.fromisoformat(at or os.environ.get(VARIABLE) or USUAL)
    return (asked if asked.tzinfo else asked.replace(tzinfo=COUNTY)).astimezone(UTC)


def begin(earlier: timedelta = timedelta(0), at: str = "") -> None:
    """Let this process's clock begin at that instant, or some time before it."""
    clock.run_ahead(beginning(at) - earlier - clock.by_machine(clock.now()))


def settings() -> dict[str, float]:
    """Return the setting that gives another app or process this process's time."""
    return {"clock_ahead_s": clock.ahead().total_seconds()}


def environ() -> dict[str, str]:
    """Return the environment that gives a child this process's time."""
    return {"GRID_REPORT_SERVER__CLOCK_AHEAD_S": repr(clock.ahead().total_seconds())}
