"""Points count as ended in the month of their last day, whenever the job ran."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grid_report.clock import Month
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.points.budgets import scheduled as budgets_scheduled
from grid_report.statistics.counts import recount_queries
from grid_report.statistics.counts.queries import EMPTY, read_months
from grid_report.statistics.measures import Facet, Measure
from tests.points.book import Book
from tests.support.builders import BRIGHT, STATION, STREET, Make

pytestmark = pytest.mark.database

COUNTY = "211282"
# The first instant after 31 October in the county.
OVER = datetime(2026, 10, 31, 16, tzinfo=UTC)
LATE = {
    "on time": timedelta(),
    "the next day": timedelta(days=1),
    "a month late": timedelta(days=28, hours=23),
    "across two ends of a month": timedelta(days=31),
}


def ended(month: str, area: str) -> int:
    db.session.rollback()
    found = read_months([Month.parse(month)], [area]).get((month, area), EMPTY)
    db.session.rollback()
    return found.count(Measure.EXPIRED, Facet.POINTS)


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_what_ends_on_the_last_of_october_is_octobers_and_a_recount_says_the_same(
    make: Make, late: timedelta
) -> None:
    book = Book()
    rider, other = book.rider(), book.rider()
    earned = datetime(2025, 10, 10, 2, tzinfo=UTC)
    book.award(rider, 25, severity=3, at=earned)
    book.award(other, 10, severity=3, at=earned, community=BRIGHT)
    # Good for a month longer: a job a month late ends both with one entry.
    book.award(rider, 15, severity=3, at=earned + timedelta(days=31))
    # And some that a booking kept over the end of the month.
    book.award(other, 20, severity=3, at=earned)
    book.hold(other, points=20, at=OVER - timedelta(days=1))
    assert budgets_scheduled.expire_points(now=OVER - timedelta(seconds=1)) == 0
    budgets_scheduled.expire_points(now=OVER + late)
    book.release(at=OVER + late + timedelta(hours=1))
    budgets_scheduled.expire_points(now=OVER + late + timedelta(hours=2))
    november = 15 if late > timedelta(days=30) else 0
    # Everything of October: 25 and 20 of this community's, whenever they came back.
    wanted = {
        "2026-09": (0, 0, 0), "2026-10": (45, 10, 55),
        "2026-11": (november, 0, november), "2026-12": (0, 0, 0),
    }  # fmt: skip
    for month, (here, there, all_of_it) in wanted.items():
        assert (ended(month, STATION), ended(month, BRIGHT)) == (here, there), month
        assert (ended(month, STREET), ended(month, COUNTY)) == (all_of_it, all_of_it), month
        found = recount_queries.recount(
            db.engine, Month.parse(month), places=reference(), county=make.settings.county
        )
        assert found.lacking == {}, month
