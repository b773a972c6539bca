"""Many processes, round after round (`--operations` for many): the last points, one cause, one hold.

The processes are forked once and meet before every round, so that a round costs what its
transactions cost.
"""

from __future__ import annotations

from collections import Counter

import pytest
from flask import Flask

from grid_report.db import transaction, use_case
from grid_report.points import ledger
from tests.points.book import NOW, STATION, TERMS, Book
from tests.points.ledger.racing import PROCESSES, run_rounds

pytestmark = [pytest.mark.database, pytest.mark.slow]


@use_case
def _award_all(book: Book, riders: list[int], points: int) -> None:
    with transaction() as session:
        for number, rider in enumerate(riders):
            ledger.award(
                session,
                rider,
                cause=ledger.Cause("report-accepted", f"KY-first-{number}"),
                earning=ledger.Earning(points, "R1", "2020-1"),
                community_code=STATION,
                terms=TERMS,
                at=NOW,
                actor_id=book.worker.member_id,
                severity=1,
            )


def _riders(book: Book, count: int, points: int = 10) -> list[int]:
    riders = book.riders(count)
    if points:
        _award_all(book, riders, points)
    return riders


def test_the_last_points_of_a_rider_are_held_once(app: Flask, book: Book, rounds: int) -> None:
    riders = _riders(book, rounds)

    def attempt(this_round: int, number: int) -> str:
        book.hold(riders[this_round], f"R-{this_round}-{number}")
        return "held"

    for answers in run_rounds(app, rounds, attempt):
        assert answers == {"held": 1, "NotEnoughPoints": PROCESSES - 1}
    assert all(book.lots(rider) == [(0, 10)] for rider in riders)
    assert book.differences() == []


def test_one_cause_is_paid_once(app: Flask, book: Book, rounds: int) -> None:
    riders = _riders(book, rounds, points=0)

    def attempt(this_round: int, number: int) -> bool:
        return book.award(riders[this_round], 10, cause=f"KY-{this_round}").already

    for answers in run_rounds(app, rounds, attempt):
        assert answers == {"False": 1, "True": PROCESSES - 1}
    assert all(book.lots(rider) == [(10, 0)] for rider in riders)
    assert book.differences() == []


def test_one_hold_ends_one_way(app: Flask, book: Book, rounds: int) -> None:
    riders = _riders(book, rounds)
    for number, rider in enumerate(riders):
        book.hold(rider, f"R-{number}")

    def attempt(this_round: int, number: int) -> str:
        end = (book.capture, book.release, book.noshow)[number % 3]
        done = end(f"R-{this_round}")
        return f"{end.__name__} {'again' if done.already else 'first'}"

    ends: Counter[str] = Counter()
    for answers in run_rounds(app, rounds, attempt):
        first = [answer for answer in answers if answer.endswith("first")]
        assert len(first) == 1
        assert answers[first[0]] == 1
        ends[first[0]] += 1
        # Of those who did the same, each found what the first one wrote; the others were refused.
        same = first[0].replace("first", "again")
        assert set(answers) <= {first[0], same, "HoldResolved", "release again"}
    left = {"capture first": (0, 0), "release first": (10, 0), "noshow first": (8, 0)}
    found = Counter(tuple(book.lots(rider)[0]) for rider in riders)
    assert found == {left[end]: count for end, count in ends.items()}
    assert book.differences() == []


def test_the_last_points_of_a_pool_are_awarded_once_every_month(
    app: Flask, book: Book, rounds: int
) -> None:
    riders = _riders(book, PROCESSES, points=0)
    # Each of those who come too late leaves a row: fewer rounds tell as much.
    rounds = min(rounds, 60)
    months = [TERMS.month(NOW).plus(n) for n in range(rounds)]
    small = type(TERMS)(TERMS.zone, 10, 0)
    instants = [month.bounds(TERMS.zone)[0] for month in months]

    def attempt(this_round: int, number: int) -> str:
        award = book.award(
            riders[number], 10, cause=f"KY-{this_round}-{number}", terms=small,
            at=instants[this_round],
        )  # fmt: skip
        return award.outcome

    for answers in run_rounds(app, rounds, attempt):
        assert answers == {"paid": 1, "owed": PROCESSES - 1}
    assert book.differences() == []
