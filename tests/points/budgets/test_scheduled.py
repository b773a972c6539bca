"""What the jobs do with time: expiry, its notices, months that close."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report.db import db
from grid_report.notify.models import Message
from grid_report.points.budgets import scheduled as budgets_scheduled
from grid_report.points.budgets import statistics_queries
from grid_report.points.budgets.usecases import freeze_ledger
from grid_report.points.history import queries as history_queries
from grid_report.points.signals import points_expired
from tests.points.book import BRIGHT, MONTH, NOW, STATION, TERMS, Book

pytestmark = pytest.mark.database

# The points of NOW's month are over with the end of November of next year, in Shanghai.
END = datetime(2027, 11, 30, 16, 0, tzinfo=UTC)


def told() -> list[tuple[int | None, Any, Any]]:
    db.session.rollback()
    rows = db.session.execute(
        select(Message.member_id, Message.facts)
        .where(Message.kind == "points_expiring")
        .order_by(Message.id)
    ).all()
    return [(row.member_id, row.facts["points"], row.facts["last_day"]) for row in rows]


def test_points_end_with_their_last_day_and_not_an_instant_before(book: Book) -> None:
    rider, other = book.rider(), book.rider()
    book.award(rider, 10)
    book.award(rider, 5, community=BRIGHT)
    book.award(other, 25, severity=3)
    assert budgets_scheduled.expire_points(now=END - timedelta(seconds=1)) == 0
    assert budgets_scheduled.expire_points(now=END) == 3
    assert budgets_scheduled.expire_points(now=END) == 0
    assert history_queries.balance(rider).available == history_queries.balance(other).available == 0
    assert (book.left(f"expired:{STATION}:"), book.left(f"expired:{BRIGHT}:")) == (35, 5)
    assert book.differences(END) == []


def test_expiry_goes_on_where_it_was_stopped(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets_scheduled, "AT_ONCE", 2)
    riders = [book.rider() for _ in range(5)]
    for rider in riders:
        book.award(rider)
    answers = iter([True, True, True, False])
    assert budgets_scheduled.expire_points(now=END, should_continue=lambda: next(answers)) == 2
    assert budgets_scheduled.expire_points(now=END) == 3
    assert book.differences(END) == []


def test_a_frozen_ledger_lets_nothing_end_and_closes_nothing(book: Book) -> None:
    book.award(book.rider())
    freeze_ledger(reason="test", now=NOW)
    assert budgets_scheduled.expire_points(now=END) == 0
    assert budgets_scheduled.close_budgets(terms=TERMS, now=END) == 0


def test_a_rider_is_told_at_sixty_thirty_and_seven_days_once_each(book: Book) -> None:
    rider = book.rider()
    book.award(rider, 10)
    book.award(rider, 15, severity=2)
    found = []
    for days in (61, 60, 59, 31, 30, 10, 7, 6, 1, 0):
        found.append(budgets_scheduled.tell_of_expiry(terms=TERMS, now=END - timedelta(days=days)))
        assert budgets_scheduled.tell_of_expiry(terms=TERMS, now=END - timedelta(days=days)) == 0
    assert found == [0, 1, 0, 0, 1, 0, 1, 0, 0, 0]
    assert told() == [(rider, 25, "2027-11-30")] * 3


def test_who_was_not_told_in_time_is_told_the_nearest_only(book: Book) -> None:
    rider = book.rider()
    book.award(rider)
    assert budgets_scheduled.tell_of_expiry(terms=TERMS, now=END - timedelta(days=20)) == 1
    # A clock that goes back does not tell of sixty days after thirty.
    assert budgets_scheduled.tell_of_expiry(terms=TERMS, now=END - timedelta(days=50)) == 0
    assert budgets_scheduled.tell_of_expiry(terms=TERMS, now=END - timedelta(days=3)) == 1
    assert len(told()) == 2


def test_nobody_is_told_of_points_that_are_spent(book: Book) -> None:
    rider = book.rider()
    book.award(rider)
    book.hold(rider)
    assert budgets_scheduled.tell_of_expiry(terms=TERMS, now=END - timedelta(days=5)) == 0
    book.release()
    assert budgets_scheduled.tell_of_expiry(terms=TERMS, now=END - timedelta(days=5)) == 1


def test_months_close_three_days_after_their_end(book: Book) -> None:
    book.award(book.rider(), 40, severity=4)
    book.award(book.rider(), 40, severity=4, community=BRIGHT)
    end = MONTH.bounds(TERMS.zone)[1]
    assert (
        budgets_scheduled.close_budgets(terms=TERMS, now=end + timedelta(days=3, seconds=-1)) == 0
    )
    assert budgets_scheduled.close_budgets(terms=TERMS, now=end + timedelta(days=3)) == 3
    assert budgets_scheduled.close_budgets(terms=TERMS, now=end + timedelta(days=3)) == 0
    # A clock that went back has nothing to close, and opens nothing.
    assert budgets_scheduled.close_budgets(terms=TERMS, now=NOW) == 0
    assert book.left("mint:county:") == -80
    assert book.differences(end) == []


def test_what_is_good_until_the_end_of_november_counts_in_november_whenever_the_job_ran(
    book: Book,
) -> None:
    book.award(book.rider(), 10)
    heard: list[tuple[int, datetime]] = []

    def hear(_sender: object, *, community_code: str, points: int, at: datetime) -> None:
        heard.append((points, at))

    with points_expired.connected_to(hear):
        assert budgets_scheduled.expire_points(now=END + timedelta(days=40)) == 1
    assert heard == [(10, END - timedelta(microseconds=1))]
    month = MONTH.plus(12)
    found = []
    for number in (0, 1, 2):
        with db.engine.connect() as connection:
            found.append(
                statistics_queries.expired(connection, *month.plus(number).bounds(TERMS.zone))
            )
    assert found == [{STATION: 10}, {}, {}]
