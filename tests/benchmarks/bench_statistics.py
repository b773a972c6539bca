"""G8 and G9 of the performance goals: the month page and the desk's counts, however many reports.

Sets of one thousand, of the least and of the most reports asked for, side by side (`tests/support/sets/big_set.py`
says what is in one). Pages are asked for as a browser asks, signed in as an administrator,
through Flask's test client: the running month, one that is frozen and one that never was, each of
the county and of one community. Rounds are paired: whichever set comes first changes. CPU is that
of this process and, with PostgreSQL, of the backend that answers it.

`GRID_REPORT_TEST_DATABASE=postgresql` measures PostgreSQL, with its own settings but no syncs.
`python -m tests.benchmarks.bench_statistics [rounds]`
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from grid_report import clock, settings
from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.db import db
from grid_report.reports.desk import queries as desk_queries
from tests.benchmarks.bench_submission import _cpu_of, _row
from tests.support.builders import STATION, Make
from tests.support.databases import fill
from tests.support.sets import big_set
from tests.support.sets.kept_sets import Shelf, app_on, shelf

ROUNDS = 9
REPORTS = (10_000, 10_000_000)
LEAST = 1000
# Bytes a report takes, with its indexes and what goes with it.
ROOM = 4000
GOALS = {"G8": 1.5, "G9": 1.2}
# Raised whenever `big_set.py` writes something else.
MADE_AS = 3
PAGES, COUNTS = 3, 40

Cost = tuple[float, float]


class Side:
    """A set with its browser."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            make = Make(app)
            county = make.settings.county
            phone = f"139{random.randrange(10**8):08d}"
            self.actor = make.member(Grant(Role.ADMINISTRATOR, county.code), phone=phone)
            self.browser = make.signed_in(self.actor)
            self.this = Month.of(clock.now(), county.tz)
            self.backend = (
                db.session.scalar(text("SELECT pg_backend_pid()"))
                if db.engine.dialect.name == "postgresql"
                else None
            )
            db.session.remove()

    def get(self, path: str) -> None:
        """Ask for a page."""
        with self.browser.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.status_code == 200, (path, answer.status_code)

    def count(self) -> None:
        """Count what stands beside the desk's list."""
        with self.app.app_context():
            desk_queries.count_for_desk(self.actor, now=clock.now())
            db.session.remove()

    def cost(self, act: Callable[[], None], times: int) -> Cost:
        """Return milliseconds of CPU and of the clock that one of so many takes."""
        cpu, wall = self._cpu_s(), time.perf_counter()
        for _ in range(times):
            act()
        took = (self._cpu_s() - cpu, time.perf_counter() - wall)
        return took[0] * 1e3 / times, took[1] * 1e3 / times

    def _cpu_s(self) -> float:
        return time.process_time() + (_cpu_of(self.backend) if self.backend else 0.0)


def run(
    rounds: int = ROUNDS, reports: Sequence[int] = REPORTS, keep: Path | None = None
) -> list[dict[str, Any]]:
    """Measure; rows of goal, what, value, bound, ratio, limit, met, unit, rounds.

    `keep` is a folder in which sets are left, and found again.
    """
    kind = os.environ.get("GRID_REPORT_TEST_DATABASE", "sqlite")
    few, many = min(reports), max(reports)
    with ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        kept = stack.enter_context(shelf(kind, folder))
        sides = {it: Side(kept_set(kept, stack, folder, it)) for it in (LEAST, few, many)}
        this = sides[many].this
        pages = {
            "the running month": f"/statistics/{this}?",
            "a frozen month": f"/statistics/{this.plus(-1)}?",
            "the same live": f"/statistics/{this.plus(-1)}?version=0",
            "a month never frozen": f"/statistics/{this.plus(-big_set.FROZEN - 2)}?",
        }
        rows = []
        for what, path in pages.items():
            for area in ("", STATION):
                where = "a community" if area else "the county"
                pairs = _pairs(
                    sides[many],
                    sides[few],
                    rounds,
                    PAGES,
                    methodcaller("get", f"{path}&area={area}"),
                )
                rows += _rows("G8", f"{what} of {where}", pairs, kind, many)
        pairs = _pairs(sides[many], sides[LEAST], rounds, COUNTS, Side.count)
        rows += _rows("G9", "the desk's counts", pairs, kind, many)
        return rows


def _pairs(
    big: Side, small: Side, rounds: int, times: int, act: Callable[[Side], None]
) -> list[tuple[Cost, Cost]]:
    pairs = []
    for number in range(-1, max(9, rounds)):
        found = {}
        for side in (big, small) if number % 2 else (small, big):
            found[side is big] = side.cost(partial(act, side), times)
        if number >= 0:  # the first round compiles templates and statements
            pairs.append((found[True], found[False]))
    return pairs


def _rows(
    goal: str, what: str, pairs: list[tuple[Cost, Cost]], kind: str, many: int
) -> list[dict[str, Any]]:
    found = []
    for at, clocked in enumerate(("CPU", "wall")):
        values = [(one[at], other[at]) for one, other in pairs]
        limit = None if at else GOALS[goal]
        found.append(
            _row("" if at else goal, f"{what}, {many} reports, {kind}, {clocked}", values, limit)
        )
    return found


def kept_set(shelf: Shelf, stack: ExitStack, folder: Path, reports: int) -> Flask:
    """Return an app on a set of so many reports, made where it is not there yet."""
    month = Month.of(clock.now(), settings.load({}).county.tz)
    name = f"set_{MADE_AS}_{reports}_{month}".replace("-", "_")
    url = shelf.find(name) or shelf.make(name, lambda it: _make(it, folder, reports))
    app = stack.enter_context(app_on(url, folder))
    with app.app_context():
        # Where a newer schema has other counts; the frozen months stay as they are.
        big_set.recount(Make(app), anew=False)
    return app


def _make(url: str, folder: Path, reports: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < reports * ROOM:
        raise SystemExit(f"{reports * ROOM >> 30} GiB are needed, {free >> 30} are free")
    big_set.say(f"making {reports} reports")
    fill(url, folder)
    with app_on(url, folder) as app, app.app_context():
        big_set.build(Make(app), reports)


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        print(row)
