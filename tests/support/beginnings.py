"""A state that many tests begin at: built once a worker, and copied for each test.

What is built through the use cases takes a second or two; a copy of its database and its photos
takes some milliseconds, commits for real and is the test's alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from grid_report import clock
from grid_report.db import db
from tests.support import present
from tests.support.builders import Make
from tests.support.databases import Databases


@dataclass(frozen=True)
class Beginning:
    """A database and a folder as they were left, and what their builder returned."""

    url: str
    folder: Path
    known: Any
    # How long after the usual present its last act was: a test goes on from there.
    after: timedelta


class Beginnings:
    """Builds each state when the first test asks for it."""

    def __init__(self, server: Databases, app_on: Callable[[str, Path], Flask], home: Path) -> None:
        self.server = server
        self.app_on = app_on
        self.home = home
        self.built: dict[Callable[[Make], Any], Beginning] = {}

    def __call__(self, build: Callable[[Make], Any]) -> Beginning:
        """Return the state that a function builds."""
        if build not in self.built:
            self.built[build] = self._build(build)
        return self.built[build]

    def _build(self, build: Callable[[Make], Any]) -> Beginning:
        folder = self.home / str(len(self.built))
        folder.mkdir(parents=True)
        present.begin()
        url = self.server.fresh(folder)
        app = self.app_on(url, folder)
        with app.app_context():
            known = build(Make(app))
            db.session.remove()
            db.engine.dispose()
        return Beginning(url, folder, known, clock.now() - present.beginning())

    def copy(self, beginning: Beginning, folder: Path) -> str:
        """Copy a state into a test's folder and return the address of its database."""
        for name in ("data", "photos"):
            if (beginning.folder / name).exists():
                shutil.copytree(beginning.folder / name, folder / name)
        return self.server.copy(beginning.url, folder)
