"""What each verdict takes back, and how a debt is repaid."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from grid_report.db import transaction
from grid_report.points import ledger
from grid_report.points.causes import Cause
from grid_report.points.errors import MonthClosed, MonthNotOver
from grid_report.points.history import queries as history_queries
from grid_report.points.kinds import Verdict
from tests.points.book import BRIGHT, MONTH, NOW, STATION, TERMS, Book

pytestmark = pytest.mark.database


@pytest.fixture
def wrong(book: Book) -> tuple[int, int]:
    """A rider with a wrong award of 40, of which 30 are spent, another of 15; and the entry."""
    rider = book.rider()
    award = book.award(rider, 40, severity=4)
    assert award.entry_id is not None
    book.hold(rider, points=30)
    book.capture()
    book.award(rider, 15, severity=2)
    return rider, award.entry_id


@pytest.mark.parametrize(
    ("verdict", "back", "debt", "left"),
    [
        (Verdict.HONEST, 10, 0, 15),
        (Verdict.APPEAL, 10, 0, 15),
        (Verdict.NEGLIGENT, 25, 0, 0),
        (Verdict.FRAUD, 40, 15, 0),
    ],
)
def test_each_verdict_reaches_as_far_as_it_should(
    book: Book, wrong: tuple[int, int], verdict: Verdict, back: int, debt: int, left: int
) -> None:
    rider, entry_id = wrong
    for already in (False, True):
        got = book.reverse(entry_id, verdict)
        assert (got.points, got.debt, got.already) == (back, debt, already)
    balance = history_queries.balance(rider)
    assert (balance.available, balance.debt) == (left, debt)
    assert book.left(f"clawback:{STATION}:") == back
    assert book.differences() == []


def test_a_graver_verdict_takes_what_the_first_one_left(book: Book, wrong: tuple[int, int]) -> None:
    rider, entry_id = wrong
    book.reverse(entry_id)
    got = book.reverse(entry_id, Verdict.FRAUD)
    assert (got.points, got.debt) == (30, 15)
    assert book.reverse(entry_id, Verdict.NEGLIGENT).points == 0
    assert history_queries.balance(rider).debt == 15
    assert book.left(f"clawback:{STATION}:") == 40
    assert book.differences() == []


def test_held_points_stay_with_their_hold(book: Book) -> None:
    rider = book.rider()
    award = book.award(rider, 25, severity=3)
    book.hold(rider, points=20)
    got = book.reverse(award.entry_id, Verdict.FRAUD)
    assert (got.points, got.debt) == (25, 20)
    assert book.capture().points == 20
    assert book.differences() == []


def test_even_a_single_point_on_hold_is_owed_and_taken_when_it_comes_back(book: Book) -> None:
    rider = book.rider()
    wrong = book.award(rider, 10)
    book.hold(rider, points=10)
    book.capture()
    book.award(rider, 1)
    book.hold(rider, "R-2", points=1)
    assert book.reverse(wrong.entry_id, Verdict.NEGLIGENT).owed == 1
    book.release("R-2")
    assert history_queries.balance(rider).available == 0
    assert book.differences() == []


def test_a_debt_is_repaid_from_at_most_half_of_later_awards(
    book: Book, wrong: tuple[int, int]
) -> None:
    rider, entry_id = wrong
    book.reverse(entry_id, Verdict.FRAUD)
    assert book.award(rider, 15, severity=2).repaid == 7
    assert history_queries.balance(rider).debt == 8
    assert [e.points for e in history_queries.list_entries(rider)[0]][:2] == [-7, 15]
    assert book.award(rider, 40, severity=4).repaid == 8
    assert book.award(rider, 40, severity=4).repaid == 0
    balance = history_queries.balance(rider)
    assert (balance.available, balance.debt) == (8 + 32 + 40, 0)
    assert book.differences() == []


def test_a_single_point_repays_nothing(book: Book, wrong: tuple[int, int]) -> None:
    rider, entry_id = wrong
    book.reverse(entry_id, Verdict.FRAUD)
    assert book.award(rider, 1).repaid == 0
    assert book.award(rider, 2).repaid == 1


OVER = datetime(2026, 12, 4, 16, 0, tzinfo=UTC)


def _close(book: Book, community: str | None, at: datetime = OVER) -> ledger.Moved | None:
    return book.do(ledger.close_budget, community, MONTH, terms=TERMS, at=at)


def test_a_closed_month_gives_back_what_it_did_not_award_once(book: Book) -> None:
    rider = book.rider()
    book.award(rider, 40, severity=4)
    for early in (NOW, OVER - timedelta(days=2)):
        with pytest.raises(MonthNotOver):
            _close(book, STATION, early)
    for already in (False, True):
        for community, points in ((STATION, 2960), (None, 600)):
            closed = _close(book, community)
            assert closed is not None
            assert (closed.points, closed.already) == (points, already)
    assert _close(book, BRIGHT) is None
    assert book.left("mint:county:") == -40
    assert book.differences() == []


def test_a_clock_that_went_back_finds_a_closed_month_closed(book: Book) -> None:
    rider = book.rider()
    book.award(rider, 40, severity=4)
    _close(book, STATION)
    _close(book, None)
    # Of the closed pool and of one that was never opened: the award waits, and is not lost.
    for community in (STATION, BRIGHT):
        award = book.award(rider, 10, community=community)
        assert award.outcome is ledger.Outcome.OWED
    with pytest.raises(MonthClosed), transaction() as session:
        ledger.grant(
            session,
            STATION,
            MONTH,
            points=5,
            cause=Cause("budget-granted", "late"),
            actor_id=book.admin.member_id,
            approved_by_id=book.other_admin.member_id,
            at=NOW,
        )
    assert book.left("mint:county:") == -40
    assert book.differences() == []
