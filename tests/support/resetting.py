"""Brings a PostgreSQL database of the tests back to its beginning, instead of making another.

The template holds a copy of every row it begins with in the schema `beginning`, and a function
that puts them back: cloning and dropping a database costs 25 ms, and a connection to a new one
reads its whole catalogue anew, which is most of what a small test costs. What a test did to the
schema itself cannot be taken back; such a database is dropped.
"""

from __future__ import annotations

import psycopg
from psycopg import sql

SCHEMA = "beginning"

# Every object has its number; a table or trigger that was made, changed or dropped shows, and so
# does a setting of the database. A function that was replaced keeps its number: it is told by what
# it says.
FINGERPRINT = """
    SELECT (SELECT count(*) || ':' || max(oid) FROM pg_class WHERE relkind <> 't')
      || ':' || (SELECT count(*) || ':' || max(oid) FROM pg_constraint)
      || ':' || (SELECT count(*) || ':' || max(oid) || ':' || count(*) FILTER (WHERE tgenabled <> 'O')
                 FROM pg_trigger)
      || ':' || (SELECT count(*) FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped)
      || ':' || (SELECT count(*) || ':' || max(oid) FROM pg_attrdef)
      || ':' || (SELECT md5(string_agg(proname || prosrc, '' ORDER BY oid)) FROM pg_proc
                 WHERE pronamespace = 'public'::regnamespace)
      || ':' || (SELECT count(*) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase
                 WHERE d.datname = current_database())
"""
# Locks and transactions somebody left would hold up the next test, or the cleaning.
LEFT_BEHIND = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity a
    WHERE datname = current_database() AND pid <> pg_backend_pid()
      AND (state <> 'idle' OR EXISTS (SELECT FROM pg_locks l WHERE l.pid = a.pid))
"""


def keep_beginning(url: str) -> None:
    """Keep what a template begins with, and the function that brings it back."""
    with _connected(url) as connection:
        names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        tables = [name for (name,) in connection.execute(names)]
        sequences = connection.execute(
            "SELECT sequencename, start_value, last_value FROM pg_sequences"
            " WHERE schemaname = 'public'"
        ).fetchall()
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
        steps = [_step(connection, table) for table in tables]
        steps += [
            sql.SQL("PERFORM setval({}, {}, {});").format(
                sql.Literal(f'public."{name}"'),
                sql.Literal(start if last is None else last),
                sql.Literal(last is not None),
            )
            for name, start, last in sequences
        ]
        body = sql.SQL("\n").join(steps).as_string(connection)
        connection.execute(
            f"CREATE FUNCTION {SCHEMA}.put_back() RETURNS void LANGUAGE plpgsql AS"
            f" $put$ BEGIN {body} END $put$"
        )
        connection.execute(f"CREATE TABLE {SCHEMA}.looks (text text)")
        # Itself it changes nothing that it counts.
        connection.execute(f"INSERT INTO {SCHEMA}.looks {FINGERPRINT}")


class Resetting:
    """Resets one database again and again, on a connection that knows it by then."""

    def __init__(self, url: str) -> None:
        self.connection = _connected(url)
        # No trigger and no foreign key is asked: the ledger forbids what happens here.
        self.connection.execute("SET session_replication_role = replica; SET lock_timeout = '2s'")

    def reset(self) -> bool:
        """Bring the database back to its beginning; False where only a new one would do."""
        try:
            self.connection.execute(LEFT_BEHIND)
            same = self.connection.execute(
                f"SELECT text = ({FINGERPRINT}) FROM {SCHEMA}.looks"
            ).fetchone()
            if same != (True,):
                return False
            self.connection.execute(f"SELECT {SCHEMA}.put_back()")
        except (psycopg.errors.LockNotAvailable, psycopg.OperationalError):
            return False
        return True

    def close(self) -> None:
        """Let go of the database."""
        self.connection.close()


def _step(connection: psycopg.Connection, table: str) -> sql.Composed:
    """Keep what a table begins with; return what brings it back. Most begin empty."""
    names = {"here": sql.Identifier("public", table), "kept": sql.Identifier(SCHEMA, table)}
    found = connection.execute(sql.SQL("SELECT FROM {here} LIMIT 1").format(**names)).fetchone()
    if found is None:
        text = "IF EXISTS (SELECT FROM {here}) THEN DELETE FROM {here}; END IF;"
        return sql.SQL(text).format(**names)
    connection.execute(sql.SQL("CREATE TABLE {kept} AS TABLE {here}").format(**names))
    columns = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        [f'public."{table}"'],
    )
    own = sql.SQL(", ").join(sql.Identifier(name) for (name,) in columns)
    return sql.SQL(
        "IF EXISTS ((SELECT h::text FROM {here} h EXCEPT ALL SELECT k::text FROM {kept} k)"
        " UNION ALL (SELECT k::text FROM {kept} k EXCEPT ALL SELECT h::text FROM {here} h)) THEN"
        " DELETE FROM {here}; INSERT INTO {here} ({own}) OVERRIDING SYSTEM VALUE"
        " SELECT {own} FROM {kept}; END IF;"
    ).format(own=own, **names)


def _connected(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:"), autocommit=True)
