"""Durations as the figures keep them, and what is read off their distribution. Pure.

The value of a duration is its length in minutes, begun minutes counted whole. A month may hold a
hundred thousand of them. They are kept as counts by rounded length: to the minute under two hours,
to five minutes under a day, to the hour under thirty days, to the day after that; bars are drawn
of these. What is longer than two hours is kept to the minute beside them, so that median and P90
are read off the values: the rounded lengths say in which step a value lies, the step is looked up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from grid_report.rates import LEAST_BASE

HOUR: Final = 60
DAY: Final = 24 * HOUR
# Up to so many minutes, the step durations are rounded up to.
STEPS: Final = ((2 * HOUR, 1), (DAY, 5), (30 * DAY, HOUR))
LAST_STEP: Final = DAY
# Up to here a rounded length is the length.
EXACT_UP_TO: Final = STEPS[0][0]
# The bars people look at, as upper edges in minutes; what is longer is in the last one.
EDGES: Final = (15, 30, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, DAY, 2 * DAY, 3 * DAY, 7 * DAY)
# Median and P90, in tenths: what share of the others lies below.
MEDIAN: Final = 5
P90: Final = 9


def whole_minutes(seconds: int) -> int:
    """Return a duration in minutes, a begun one counted whole; a negative one counts as none."""
    return -(-max(seconds, 0) // 60)


def minutes_key(minutes: int) -> str:
    """Return the key of a length to the minute: in order as text."""
    return f"{minutes:08d}"


def rounded_minutes(seconds: int) -> int:
    """Round a duration up to the resolution of its length; a negative one counts as none."""
    minutes = whole_minutes(seconds)
    step = _step(minutes)
    return -(-minutes // step) * step


def _step(minutes: int) -> int:
    return next((step for most, step in STEPS if minutes <= most), LAST_STEP)


def below(rounded: int) -> int:
    """Return the length from which on, itself not among them, durations are rounded up to this."""
    return rounded - _step(rounded)


def quantile(
    counts: Mapping[int, int], exact: Mapping[int, int], tenths: int
) -> int | float | None:
    """Return the median (5) or P90 (9) of durations in minutes; None below the least base.

    The median is the middle value, of an even number the mean of the two middle ones; P90 lies
    linearly between ranks. `counts` are the rounded lengths, `exact` the values in the steps of
    them that matter (`steps_needed`).
    """
    total = sum(counts.values())
    if total < LEAST_BASE:
        return None
    rank, rest = divmod(tenths * (total - 1), 10)
    low = _value(counts, exact, rank)
    if not rest:
        return low
    tenfold = 10 * low + (_value(counts, exact, rank + 1) - low) * rest
    return tenfold / 10 if tenfold % 10 else tenfold // 10


def steps_needed(counts: Mapping[int, int]) -> list[int]:
    """Return the rounded lengths whose values median and P90 depend on."""
    total = sum(counts.values())
    if total < LEAST_BASE:
        return []
    found = set()
    for tenths in (MEDIAN, P90):
        rank, rest = divmod(tenths * (total - 1), 10)
        found |= {_at_rank(counts, it)[0] for it in range(rank, rank + 1 + bool(rest))}
    return sorted(it for it in found if it > EXACT_UP_TO)


def _value(counts: Mapping[int, int], exact: Mapping[int, int], rank: int) -> int:
    rounded, left = _at_rank(counts, rank)
    if rounded <= EXACT_UP_TO:
        return rounded
    inside = {it: n for it, n in exact.items() if below(rounded) < it <= rounded}
    # Without the values, the step they are in.
    return _at_rank(inside, left)[0] if left < sum(inside.values()) else rounded


def _at_rank(counts: Mapping[int, int], rank: int) -> tuple[int, int]:
    """Return which key the value of a rank (from 0) has, and its rank among those of that key."""
    for it in sorted(counts):
        if rank < counts[it]:
            return it, rank
        rank -= counts[it]
    return max(counts), 0


def nearest_rank(counts: Mapping[int, int], share: float) -> int | None:
    """Return the nearest-rank quantile of rounded lengths: what rules 1 called median and P90."""
    total = sum(counts.values())
    if total <= 0:
        return None
    rank = max(1, -(-round(share * total * 1_000_000) // 1_000_000))
    return _at_rank(counts, rank - 1)[0]


def bars(counts: Mapping[int, int]) -> list[tuple[int | None, int]]:
    """Add durations up to the bars people look at: (upper edge or None, how many)."""
    edges: Sequence[int | None] = [*EDGES, None]
    found: dict[int | None, int] = dict.fromkeys(edges, 0)
    for minutes, count in counts.items():
        edge = next((it for it in EDGES if minutes <= it), None)
        found[edge] += count
    return list(found.items())
