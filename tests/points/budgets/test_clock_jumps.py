"""Clocks that run ahead over a month's edge, and are set back: nothing is paid or ended twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from grid_report.db import db
from grid_report.points import ledger
from grid_report.points.audit import rebuild_queries
from grid_report.points.budgets import scheduled as budgets_scheduled
from grid_report.points.budgets import usecases as budgets_usecases
from grid_report.points.errors import NotEnoughPoints
from grid_report.points.history import queries as history_queries
from grid_report.points.kinds import Verdict
from grid_report.points.policy import Terms
from grid_report.settings import Settings
from tests.points.book import MONTH, NOW, STATION, TERMS, Book, pool

pytestmark = pytest.mark.database

DAY = timedelta(days=1)
EDGE = MONTH.bounds(TERMS.zone)[1]
# The last instant of the month, the first of the next, and a week on either side.
AROUND = (EDGE - 7 * DAY, EDGE - timedelta(microseconds=1), EDGE, EDGE + 7 * DAY)
# Points of November are over when November of the next year is.
OVER = MONTH.plus(12).bounds(TERMS.zone)[1]
SMALL = Terms(TERMS.zone, 25, 0)


def sound(book: Book, at: datetime) -> bool:
    assert book.differences(at) == []
    db.session.remove()
    return rebuild_queries.find_mismatches(db.engine) == []


@pytest.mark.parametrize("order", [AROUND, AROUND[::-1], (EDGE, AROUND[1], AROUND[3], AROUND[0])])
def test_an_award_belongs_to_the_month_its_instant_says_whatever_came_before(
    book: Book, order: tuple[datetime, ...]
) -> None:
    rider = book.rider()
    for number, at in enumerate(order):
        book.award(rider, 10, cause=f"KY-{number}", at=at)
    this, following = (pool(STATION, it) for it in (MONTH, MONTH.plus(1)))
    assert (this.awarded, following.awarded) == (20, 20)
    assert [it.points for it in history_queries.balance(rider, NOW).expiring] == [20, 20]
    assert sound(book, AROUND[3])


def test_what_a_fast_clock_released_is_not_released_again(book: Book, settings: Settings) -> None:
    rider = book.rider()
    book.award(rider, 25, cause="KY-1", terms=SMALL)
    for number in range(3):
        book.award(rider, 10, cause=f"KY-W{number}", terms=SMALL)
    assert history_queries.balance(rider).pending == 30
    done = [
        budgets_usecases.release_pending(settings=settings, now=at)
        for at in (NOW, EDGE + DAY, NOW, EDGE + 40 * DAY, EDGE + DAY)
    ]
    assert done == [0, 3, 0, 0, 0]
    assert history_queries.balance(rider).available == 55
    assert sound(book, EDGE + 40 * DAY)


def test_months_open_once_however_the_clock_runs(book: Book, settings: Settings) -> None:
    communities = int(book.value("SELECT COUNT(*) FROM communities"))
    done = [
        budgets_usecases.open_month_budgets(settings=settings, now=at)
        for at in (EDGE + DAY, NOW, EDGE + DAY, NOW, EDGE + 40 * DAY)
    ]
    assert done == [communities, communities, 0, 0, communities]
    assert sound(book, EDGE + 40 * DAY)


def test_points_a_fast_clock_ended_stay_ended_and_end_once(book: Book) -> None:
    rider = book.rider()
    old = book.award(rider, 10, cause="KY-1", at=NOW).entry_id
    assert budgets_scheduled.expire_points(now=OVER - timedelta(microseconds=1)) == 0
    assert budgets_scheduled.expire_points(now=OVER) == 1
    # Set back: what is earned now is there, and what had ended is not there again.
    book.award(rider, 15, cause="KY-2", severity=2, at=NOW)
    assert history_queries.balance(rider, NOW).available == 15
    with pytest.raises(NotEnoughPoints):
        book.hold(rider, "R-1", 16, at=NOW)
    for at in (NOW, OVER - DAY):
        assert budgets_scheduled.expire_points(now=at) == 0
    assert old is not None
    assert book.reverse(old, Verdict.HONEST).points == 0
    assert budgets_scheduled.expire_points(now=OVER) == 1
    assert budgets_scheduled.expire_points(now=OVER) == 0
    assert history_queries.balance(rider, OVER).available == 0
    assert sound(book, OVER)


def test_held_points_do_not_end_while_they_are_held_and_do_when_they_come_back(
    book: Book,
) -> None:
    rider = book.rider()
    book.award(rider, 10, at=NOW)
    book.hold(rider, "R-1", 6, at=OVER - DAY, holds_until=OVER + 3 * DAY)
    assert budgets_scheduled.expire_points(now=OVER) == 1
    assert history_queries.balance(rider, OVER).held == 6
    book.release("R-1", at=OVER + DAY)
    # Over and back on the rider's account: not to be spent, and ended by the next run.
    assert history_queries.balance(rider, OVER + DAY).available == 0
    with pytest.raises(NotEnoughPoints):
        book.hold(rider, "R-2", 1, at=OVER + DAY)
    assert budgets_scheduled.expire_points(now=OVER + DAY) == 1
    assert sound(book, OVER + DAY)


def test_a_slow_clock_takes_nothing_that_a_fast_one_closed(book: Book) -> None:
    rider = book.rider()
    book.award(rider, 40, severity=4, at=NOW)
    ahead = EDGE + 4 * DAY
    assert budgets_scheduled.close_budgets(terms=TERMS, now=ahead) > 0
    late = book.award(rider, 10, cause="KY-2", at=NOW)
    # Owed, and paid from the month that is open: never from one that gave its points back.
    assert late.outcome is ledger.Outcome.OWED
    assert history_queries.balance(rider, NOW).pending == 10
    assert budgets_scheduled.close_budgets(terms=TERMS, now=ahead) == 0
    assert sound(book, ahead)


def test_a_hold_made_by_a_fast_clock_is_resolved_once_by_a_slow_one(book: Book) -> None:
    rider = book.rider()
    book.award(rider, 20, severity=3, at=NOW)
    book.hold(rider, "R-1", 10, at=EDGE + DAY, holds_until=EDGE + 8 * DAY)
    first = book.capture("R-1", at=NOW)
    again = book.capture("R-1", at=EDGE + 2 * DAY)
    assert (first.already, again.already, again.entry_id) == (False, True, first.entry_id)
    settled = book.settle("R-1", at=NOW - DAY)
    assert book.settle("R-1", at=EDGE + 9 * DAY).entry_id == settled.entry_id
    assert sound(book, EDGE + 9 * DAY)
