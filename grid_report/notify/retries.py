"""When a message that could not be delivered is tried again, and when not any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

FIRST_WAIT: Final = timedelta(seconds=10)
LONGEST_WAIT: Final = timedelta(hours=1)
# With the waits below about three and a half hours: longer than any restart, shorter than a day.
MOST_ATTEMPTS: Final = 12

# While one deliverer sends, unless a channel says otherwise: three members of five tries of 60 seconds.
WHILE_SENDING: Final = timedelta(minutes=20)
# A channel may wait for the morning, or for the next day.
LONGEST_REST: Final = timedelta(hours=36)


def wait_after(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: doubling, up to an hour."""
    doublings = min(max(attempts, 1) - 1, 20)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT)


def is_hopeless(attempts: int) -> bool:
    """Tell whether a person has to look at it now."""
    return attempts >= MOST_ATTEMPTS


def latest_honest_retry(now: datetime) -> datetime:
    """Return the latest instant a retry can be set for; a later one means the clock was wrong."""
    return now + LONGEST_WAIT


def latest_honest_wait(now: datetime) -> datetime:
    """Return the latest instant a channel can wait for; see `latest_honest_retry`."""
    return now + LONGEST_REST
