"""Faults of the machine and not of the program: the database is gone, the disk is full.

They are told from each other here, answered with 503 (`web/http/problems.py`), and said once in the
log in a plain sentence: a hundred tracebacks a second would hide what happened, and fill a disk.
"""

from __future__ import annotations

import errno
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Final

from sqlalchemy.exc import DBAPIError

from grid_report.errors import Busy, GridReportError

logger = logging.getLogger(__name__)

# How often the same trouble is said again while it lasts.
SAID_AGAIN_S: Final = 60.0

_FULL_ERRNOS: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
_FULL_STATES: Final = frozenset({"53100", "25006"})
_GONE_STATES: Final = frozenset({"53300", "57P01", "57P02", "57P03"})
_FULL_NAMES: Final = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR")


@dataclass(eq=False)
class DatabaseGone(Busy):
    """The database cannot be reached. Becomes 503 with Retry-After."""

    code: ClassVar[str] = "database-gone"
    retry_after_s: int = 10


@dataclass(eq=False)
class DiskFull(Busy):
    """Nothing can be written: the disk is full, or may only be read. Becomes 503."""

    code: ClassVar[str] = "disk-full"
    retry_after_s: int = 60


def behind(error: BaseException | None) -> DatabaseGone | DiskFull | None:
    """Return the trouble an error comes from; None for every other error."""
    while error is not None:
        if isinstance(error, DatabaseGone | DiskFull):
            return error
        found = _of_database(error) if isinstance(error, DBAPIError) else _of_disk(error)
        if found is not None:
            return found
        error = error.__cause__
    return None


def _of_disk(error: BaseException) -> DiskFull | None:
    is_full = isinstance(error, OSError) and error.errno in _FULL_ERRNOS
    return DiskFull() if is_full else None


def _of_database(error: DBAPIError) -> DatabaseGone | DiskFull | None:
    name = getattr(error.orig, "sqlite_errorname", None)
    if name is not None:
        if name.startswith(_FULL_NAMES):
            return DiskFull()
        return DatabaseGone() if name.startswith("SQLITE_CANTOPEN") else None
    state = getattr(error.orig, "sqlstate", None)
    if state in _FULL_STATES:
        return DiskFull()
    if error.connection_invalidated or state in _GONE_STATES or (state or "").startswith("08"):
        return DatabaseGone()
    # A connection that was never made has no state to tell.
    is_unmade = state is None and type(error.orig).__name__ in (
        "OperationalError",
        "ConnectionTimeout",
    )
    return DatabaseGone() if is_unmade else None


class Log:
    """Says a trouble when it begins and once a minute while it lasts. One a process."""

    def __init__(self, ticks: Callable[[], float] = time.monotonic) -> None:
        self._ticks = ticks
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}
        self._kept_back: dict[str, int] = {}

    def say(self, trouble: GridReportError, where: str, reason: object = "") -> None:
        """Say it, unless it was said within the minute; then it is only counted."""
        with self._lock:
            now, said = self._ticks(), self._said.get(trouble.code)
            if said is not None and now - said < SAID_AGAIN_S:
                self._kept_back[trouble.code] = self._kept_back.get(trouble.code, 0) + 1
                return
            self._said[trouble.code] = now
            others = self._kept_back.pop(trouble.code, 0)
        logger.error(
            _SENTENCES[trouble.code],
            extra={"where": where, "reason": _first_line(reason), "kept_back": others},
        )


_SENTENCES: Final = {
    DatabaseGone.code: "the database cannot be reached; what needs it is answered with 503",
    DiskFull.code: "nothing can be written, the disk is full or may only be read;"
    " what needs it is answered with 503",
}


def _first_line(reason: object) -> str:
    orig = getattr(reason, "orig", None) or reason
    lines = str(orig).strip().splitlines()
    return lines[0][:200] if lines else ""


log = Log()
