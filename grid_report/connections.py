"""How connections to the database are opened, and that none is used whose other end is gone."""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, event
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.exc import DisconnectionError

# What the client library is told; an address (`?connect_timeout=…`) may say otherwise.
POSTGRES: Final[Mapping[str, int]] = {
    "connect_timeout": 3,  # seconds; whoever waits holds one of the threads
    "tcp_user_timeout": 10_000,  # milliseconds until what is sent and not acknowledged is given up
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
# After a failed try, how long nobody tries again, in seconds.
PAUSE_S: Final = 1.0


def options(address: str, threads: int) -> dict[str, Any]:
    """Return the options of an engine: a connection a thread, asked before use if it still is one."""
    # Whoever waits for a connection of another thread would look like a slow database.
    pool: dict[str, Any] = {"pool_size": threads, "max_overflow": 4}
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        return pool
    said = {name: value for name, value in POSTGRES.items() if name not in url.query}
    return {**pool, "pool_pre_ping": True, "connect_args": said}


def look_after(engine: Engine) -> None:
    """Teach an engine to give up quickly, and never to make a database nobody asked for."""
    if engine.dialect.name != "sqlite":
        event.listen(engine, "do_connect", _Door().connect)
    elif file_of(engine.url):
        event.listen(engine, "do_connect", _open_what_is_there)
        event.listen(engine, "connect", _note_file)
        event.listen(engine, "checkout", _refuse_what_was_moved)


def file_of(url: URL) -> str | None:
    """Return the path of a SQLite database; None for one in memory or elsewhere."""
    path = url.database
    is_file = url.get_backend_name() == "sqlite" and path and path != ":memory:"
    return path if is_file else None


def make_file(engine: Engine) -> None:
    """Make an empty SQLite database where there is none. For the commands that fill it."""
    path = file_of(engine.url)
    if path:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def keep_private(file: Path) -> None:
    """Take from everybody else what an older version let them read of a SQLite database."""
    # The log and what is shared between processes are made with the mode of the file itself.
    for part in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        with contextlib.suppress(OSError):
            mode = part.stat().st_mode
            if stat.S_ISREG(mode) and mode & 0o077:
                part.chmod(0o600)


class _Door:
    """While a database does not answer one thread knocks, and the others are told at once.

    Were each to wait for itself, soon nobody would be left to answer what needs no database.
    """

    def __init__(self) -> None:
        self._one = threading.Lock()
        self._shut_until: float | None = None

    def connect(self, dialect: Dialect, _record: object, words: Any, named: dict[str, Any]) -> Any:
        """Open a connection. Raises the driver's OperationalError."""
        until = self._shut_until
        if until is None:
            return self._knock(dialect, words, named)
        if time.monotonic() < until or not self._one.acquire(blocking=False):
            raise dialect.loaded_dbapi.OperationalError("no connection: it failed a moment ago")
        try:
            return self._knock(dialect, words, named)
        finally:
            self._one.release()

    def _knock(self, dialect: Dialect, words: Any, named: dict[str, Any]) -> Any:
        try:
            opened = dialect.connect(*words, **named)
        except Exception:
            self._shut_until = time.monotonic() + PAUSE_S
            raise
        self._shut_until = None
        return opened


def _open_what_is_there(
    _dialect: Dialect, _record: object, words: list[Any], named: dict[str, Any]
) -> None:
    # By itself SQLite makes an empty file, and the site would be one without tables.
    words[0] = Path(words[0]).absolute().as_uri() + "?mode=rw"
    named["uri"] = True


def _note_file(connection: Any, record: Any) -> None:
    path = connection.execute("PRAGMA database_list").fetchone()[2]
    record.info["file"] = (path, _identity(path))


def _refuse_what_was_moved(_connection: object, record: Any, _proxy: object) -> None:
    # A connection stays with the file it opened, wherever that went; what it writes is lost there.
    path, identity = record.info["file"]
    if _identity(path) != identity:
        raise DisconnectionError(f"another file is at {path} now, or none")


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
