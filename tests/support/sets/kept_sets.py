"""Databases that are long in the making, left in a folder under a name and found there again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from flask import Flask

from grid_report import create_app, schema, settings
from grid_report.db import db
from tests.support.databases import PostgresDatabases


class Shelf(Protocol):
    """Where they lie."""

    def find(self, name: str) -> str | None:
        """Return the address of one that is whole."""

    def make(self, name: str, build: Callable[[str], None]) -> str:
        """Make one by that name; half of one is never found."""


class Files:
    """SQLite files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, name: str) -> str | None:
        path = self.folder / f"{name}.sqlite"
        return f"sqlite:///{path}" if path.exists() else None

    def make(self, name: str, build: Callable[[str], None]) -> str:
        half, path = self.folder / f"{name}.half", self.folder / f"{name}.sqlite"
        for one in self.folder.glob(f"{name}.half*"):
            one.unlink()
        build(f"sqlite:///{half}")
        # Everything into the one file: renamed without its log it would lack rows.
        with sqlite3.connect(half) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        half.rename(path)
        return f"sqlite:///{path}"


class Server:
    """Databases of a PostgreSQL server whose data is in a folder."""

    def __init__(self, server: PostgresDatabases) -> None:
        self.server = server

    def find(self, name: str) -> str | None:
        return self.server.find(name)

    def make(self, name: str, build: Callable[[str], None]) -> str:
        url = self.server.empty(Path())
        try:
            build(url)
            return self.server.rename(url, name)
        except BaseException:
            self.server.drop(url)
            raise


@contextmanager
def shelf(kind: str, folder: Path) -> Iterator[Shelf]:
    """Offer the databases of a kind that a folder keeps, `sqlite` or `postgresql`."""
    if kind != "postgresql":
        yield Files(folder)
        return
    server = PostgresDatabases(folder, folder / "postgresql")
    try:
        yield Server(server)
    finally:
        server.stop()


@contextmanager
def app_on(url: str, folder: Path) -> Iterator[Flask]:
    """Offer an app on a database, brought to the newest schema."""
    app = create_app(
        settings.load(
            {"GRID_REPORT_ENV": "testing"},
            {
                "storage": {"data": str(folder), "database_url": url},
                "limits": {"reports_per_hour": 10**6, "reports_per_day": 10**6},
            },
        )
    )
    with app.app_context():
        schema.upgrade(db.engine)
        db.session.remove()
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        app.extensions["grid_report"].media.close()
