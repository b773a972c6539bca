"""The instants the tests are run at beside the usual one: `./test --date …`, `./test --dates`."""

import os
import re
from datetime import datetime

from tools.show import Problem

# Read by tests/support/present.py.
VARIABLE = "GRID_REPORT_TEST_NOW"

# In the county's time: the ends of a short and of a leap February, both sides of the new year,
# and an hour of the last day of a month at which it is still the day before in UTC.
EDGES = (
    "2027-02-28T12:00",
    "2028-02-29T12:00",
    "2026-12-31T23:59",
    "2027-01-01T00:01",
    "2026-11-30T07:00",
)
USAGE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")


def split(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the dates asked for, none for the usual one, and the other words. Raises Problem."""
    rest: list[str] = []
    dates: list[str] = []
    given = iter(words)
    for word in given:
        if word == "--dates":
            dates += EDGES
        elif word == "--date" or word.startswith("--date="):
            dates.append(read(word[7:] if "=" in word else next(given, "")))
        else:
            rest.append(word)
    return dates, rest


def read(text: str) -> str:
    """Return a date the tests can begin at. Raises Problem."""
    try:
        if USAGE.fullmatch(text):
            datetime.fromisoformat(text)
            return text
    except ValueError:
        pass
    raise Problem(
        f"--date 后面要写一个时刻，按县市的时间，例如 2027-02-28T12:00；这里是「{text}」。",
        f"--date needs an instant in the county's time such as 2027-02-28T12:00, not “{text}”.",
    )


def apply(date: str) -> None:
    """Let the tests that are started from now on begin at a date, '' for the usual one."""
    if date:
        os.environ[VARIABLE] = date
    else:
        os.environ.pop(VARIABLE, None)
