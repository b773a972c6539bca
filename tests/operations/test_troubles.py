"""Faults of the machine are told from faults of the program, and said once."""

from __future__ import annotations

import errno
import logging
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from grid_report import troubles
from grid_report.errors import Busy
from grid_report.troubles import DatabaseGone, DiskFull
from tests.conftest import KIND


class OfPostgres(Exception):
    """An error as psycopg raises it."""

    def __init__(self, sqlstate: str | None) -> None:
        super().__init__("it said no\nand why")
        self.sqlstate = sqlstate


def wrapped(sqlstate: str | None, *, invalidated: bool = False) -> DBAPIError:
    return DBAPIError("SELECT 1", {}, OfPostgres(sqlstate), connection_invalidated=invalidated)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (wrapped("57P01", invalidated=True), DatabaseGone),  # it is being shut down
        (wrapped("57P03"), DatabaseGone),  # it is starting up
        (wrapped("53300"), DatabaseGone),  # it has no connection left
        (wrapped("08006"), DatabaseGone),  # the line is broken
        (wrapped(None, invalidated=True), DatabaseGone),
        (wrapped("53100"), DiskFull),
        (wrapped("25006"), DiskFull),  # a standby, or set to be read only
        (wrapped("23505"), None),  # twice the same key
        (wrapped("42P01"), None),  # no such table
        (OSError(errno.ENOSPC, "full"), DiskFull),
        (OSError(errno.EROFS, "read only"), DiskFull),
        (OSError(errno.EDQUOT, "quota"), DiskFull),
        (OSError(errno.ENOENT, "absent"), None),
        (RuntimeError("broken"), None),
        (Busy(), None),
    ],
)
def test_each_fault_is_known_for_what_it_is(error: Exception, trouble: Any) -> None:
    found = troubles.behind(error)
    assert (type(found) if found else None) is trouble


def test_what_an_error_was_caused_by_counts() -> None:
    outer = RuntimeError("outer")
    outer.__cause__ = OSError(errno.ENOSPC, "full")
    assert isinstance(troubles.behind(outer), DiskFull)


def test_sqlites_own_words_are_known(tmp_path: Path) -> None:
    if KIND != "sqlite":
        pytest.skip("SQLite's own errors")
    path = tmp_path / "one.sqlite"
    seen = {}
    for name, url, statement in (
        ("made", f"sqlite:///{path}", "CREATE TABLE one (id INTEGER PRIMARY KEY)"),
        ("read only", f"sqlite:///file:{path}?mode=ro&uri=true", "INSERT INTO one VALUES (1)"),
        ("absent", f"sqlite:///file:{path}x?mode=rw&uri=true", "SELECT 1"),
        ("no table", f"sqlite:///{path}", "SELECT 1 FROM two"),
    ):
        engine = create_engine(url)
        try:
            with engine.begin() as connection:
                connection.execute(text(statement))
            seen[name] = "fine"
        except DBAPIError as error:
            seen[name] = type(troubles.behind(error)).__name__
        engine.dispose()
    assert seen == {
        "made": "fine", "read only": "DiskFull", "absent": "DatabaseGone", "no table": "NoneType",
    }  # fmt: skip


def test_the_same_trouble_is_said_once_a_minute_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = [0.0]
    log = troubles.Log(lambda: now[0])
    caplog.set_level(logging.INFO)
    for second in range(61):
        now[0] = float(second)
        log.say(DiskFull(), "/report/new", OSError(errno.ENOSPC, "No space left on device"))
    log.say(DatabaseGone(), "/inbox", wrapped("57P01"))
    first, again, other = caplog.records
    assert "nothing can be written" in first.message
    assert (vars(first)["where"], vars(first)["kept_back"]) == ("/report/new", 0)
    assert vars(again)["kept_back"] == 59
    assert "cannot be reached" in other.message
    assert vars(other)["reason"] == "it said no"
    assert all(record.exc_info is None for record in caplog.records)
