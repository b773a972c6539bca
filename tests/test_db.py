"""`transaction()`: alone, whole, on what is true now; and what happens when a race is lost."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from grid_report import db as database
from grid_report.accounts.models import RateCounter
from grid_report.clock import now
from grid_report.db import (
    DirtySession,
    NestedTransaction,
    db,
    is_lost_race,
    prepare,
    transaction,
    use_case,
)
from grid_report.errors import Busy
from grid_report.reports import steps
from tests.support.builders import Make

pytestmark = pytest.mark.database


def counter(name: str) -> RateCounter:
    return RateCounter(name=name, window_start=now(), hits=1)


def names() -> set[str]:
    db.session.rollback()
    return set(db.session.scalars(text("SELECT name FROM rate_counters")))


@pytest.fixture
def elsewhere(app: Flask) -> Any:
    """Return a connection of another process, so to speak, that waits for nobody."""
    engine = create_engine(app.extensions["grid_report"].settings.sqlalchemy_url)
    prepare(engine)
    with engine.connect() as connection:
        is_sqlite = engine.dialect.name == "sqlite"
        connection.exec_driver_sql(
            "PRAGMA busy_timeout = 0" if is_sqlite else "SET lock_timeout = '50ms'"
        )
        connection.commit()
        yield connection
    engine.dispose()


def test_what_is_done_is_there_after_the_block_and_nothing_of_it_after_an_error(
    app: Flask,
) -> None:
    def write(name: str, error: Exception | None = None) -> None:
        with transaction() as session:
            session.add(counter(name))
            session.flush()
            if error:
                raise error

    write("kept")
    with pytest.raises(ZeroDivisionError):
        write("lost", ZeroDivisionError())
    assert names() == {"kept"}


def test_a_use_case_inside_a_use_case_is_refused_and_the_outer_one_writes_nothing(
    app: Flask,
) -> None:
    def write(name: str, *inner: str) -> None:
        with transaction() as session:
            session.add(counter(name))
            for each in inner:
                write(each)

    with pytest.raises(NestedTransaction):
        write("outer", "inner")
    assert names() == set()
    write("next")  # the refusal left nothing behind
    assert names() == {"next"}


def test_rows_changed_outside_are_not_committed_along(app: Flask) -> None:
    db.session.add(counter("stowaway"))
    with pytest.raises(DirtySession), transaction():
        pass
    assert names() == set()


def test_it_decides_on_what_is_true_now_not_on_what_was_read_before(
    app: Flask, elsewhere: Connection
) -> None:
    query = text("SELECT count(*) FROM rate_counters")
    assert db.session.scalar(query) == 0  # a snapshot is open from here on
    elsewhere.execute(
        text("INSERT INTO rate_counters (name, window_start, hits) VALUES ('new', :at, 1)"),
        {"at": "2026-11-23 00:00:00.000000+00:00"},
    )
    elsewhere.commit()
    with transaction() as session:
        assert session.scalar(query) == 1


def test_whoever_decides_holds_the_lock_from_the_first_look_on(
    make: Make, elsewhere: Connection
) -> None:
    report = make.report()
    change = text("UPDATE reports SET urges = urges + 1 WHERE id = :id")
    with transaction() as session:
        steps.lock(session, report.number)
        with pytest.raises(DBAPIError) as refused:
            elsewhere.execute(change, {"id": report.id})
        assert is_lost_race(refused.value)
        elsewhere.rollback()
    elsewhere.execute(change, {"id": report.id})
    elsewhere.commit()


def test_a_reader_waits_for_no_writer(make: Make, elsewhere: Connection) -> None:
    report = make.report()
    with transaction() as session:
        steps.lock(session, report.number).urges += 1
        session.flush()
        seen = elsewhere.execute(text("SELECT urges FROM reports")).scalar_one()
        elsewhere.rollback()
    assert seen == 0


def test_a_lost_race_is_tried_again_and_at_last_said_to_be_busy(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("grid_report.db.time.sleep", lambda _seconds: None)
    tries = []

    @use_case
    def write(losses: int) -> str:
        tries.append(1)
        with transaction() as session:
            session.add(counter(f"try {len(tries)}"))
            session.flush()
            if len(tries) <= losses:
                raise OperationalError("UPDATE", {}, Exception("database is locked"))
        return "done"

    assert write(3) == "done"
    assert names() == {"try 4"}
    tries.clear()
    with pytest.raises(Busy):
        write(99)
    assert len(tries) == database.RETRIES
    assert names() == {"try 4"}


def test_only_lost_races_are_tried_again(app: Flask) -> None:
    tries = []

    @use_case
    def write() -> None:
        tries.append(1)
        with transaction() as session:
            session.execute(text("SELECT nothing FROM nowhere"))

    with pytest.raises(DBAPIError):
        write()
    assert len(tries) == 1


class Coded(Exception):
    """An error of the database's driver, with its code."""

    def __init__(self, sqlstate: str) -> None:
        super().__init__("could not obtain lock")
        self.sqlstate = sqlstate


@pytest.mark.parametrize("sqlstate", ["40001", "40P01", "55P03"])
def test_postgresqls_lost_races_are_known_by_their_codes(sqlstate: str) -> None:
    assert is_lost_race(OperationalError("UPDATE", {}, Coded(sqlstate)))
    assert not is_lost_race(OperationalError("UPDATE", {}, Coded("23505")))


def test_every_sqlite_connection_keeps_our_rules(app: Flask) -> None:
    if db.engine.dialect.name != "sqlite":
        pytest.skip("SQLite only")
    with db.engine.connect() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }
    assert said == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "recursive_triggers": 1,
    }  # fmt: skip
