"""What is odd about acceptances: one person for nearly all of a rider's, or no time to look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(days=30)
LEAST_CASES: Final = 10
MOST_OF_PERCENT: Final = 80
LEAST_SECONDS: Final = 20


@dataclass(frozen=True)
class Leaning:
    """One person accepted most of what a rider reported."""

    acceptor_id: int
    by_one: int
    accepted: int


def leaning(acceptors: Sequence[int]) -> Leaning | None:
    """Find the one who accepted at least 80 % of a rider's cases (ten or more of them)."""
    if len(acceptors) < LEAST_CASES:
        return None
    acceptor, by_one = Counter(acceptors).most_common(1)[0]
    if by_one * 100 < MOST_OF_PERCENT * len(acceptors):
        return None
    return Leaning(acceptor, by_one, len(acceptors))


def is_nothing_special(by_one: int, of_others: int) -> bool:
    """Tell whether the same person accepts as much of everybody else's: the only one on duty."""
    return of_others >= LEAST_CASES and by_one * 100 >= MOST_OF_PERCENT * of_others


def seconds_to_accept(sent_at: datetime, accepted_at: datetime) -> int | None:
    """Return the seconds an acceptance took when they were too few to look at the photo."""
    took = (accepted_at - sent_at).total_seconds()
    return int(took) if 0 <= took < LEAST_SECONDS else None
