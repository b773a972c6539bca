"""What writes are measured against: a commit of one row that is on the disk when it returns."""

from __future__ import annotations

import itertools

from sqlalchemy import text

from grid_report.db import db, transaction, use_case
from tests.points.book import STATION

COUNT = itertools.count()


def make_durable() -> None:
    """Undo for this PostgreSQL what the tests' server does for their speed."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(text(f"ALTER SYSTEM SET {name} = on"))
        connection.execute(text("SELECT pg_reload_conf()"))


@use_case
def bare_commit() -> None:
    """Change one row of a table without triggers."""
    with transaction() as session:
        # Something else each time: SQLite does not write what stays the same.
        session.execute(
            text("UPDATE communities SET name = :n WHERE code = :c"),
            {"n": f"站前 {next(COUNT)}", "c": STATION},
        )
