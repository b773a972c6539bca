"""Databases for random histories: a hundred on each, every one with months of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from sqlalchemy import event

from grid_report import create_app
from grid_report.clock import Month
from grid_report.db import db
from grid_report.points.audit import rebuild_queries
from tests.conftest import test_settings
from tests.points.book import TERMS, Book
from tests.support.databases import Databases

# No hold of any history is late then.
BEFORE_ALL = datetime(2025, 1, 1, tzinfo=UTC)
# As many on one database: each has riders, providers and months of its own.
ON_ONE_DATABASE = 100


class Shelf:
    """Hands out the book of a database, and a new one when that is full."""

    def __init__(self, server: Databases) -> None:
        self.server = server
        self.histories = 0
        self.stack = ExitStack()
        self.book: Book | None = None

    def take(self) -> tuple[Book, int]:
        """Return a book, and the number of the history in it."""
        number = self.histories % ON_ONE_DATABASE
        self.histories += 1
        if number == 0 or self.book is None:
            self.close()
            self.book = self.stack.enter_context(fresh_book(self.server))
        return self.book, number

    def close(self) -> None:
        """Audit the book that is full, and put it away."""
        if self.book is not None:
            assert self.book.differences(BEFORE_ALL) == []
            # Every balance and every lot again, from the transfers alone.
            assert rebuild_queries.find_mismatches(db.engine) == []
        self.stack.close()
        self.book = None


@contextmanager
def fresh_book(server: Databases) -> Iterator[Book]:
    with tempfile.TemporaryDirectory() as folder:
        url = server.fresh(Path(folder))
        app = create_app(test_settings(url, Path(folder)))
        with app.app_context():
            _hurry(app)
            yield Book()
            db.session.remove()
            db.engine.dispose()
        app.extensions["grid_report"].media.close()
        server.drop(url)


def _hurry(_app: Flask) -> None:
    """Let SQLite not wait for the disk: these histories are about points, not about power."""
    if db.engine.dialect.name == "sqlite":
        event.listen(
            db.engine, "connect", lambda raw, _record: raw.execute("PRAGMA synchronous=OFF")
        )


def months_of(history: int) -> list[Month]:
    """Return five months that no other history has: two, and those a year after them."""
    first = Month(2026, 1).plus(24 * (history // 4) + 3 * (history % 4))
    return [first.plus(n) for n in (0, 1, 12, 13, 14)]


def instants_of(months: list[Month]) -> list[datetime]:
    """Return the instants the clock jumps between, also those where points are just over."""
    first, second, _, over, end = (month.bounds(TERMS.zone)[0] for month in months)
    return [
        first + timedelta(days=4),
        first + timedelta(days=20),
        second - timedelta(seconds=1),
        second + timedelta(days=5),
        over - timedelta(seconds=1),
        over,
        over + timedelta(days=9),
        end + timedelta(days=3),
    ]
