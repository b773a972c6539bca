"""What a provider's month costs after five years of months, beside what it costs in the first.

One provider, 60 months of 2,000 services each, written in bulk (`tests/support/sets/long_history.py`);
every fourth is free. Two databases side by side, one with a single month and one with all of them,
and a fresh month in each a round: drawn, shown, made a workbook of, confirmed and closed. Rounds
are paired, so that the ratio of both says what history costs; the commit is a bare durable one.

`GRID_REPORT_TEST_DATABASE=postgresql` measures PostgreSQL, with its durability on.
`python -m tests.benchmarks.bench_statements [rounds]`
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from flask import Flask

from grid_report import clock, create_app, settings
from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.db import db
from tests.benchmarks.durable import bare_commit, make_durable
from tests.support.builders import Make
from tests.support.databases import Databases, databases
from tests.support.sets.long_history import POINTS, LongHistory

ROUNDS = 9
MONTHS, SERVICES = 60, 2000
PAID = SERVICES * 3 // 4 * POINTS
LIMIT = 1.3


class Side:
    """A database with a history, and the browsers of both sides."""

    def __init__(self, app: Flask, months: int, rounds: int) -> None:
        self.app = app
        with app.app_context():
            make = Make(app)
            self.it = it = LongHistory(make)
            last = Month.of(clock.now(), it.zone).plus(-1)
            self.fresh = [last.plus(n - rounds + 1) for n in range(rounds)]
            it.live([self.fresh[0].plus(n - months) for n in range(months)], SERVICES)
            for month in self.fresh:
                it.serve(month, SERVICES)
                it.earn(PAID, month.bounds(it.zone)[0])
            self.staff = make.signed_in(make.member(Grant(Role.STATION_STAFF, it.station)))
            self.county = make.signed_in(it.admins[0])
            db.session.remove()

    def acts(self, number: int) -> dict[str, Callable[[], Any]]:
        """Return what is done about one fresh month, in order."""
        month = self.fresh[number]
        county = f"/admin/statements/{self.it.provider}/{month}"

        def get(path: str) -> None:
            with self.county.get(path) as answer:
                assert answer.status_code == 200, answer.status_code

        def inside(act: Callable[[Month], Any]) -> Callable[[], None]:
            def run() -> None:
                with self.app.app_context():
                    act(month)
                    db.session.remove()

            return run

        return {
            "draw a month": inside(self.it.draw),
            "its page": lambda: get(county),
            "its workbook": lambda: get(f"{county}.xlsx"),
            "the list of a month": lambda: get(f"/admin/statements?month={month}"),
            "confirm": inside(self.it.confirm),
            "close": inside(self.it.close),
        }


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure; rows of goal, what, value, bound, ratio, limit, met, unit, rounds."""
    rounds = max(9, rounds)
    kind = os.environ.get("GRID_REPORT_TEST_DATABASE", "sqlite")
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory())
        server = stack.enter_context(databases(kind, Path(name)))
        apps = [stack.enter_context(_app(server, Path(name) / which, kind)) for which in "ab"]
        new, old = Side(apps[0], 1, rounds), Side(apps[1], MONTHS, rounds)
        taken: dict[str, list[tuple[float, float]]] = {}
        commits = []
        for number in range(rounds):
            sides = [new, old] if number % 2 else [old, new]
            pairs = zip(*(side.acts(number).items() for side in sides), strict=True)
            for (what, one), (_, other) in pairs:
                first, second = _ms(one), _ms(other)
                taken.setdefault(what, []).append(
                    (first, second) if number % 2 else (second, first)
                )
            with apps[1].app_context():
                commits.append(_ms(bare_commit))
        return [
            *(_row(f"{what}, {SERVICES} services, {kind}", found) for what, found in taken.items()),
            {**_row(f"bare durable commit, {kind}", [(it, it) for it in commits]), "met": ""},
        ]


@contextmanager
def _app(server: Databases, folder: Path, kind: str) -> Iterator[Flask]:
    folder.mkdir()
    url = server.fresh(folder)
    app = create_app(
        settings.load(
            {"GRID_REPORT_ENV": "testing"},
            {"storage": {"data": str(folder), "database_url": url}},
        )
    )
    with app.app_context():
        if kind == "postgresql":
            make_durable()
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    app.extensions["grid_report"].media.close()
    server.drop(url)


def _ms(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1e3


def _row(what: str, found: list[tuple[float, float]]) -> dict[str, Any]:
    """Say what it costs after all of the history (value) and after one month (bound)."""
    ratio = statistics.median(old / new for new, old in found)
    return {
        "goal": "",
        "what": what,
        "value": round(statistics.median(old for _, old in found), 2),
        "bound": round(statistics.median(new for new, _ in found), 2),
        "ratio": round(ratio, 2),
        "limit": LIMIT,
        "met": "yes" if ratio <= LIMIT else "no",
        "unit": "ms",
        "rounds": len(found),
    }


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        print(row)
