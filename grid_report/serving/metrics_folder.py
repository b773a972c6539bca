"""The folder for the figures the workers of one site share: in memory, and the holder's alone."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from grid_report.settings import Settings

SHARED: Final = Path("/dev/shm")  # noqa: S108 - what is made in it is private
# How often a folder of the own is tried for.
TRIES: Final = 3


@dataclass(frozen=True)
class OwnFolder:
    """A folder that is its holder's as long as the lock on it stands: the system lets go of it."""

    path: Path
    lock: int

    def drop(self) -> None:
        """Remove the folder and let go of it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self.lock)


def fresh_folder(settings: Settings) -> OwnFolder | None:
    """Return an empty folder for the figures the workers share; None where there is room for none.

    In memory where the system has a place for that: a data disk may become full or read-only.
    Two sites of one data folder have one each; what a killed one left behind is removed.
    """
    about = f"{os.geteuid()} {settings.data_dir.resolve()}"
    name = f"grid-report-{hashlib.sha256(about.encode()).hexdigest()[:16]}-"
    for place, prefix in ((SHARED, name), (settings.data_dir, "metrics-")):
        with suppress(OSError):
            _remove_left(place, prefix)
        for _ in range(TRIES):
            with suppress(OSError):
                path = Path(tempfile.mkdtemp(prefix=prefix, dir=place)).resolve()
                lock = _hold(path)
                if lock is not None:
                    return OwnFolder(path, lock)
    return None


def _remove_left(place: Path, prefix: str) -> None:
    """Remove the folders nobody holds any more. Not what somebody else put there."""
    for path in place.glob(f"{prefix}*"):
        with suppress(OSError):
            if path.is_symlink() or path.stat().st_uid != os.geteuid():
                continue
            lock = _hold(path)
            if lock is not None:
                OwnFolder(path, lock).drop()


def _hold(path: Path) -> int | None:
    """Lock a folder; None where somebody holds it or has removed it. Raises OSError."""
    lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between its making and its locking another site may have taken it for one left behind.
        if os.path.samestat(os.fstat(lock), path.stat()):
            return lock
    except OSError:
        pass
    os.close(lock)
    return None
