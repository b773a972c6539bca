"""Folders of photos on their way in, and what a killed process left of them.

What was sent, with all its metadata, has no name on the disk where the system can do that: it is
gone with the process. A folder is locked while its process lives, so that the next start knows which
are nobody's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from grid_report.media.errors import PhotoStoreUnavailable

PREFIX = "in-"
# Not locked yet, and empty: of no interest to anybody but the sweep.
_NEW = "new-"


@contextmanager
def arrival(staging: Path) -> Iterator[Path]:
    """Make a folder for one submission, locked for as long as this process has it.

    Raises PhotoStoreUnavailable.
    """
    try:
        new = Path(tempfile.mkdtemp(prefix=_NEW, dir=staging))
        handle = os.open(new, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise PhotoStoreUnavailable from error
    folder = new.with_name(PREFIX + new.name.removeprefix(_NEW))
    try:
        try:
            with contextlib.suppress(OSError):  # a disk without locks: the sweep clears it in time
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            new.rename(folder)
        except OSError as error:
            raise PhotoStoreUnavailable from error
        yield folder
    finally:
        for left in (new, folder):
            shutil.rmtree(left, ignore_errors=True)
        os.close(handle)


def take_in(path: Path) -> tuple[FileIO, str]:
    """Make a file for what is sent; return it, and the name under which a child can open it.

    That is a way to the open file itself, which has no other name any more; the name it was given
    where this system has no such way. It must stay open until the child is done. Raises OSError.
    """
    file = path.open("x+b", buffering=0)
    way = f"/proc/{os.getpid()}/fd/{file.fileno()}"
    try:
        # A process that changed its user is closed to its own children.
        if os.stat(f"/proc/{os.getpid()}").st_uid != os.geteuid() or not os.access(way, os.R_OK):
            return file, str(path)
        path.unlink()
    except OSError:
        return file, str(path)
    return file, way


def clear_left_behind(staging: Path) -> int:
    """Remove the folders of processes that are gone; say how many. Those of living ones are locked."""
    removed = 0
    with contextlib.suppress(OSError):
        for folder in sorted(staging.glob(f"{PREFIX}*")):
            with contextlib.suppress(OSError):
                handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(folder, ignore_errors=True)
                    removed += 1
                finally:
                    os.close(handle)
    return removed
