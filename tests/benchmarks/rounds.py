"""How often to measure: until the median is known well enough, and never for ever."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence

LEAST, MOST = 9, 60
WITHIN = 0.1


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return between which two of the values the true median lies, with 95 % confidence.

    By ranks, so that nothing is assumed of how they are spread: a stalled disk is one value.
    """
    ordered, count = sorted(values), len(values)
    below, rank = 0.0, 0
    # As many from either end as together keep under 5 %.
    while rank < count // 2:
        below += math.comb(count, rank) / 2**count
        if below > 0.025:
            break
        rank += 1
    at = max(rank - 1, 0)
    return ordered[at], ordered[count - 1 - at]


def is_sure(values: Sequence[float], within: float = WITHIN) -> bool:
    """Tell whether the median is known to so small a part of itself on either side."""
    low, high = interval(values)
    middle = statistics.median(values)
    return high - middle <= within * middle and middle - low <= within * middle


def until_sure(
    measure: Callable[[], Mapping[str, float]],
    ratios: Callable[[Mapping[str, list[float]]], Mapping[str, Sequence[float]]],
    least: int = LEAST,
    most: int = MOST,
) -> dict[str, list[float]]:
    """Measure round by round until every ratio is sure, at least and at most so often."""
    found: dict[str, list[float]] = {}
    for number in range(max(least, most)):
        for name, value in measure().items():
            found.setdefault(name, []).append(value)
        if number + 1 >= least and all(is_sure(it) for it in ratios(found).values()):
            break
    return found
