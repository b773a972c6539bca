"""Durations as the figures keep them, and what is read off their distribution. Pure.

A month may hold a hundred thousand durations. They are kept as counts by rounded length: to the
minute under two hours, to five minutes under a day, to the hour under thirty days, to the day
after that. Medians and P90 are exact for durations rounded so; means are of the seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

HOUR: Final = 60
DAY: Final = 24 * HOUR
# Up to so many minutes, the step durations are rounded up to.
STEPS: Final = ((2 * HOUR, 1), (DAY, 5), (30 * DAY, HOUR))
LAST_STEP: Final = DAY
# The bars people look at, as upper edges in minutes; what is longer is in the last one.
EDGES: Final = (15, 30, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY)


def rounded_minutes(seconds: int) -> int:
    """Round a duration up to the resolution of its length; a negative one counts as none."""
    minutes = -(-max(seconds, 0) // 60)
    for most, step in STEPS:
        if minutes <= most:
            return -(-minutes // step) * step
    return -(-minutes // LAST_STEP) * LAST_STEP


def quantile(counts: Mapping[int, int], share: float) -> int | None:
    """Return the nearest-rank quantile of durations in minutes; None where there are none."""
    total = sum(counts.values())
    if total <= 0:
        return None
    rank = max(1, -(-round(share * total * 1_000_000) // 1_000_000))
    seen = 0
    for minutes in sorted(counts):
        seen += counts[minutes]
        if seen >= rank:
            return minutes
    return max(counts)


def bars(counts: Mapping[int, int]) -> list[tuple[int | None, int]]:
    """Add durations up to the bars people look at: (upper edge or None, how many)."""
    edges: list[int | None] = [*EDGES, None]
    found: dict[int | None, int] = dict.fromkeys(edges, 0)
    for minutes, count in counts.items():
        edge = next((it for it in EDGES if minutes <= it), None)
        found[edge] += count
    return list(found.items())
