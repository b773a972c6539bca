"""A verdict is not dodged by a booking: what it takes is owed wherever it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from flask import Flask

from grid_report.db import db, transaction
from grid_report.points import ledger
from grid_report.points.audit import rebuild_queries
from grid_report.points.budgets import scheduled as budgets_scheduled
from grid_report.points.budgets.usecases import freeze_ledger
from grid_report.points.errors import HoldResolved
from grid_report.points.history import queries as history_queries
from grid_report.points.kinds import Verdict
from tests.points.book import NOW, STATION, Book, counted, run
from tests.points.proof.raw import REVERSAL, event
from tests.support.parallel import race

pytestmark = pytest.mark.database

OVER = datetime(2027, 11, 30, 16, 0, tzinfo=UTC)


@pytest.fixture
def parked(book: Book) -> tuple[int, int]:
    """The rider of the issue: 175 points, 170 of them on hold, and a wrong award of 25."""
    rider = book.rider()
    wrong = book.award(rider, 25, severity=3).entry_id
    assert wrong is not None
    for _ in range(3):
        book.award(rider, 50, severity=4)
    book.hold(rider, points=170)
    return rider, wrong


def sound(book: Book) -> bool:
    assert book.differences() == []
    db.session.remove()
    return rebuild_queries.find_mismatches(db.engine) == []


def test_what_is_parked_in_a_booking_is_taken_when_it_is_cancelled(
    book: Book, parked: tuple[int, int]
) -> None:
    rider, wrong = parked
    got = book.reverse(wrong)
    assert (got.points, got.owed, got.debt) == (0, 25, 0)
    assert history_queries.balance(rider).owed == 25
    assert book.reverse(wrong).already
    book.release()
    balance = history_queries.balance(rider)
    assert (balance.available, balance.held, balance.owed, balance.debt) == (150, 0, 0, 0)
    assert book.left(f"clawback:{STATION}:") == 25
    again = book.reverse(wrong)
    assert (again.already, again.entry_id) == (True, got.entry_id)
    assert sound(book)


def _release(book: Book) -> object:
    return book.release()


def _miss(book: Book) -> object:
    return book.noshow(penalty=34)


def _refund(book: Book) -> object:
    book.capture()
    return book.refund()


def _refund_bit_by_bit(book: Book) -> object:
    book.capture()
    for number in range(17):
        book.refund(points=10, key=str(number))
    return None


def _late(book: Book) -> object:
    """The lot is over when it comes back: it is taken, and does not expire."""
    book.release(at=OVER + timedelta(days=2))
    return budgets_scheduled.expire_points(now=OVER + timedelta(days=2))


@pytest.mark.parametrize("way", [_release, _miss, _refund, _refund_bit_by_bit, _late])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_whichever_way_points_come_back_they_meet_what_is_owed_first(
    book: Book, parked: tuple[int, int], way: Callable[[Book], object], verdict: Verdict
) -> None:
    rider, wrong = parked
    free = 5 if verdict in (Verdict.NEGLIGENT, Verdict.FRAUD) else 0
    got = book.reverse(wrong, verdict)
    assert (got.points - got.debt, got.owed) == (free, 25 - free)
    assert history_queries.balance(rider).owed == 25 - free
    way(book)
    balance = history_queries.balance(rider)
    assert (balance.owed, balance.debt) == (0, 0)
    assert book.left(f"clawback:{STATION}:") == 25
    losing: dict[Callable[[Book], object], int] = {_miss: 34, _late: 150}
    lost = losing.get(way, 0)
    assert balance.available == 175 - 25 - lost
    assert sound(book)


def test_an_honest_mistake_that_was_eaten_meanwhile_is_owed_by_nobody(
    book: Book, parked: tuple[int, int]
) -> None:
    rider, wrong = parked
    book.reverse(wrong)
    book.capture()
    assert (history_queries.balance(rider).owed, history_queries.balance(rider).debt) == (0, 0)
    book.settle()
    book.award(rider, 40, severity=4)
    assert history_queries.balance(rider).available == 45
    assert sound(book)


def test_fraud_that_was_eaten_meanwhile_is_a_debt_for_half_of_later_awards(
    book: Book, parked: tuple[int, int]
) -> None:
    rider, wrong = parked
    book.reverse(wrong, Verdict.FRAUD)
    # What is on hold is enough: an award is not asked as long as it may come back.
    assert book.award(rider, 10).repaid == 0
    book.capture()
    assert (history_queries.balance(rider).owed, history_queries.balance(rider).debt) == (0, 20)
    assert book.award(rider, 10).repaid == 5
    # And what does come back is met whole, not by half.
    book.refund(points=12, key="a")
    assert history_queries.balance(rider).debt == 3
    assert sound(book)


def test_the_rest_of_a_part_that_was_taken_meets_what_is_owed(
    book: Book, parked: tuple[int, int]
) -> None:
    rider, wrong = parked
    book.reverse(wrong)
    # The wrong lot is the oldest, so it is the first to be eaten: 10 of it come back.
    book.capture(points=15)
    assert book.left(f"clawback:{STATION}:") == 10
    assert history_queries.balance(rider).available == 5 + 155 - 10
    assert sound(book)


def test_what_was_handed_out_before_the_verdict_is_taken_should_it_be_refunded(book: Book) -> None:
    rider = book.rider()
    wrong = book.award(rider, 40, severity=4).entry_id
    book.hold(rider, points=30)
    book.capture()
    got = book.reverse(wrong)
    assert (got.points, got.owed) == (10, 0)
    book.refund()
    assert history_queries.balance(rider).available == 0
    assert book.left(f"clawback:{STATION}:") == 40
    assert sound(book)


def test_two_verdicts_on_one_award_take_it_once(book: Book, parked: tuple[int, int]) -> None:
    rider, wrong = parked
    for verdict in (Verdict.HONEST, Verdict.APPEAL, Verdict.NEGLIGENT, Verdict.FRAUD):
        book.reverse(wrong, verdict)
    balance = history_queries.balance(rider)
    assert (balance.owed, balance.debt) == (20, 0)
    book.release()
    assert history_queries.balance(rider).available == 150
    assert book.left(f"clawback:{STATION}:") == 25
    assert sound(book)


def test_a_graver_verdict_reaches_other_lots_on_hold_for_what_the_first_left(book: Book) -> None:
    rider = book.rider()
    wrong = book.award(rider, 40, severity=4).entry_id
    book.hold(rider, "R-0", points=40)
    book.capture("R-0")
    book.settle("R-0")
    book.award(rider, 50, severity=4)
    book.hold(rider, points=50)
    assert book.reverse(wrong).owed == 0
    got = book.reverse(wrong, Verdict.NEGLIGENT)
    assert (got.points, got.owed, history_queries.balance(rider).owed) == (0, 40, 40)
    book.release()
    assert history_queries.balance(rider).available == 10
    assert sound(book)


def test_neglect_never_takes_what_was_earned_after_it(book: Book) -> None:
    rider = book.rider()
    wrong = book.award(rider, 40, severity=4).entry_id
    book.hold(rider, "R-0", points=40)
    book.capture("R-0")
    book.settle("R-0")
    book.reverse(wrong, Verdict.NEGLIGENT)
    book.award(rider, 25, severity=3)
    book.hold(rider, points=25)
    book.release()
    assert history_queries.balance(rider).available == 25
    assert sound(book)


def test_a_missed_booking_that_was_all_owed_loses_nothing_more(book: Book) -> None:
    rider = book.rider()
    wrong = book.award(rider, 25, severity=3).entry_id
    book.hold(rider, points=25)
    book.reverse(wrong, Verdict.FRAUD)
    missed = book.noshow(penalty=5)
    assert missed.points == 0
    again = book.noshow(penalty=5)
    assert (again.points, again.already, again.entry_id) == (0, True, missed.entry_id)
    assert book.left(f"penalty:{STATION}:") == 0
    assert sound(book)


def test_a_missed_booking_loses_its_fifth_of_what_nobody_is_owed(book: Book) -> None:
    rider = book.rider()
    wrong = book.award(rider, 20, severity=3).entry_id
    book.award(rider, 10)
    book.hold(rider, points=30)
    book.reverse(wrong)
    assert book.noshow(penalty=6).points == 6
    assert history_queries.balance(rider).available == 4
    assert sound(book)


def test_what_gives_back_goes_on_in_a_frozen_ledger_and_meets_what_is_owed(
    book: Book, parked: tuple[int, int]
) -> None:
    rider, wrong = parked
    book.reverse(wrong, Verdict.FRAUD)
    freeze_ledger(reason="test", now=NOW)
    book.release()
    assert history_queries.balance(rider).available == 150
    assert sound(book)


def test_a_reversal_from_before_points_were_owed_is_completed_once(
    book: Book, parked: tuple[int, int]
) -> None:
    rider, wrong = parked
    old = event(
        **{
            **REVERSAL, "rider_id": rider, "reverses_id": wrong, "points": 0,
            "actor_id": book.admin.member_id, "approved_by_id": book.other_admin.member_id,
            "cause_type": "'award-reversed-honest'", "cause_id": f"'{wrong}'",
        }
    )  # fmt: skip
    run([old])
    got = book.reverse(wrong)
    assert (got.already, got.points, got.owed) == (False, 0, 25)
    assert book.reverse(wrong).already
    book.release()
    assert history_queries.balance(rider).available == 150
    assert book.reverse(wrong).already
    assert sound(book)


def test_a_release_asks_as_much_whatever_is_owed(book: Book, parked: tuple[int, int]) -> None:
    """None for each lot: of thirteen two are about what is owed, three count what is on hold."""
    sent = []
    for number in range(2):
        rider = book.rider()
        for _ in range(1 + 4 * number):
            book.award(rider, 10)
        book.hold(rider, f"R-c{number}", points=10 + 40 * number)
        with counted() as statements:
            book.release(f"R-c{number}")
        sent.append(len(statements))
    assert sent[0] == sent[1] <= 13


@pytest.mark.parametrize("end", ["release", "capture"])
def test_a_verdict_and_the_end_of_a_booking_at_the_same_instant_lose_nothing(
    app: Flask, book: Book, end: str
) -> None:
    for number in range(3):
        rider = book.rider()
        wrong = book.award(rider, 25, severity=3).entry_id
        ref = f"R-{end}{number}"
        book.hold(rider, ref, points=25)
        act = {"release": book.release, "capture": book.capture}[end]
        answers = race(
            app,
            [
                partial(lambda entry: book.reverse(entry, Verdict.FRAUD).points, wrong),
                partial(lambda way, ref: way(ref).points, act, ref),
            ],
        )
        assert answers == [25, 25]
        balance = history_queries.balance(rider)
        assert balance.available == 0
        assert balance.debt == (25 if end == "capture" else 0)
        db.session.rollback()
    assert sound(book)


def test_a_released_booking_is_not_captured_for_what_was_owed(
    book: Book, parked: tuple[int, int]
) -> None:
    _, wrong = parked
    book.reverse(wrong)
    book.release()
    with pytest.raises(HoldResolved):
        book.capture()
    with pytest.raises(HoldResolved), transaction() as session:
        ledger.capture(session, "R-1", at=NOW, actor_id=None)
