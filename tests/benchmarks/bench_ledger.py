"""What an award and a balance cost beside a bare durable commit, early and late in a history.

One process, rounds interleaved, as many as it takes to know each ratio to a tenth (`rounds.py`), and
never fewer than asked for nor more than 60. A round is 25 of each: a bare commit (one row changed in a table without triggers), an
award of 10 points, a balance. First while the rider has 100 entries, then with 20,000: a ledger
that sums its history would show it. A history is award, hold and capture in turn, as a life is;
writing it is nearly all of the time this takes, half a minute on SQLite and more than one on
PostgreSQL, where each of a hundred thousand statements is a way there and back.

`GRID_REPORT_TEST_DATABASE=postgresql` measures PostgreSQL, with its durability on.
`python -m tests.benchmarks.bench_ledger [rounds]`
"""

from __future__ import annotations

import itertools
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from grid_report import create_app, settings
from grid_report.db import db, transaction, use_case
from grid_report.points import ledger
from grid_report.points.history import queries as history_queries
from grid_report.points.policy import Terms
from tests.benchmarks.durable import bare_commit, make_durable
from tests.benchmarks.rounds import interval, until_sure
from tests.points.book import NOW, STATION, TERMS, Book
from tests.support.databases import databases

ROUNDS = 9
# Of each kind in a round: the median of a round is steadier than any one of them.
AT_ONCE = 25
SIZES = (100, 20_000)
RICH = Terms(TERMS.zone, 100_000_000, 0)


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure; rows of goal, what, value, bound, ratio, limit, met, unit, rounds."""
    rounds = max(9, rounds)
    kind = os.environ.get("GRID_REPORT_TEST_DATABASE", "sqlite")
    with tempfile.TemporaryDirectory() as name, databases(kind, Path(name)) as server:
        folder = Path(name) / "run"
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
            rows = _measure(Book(), kind, rounds)
            db.session.remove()
            db.engine.dispose()
        app.extensions["grid_report"].media.close()
        server.drop(url)
    return rows


def _measure(book: Book, kind: str, rounds: int) -> list[dict[str, Any]]:
    rider = book.rider()
    causes = itertools.count()

    def award() -> None:
        _live(book, rider, [next(causes)], spend=False)

    def balance() -> None:
        history_queries.balance(rider)
        db.session.rollback()

    rows = []
    entries = 0
    for size in SIZES:
        while entries < size:
            # Three entries each.
            count = min(100, (size - entries + 2) // 3)
            _live(book, rider, [next(causes) for _ in range(count)], spend=True)
            entries += 3 * count
        tried: dict[str, Callable[[], None]] = {"commit": bare_commit, "award": award, "balance": balance}  # fmt: skip
        found = until_sure(
            partial(_medians, tried),
            _ratios,
            least=rounds,
        )
        for name, ratios in _ratios(found).items():
            value, (low, high) = statistics.median(found[name]), interval(ratios)
            rows.append(
                {
                    "goal": "",
                    "what": f"{name} at {size} entries on {kind}",
                    "value": round(value, 2),
                    "bound": round(statistics.median(found["commit"]), 2),
                    "ratio": round(statistics.median(ratios), 2),
                    "limit": "",
                    "met": "",
                    "unit": "ms",
                    "rounds": len(ratios),
                    "between": f"{low:.2f}-{high:.2f}",
                    "per_second": round(1000 / value),
                }
            )
    return rows


def _ratios(found: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Return what each costs in commits of its own round."""
    commits = found["commit"]
    return {
        name: [value / commit for value, commit in zip(values, commits, strict=True)]
        for name, values in found.items()
        if name != "commit"
    }


def _medians(tried: dict[str, Callable[[], None]]) -> dict[str, float]:
    return {name: _median_ms(act) for name, act in tried.items()}


def _median_ms(function: Callable[[], None]) -> float:
    taken = []
    for _ in range(AT_ONCE):
        began = time.perf_counter()
        function()
        taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)


@use_case
def _live(book: Book, rider: int, numbers: list[int], *, spend: bool) -> None:
    with transaction() as session:
        for number in numbers:
            ledger.award(
                session,
                rider,
                cause=ledger.Cause("report-accepted", f"KY-{number}"),
                earning=ledger.Earning(10, "R1", "2020-1"),
                community_code=STATION,
                terms=RICH,
                at=NOW,
                actor_id=book.worker.member_id,
                severity=1,
                report_number=f"KY-{number}",
            )
            if spend:
                ref = f"R-{number}"
                ledger.hold(
                    session, rider, ref=ref, points=10, provider_code="S1", holds_until=NOW, at=NOW
                )
                ledger.capture(session, ref, at=NOW, actor_id=book.worker.member_id)


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        print(row)
