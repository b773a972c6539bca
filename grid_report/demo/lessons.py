"""The demo's lessons: some riders read the handbook and passed its quiz, through the use case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from grid_report.access import Actor
from grid_report.demo.cast import Cast
from grid_report.points.learning.handbook import UNITS
from grid_report.points.learning.usecases import award_learning
from grid_report.points.policy import terms_of
from grid_report.settings import Settings

# The two riders everybody signs in as still have it before them.
LEARNERS: Final = slice(2, 14)
DAYS_AGO: Final = 20
# Some learned long ago: even a small world had points to spend in the months before.
EARLY: Final = slice(14, 20)
LONG_AGO: Final = 120


def deeds(
    settings: Settings, people: Cast, at: datetime
) -> Iterator[tuple[datetime, Callable[[datetime], object]]]:
    """Yield every lesson with its time; one learned before is not paid again."""
    terms = terms_of(settings)

    def learn(rider: Actor, unit: str | None) -> Callable[[datetime], object]:
        return lambda now: award_learning(unit, actor=rider, terms=terms, now=now)

    learners = [
        *((rider, DAYS_AGO - n) for n, rider in enumerate(people.riders[LEARNERS])),
        *((rider, LONG_AGO - n) for n, rider in enumerate(people.riders[EARLY])),
    ]
    for rider, days_ago in learners:
        evening = at - timedelta(days=days_ago)
        for minutes, unit in enumerate((*UNITS, None)):
            yield evening + timedelta(minutes=4 * minutes), learn(rider, unit)
