"""Real processes at the same moment; and some that are killed while they write."""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from functools import partial
from typing import Any

import pytest
from flask import Flask

from grid_report.points.history import queries as history_queries
from grid_report.points.policy import Terms
from tests.points.book import BRIGHT, MONTH, STATION, TERMS, Book, pool
from tests.support.lengths import racers
from tests.support.parallel import race, start

pytestmark = [pytest.mark.database, pytest.mark.slow]

PROCESSES = racers()


def _award(book: Book, rider: int, cause: str, **more: Any) -> dict[str, Any]:
    award = book.award(rider, 10, cause=cause, **more)
    return {"outcome": award.outcome, "already": award.already, "entry": award.entry_id}


@pytest.mark.parametrize("is_new", [True, False], ids=["first of all", "month open"])
def test_many_awards_of_one_cause_pay_once(app: Flask, book: Book, is_new: bool) -> None:
    rider = book.rider()
    if not is_new:
        book.award(rider)
    answers = race(app, [partial(_award, book, rider, "KY-X")] * PROCESSES)
    assert Counter(a.get("outcome") for a in answers) == {"paid": PROCESSES}, answers
    assert Counter(a["already"] for a in answers) == {True: PROCESSES - 1, False: 1}
    assert len({a["entry"] for a in answers}) == 1
    assert history_queries.balance(rider).available == (10 if is_new else 20)
    assert book.differences() == []


def test_the_last_points_of_a_pool_are_awarded_once(app: Flask, book: Book) -> None:
    riders = [book.rider() for _ in range(PROCESSES)]
    small = Terms(TERMS.zone, 35, 0)
    answers = race(
        app,
        [
            partial(_award, book, rider, f"KY-X{number}", terms=small)
            for number, rider in enumerate(riders)
        ],
    )
    assert Counter(a.get("outcome") for a in answers) == {"paid": 3, "owed": PROCESSES - 3}, answers
    assert pool(STATION, MONTH).left == 5
    assert sum(history_queries.balance(rider).available for rider in riders) == 30
    assert sum(history_queries.balance(rider).pending for rider in riders) == 10 * (PROCESSES - 3)
    assert book.differences() == []


def test_the_last_points_of_the_reserve_are_awarded_once(app: Flask, book: Book) -> None:
    riders = [book.rider() for _ in range(PROCESSES)]
    # Both pools are too small for any award; the reserve of both together reaches for two.
    small = Terms(TERMS.zone, 9, 133)
    answers = race(
        app,
        [
            partial(
                _award, book, rider, f"KY-X{number}", terms=small, severity=3,
                community=(STATION, BRIGHT)[number % 2],
            )
            for number, rider in enumerate(riders)
        ],
    )  # fmt: skip
    paid = Counter(a.get("outcome") for a in answers)
    assert set(paid) == {"paid", "owed"}, answers
    assert paid["paid"] * 10 + pool(None, MONTH).left == 22
    assert book.differences() == []


def test_writers_that_are_killed_leave_a_sound_ledger(app: Flask, book: Book) -> None:
    rider = book.rider()
    book.award(rider)

    def forever(number: int) -> None:
        for count in itertools.count():
            book.award(rider, 10, cause=f"KY-{number}-{count}")

    for attempt in range(3):
        writers = start(app, [partial(forever, attempt * 10 + n) for n in range(3)])
        before = history_queries.balance(rider).available
        deadline = time.monotonic() + 60
        while (
            history_queries.balance(rider).available < before + 50 and time.monotonic() < deadline
        ):
            book.value("SELECT 1")
            time.sleep(0.02)
        for writer in writers:
            time.sleep(random.uniform(0, 0.05))
            writer.kill()
        assert book.differences() == []
    left = history_queries.balance(rider).available
    assert left >= 160
    # And the ledger goes on.
    book.award(rider)
    assert history_queries.balance(rider).available == left + 10
