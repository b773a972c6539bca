"""Copies of the ledger with a guard taken out, to see whether anybody misses it.

SQLite gets a copy in memory, built from the edited schema; PostgreSQL changes its schema in the
transaction of the attack and rolls both back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Engine,
    ForeignKeyConstraint,
    UniqueConstraint,
    create_engine,
    text,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import StaticPool

from grid_report.db import Base, db, prepare
from grid_report.points.audit.expected_triggers import EARNING_TABLES, TABLES
from tests.points.book import is_sqlite, name_of, refusal_of

# What the other tables of a copy need for the ledger's foreign keys.
BESIDE = ("members", "communities", "streets")


@dataclass(frozen=True)
class Guard:
    """A check in a trigger, or a constraint or unique index of a table."""

    where: str
    name: str
    is_trigger: bool = False

    def __str__(self) -> str:
        return f"{self.where}.{self.name}"

    @property
    def short(self) -> str:
        """The name as attacks say it."""
        return self.name.removeprefix(f"ck_{self.where}_")


def all_guards() -> list[Guard]:
    """List every guard of the ledger's tables in this test's database.

    Keys that hold a primary key are left out: they cannot be broken, foreign keys point at them.
    """
    found = [
        Guard(trigger, name, is_trigger=True)
        for trigger, source in _triggers()
        for name in dict.fromkeys(re.findall(_raises(r"(\w+)"), source))
    ]
    for table_name in TABLES:
        table = Base.metadata.tables[table_name]
        ids = set(table.primary_key.columns.keys())
        for constraint in table.constraints:
            if isinstance(constraint, UniqueConstraint) and ids <= set(constraint.columns.keys()):
                continue
            if isinstance(constraint, CheckConstraint | UniqueConstraint | ForeignKeyConstraint):
                found.append(Guard(table_name, str(constraint.name)))
        found += [Guard(table_name, str(i.name)) for i in table.indexes if i.unique]
    return sorted(found, key=str)


def outcome(without: Sequence[Guard], statements: Sequence[str]) -> str:
    """Attack where those guards are gone; return who refused it, or that nobody did."""
    if not is_sqlite():
        return _in_postgresql(without, statements)
    engine = _copy(without)
    try:
        return refusal_of(statements, engine) or "nobody"
    except DBAPIError as error:
        return str(error.orig)
    finally:
        engine.dispose()


def _raises(name: str) -> str:
    return rf"RAISE\(ABORT, '{name}'\)" if is_sqlite() else rf"RAISE EXCEPTION '{name}'"


def _triggers() -> list[tuple[str, str]]:
    query = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'point%'"
        if is_sqlite()
        else "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'point%'"
    )
    rows = [(str(row[0]), str(row[1])) for row in db.session.execute(text(query))]
    db.session.rollback()
    # Those of decisions and proposals are attacked in test_earning_guards.py.
    elsewhere = [r for r in rows if r[0].startswith(EARNING_TABLES) and "truncate" not in r[0]]
    return [row for row in rows if row not in elsewhere]


def _without_check(source: str, name: str) -> str:
    """Take one refusal out of a trigger's text."""
    if is_sqlite():
        head, _, body = source.partition(" BEGIN ")
        parts = body.removesuffix("; END").split("; ")
        kept = [part for part in parts if f"'{name}'" not in part.split(" WHERE ")[0]]
        assert len(kept) < len(parts), name
        # A trigger cannot be empty.
        return f"{head} BEGIN {'; '.join(kept or ['SELECT 1'])}; END"
    parts = source.split("END IF;")
    for number, part in enumerate(parts):
        if f"RAISE EXCEPTION '{name}'" in part:
            before = part[: part.index(" THEN RAISE")]
            parts[number] = part[: before.rindex("IF ")]
            return "END IF;".join(parts[: number + 1]) + "END IF;".join(parts[number + 1 :])
    raise AssertionError(name)


def _without_constraint(source: str, name: str) -> str:
    """Take one named constraint out of a CREATE TABLE."""
    start = re.search(rf",\s*CONSTRAINT {name}\b", source)
    assert start is not None, name
    depth, end = 0, start.end()
    while depth or source[end] not in ",)":
        depth += {"(": 1, ")": -1}.get(source[end], 0)
        end += 1
    return source[: start.start()] + source[end:]


def _copy(without: Sequence[Guard]) -> Engine:
    gone = {(guard.where, guard.name): guard for guard in without}
    engine = create_engine("sqlite://", poolclass=StaticPool)
    prepare(engine)
    raw: Any = engine.raw_connection().driver_connection
    raw.execute("PRAGMA foreign_keys = OFF")
    raw.execute("ATTACH ? AS source", (db.engine.url.database,))
    tables = (*BESIDE, *TABLES)
    schema = raw.execute(
        "SELECT type, name, tbl_name, sql FROM source.sqlite_master WHERE sql IS NOT NULL"
        f" AND tbl_name IN ({', '.join('?' * len(tables))})"
        " ORDER BY CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 ELSE 3 END",
        tables,
    ).fetchall()
    for kind, name, table, sql in schema:
        edited = sql
        if kind == "index" and (table, name) in gone:
            continue
        for guard in without:
            if kind == "table" and guard.where == name and f"CONSTRAINT {guard.name}" in edited:
                edited = _without_constraint(edited, guard.name)
            elif kind == "trigger" and guard.where == name:
                edited = _without_check(edited, guard.name)
        raw.execute(edited)
        if kind == "table":
            columns = ", ".join(
                row[1] for row in raw.execute(f"PRAGMA source.table_xinfo({name})") if row[6] == 0
            )
            raw.execute(f"INSERT INTO {name} ({columns}) SELECT {columns} FROM source.{name}")
    raw.execute("DETACH source")
    raw.execute("PRAGMA foreign_keys = ON")
    return engine


def _in_postgresql(without: Sequence[Guard], statements: Sequence[str]) -> str:
    db.session.rollback()
    with db.engine.connect() as connection:
        work = connection.begin()
        try:
            for change in _changes(connection, without):
                connection.exec_driver_sql(change)
            for statement in (*statements, "SET CONSTRAINTS ALL IMMEDIATE"):
                connection.exec_driver_sql(statement)
        except DBAPIError as error:
            return name_of(error, statements, db.engine) or str(error.orig)
        finally:
            work.rollback()
    return "nobody"


def _changes(connection: Connection, without: Sequence[Guard]) -> Iterator[str]:
    for guard in without:
        if guard.is_trigger:
            source = connection.execute(
                text("SELECT prosrc FROM pg_proc WHERE proname = :name"), {"name": guard.where}
            ).scalar_one()
            body = _without_check(source, guard.name)
            yield (
                f"CREATE OR REPLACE FUNCTION {guard.where}() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ {body} $$"
            )
        elif guard.name in {str(i.name) for i in Base.metadata.tables[guard.where].indexes}:
            yield f"DROP INDEX {guard.name}"
        else:
            yield f"ALTER TABLE {guard.where} DROP CONSTRAINT {guard.name}"
