"""The command as a shell runs it: what scripts and timers go by is its exit code.

Flask's runner of commands leaves out `main()`, so these are real processes.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from grid_report.db import db
from grid_report.settings import Settings
from tests.jobs.processes import ROOT, environ_of
from tests.points.book import Book

pytestmark = pytest.mark.slow

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(app: Flask, settings: Settings) -> Run:
    """Run `grid-report …` on this test's database."""

    def command(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        db.session.remove()
        return subprocess.run(
            [sys.executable, "-m", "grid_report.cli", *words],
            cwd=ROOT,
            env=environ_of(settings, **environ),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return command


@pytest.mark.database
def test_an_audit_that_finds_something_fails_and_freezes_the_ledger(run: Run) -> None:
    sound = run("points", "audit")
    assert (sound.returncode, sound.stdout) == (0, "points: sound\n")
    book = Book()
    book.award(book.rider())  # for a report that nobody sent
    found = run("points", "audit")
    assert found.returncode == 1, found.stderr
    assert "award-without-report" in found.stderr
    with db.engine.connect() as connection:
        frozen = connection.exec_driver_sql("SELECT frozen_at FROM point_freeze").scalar_one()
    assert frozen is not None


def test_an_import_that_is_refused_fails_and_says_why(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "new.geojson"
    file.write_text('{"type": "FeatureCollection", "features": [{"type": "Feature"}]}')
    for more in ([], ["--dry-run"]):
        refused = run("communities", "import", str(file), *more)
        assert refused.returncode == 1
        assert "error: feature 1" in refused.stderr
        assert "Nothing was changed" in refused.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["db", "current"], 0, "newest"),
        (["--help"], 0, "points"),
        (["nothing"], 2, "No such command"),
        (["communities", "import", "/nowhere/new.geojson"], 2, "does not exist"),
        (["points", "unfreeze", "--by", "nobody"], 2, "Usage"),
        (["jobs", "run", "nothing"], 2, "deliver-messages"),
    ],
)
def test_a_command_ends_with_the_code_of_what_became_of_it(
    run: Run, words: list[str], code: int, said: str
) -> None:
    ended: Any = run(*words)
    assert ended.returncode == code, ended.stderr
    assert said in ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def test_settings_that_cannot_be_used_are_one_line_and_not_a_traceback(run: Run) -> None:
    ended = run("db", "current", GRID_REPORT_ENV="production", GRID_REPORT_DEMO="0")
    assert ended.returncode == 1
    assert ended.stderr.startswith("settings: ")
    assert "GRID_REPORT_SECRET_KEY" in ended.stderr
    assert "Traceback" not in ended.stderr
