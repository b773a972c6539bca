"""What a month's page asks of the database: as often, and by the same indexes, whatever is in it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.points.budgets import statistics_queries as points_figures
from grid_report.points.kinds import Verdict
from grid_report.statistics.counts import live_queries, recount_queries
from grid_report.statistics.counts.areas import Area, AreaKind, find_area
from grid_report.statistics.counts.cells import HELD
from grid_report.statistics.counts.definition_queries import HANDLER, OF_CASES, C, in_area
from grid_report.statistics.counts.queries import Figures, read_months
from grid_report.statistics.measures import Facet, Measure
from tests.points.book import NOW, STATION, Book
from tests.statistics.histories import BRIGHT, START, World, county_of, month_of
from tests.support.builders import STREET, Make

pytestmark = pytest.mark.database

# The sign-in and its messages, versions, cells, what is late, points (three of them what riders
# held, have on hold and owe), people, lists, the first month, what statements hold of the county's.
MOST_STATEMENTS = 36


@contextmanager
def sent() -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements sent meanwhile, with their values."""
    found: list[tuple[str, Any]] = []

    def note(_c: Any, _k: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.startswith(("SELECT", "WITH")):
            found.append((" ".join(statement.split()), values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def statements(client: FlaskClient, path: str) -> list[tuple[str, Any]]:
    with sent() as found:
        assert client.get(path).status_code == 200
    return found


@pytest.mark.parametrize("area", ["", STREET, STATION, "unrouted"])
def test_the_page_asks_no_more_of_a_month_with_much_in_it(make: Make, area: str) -> None:
    client = make.signed_in(make.administrator())
    # Before the first case there would be nothing to ask about.
    make.report(at=make.now - timedelta(days=500))
    world = World(make, 1, make.now - timedelta(days=60))
    path = f"/statistics/{month_of(make, make.now)}?area={area}"
    statements(client, path)
    few = statements(client, path)
    while world.now < make.now - timedelta(days=10):
        world.play(10)
    many = statements(client, path)
    # Photos are only asked for where there are cases to show them of.
    assert len(few) <= len(many) <= len(few) + 1
    assert len(many) <= MOST_STATEMENTS


@pytest.mark.parametrize(
    ("area", "late", "suspended", "reopened"),
    [
        ("", "unhandled (fix_due", "suspended (fix_due", "rounds_ended_at (ended_at"),
        (STREET, "street_unhandled", "street_suspended", "rounds_street_ended"),
        (STATION, "community_unhandled", "community_suspended", "rounds_community_ended"),
        ("unrouted", "community_unhandled", "community_suspended", "rounds_community_ended"),
    ],
)
def test_the_page_reads_no_case_it_does_not_show(
    make: Make, area: str, late: str, suspended: str, reopened: str
) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL plans by the size of the table, and this one is empty")
    client = make.signed_in(make.administrator())
    make.report(at=make.now - timedelta(days=500))
    path = f"/statistics/{month_of(make, make.now)}?area={area}"
    statements(client, path)  # which reads the places
    asked = statements(client, path)
    connection = db.session.connection()
    plan = [
        row[3]
        for statement, values in asked
        for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
    ]
    for index in (f"ix_reports_{late}", f"ix_reports_{suspended}", f"ix_report_{reopened}"):
        assert any(index in line for line in plan), (index, plan)
    # The newest closings are bounded by their number, and what is looked at of them has its id;
    # everything else is what waits.
    known = ("closed_at (closed_at", late, suspended)
    for line in plan:
        if line.startswith(("SEARCH reports ", "SCAN reports ")):
            assert "rowid=?" in line or any(f" ix_reports_{it}" in line for it in known), line
    # What is owed has an index of its own with nothing else in it.
    own = ("SCAN point_unpaid USING INDEX",)
    scanned = {
        line.split(" ")[1] for line in plan if line.startswith("SCAN ") and not line.startswith(own)
    }
    # Things a county has a few dozen of, and parts of statements.
    parts = {"CONSTANT", "anon_1", "anon_2", "(subquery-1)", "handed", "listed"}
    assert scanned <= {"offers", "stations"} | parts


@pytest.mark.parametrize("seed", range(3))
def test_what_is_overdue_is_what_counting_the_cases_says(make: Make, seed: int) -> None:
    world = World(make, seed, START)
    world.play(80)
    zone, chance = make.settings.county.tz, random.Random(seed)
    first, last = month_of(make, START).plus(-1), month_of(make, world.now).plus(2)
    below = [STREET, STATION, BRIGHT, "unrouted"]
    for _ in range(12):
        now = START + (world.now + timedelta(days=20) - START) * chance.random()
        found = live_queries.overdue(
            first, last, county_of(make), below=below, everywhere=True, now=now, zone=zone
        )
        spread = live_queries.overdue_spread(
            [first.plus(n) for n in range(9)], county_of(make), below=below, now=now, zone=zone
        )
        for code in ("", *below):
            area = find_area(code, reference(), make.settings.county)
            assert area is not None
            counted = count_late(area, first.bounds(zone)[0], min(now, last.bounds(zone)[1]))
            figures = Figures(found.get(area.code, {}))
            assert figures.by(Facet.CATEGORY, Measure.OVERDUE_OPEN) == counted["category"]
            assert figures.by(Facet.UNIT, Measure.OVERDUE_OPEN) == counted["handler"]
            whole = figures.count(Measure.OVERDUE_OPEN)
            assert whole == sum(counted["category"].values())
            alone = live_queries.overdue(first, last, area, now=now, zone=zone)
            assert Figures(alone.get(area.code, {})).count(Measure.OVERDUE_OPEN) == whole
            assert sum(n for (_, where), n in spread.items() if where == area.code) == whole


def count_late(area: Area, start: datetime, now: datetime) -> dict[str, dict[str, int]]:
    """Count case by case."""
    late = OF_CASES[Measure.OVERDUE_OPEN].within(start, now)
    return {
        name: {
            str(key): n
            for key, n in db.session.execute(
                select(column, func.count()).where(late, in_area(area)).group_by(column)
            )
            if key is not None
        }
        for name, column in (("category", C.category_code), ("handler", HANDLER))
    }


def test_what_riders_hold_is_kept_with_every_way_points_go(make: Make, app: Flask) -> None:
    book, county = Book(), make.settings.county
    rider, other = book.rider(), book.rider()
    entries = [book.award(rider, 20), book.award(rider, 30, community=BRIGHT), book.award(other, 9)]
    book.hold(rider, "R-1", 25)
    book.capture("R-1")
    book.hold(rider, "R-2", 10)
    book.release("R-2")
    book.refund("R-1")
    book.hold(rider, "R-3", 10)
    book.noshow("R-3")
    book.reverse(entries[1].entry_id)
    book.hold(other, "R-4", 9)
    assert held() == points_figures.held(db.session.connection())
    assert held()[STATION] == (27, 9)
    book.release("R-4")
    assert held() == points_figures.held(db.session.connection())
    debtor = book.rider()
    spent = book.award(debtor, 40)
    book.hold(debtor, "R-5", 40)
    book.capture("R-5")
    book.award(debtor, 25)
    book.hold(debtor, "R-6", 25)
    assert book.reverse(spent.entry_id, Verdict.FRAUD).debt == 40
    book.release("R-6")
    assert points_figures.debts(db.session.connection()) == 15
    over = NOW + timedelta(days=800)
    assert book.expire(rider, over) is not None
    # Good to the end of the twelfth month after they were earned: they count there.
    month = Month.of(NOW, county.tz).plus(12)
    for counted in (None, Month.of(NOW, county.tz), month):
        db.session.rollback()
        found = recount_queries.recount(db.engine, counted, places=reference(), county=county)
        assert found.lacking == {}
        assert found.cells
    kept = read_months([month], [STATION, county.code])
    assert kept[str(month), STATION].count(Measure.EXPIRED, Facet.POINTS) > 0
    assert held() == points_figures.held(db.session.connection())
    assert county_of(make).kind is AreaKind.COUNTY


def held() -> dict[str, tuple[int, int]]:
    """Return what is kept as held, and as on hold, by community."""
    db.session.rollback()
    cells = recount_queries._CELLS
    rows = db.session.execute(
        select(cells.area, cells.measure, cells.n).where(
            cells.month == HELD, cells.area.like("____________")
        )
    )
    found = {(area, measure): n for area, measure, n in rows}
    areas = {area for area, measure in found if found[area, measure]}
    return {it: (found[it, Measure.LIABILITY], found.get((it, Measure.ON_HOLD), 0)) for it in areas}
