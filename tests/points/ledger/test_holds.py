"""Holding points for a service, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grid_report.errors import Invalid, NotFound
from grid_report.points.budgets.usecases import freeze_ledger
from grid_report.points.errors import (
    HoldResolved,
    LedgerFrozen,
    NotEnoughPoints,
    RedemptionSettled,
)
from grid_report.points.history import queries as history_queries
from tests.points.book import BRIGHT, NOW, STATION, Book

pytestmark = pytest.mark.database

OVER = NOW + timedelta(days=400)


@pytest.fixture
def rider(book: Book) -> int:
    """A rider with 10 points of last year and 15 of today."""
    rider = book.rider()
    book.award(rider, 10, at=NOW - timedelta(days=200))
    book.award(rider, 15, severity=2)
    return rider


def test_a_hold_takes_what_expires_first_and_leaves_the_balance_in_place(
    book: Book, rider: int
) -> None:
    held = book.hold(rider, points=12)
    assert (held.points, held.already) == (12, False)
    assert book.lots(rider) == [(0, 10), (13, 2)]
    balance = history_queries.balance(rider)
    assert (balance.available, balance.held) == (13, 12)
    assert book.left("escrow:S1:") == 0
    assert (
        history_queries.list_entries(rider)[0][0].points == 15
    )  # a hold is no line of the statement
    assert book.differences() == []


def test_held_points_cannot_be_held_again(book: Book, rider: int) -> None:
    book.hold(rider, points=20)
    with pytest.raises(NotEnoughPoints) as refused:
        book.hold(rider, "R-2", points=6)
    assert refused.value.missing_points == 1
    assert refused.value.code == "not-enough-points"
    assert book.hold(rider, "R-2", points=5).points == 5


def test_what_is_over_is_not_spent_even_before_the_job_has_run(book: Book, rider: int) -> None:
    later = NOW + timedelta(days=200)
    with pytest.raises(NotEnoughPoints) as refused:
        book.hold(rider, points=16, at=later)
    assert refused.value.missing_points == 1
    assert book.hold(rider, points=15, at=later).points == 15
    assert book.lots(rider) == [(10, 0), (0, 15)]


def test_a_second_hold_of_a_redemption_finds_the_first(book: Book, rider: int) -> None:
    first = book.hold(rider)
    again = book.hold(rider, points=7)
    assert (again.entry_id, again.points, again.already) == (first.entry_id, 10, True)
    assert history_queries.balance(rider).held == 10
    with pytest.raises(NotFound):
        book.hold(book.rider())
    with pytest.raises(ValueError, match="free"):
        book.hold(rider, "R-2", points=0)


def test_a_capture_says_which_reports_paid(book: Book, rider: int) -> None:
    book.hold(rider, points=12)
    taken = book.capture()
    assert (taken.points, taken.already) == (12, False)
    assert book.capture().already
    assert book.lots(rider) == [(0, 0), (13, 0)]
    assert book.left("escrow:S1:") == 12
    line = history_queries.list_entries(rider)[0][0]
    assert (line.points, line.kind, line.redemption_ref) == (-12, "capture", "R-1")
    assert book.differences() == []


def test_a_partial_capture_gives_the_rest_back_to_its_lots(book: Book, rider: int) -> None:
    book.hold(rider, points=12)
    assert book.capture(points=4).points == 4
    assert book.lots(rider) == [(6, 0), (15, 0)]
    assert book.left("escrow:S1:") == 4
    for wrong in (0, 13):
        book.hold(rider, f"R-{wrong}", points=12)
        with pytest.raises(Invalid):
            book.capture(f"R-{wrong}", points=wrong)
        book.release(f"R-{wrong}")
    assert book.differences() == []


def test_a_hold_resolves_once(book: Book, rider: int) -> None:
    book.hold(rider)
    given = book.release()
    assert (given.points, given.already, book.release().already) == (10, False, True)
    assert book.lots(rider) == [(10, 0), (15, 0)]
    for wrong in (book.capture, book.noshow):
        with pytest.raises(HoldResolved):
            wrong()
    book.hold(rider, "R-2")
    book.capture("R-2")
    for wrong in (book.release, book.noshow):
        with pytest.raises(HoldResolved):
            wrong("R-2")
    for function in (book.capture, book.release, book.noshow, book.refund, book.settle):
        with pytest.raises(NotFound):
            function("R-unknown")
    assert book.differences() == []


def test_who_does_not_come_loses_a_fifth_at_most(book: Book, rider: int) -> None:
    book.hold(rider, points=14)
    lost = book.noshow(penalty=100)
    assert (lost.points, lost.already) == (2, False)
    assert book.noshow(penalty=100) == type(lost)(lost.entry_id, 2, already=True)
    assert book.lots(rider) == [(8, 0), (15, 0)]
    assert book.left(f"penalty:{STATION}:") == 2
    # The first one in thirty days costs nothing: the caller says 0.
    book.hold(rider, "R-2", points=14)
    for already in (False, True):
        free = book.noshow("R-2", penalty=0)
        assert (free.points, free.already) == (0, already)
    assert history_queries.balance(rider).available == 23
    with pytest.raises(ValueError, match="nothing"):
        book.noshow(penalty=-1)
    assert book.differences() == []


def test_a_refund_returns_points_to_the_lots_they_came_from(book: Book, rider: int) -> None:
    book.hold(rider, points=12)
    book.capture()
    first = book.refund(points=3, key="1")
    assert (first.points, book.refund(points=3, key="1").already) == (3, True)
    # What lives longest comes back first.
    assert book.lots(rider) == [(1, 0), (15, 0)]
    with pytest.raises(Invalid):
        book.refund(points=10, key="2")
    assert book.refund().points == 9
    assert book.lots(rider) == [(10, 0), (15, 0)]
    assert book.refund(key="3") == type(first)(None, 0)
    assert book.settle() == type(first)(None, 0)
    assert book.left("escrow:S1:") == 0
    assert book.differences() == []


def test_what_was_not_refunded_is_settled_once_and_then_final(book: Book, rider: int) -> None:
    book.hold(rider, points=12)
    book.capture(points=8)
    book.refund(points=3, key="cold")
    settled = book.settle()
    assert (settled.points, settled.already, book.settle().already) == (5, False, True)
    assert (book.left("escrow:S1:"), book.left("provider:S1:")) == (0, 5)
    assert book.refund(points=3, key="cold").already
    with pytest.raises(RedemptionSettled):
        book.refund(points=1, key="late")
    assert book.differences() == []


def test_a_cleared_statement_burns_the_providers_points(book: Book, rider: int) -> None:
    book.hold(rider)
    book.capture()
    book.settle()
    supply = -book.left("mint:county:")
    clear: dict[str, Any] = {"at": NOW, "actor_id": book.admin.member_id}
    from grid_report.points import ledger

    with pytest.raises(NotEnoughPoints):
        book.do(ledger.clear_statement, "S1", statement_key="S1:2026-11", points=11, **clear)
    for already in (False, True):
        cleared = book.do(
            ledger.clear_statement, "S1", statement_key="S1:2026-11", points=10, **clear
        )
        assert (cleared.points, cleared.already) == (10, already)
    assert book.left("provider:S1:") == 0
    assert -book.left("mint:county:") == supply - 10
    assert book.differences() == []


def test_a_frozen_ledger_gives_nothing_out_gives_back_and_finds_what_was_written(
    book: Book, rider: int
) -> None:
    for ref in ("R-1", "R-2", "R-3"):
        book.hold(rider, ref, points=5)
    book.capture("R-2")
    freeze_ledger(reason="test", now=NOW)
    writes: list[Callable[[], object]] = [
        lambda: book.hold(rider, "R-4", points=1),
        book.capture,
        lambda: book.noshow("R-3"),
        lambda: book.settle("R-2"),
        lambda: book.expire(rider, OVER),
    ]
    for write in writes:
        with pytest.raises(LedgerFrozen):
            write()
    assert book.hold(rider, "R-1", points=5).already
    assert book.capture("R-2").already
    assert (book.release().points, book.refund("R-2").points) == (5, 5)
    # The first time nobody comes is a release and nothing else.
    assert book.noshow("R-3", 0).points == 0
    assert history_queries.balance(rider).held == 0
    assert book.differences() == []


def test_what_is_over_ends_in_the_community_that_awarded_it(book: Book, rider: int) -> None:
    book.award(rider, 25, severity=3, community=BRIGHT, at=NOW - timedelta(days=200))
    book.hold(rider, points=4)
    later = NOW + timedelta(days=200)
    assert book.expire(rider, NOW) is None
    over = book.expire(rider, later)
    assert over is not None
    assert over.points == 6
    assert book.expire(rider, later) is None
    assert book.expire(book.rider(), later) is None
    # A clock that goes back brings nothing back, and one that jumps ahead takes the rest.
    assert book.expire(rider, NOW) is None
    assert book.left(f"expired:{STATION}:") == 6
    assert book.lots(rider) == [(0, 4), (15, 0), (25, 0)]
    # What a hold gives back after its time is over then.
    book.release(at=later)
    again = book.expire(rider, later)
    assert again is not None
    assert again.points == 4
    other = book.expire(rider, later, BRIGHT)
    assert other is not None
    assert other.points == 25
    assert history_queries.balance(rider).available == 15
    assert book.differences(later) == []


def test_what_is_over_is_not_shown_as_there_before_any_job_notices(book: Book) -> None:
    rider = book.rider()
    # Earned in the last instant of a month, seen from the county: it is over a month before.
    last = datetime(2026, 12, 31, 15, 59, 59, 900_000, tzinfo=UTC)
    book.award(rider, 10, at=last)
    book.award(rider, 15, at=last + timedelta(milliseconds=100))
    early, late = (lot.expires_at for lot in history_queries.balance(rider).expiring)
    assert (early, late) == (
        datetime(2027, 12, 31, 16, tzinfo=UTC),
        datetime(2028, 1, 31, 16, tzinfo=UTC),
    )
    moment = timedelta(microseconds=1)
    assert history_queries.balance(rider, early - moment).available == 25
    there = history_queries.balance(rider, early)
    assert there.available == 15
    assert [(lot.points, lot.expires_at) for lot in there.expiring] == [(15, late)]
    with pytest.raises(NotEnoughPoints) as refused:
        book.hold(rider, points=20, at=early)
    assert refused.value.missing_points == 5
    book.hold(rider, points=20, at=early - moment)
    assert book.differences(early) == []
