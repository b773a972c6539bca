"""What time it is: one place asks the machine, and under test it is whatever the tests say."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from flask import Flask

from grid_report import clock
from grid_report.settings import Settings
from tests.jobs.processes import environ_of
from tests.support import present
from tests.support.source import ROOT, dotted

SOON = timedelta(minutes=2)


def test_each_test_begins_at_the_same_instant() -> None:
    assert timedelta(0) <= clock.now() - present.beginning() < SOON


@pytest.mark.parametrize(
    ("asked", "instant"),
    [
        ("", datetime(2026, 11, 16, 2, tzinfo=UTC)),
        ("2028-02-29T12:00", datetime(2028, 2, 29, 4, tzinfo=UTC)),
        ("2026-12-31T23:59:30", datetime(2026, 12, 31, 15, 59, 30, tzinfo=UTC)),
        ("2027-01-01T00:01+00:00", datetime(2027, 1, 1, 0, 1, tzinfo=UTC)),
    ],
)
def test_the_date_of_the_tests_is_the_countys_unless_it_says_its_zone(
    monkeypatch: pytest.MonkeyPatch, asked: str, instant: datetime
) -> None:
    monkeypatch.setenv(present.VARIABLE, asked)
    assert present.beginning() == instant
    present.begin()
    assert timedelta(0) <= clock.now() - instant < SOON


def test_the_clock_runs_on_and_keeps_the_order() -> None:
    first = clock.now()
    began = time.monotonic()
    while time.monotonic() - began < 0.02:
        assert clock.now() >= first
    assert timedelta(seconds=0.01) < clock.now() - first < SOON


@pytest.mark.database
def test_another_app_and_another_process_go_on_with_the_time_of_the_test(
    app: Flask,
    another_app: Callable[..., Flask],
    settings: Settings,
) -> None:
    before = clock.now()
    another_app()
    assert clock.now() - before < SOON
    says = "from grid_report import clock, create_app; create_app(); print(clock.now().isoformat())"
    words, environ = [sys.executable, "-c", says], environ_of(settings)
    told = subprocess.run(words, env=environ, cwd=ROOT, check=True, capture_output=True, text=True)
    assert before < datetime.fromisoformat(told.stdout.strip()) < clock.now()


# Nobody else asks what time it is.

FOLDERS = ("grid_report", "migrations", "tests", "tools", "wsgi.py")
ASKING = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today",
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "time.ctime", "time.asctime",
    "time.strftime", "uuid.uuid1", "func.now", "func.current_timestamp", "func.current_date",
    "func.current_time", "func.localtimestamp",
}  # fmt: skip
# These ask inside a library, or read what the machine's clock wrote beside a file.
BY_NAME = {
    "TimeStamper", "URLSafeTimedSerializer", "TimestampSigner", "TimedSerializer", "uuid1",
    "http_date", "getmtime", "getctime", "st_mtime", "st_mtime_ns", "st_ctime", "last_modified",
}  # fmt: skip
IN_SQL = re.compile(
    r"\bCURRENT_(?:TIMESTAMP|DATE|TIME)\b|\bLOCALTIME(?:STAMP)?\b|(?<![.\w])now\s*\(\s*\)|'now'"
    r"|\b(?:statement|clock|transaction)_timestamp\s*\(",
    re.IGNORECASE,
)

# What does all the same, and why. Spans between two instants are nobody's business: they are
# taken with `time.monotonic`, and what the browser asks is told by `tests/support/visits/browser.py`.
REASONS = {
    ("grid_report/clock.py", "datetime.now"): "this is the one place",
    ("grid_report/media/store/local.py", "st_mtime"): "turned by `clock.from_machine`",
    ("grid_report/media/store/s3.py", "last_modified"): "turned by `clock.from_machine`",
    (
        "grid_report/media/uploads/staging.py",
        "URLSafeTimedSerializer",
    ): "signed and read by one clock: only the hour between the two counts",
    ("grid_report/media/upkeep/sweep.py", "st_mtime"): "held against `clock.by_machine`",
    ("grid_report/web/pages/assets.py", "st_mtime"): "asks only whether the build is another one",
    ("grid_report/serving/reloading.py", "st_mtime_ns"): "asks only whether a file is another one",
    ("grid_report/web/http/logs.py", "TimeStamper"): "a log says when the machine did it",
    ("migrations/versions/0007_tariff.py", "in SQL"): "released once; 0019 takes it out",
    ("migrations/versions/0019_no_clock_in_the_database.py", "in SQL"): "the way back to 0007",
    (
        "tests/support/sets/big_counts.py",
        "time.strftime",
    ): "tells a person how far an hour's work is",
    ("tools/python_env.py", "time.time"): "set-up, before there is anything that has a clock",
}


@cache
def asked() -> frozenset[tuple[str, str]]:
    """Find every file that asks what time it is, and how."""
    paths = [
        path
        for name in FOLDERS
        for path in ([ROOT / name] if name.endswith(".py") else sorted((ROOT / name).rglob("*.py")))
    ]
    return frozenset(
        (path.relative_to(ROOT).as_posix(), name)
        for path in paths
        if path != Path(__file__)
        for name in askings(ast.parse(path.read_text(encoding="utf-8")))
    )


def askings(tree: ast.AST) -> Iterator[str]:
    """Yield how a file asks: by the names of Python and its libraries, and in SQL."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            for one in node.names:
                whole = f"{node.module}.{one.name}"
                # `from time import time`, and a class under another name, would hide the rest.
                if whole in ASKING or (
                    one.asname and whole in ("datetime.datetime", "datetime.date")
                ):
                    yield whole
        elif isinstance(node, ast.Attribute | ast.Name):
            parts = dotted(node).split(".")
            if ".".join(parts[-2:]) in ASKING:
                yield ".".join(parts[-2:])
            elif parts[-1] in BY_NAME:
                yield parts[-1]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value in BY_NAME:
                yield node.value
            elif IN_SQL.search(node.value):
                yield "in SQL"


def test_nobody_else_asks_what_time_it_is() -> None:
    assert asked() - REASONS.keys() == set()


# Here instants are made of the test's own present, `make.now` or `present.beginning()`: the clock
# runs on from there, and a limit a second away is missed on a slow day.
FROM_THE_PRESENT = ("tests/accounts",)


def clock_is_asked(tree: ast.AST) -> bool:
    """Tell whether a file asks the running clock; replacing it in a test asks nothing."""
    return any(
        isinstance(node, ast.Call) and dotted(node.func).endswith("clock.now")
        for node in ast.walk(tree)
    )


@pytest.mark.parametrize("folder", FROM_THE_PRESENT)
def test_instants_are_made_of_the_tests_present(folder: str) -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for path in sorted((ROOT / folder).rglob("*.py"))
        if clock_is_asked(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found


@pytest.mark.parametrize(
    ("source", "asks"),
    [
        ("late = clock.now() + timedelta(minutes=15)", True),
        ("NOW = grid_report.clock.now()", True),
        ("late = make.now + timedelta(minutes=15)", False),
        ('patch.setattr("grid_report.web.clock.now", lambda: late)', False),
    ],
)
def test_asking_the_running_clock_is_found(source: str, asks: bool) -> None:
    assert clock_is_asked(ast.parse(source)) is asks


def test_what_has_a_reason_to_ask_still_asks() -> None:
    assert REASONS.keys() - asked() == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("at = datetime.now(UTC)", {"datetime.now"}),
        ("import datetime\nat = datetime.datetime.utcnow()", {"datetime.utcnow"}),
        ("column = mapped_column(default=datetime.now)", {"datetime.now"}),
        ("from time import time", {"time.time"}),
        ("from datetime import datetime as dt", {"datetime.datetime"}),
        ("column = mapped_column(server_default=func.now())", {"func.now"}),
        ("sql = text('SELECT 1 WHERE at < CURRENT_TIMESTAMP')", {"in SQL"}),
        ("sql = f\"datetime('now') < {x}\"", {"in SQL"}),
        ("at = path.stat().st_mtime", {"st_mtime"}),
        ("began = time.monotonic()\nnow = clock.now()", set()),
    ],
)
def test_asking_is_found_however_it_is_written(source: str, found: set[str]) -> None:
    assert set(askings(ast.parse(source))) == found
