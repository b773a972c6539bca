"""Awards, budgets and reversals through the ledger's own functions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from grid_report.access.roles import Role
from grid_report.accounts.models import Standing
from grid_report.db import transaction
from grid_report.errors import NotFound
from grid_report.places.queries import reference
from grid_report.points import ledger
from grid_report.points.causes import Cause
from grid_report.points.errors import OwnAward, SecondPersonNeeded
from grid_report.points.history import queries as history_queries
from grid_report.points.history import trace_queries
from grid_report.points.kinds import UnpaidReason, Verdict
from grid_report.points.outcomes import Outcome
from grid_report.points.policy import Terms
from tests.points.book import BRIGHT, MONTH, NOW, STATION, TERMS, Book, counted, pool
from tests.support.builders import Make

pytestmark = pytest.mark.database

SMALL = Terms(TERMS.zone, 30, 100)


def test_an_award_is_paid_from_the_months_pool_as_one_lot(book: Book) -> None:
    rider = book.rider()
    award = book.award(rider, 15, severity=2)
    assert (award.outcome, award.points, award.already) == (Outcome.PAID, 15, False)
    balance = history_queries.balance(rider)
    assert (balance.available, balance.held, balance.pending, balance.debt) == (15, 0, 0, 0)
    assert [(e.points, str(e.on(TERMS.zone))) for e in balance.expiring] == [(15, "2027-11-30")]
    assert pool(STATION, MONTH).awarded == 15
    assert pool(STATION, MONTH).granted == 3000
    assert pool(None, MONTH).granted == 600
    assert book.differences() == []


def test_nothing_is_paid_to_a_number_that_was_never_proved(book: Book, make: Make) -> None:
    rider = make.unproved(at=NOW).member_id
    award = book.award(rider, 15)
    assert award.outcome is not Outcome.PAID
    assert award.reason is UnpaidReason.UNPROVED
    assert history_queries.balance(rider).available == 0


def test_the_same_cause_is_paid_once_and_the_second_call_finds_it(book: Book) -> None:
    rider = book.rider()
    first = book.award(rider, 10, cause="KY-1")
    second = book.award(rider, 40, cause="KY-1")
    assert (second.already, second.entry_id, second.points) == (True, first.entry_id, 10)
    assert history_queries.balance(rider).available == 10


def test_acceptance_and_closing_are_two_causes_and_reopening_pays_nothing_more(book: Book) -> None:
    rider = book.rider()
    book.award(rider, 15, cause=Cause("report-accepted", "KY-1"), severity=2)
    for _ in range(3):
        book.award(rider, 5, cause=Cause("report-closed", "KY-1"), severity=2, rule="R3")
    assert history_queries.balance(rider).available == 20
    assert history_queries.points_by_report(rider, ["KY-1", "KY-2"]) == {"KY-1": 20}
    assert [e.rule for e in history_queries.entries_about(rider, "KY-1")] == ["R1", "R3"]


def test_an_award_takes_five_statements_once_the_month_is_open(book: Book) -> None:
    """And two at the end to count what riders hold: a step of a report counts with the same ones."""
    rider = book.rider()
    reference()
    with counted() as first:
        book.award(rider)
    with counted() as later:
        book.award(rider)
    assert len(later) == 5 + 2, later
    assert len(first) <= 16 + 2, first


def test_a_pool_that_cannot_pay_leaves_severity_1_and_2_owed(book: Book) -> None:
    rider = book.rider()
    book.award(rider, 25, severity=3, terms=SMALL)
    award = book.award(rider, 10, severity=2, terms=SMALL)
    assert (award.outcome, award.reason) == (Outcome.OWED, UnpaidReason.BUDGET_EMPTY)
    assert history_queries.balance(rider).pending == 10
    assert [w.reason for w in history_queries.list_waiting(rider)] == [UnpaidReason.BUDGET_EMPTY]
    again = book.award(rider, 10, cause=history_queries.list_waiting(rider)[0].report_number)
    assert (again.outcome, again.already) == (Outcome.OWED, True)
    assert book.differences() == []


def test_severity_3_and_4_are_paid_from_the_reserve_when_the_pool_is_empty(book: Book) -> None:
    rider = book.rider()
    book.award(rider, 25, severity=3, terms=SMALL)
    grave = book.award(rider, 25, severity=3, terms=SMALL)
    assert grave.outcome is Outcome.PAID
    assert pool(None, MONTH).left == 5
    assert grave.entry_id is not None
    assert trace_queries.why(grave.entry_id, rider).from_reserve
    too_many = book.award(rider, 40, severity=4, terms=SMALL)
    assert (too_many.outcome, too_many.reason) == (Outcome.OWED, UnpaidReason.RESERVE_EMPTY)
    assert book.differences() == []


def test_what_is_owed_is_paid_next_month_and_once(book: Book) -> None:
    rider = book.rider()
    book.award(rider, 25, severity=3, terms=SMALL)
    book.award(rider, 10, cause="KY-due", terms=SMALL)
    due = history_queries.list_waiting(rider)[0]
    next_month = datetime(2026, 12, 1, 0, 5, tzinfo=UTC)
    for already in (False, True):
        with transaction() as session:
            award = ledger.pay_due(session, due.id, terms=SMALL, at=next_month)
        assert (award.outcome, award.points, award.already) == (Outcome.PAID, 10, already)
    assert history_queries.balance(rider).available == 35
    assert history_queries.balance(rider).pending == 0
    assert pool(STATION, MONTH.plus(1)).awarded == 10
    assert book.award(rider, 10, cause="KY-due").already
    assert award.entry_id is not None
    assert trace_queries.why(award.entry_id, rider).waited_for is UnpaidReason.BUDGET_EMPTY
    assert book.differences(next_month) == []


@pytest.mark.parametrize(
    ("role", "place", "standing", "reason"),
    [
        (Role.WORKER, STATION, Standing.ACTIVE, UnpaidReason.STAFF),
        (Role.RIDER, "", Standing.SUSPENDED, UnpaidReason.SUSPENDED),
        (Role.RIDER, "", Standing.ERASED, UnpaidReason.GONE),
    ],
)
def test_who_earns_nothing_has_a_line_that_says_why(
    book: Book, role: Role, place: str, standing: Standing, reason: UnpaidReason
) -> None:
    member = book.member(role, place, standing).member_id
    award = book.award(member)
    assert (award.outcome, award.reason) == (Outcome.WITHHELD, reason)
    assert history_queries.balance(member).available == history_queries.balance(member).pending == 0
    assert [w.owed for w in history_queries.list_waiting(member)] == [False]
    with pytest.raises(NotFound), transaction() as session:
        ledger.pay_due(session, history_queries.list_waiting(member)[0].id, terms=TERMS, at=NOW)


def test_nobody_awards_themselves(book: Book) -> None:
    rider = book.rider()
    with pytest.raises(OwnAward):
        book.award(rider, actor_id=rider)
    with pytest.raises(OwnAward):
        book.award(rider, approved_by_id=rider)


def test_more_than_fifty_points_need_a_second_person(book: Book) -> None:
    rider = book.rider()
    worker, admin = book.worker.member_id, book.admin.member_id
    for second in (None, worker):
        with pytest.raises(SecondPersonNeeded):
            book.award(rider, 100, rule="R10", actor_id=worker, approved_by_id=second)
    paid = book.award(rider, 100, rule="R10", actor_id=worker, approved_by_id=admin)
    assert paid.outcome is Outcome.PAID


def test_an_unknown_rider_gets_no_account(book: Book) -> None:
    with pytest.raises(IntegrityError):
        book.award(999_999)


def test_opening_a_month_twice_grants_once(book: Book) -> None:
    for expected in (True, False):
        with transaction() as session:
            opened = ledger.open_budget(
                session, STATION, MONTH, points=3000, reserve_points=600, at=NOW
            )
        assert opened is expected
    assert pool(STATION, MONTH).granted == 3000
    book.award(book.rider(), community=BRIGHT)
    assert pool(None, MONTH).granted == 1200
    assert book.differences() == []


def test_a_month_belongs_to_the_countys_zone(book: Book) -> None:
    book.award(book.rider(), at=datetime(2026, 11, 30, 16, 0, tzinfo=UTC))
    assert pool(STATION, MONTH).granted == 0
    assert pool(STATION, MONTH.plus(1)).awarded == 10


def _reverse(book: Book, entry_id: int | None, **more: int) -> ledger.Reversal:
    assert entry_id is not None
    with transaction() as session:
        return ledger.reverse(
            session,
            entry_id,
            verdict=Verdict.HONEST,
            actor_id=more.get("actor_id", book.admin.member_id),
            approved_by_id=more.get("approved_by_id", book.other_admin.member_id),
            at=NOW + timedelta(days=1),
            note="同一处重复受理",
        )


def test_an_honest_mistake_returns_that_awards_own_lot_once(book: Book) -> None:
    rider = book.rider()
    wrong = book.award(rider, 15, cause="KY-1")
    book.award(rider, 40, severity=4)
    first = _reverse(book, wrong.entry_id)
    assert (first.points, first.already) == (15, False)
    second = _reverse(book, wrong.entry_id)
    assert (second.points, second.already, second.entry_id) == (15, True, first.entry_id)
    assert history_queries.balance(rider).available == 40
    assert [e.points for e in history_queries.list_entries(rider)[0]] == [-15, 40, 15]
    assert history_queries.points_by_report(rider, ["KY-1"]) == {"KY-1": 0}
    assert wrong.entry_id is not None
    told = trace_queries.why(wrong.entry_id, rider)
    assert told.lot is not None
    assert told.lot.free == 0
    assert [(s.points, s.entry_id) for s in told.lot.spent] == [(15, first.entry_id)]
    assert trace_queries.why(first.entry_id, rider).reverses_id == wrong.entry_id
    # Reopening and accepting again does not bring the points back: the cause was paid.
    assert book.award(rider, 15, cause="KY-1").already
    assert book.differences() == []


def test_a_reversal_needs_two_people_neither_of_them_the_rider(book: Book) -> None:
    rider = book.rider()
    entry = book.award(rider).entry_id
    admin = book.admin.member_id
    with pytest.raises(SecondPersonNeeded):
        _reverse(book, entry, approved_by_id=admin)
    with pytest.raises(OwnAward):
        _reverse(book, entry, approved_by_id=rider)
    with pytest.raises(NotFound):
        _reverse(book, 999_999)


def test_entries_are_paged_by_key_and_only_ones_own(book: Book) -> None:
    rider, other = book.rider(), book.rider()
    mine = [book.award(rider).entry_id for _ in range(5)]
    theirs = book.award(other).entry_id
    first, following = history_queries.list_entries(rider, None, 3)
    second, end = history_queries.list_entries(rider, following, 3)
    assert [e.id for e in [*first, *second]] == mine[::-1]
    assert end is None
    assert theirs is not None
    with pytest.raises(NotFound):
        trace_queries.why(theirs, rider)


def test_balance_and_entries_cost_the_same_however_long_the_history(book: Book) -> None:
    rider = book.rider()
    book.award(rider)
    with counted() as short:
        history_queries.balance(rider)
        history_queries.list_entries(rider)
    for _ in range(30):
        book.award(rider)
    with counted() as long:
        history_queries.balance(rider)
        history_queries.list_entries(rider)
    assert len(long) == len(short) <= 5
