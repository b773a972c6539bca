"""What two things of the months cost with all reports there ever were: the roll-forward and the recount.

The roll-forward of points, of the county and each community, reads the counts of what moved them;
its bound is one plain sum over every movement there is. The recount is what an upgrade to new counting rules does once: every
month anew, in a transaction each; its bound is one plain count of all reports by state, category,
community and unit. Sets are those of `bench_statistics` (`tests/support/sets/big_set.py`): an award, a lot and
a movement for each accepted report. CPU is not told apart: on PostgreSQL the work is the backend's.

`python -m tests.benchmarks.bench_months FOLDER [rounds] [reports …]` keeps the sets in the folder.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from typing import TypeVar

from sqlalchemy import text, update

from grid_report import clock
from grid_report.clock import Month
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.settings import County
from grid_report.statistics.counts import live_queries, rules_queries
from grid_report.statistics.counts import usecases as counts_usecases
from grid_report.statistics.models import StatisticsRecount, StatisticsRules
from tests.benchmarks.bench_statistics import kept_set
from tests.support.sets.kept_sets import shelf

T = TypeVar("T")

ROUNDS = 9
REPORTS = (10_000, 100_000, 1_000_000)
MOVEMENTS = (
    "SELECT kind, count(*), sum(free_delta + held_delta) FROM point_lot_movements GROUP BY kind"
)
CASES = (
    "SELECT state, category_code, community_code, unit_code, count(*), min(created_at), max(fix_due),"
    " max(closed_at) FROM reports GROUP BY 1, 2, 3, 4"
)


def run(folder: Path, rounds: int = ROUNDS, reports: Sequence[int] = REPORTS) -> list[str]:
    """Measure; one line each of what, milliseconds or seconds, the bound and the ratio."""
    kind = os.environ.get("GRID_REPORT_TEST_DATABASE", "sqlite")
    lines: list[str] = []
    with ExitStack() as stack:
        kept = stack.enter_context(shelf(kind, folder))
        for size in reports:
            app = kept_set(kept, stack, folder, size)
            with app.app_context():
                county = app.extensions["grid_report"].settings.county
                for line in (*_roll(county, rounds), _recount(county)):
                    lines.append(f"{kind}, {size} reports: {line}")
                    print(lines[-1], flush=True)
                db.session.remove()
    return lines


def _roll(county: County, rounds: int) -> list[str]:
    this, places = Month.of(clock.now(), county.tz), reference()
    areas = [county.code, *(it.code for it in places.communities.values())]
    movements = _seconds(lambda: db.session.execute(text(MOVEMENTS)).all())[1]
    found = [f"{sum(row[1] for row in movements)} movements"]
    for back in (0, 1, 12):
        month = this.plus(-back)
        pairs = []
        for _ in range(rounds + 1):
            bound = _seconds(lambda: db.session.execute(text(MOVEMENTS)).all())[0]
            took = _seconds(
                partial(live_queries.points, month, areas, places=places, county=county)
            )[0]
            pairs.append((took, bound))
        pairs = pairs[1:]  # the first compiles the statement and warms the files
        ratios = sorted(took / bound for took, bound in pairs)
        found.append(
            f"roll-forward {back} months back {median(it[0] for it in pairs) * 1e3:.1f} ms,"
            f" bound {median(it[1] for it in pairs) * 1e3:.1f} ms,"
            f" ratio {median(ratios):.2f} ({ratios[0]:.2f}-{ratios[-1]:.2f})"
        )
    return found


def _recount(county: County) -> str:
    def bound() -> float:
        return _seconds(lambda: db.session.execute(text(CASES)).all())[0]

    bound()
    before = bound()
    for table in (StatisticsRules, StatisticsRecount):
        db.session.execute(update(table).values(rules=1))
    db.session.commit()
    months = len(rules_queries.every_month(county))
    db.session.rollback()
    took, left = _seconds(
        lambda: counts_usecases.follow_rules(places=reference(), county=county, now=clock.now())
    )
    assert left == 0
    ratio = took / ((before + bound()) / 2)
    return (
        f"recount of {months} months {took:.1f} s, bound {before:.3f} s,"
        f" ratio {ratio:.1f}, a month {ratio / months:.2f}"
    )


def _seconds(act: Callable[[], T]) -> tuple[float, T]:
    began = time.perf_counter()
    found = act()
    took = time.perf_counter() - began
    db.session.rollback()
    return took, found


if __name__ == "__main__":
    run(
        Path(sys.argv[1]),
        int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS,
        [int(it) for it in sys.argv[3:]] or REPORTS,
    )
