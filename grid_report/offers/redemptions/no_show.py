"""What it costs not to come: nothing the first time in a month, later a small part of the price."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

# How long a missed booking is remembered.
REMEMBERED: Final = timedelta(days=30)
MOST_PERCENT: Final = 20


def penalty_points(points: int, percent: int, missed_before: int) -> int:
    """Return what a missed booking costs, rounded down; never more than a fifth of the price."""
    if missed_before == 0:
        return 0
    return points * min(max(percent, 0), MOST_PERCENT) // 100
