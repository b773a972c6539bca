"""Shades of a map: values put into a few classes, the same for twelve months. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from grid_report.statistics.measures import Measure, RateName

# What a map can show; each shade of it is one number a community.
COUNTS: Final = (Measure.RECEIVED, Measure.OVERDUE_OPEN, Measure.CLOSINGS)
RATES: Final = (RateName.HANDLING_IN_TIME,)
# More shades than these nobody tells apart.
MOST: Final = 5


@dataclass(frozen=True)
class Shade:
    """One class: the values from `low` to `high`, both among those shown.

    `tone` is 0 for nothing at all, 1 the faintest to 5 the deepest colour.
    """

    tone: int
    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Tell whether a value is of this class."""
        return self.low <= value <= self.high


def shades(values: Iterable[float]) -> Sequence[Shade]:
    """Put values into at most five classes that are each as alike as can be; nothing is its own.

    Natural breaks (Fisher): of all ways to cut the sorted values, the one with the least squares
    within. A cut lies between two values that occur, so that every value is in one class.
    """
    counted = Counter(values)
    zeros = counted.pop(0, 0)
    found = [Shade(0, 0, 0)] if zeros else []
    distinct = sorted(counted)
    if not distinct:
        return found
    classes = _cut(distinct, [counted[it] for it in distinct], min(MOST, len(distinct)))
    for number, (first, last) in enumerate(classes, start=1):
        # Few classes are spread over the tones: the deepest is always the highest.
        tone = round(number * MOST / len(classes))
        found.append(Shade(tone, distinct[first], distinct[last]))
    return found


def _cut(values: Sequence[float], weights: Sequence[int], classes: int) -> list[tuple[int, int]]:
    """Return first and last index of each class."""
    size = len(values)
    v, w = np.asarray(values, dtype=float), np.asarray(weights, dtype=float)
    n, total, squares = (np.concatenate(([0.0], np.cumsum(it))) for it in (w, w * v, w * v * v))

    def within(first: Any, last: int) -> Any:
        """The squares within, from each of the first indexes to a last one."""
        count, sum_ = n[last + 1] - n[first], total[last + 1] - total[first]
        return squares[last + 1] - squares[first] - sum_ * sum_ / count

    index = np.arange(size)
    least = np.array([within(index[:1], last)[0] for last in range(size)])
    starts = [np.zeros(size, dtype=int)]
    for made in range(1, classes):
        following, start_of = np.full(size, np.inf), np.zeros(size, dtype=int)
        for last in range(made, size):
            firsts = index[made : last + 1]
            costs = least[firsts - 1] + within(firsts, last)
            best = int(costs.argmin())
            following[last], start_of[last] = costs[best], firsts[best]
        least = following
        starts.append(start_of)
    found, last = [], size - 1
    for start_of in reversed(starts):
        first = int(start_of[last])
        found.append((first, last))
        last = first - 1
    return found[::-1]


def shade_of(value: float | None, classes: Sequence[Shade]) -> Shade | None:
    """Return the class of a value; None for a value there is none of (too small a base)."""
    if value is None:
        return None
    return next(it for it in classes if it.holds(value))


# Half the width of a sign in parts of its height, as most fonts have it.
HALF_WIDTH: Final = 0.3


def fits(text: str, size: float, room: float, *, lines: int = 1) -> bool:
    """Tell whether a label of a size lies within a distance of its middle on all sides."""
    wide = sum(2 if ord(sign) > 0x2E7F else 1 for sign in text) * HALF_WIDTH * size
    tall = 0.6 * size * lines
    return math.hypot(wide, tall) <= room
