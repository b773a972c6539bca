"""A pytest plugin: how long each test takes, and the order tests are asked to run in."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any


class Durations:
    """Writes what each passed test took: {test: seconds}."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Add one phase of a test."""
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.failed or report.skipped:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write what was recorded, without the tests that did not pass."""
        if os.environ.get("PYTEST_XDIST_WORKER"):
            return
        passed = {
            test: round(took, 3) for test, took in self.seconds.items() if test not in self.failed
        }
        self.file.write_text(json.dumps(passed, indent=0))


def pytest_configure(config: Any) -> None:
    """Record when the map of the tests is made."""
    file = os.environ.get("GRID_REPORT_TEST_DURATIONS")
    if file:
        config.pluginmanager.register(Durations(Path(file)))


class Chosen:
    """Runs the chosen tests, in their order, and tells which one failed."""

    def __init__(self, tests: list[str]) -> None:
        self.place = {test: at for at, test in enumerate(tests)}
        self.failed = ""
        self.why = ""
        self.ran = 0

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leave out what was not chosen; tests of one file stay together."""
        kept = [item for item in items if item.nodeid in self.place]
        first: dict[str, int] = {}
        for item in kept:
            file = item.nodeid.split("::")[0]
            first[file] = min(first.get(file, len(self.place)), self.place[item.nodeid])
        items[:] = sorted(
            kept, key=lambda it: (first[it.nodeid.split("::")[0]], self.place[it.nodeid])
        )

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Remember the first failure."""
        self.ran += report.when == "call"
        if report.failed and not self.failed:
            self.failed = report.nodeid
            self.why = str(report.longrepr).strip().splitlines()[-1][:200]

    def pytest_collectreport(self, report: Any) -> None:
        """Remember a file of tests that could not be loaded."""
        if report.failed and not self.failed:
            self.failed = report.nodeid
            self.why = str(report.longrepr).strip().splitlines()[-1][:200]
