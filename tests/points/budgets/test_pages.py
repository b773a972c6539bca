"""Budgets by community and month: who reads which, and that the figures are the ledger's."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from grid_report import clock
from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.points import ledger
from grid_report.points.budgets import queries as budgets_queries
from grid_report.points.policy import Terms
from tests.points.book import BRIGHT, MONTH, NOW, STATION, TERMS, Book, counted
from tests.support.builders import Make

pytestmark = pytest.mark.database

ZONE = TERMS.zone


def test_granted_awarded_left_and_pending_are_the_ledgers(book: Book) -> None:
    rider = book.rider()
    book.award(rider, 25, severity=2)
    book.award(rider, 40, community=BRIGHT, severity=4)
    book.award(rider, 10, terms=Terms(ZONE, 3000, 20), severity=1)
    small = Terms(ZONE, 5, 0)
    book.award(rider, 10, terms=small, at=NOW + timedelta(days=31), severity=1)
    pools = budgets_queries.list_pools(MONTH, None)
    station = pools[STATION]
    assert (station.granted, station.awarded, station.left, station.pending) == (3000, 35, 2965, 10)
    assert (pools[BRIGHT].awarded, pools[BRIGHT].pending) == (40, 0)
    assert set(budgets_queries.list_pools(MONTH, {BRIGHT})) == {BRIGHT}
    assert budgets_queries.reserve(MONTH).granted == 1200
    together = budgets_queries.added_up(MONTH, pools.values())
    assert (together.granted, together.awarded, together.pending) == (6000, 75, 10)


def test_the_light_turns_at_four_fifths_and_at_the_end(book: Book) -> None:
    rider, terms = book.rider(), Terms(ZONE, 50, 0)
    lights = []
    for points in (39, 1, 10):
        book.award(rider, points, terms=terms)
        lights.append(budgets_queries.list_pools(MONTH, None)[STATION].light)
    assert lights == ["green", "yellow", "red"]


def test_a_closed_month_keeps_what_was_granted_and_awarded(book: Book) -> None:
    book.award(book.rider(), 25)
    later = NOW + timedelta(days=40)
    for code in (STATION, None):
        book.do(ledger.close_budget, code, MONTH, terms=TERMS, at=later)
    pool = budgets_queries.list_pools(MONTH, None)[STATION]
    assert (pool.granted, pool.awarded, pool.left) == (3000, 25, 2975)
    assert budgets_queries.reserve(MONTH).awarded == 0


def test_the_trend_has_thirteen_months_with_or_without_a_pool(book: Book) -> None:
    rider = book.rider()
    for back in (0, 5, 12, 13):
        book.award(rider, 10, at=NOW - timedelta(days=30 * back))
    trend = budgets_queries.trend(MONTH, None)
    assert [it.month for it in trend] == [str(MONTH.plus(n - 12)) for n in range(13)]
    assert sum(it.awarded for it in trend) == 30
    assert trend[-1].awarded == trend[0].awarded == 10
    assert [it.granted for it in budgets_queries.trend(MONTH, {BRIGHT})] == [0] * 13


def test_liability_is_what_riders_hold_by_the_month_it_expires(book: Book) -> None:
    one, two = book.rider(), book.rider()
    book.award(one, 25, at=NOW)
    book.award(two, 15, at=NOW - timedelta(days=70), community=BRIGHT)
    book.hold(one, "R-1", 10)
    everything = budgets_queries.liability(None, now=NOW, zone=ZONE)
    assert [(str(it.month), it.points) for it in everything] == [
        ("2027-09", 15),
        ("2027-10", 0),
        ("2027-11", 25),
    ]
    # What is used is no longer owed; what is only on hold still is.
    book.capture("R-1")
    station = budgets_queries.liability({STATION}, now=NOW, zone=ZONE)
    assert [(str(it.month), it.points) for it in station] == [("2027-11", 15)]
    assert sum(
        it.points for it in budgets_queries.liability(None, now=NOW, zone=ZONE)
    ) == book.value("SELECT SUM(lots_total) FROM point_accounts")
    assert budgets_queries.liability(set(), now=NOW, zone=ZONE) == ()


@pytest.fixture
def people(make: Make) -> dict[str, Actor]:
    return {
        "worker": make.worker(),
        "supervisor": make.supervisor(),
        "administrator": make.administrator(),
        "auditor": make.auditor(),
        "elsewhere": make.supervisor("211282002"),
        "rider": make.rider(),
        "handler": make.handler(),
    }


def test_everybody_reads_the_budgets_they_answer_for(
    make: Make, book: Book, people: dict[str, Actor]
) -> None:
    expected = {
        "worker": (200, 200, 404),
        "supervisor": (200, 200, 200),
        "administrator": (200, 200, 200),
        "auditor": (200, 200, 200),
        "elsewhere": (200, 404, 404),
        "rider": (403, 403, 403),
        "handler": (403, 403, 403),
    }
    for name, statuses in expected.items():
        client = make.signed_in(people[name])
        paths = ("/budgets", f"/budgets/{STATION}", f"/budgets/{BRIGHT}")
        assert tuple(client.get(path).status_code for path in paths) == statuses, name
    seen = make.signed_in(people["worker"]).get("/budgets").text
    assert f"/budgets/{STATION}" in seen
    assert f"/budgets/{BRIGHT}" not in seen
    assert "/budgets/2112820020" in make.signed_in(people["elsewhere"]).get("/budgets").text


def test_the_page_is_the_table_and_names_what_it_charts(
    make: Make, book: Book, people: dict[str, Actor]
) -> None:
    book.award(book.rider(), 25, at=clock.now())
    page = make.signed_in(people["administrator"]).get(f"/budgets/{STATION}").text
    for words in ("3000", "2975", "十三个月", "骑手手里的积分", "charts", "县级统筹", "data-chart"):
        assert words in page


def test_a_past_month_says_that_the_points_held_are_todays(
    make: Make, book: Book, people: dict[str, Actor]
) -> None:
    this = Month.of(clock.now(), ZONE)
    client = make.signed_in(people["administrator"])
    for path in ("/budgets", f"/budgets/{STATION}"):
        assert "骑手今天手里没有积分" in client.get(f"{path}?month={this.plus(-1)}").text
    book.award(book.rider(), 25, at=clock.now())
    for path in ("/budgets", f"/budgets/{STATION}"):
        past = client.get(f"{path}?month={this.plus(-1)}").text
        assert "骑手今天手里的积分" in past
        assert "今天共 25 分" in past
        assert "今天" not in client.get(path).text


def test_months_before_the_first_pool_are_not_offered(
    make: Make, book: Book, people: dict[str, Actor]
) -> None:
    this = Month.of(clock.now(), ZONE)
    client = make.signed_in(people["administrator"])

    def offered(path: str) -> list[str]:
        return re.findall(r'<option value="(\d{4}-\d\d)"', client.get(path).text)

    assert offered("/budgets") == [str(this)]
    at = this.plus(-2).bounds(ZONE)[0] + timedelta(days=1)
    book.award(book.rider(), 25, at=at)
    expected = [str(this.plus(-n)) for n in range(3)]
    assert offered("/budgets") == offered(f"/budgets/{STATION}") == expected
    # The one an address asks for is there with the others.
    assert offered(f"/budgets?month={this.plus(-6)}") == [*expected, str(this.plus(-6))]


@pytest.mark.parametrize("month", ["2026-13", "x", "9999-12", "1970-01"])
def test_a_month_that_is_none_is_refused(make: Make, people: dict[str, Actor], month: str) -> None:
    client = make.signed_in(people["auditor"])
    assert client.get("/budgets", query_string={"month": month}).status_code == 422


def test_the_pages_cost_the_same_whatever_was_awarded(
    make: Make, book: Book, people: dict[str, Actor]
) -> None:
    client = make.signed_in(people["administrator"])
    this = Month.of(clock.now(), ZONE)

    def cost() -> list[int]:
        costs = []
        for path in ("/budgets", f"/budgets/{STATION}?month={this}"):
            client.get(path)
            with counted() as sent:
                assert client.get(path).status_code == 200
            costs.append(len(sent))
        return costs

    book.award(book.rider(), at=clock.now())
    few = cost()
    for n in range(12):
        book.award(book.rider(), community=[STATION, BRIGHT][n % 2], at=clock.now())
    assert cost() == few
    assert max(few) <= 9, few
