"""A statement costs what its month costs, however many years lie behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask.testing import FlaskClient

from grid_report import clock
from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.db import db
from tests.reports.desk.test_lists import counted
from tests.support.builders import Make
from tests.support.sets.long_history import POINTS, LongHistory

pytestmark = pytest.mark.database

SERVICES = 120
PAID = SERVICES * 3 // 4 * POINTS


@contextmanager
def worked(steps: list[int]) -> Iterator[None]:
    """Note how many hundred steps SQLite's machine takes: work, whatever else the computer does."""
    count = [0]

    def tick() -> int:
        count[0] += 1
        return 0

    db.session.rollback()
    raw: Any = db.session.connection().connection.dbapi_connection
    if db.engine.dialect.name == "sqlite":
        raw.set_progress_handler(tick, 100)
    db.session.rollback()
    yield
    if db.engine.dialect.name == "sqlite":
        raw.set_progress_handler(None, 0)
    steps.append(count[0])


class Readers:
    """The pages of both sides."""

    def __init__(self, make: Make, it: LongHistory) -> None:
        self.it, self.this = it, Month.of(clock.now(), it.zone)
        self.staff = make.signed_in(make.member(Grant(Role.STATION_STAFF, it.station)))
        self.county = make.signed_in(it.admins[0])

    def ask(self, client: FlaskClient, path: str) -> int:
        """Read a page whole."""
        with client.get(path) as answer:
            assert answer.status_code == 200, answer.get_data(as_text=True)[:300]
            return len(answer.data)

    def acts(self, month: Month) -> dict[str, Callable[[], Any]]:
        """Return everything that is done about a month, in the order it is done in."""
        station = f"/station/statements/{self.it.provider}/{month}"
        county = f"/admin/statements/{self.it.provider}/{month}"
        running = f"/station/statements/{self.it.provider}/{month.plus(1)}"
        return {
            "running month": lambda: self.ask(self.staff, running),
            "running workbook": lambda: self.ask(self.staff, f"{running}.xlsx"),
            "lists": lambda: (
                self.ask(self.staff, "/station/statements"),
                self.ask(self.county, f"/admin/statements?month={month}"),
                self.ask(self.county, f"/admin/statements?month={self.this}"),
            ),
            "draw": lambda: self.it.draw(month),
            "page": lambda: (self.ask(self.staff, station), self.ask(self.county, county)),
            "all lines": lambda: self.ask(self.county, f"{county}?lines=all"),
            "workbook": lambda: self.ask(self.county, f"{county}.xlsx"),
            "confirm": lambda: self.it.confirm(month),
            "close": lambda: self.it.close(month),
        }


def test_the_newest_month_costs_the_same_after_one_year_as_after_none(make: Make) -> None:
    it = LongHistory(make)
    readers = Readers(make, it)
    this = readers.this
    costs: dict[str, list[tuple[int, int]]] = {}
    for first, newest in ((this.plus(-14), this.plus(-13)), (this.plus(-12), this.plus(-1))):
        months = [first.plus(n) for n in range(40) if first.plus(n) < newest]
        it.live(months, SERVICES)
        it.serve(newest, SERVICES)
        it.earn(PAID, newest.bounds(it.zone)[0])
        for name, act in readers.acts(newest).items():
            steps: list[int] = []
            db.session.rollback()
            with worked(steps), counted() as statements:
                act()
            costs.setdefault(name, []).append((len(statements), steps[0]))
    for name, ((few, less), (many, more)) in costs.items():
        assert few == many, (name, costs)
        # A tree of an index grows by a level: never by the rows.
        assert more <= less * 1.25 + 20, (name, costs)
    assert costs["workbook"][0][0] <= costs["page"][0][0]


def test_what_is_drawn_comes_page_by_page_and_whole_on_request(make: Make) -> None:
    it = LongHistory(make)
    month = Month.of(clock.now(), it.zone).plus(-1)
    refs = it.serve(month, 250)
    staff = make.signed_in(make.member(Grant(Role.STATION_STAFF, it.station)))
    for drawn in (False, True):
        if drawn:
            assert it.draw(month)
        path = f"/station/statements/{it.provider}/{month}"
        seen, following, pages = list[str](), path, 0
        while following:
            page = staff.get(following).text
            found = [ref for ref in refs if f">{ref}</span>" in page]
            seen, pages = seen + found, pages + 1
            link = page.rpartition('rel="next"')[0].rpartition('href="')[2].partition("#")[0]
            following = link.replace("&amp;", "&") if 'rel="next"' in page else ""
        assert (seen, pages) == (refs, 3)
        whole = staff.get(f"{path}?lines=all").text
        assert all(f">{ref}</span>" in whole for ref in refs)
        for odd in ("W10", "WyIyMDI2IiwxXQ", "WyIyMDI2LTAxLTAxVDAwOjAwOjAwKzAwOjAwIiwtMV0"):
            assert staff.get(f"{path}?cursor={odd}").status_code == 422


def test_statements_are_listed_page_by_page(make: Make) -> None:
    it = LongHistory(make)
    this = Month.of(clock.now(), it.zone)
    months = [this.plus(-back) for back in range(30, 0, -1)]
    it.live(months, 2)
    staff = make.signed_in(make.member(Grant(Role.STATION_STAFF, it.station)))
    first = staff.get("/station/statements").text
    shown = [str(month) for month in months if f">{month}<" in first]
    assert shown == [str(month) for month in months[-24:]]
    link = first.rpartition('rel="next"')[0].rpartition('href="')[2].partition('"')[0]
    second = staff.get(link).text
    assert [str(m) for m in months if f">{m}<" in second] == [str(m) for m in months[:6]]
    assert 'rel="next"' not in second
    for path in ("/station/statements", "/admin/statements"):
        reader = staff if path.startswith("/station") else make.signed_in(it.admins[0])
        assert reader.get(f"{path}?cursor=W10").status_code == 422
        assert reader.get(f"{path}?cursor=WzEsMl0").status_code == 422
