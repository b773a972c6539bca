"""G7 of the performance goals: the desk's list of 50 rows, signed in, against a bare Flask hello.

Both are answered in process, through Flask's test client. The page is asked for as a browser asks
(with gzip, and with the cookie its first page gave it) and once more without compression, so that
the row says what that costs.
Rounds are paired: whichever of the two comes first changes from round to round.

`python -m tests.benchmarks.bench_desk [rounds]`
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from grid_report import clock
from grid_report.db import db
from tests.benchmarks.bench_submission import _app, _row, _statements
from tests.support.builders import PROPERTY, Make

ROUNDS = 9
PAGES, HELLOS = 8, 80
FEW, ROWS = 10, 50
GOAL, MOST_STATEMENTS = 15, 4


def run(rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Measure; rows of goal, what, value, bound, ratio, limit, met, unit, rounds."""
    rounds = max(9, rounds)
    with tempfile.TemporaryDirectory() as name:
        app = _app(Path(name))
        with app.app_context():
            make = Make(app)
            worker = make.worker()
            cookie = _cookie(make, worker)
        found = []
        for rows in (FEW, ROWS):
            with app.app_context():
                _fill(make, worker, rows)
            found.append(_statement_row(app, cookie, rows))
        # Outside of any app context: within one, a request finds what the one before left in `g`.
        hello = Flask("hello")
        hello.add_url_rule("/", view_func=lambda: "hello")
        for what, headers in (
            (f"desk list, {ROWS} rows, CPU", {"Cookie": cookie, "Accept-Encoding": "gzip"}),
            ("the same without compression", {"Cookie": cookie}),
        ):
            ours = _asker(app, "/desk", headers, PAGES)
            bare = _asker(hello, "/", {}, HELLOS)
            limit = GOAL if "gzip" in headers.values() else None
            found.append(_row("G7" if limit else "", what, _pairs(ours, bare, rounds), limit))
        with app.app_context():
            db.engine.dispose()
        app.extensions["grid_report"].media.close()
    return found


def _cookie(make: Make, who: Any, page: str = "/desk") -> str:
    client = make.signed_in(who)
    assert client.get(page).status_code == 200
    cookie = client.get_cookie("grid_report")
    assert cookie is not None
    return f"grid_report={cookie.value}"


def _fill(make: Make, worker: Any, upto: int) -> None:
    """Fill the desk up to so many open cases, as a morning looks: late, new, dispatched."""
    photo, rider = make.photo(), make.rider()
    for number in range(0 if upto == FEW else FEW, upto):
        category = ("RD02", "UT01", "EN01", "FS04")[number % 4]
        at = clock.now() - timedelta(hours=number * 3)
        report = make.report(rider, category=category, photos=(photo,), at=at, place_note="东门旁")
        if number % 3 == 0:
            make.step(report, "accept", worker, category=category, severity=2 + number % 3)
        if number % 6 == 0:
            make.step(report, "dispatch", worker, unit=PROPERTY)


def _asker(app: Flask, path: str, headers: dict[str, str], times: int) -> Callable[[], float]:
    client = app.test_client(use_cookies=False)

    def ask() -> float:
        began = time.process_time()
        for _ in range(times):
            answer = client.get(path, headers=headers)
            assert answer.status_code == 200, answer.text[:300]
        return (time.process_time() - began) * 1e3 / times

    ask()  # the first one compiles templates and statements
    return ask


def _pairs(
    ours: Callable[[], float], bare: Callable[[], float], rounds: int
) -> list[tuple[float, float]]:
    pairs = []
    for at in range(rounds):
        if at % 2:
            pairs.append((ours(), bare()))
        else:
            bound = bare()
            pairs.append((ours(), bound))
    return pairs


def _statement_row(app: Flask, cookie: str, rows: int) -> dict[str, Any]:
    ask = _asker(app, "/desk", {"Cookie": cookie}, 1)
    with app.app_context():
        engine = db.engine
    with _statements(engine) as seen:
        ask()
    return {
        "goal": "G7",
        "what": f"SQL statements of the desk list, {rows} rows",
        "value": len(seen),
        "bound": MOST_STATEMENTS,
        "ratio": "",
        "limit": MOST_STATEMENTS,
        "met": len(seen) <= MOST_STATEMENTS,
        "unit": "statements",
        "rounds": 1,
    }


if __name__ == "__main__":
    for row in run(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS):
        print(row)
