"""G11 of the performance goals: eight processes that commit durably at once.

The processes live through all rounds: first one of them writes alone, then all of them together.
Each write is a use case of its own: the next report number, committed with a sync. No error is
allowed, and nobody may wait longer than 60 of the median commits of one that is alone.

`GRID_REPORT_TEST_DATABASE=postgresql` measures PostgreSQL instead of SQLite.
`python -m tests.benchmarks.bench_writers [rounds]`
"""

from __future__ import annotations

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask

from grid_report import clock, create_app, settings
from grid_report.db import db, transaction, use_case
from grid_report.reports import steps
from tests.support.databases import databases
from tests.support.parallel import in_processes

ROUNDS = 9
WRITERS = 8
COMMITS = 20
GOAL = 60

# Made when the module is imported, before the writers are forked: they share it.
_TOGETHER = multiprocessing.get_context("fork").Barrier(WRITERS)


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure; rows of goal, what, value, bound, ratio, limit, met, unit, rounds."""
    rounds = max(9, rounds)
    kind = os.environ.get("GRID_REPORT_TEST_DATABASE", "sqlite")
    with tempfile.TemporaryDirectory() as name, databases(kind, Path(name)) as server:
        folder = Path(name) / "run"
        folder.mkdir()
        url = server.fresh(folder)
        values = {"storage": {"data": str(folder), "database_url": url}}
        app = create_app(settings.load({"GRID_REPORT_ENV": "testing"}, values))
        with app.app_context():
            found = in_processes(app, write, WRITERS, arguments=rounds)
            db.session.remove()
            db.engine.dispose()
        server.drop(url)
    broken = [it for it in found if "error" in it]
    assert not broken, broken[:1]
    errors = sum(it["errors"] for it in found)
    alone = statistics.median(ms for it in found for ms in it["alone"])
    together = sorted(ms for it in found for ms in it["together"])
    common = {"bound": round(alone, 2), "unit": "ms", "rounds": rounds}
    return [
        {
            "goal": "G11",
            "what": f"{WRITERS} writers on {kind}, errors in {len(together)} commits",
            "value": errors,
            "bound": 0,
            "ratio": "",
            "limit": 0,
            "met": errors == 0,
            "unit": "errors",
            "rounds": rounds,
        },
        _row("G11", f"{WRITERS} writers on {kind}, worst wait", together[-1], alone, common),
        _row("", f"{WRITERS} writers on {kind}, median wait", _median(together), alone, common),
        # How far the machine itself strays: nobody was in the way of these.
        _row("", "one writer alone, worst commit", max(found[0]["alone"]), alone, common),
    ]


def _row(
    goal: str, what: str, value: float, alone: float, common: dict[str, Any]
) -> dict[str, Any]:
    ratio = value / alone
    limited = {"limit": GOAL, "met": ratio <= GOAL} if goal else {"limit": "", "met": ""}
    return {
        "goal": goal,
        "what": what,
        "value": round(value, 2),
        "bound": common["bound"],
        "ratio": round(ratio, 1),
        **limited,
        "unit": common["unit"],
        "rounds": common["rounds"],
    }


def _median(values: list[float]) -> float:
    return statistics.median(values)


def write(_app: Flask, number: int, rounds: int) -> dict[str, Any]:
    """Write in one of the processes; return how long each commit took, in milliseconds."""
    alone: list[float] = []
    together: list[float] = []
    errors = 0
    for _ in range(rounds):
        _TOGETHER.wait(120)
        if number == 0:
            errors += _commits(alone.append)
        _TOGETHER.wait(120)
        errors += _commits(together.append)
    return {"alone": alone, "together": together, "errors": errors}


def _commits(note: Callable[[float], None]) -> int:
    errors = 0
    for _ in range(COMMITS):
        began = time.perf_counter()
        try:
            _one_commit()
        except Exception:  # any of them is what must not happen
            errors += 1
        note((time.perf_counter() - began) * 1e3)
    return errors


@use_case
def _one_commit() -> None:
    with transaction() as session:
        steps.next_number(session, "KY", clock.now().date())


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        print(row)
