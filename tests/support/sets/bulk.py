"""Filling tables by the million: past triggers and foreign keys, without their indexes meanwhile.

For benchmarks only. What is written has to be what the program would have written; nothing here
sees to that.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, Final

from grid_report.db import db

# Nothing of this survives a crash, nor has to.
_FAST: Final = (
    "PRAGMA foreign_keys = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -1000000",
)


class Bulk:
    """One connection that commits every statement by itself."""

    def __init__(self, connection: Any, *, sqlite: bool) -> None:
        self.connection, self.sqlite = connection, sqlite

    def run(self, statement: str) -> int:
        """Run a statement and return how many rows it wrote."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(statement)
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Read all rows."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]
        finally:
            cursor.close()

    def number(self, statement: str) -> int:
        """Read one whole number, 0 for none."""
        return int(self.rows(statement)[0][0] or 0)

    def later(self, column: str, seconds: str) -> str:
        """Say in SQL an instant so many whole seconds later."""
        if self.sqlite:
            return (
                f"strftime('%Y-%m-%d %H:%M:%S', {column}, ({seconds}) || ' seconds') || '.000000'"
            )
        return f"{column} + ({seconds}) * INTERVAL '1 second'"

    def epoch(self, column: str) -> str:
        """Say in SQL the seconds since 1970 of an instant."""
        if self.sqlite:
            return f"CAST(strftime('%s', {column}) AS INTEGER)"
        return f"CAST(EXTRACT(EPOCH FROM {column}) AS BIGINT)"

    def instant(self, seconds: str) -> str:
        """Say in SQL the instant of so many seconds since 1970."""
        if self.sqlite:
            return f"strftime('%Y-%m-%d %H:%M:%S', {seconds}, 'unixepoch') || '.000000'"
        return f"to_timestamp({seconds})"


@contextlib.contextmanager
def filling(tables: Sequence[str]) -> Iterator[Bulk]:
    """Offer a connection for filling tables: their triggers and indexes are back afterwards."""
    db.session.remove()
    sqlite = db.engine.dialect.name == "sqlite"
    pooled = db.engine.raw_connection()
    raw = pooled.driver_connection
    assert raw is not None
    # Its settings are its own: nobody else is given it.
    pooled.detach()
    if not sqlite:
        raw.autocommit = True
    bulk = Bulk(raw, sqlite=sqlite)
    try:
        for statement in _FAST if sqlite else ("SET session_replication_role = replica",):
            bulk.run(statement)
        names = ", ".join(f"'{it}'" for it in tables)
        if sqlite:
            again = bulk.rows(
                "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL"
                f" AND type IN ('index', 'trigger') AND tbl_name IN ({names}) ORDER BY type, tbl_name"
            )
        else:
            again = bulk.rows(
                "SELECT 'index', indexname, indexdef FROM pg_indexes i WHERE schemaname = 'public'"
                f" AND tablename IN ({names}) AND NOT EXISTS"
                " (SELECT 1 FROM pg_constraint c WHERE c.conindid = indexname::regclass)"
            )
        for kind, name, _ in again:
            bulk.run(f"DROP {kind} {name}")
        yield bulk
        for _, _, statement in again:
            bulk.run(statement)
        # What PostgreSQL does by itself in the background; SQLite's planner is never told.
        bulk.run("PRAGMA wal_checkpoint(TRUNCATE)" if sqlite else "VACUUM ANALYZE")
    finally:
        raw.close()
