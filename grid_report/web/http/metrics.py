"""The files in which each worker keeps its figures, safe to write when nothing else can be.

prometheus_client maps a file longer than what is behind it. A page written there when the disk is
full, or has turned read-only, is no error that could be caught: the system ends the process
(SIGBUS). So what is mapped is reserved first, and kept in memory where that cannot be had.
"""

from __future__ import annotations

import logging
import mmap
import os
from contextlib import suppress
from typing import Any, Final

from prometheus_client import mmap_dict, values

logger = logging.getLogger(__name__)

FIRST_BYTES: Final = 1 << 18
# Where the first number lies says how much is used, after it comes padding.
_HEAD: Final = 8


class ReservedDict(mmap_dict.MmapedDict):
    """A file of figures whose every byte was asked for before it is mapped."""

    def __init__(self, filename: str, read_mode: bool = False) -> None:
        try:
            if not read_mode:
                _reserve_new(filename)
            super().__init__(filename, read_mode)
        except OSError as error:
            if read_mode:
                raise
            _say(error)
            self._f: Any = None
            self._fname = filename
            self._capacity = FIRST_BYTES
            self._m = mmap.mmap(-1, self._capacity)
            self._positions: dict[str, int] = {}
            self._used = _HEAD
            self._m[:4] = self._used.to_bytes(4, "little")

    def _init_value(self, key: str) -> None:
        # As long as the longest way of writing it: length, text, padding, two numbers.
        needed = self._used + 4 + len(key.encode()) + 8 + 16
        while needed > self._capacity:
            self._grow(self._capacity * 2)
        super()._init_value(key)

    def _grow(self, size: int) -> None:
        if self._f is not None:
            try:
                os.posix_fallocate(self._f.fileno(), 0, size)
                larger = mmap.mmap(self._f.fileno(), size)
            except OSError as error:
                _say(error)
                self._f.close()
                self._f = None
        if self._f is None:
            larger = mmap.mmap(-1, size)
            larger[: self._used] = self._m[: self._used]
        self._m, self._capacity = larger, size


def _reserve_new(filename: str) -> None:
    handle = os.open(filename, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(handle).st_size < FIRST_BYTES:
            os.posix_fallocate(handle, 0, FIRST_BYTES)
    except OSError:
        # A file of half a length would be mapped as if it were whole.
        with suppress(OSError):
            os.unlink(filename)
        raise
    finally:
        os.close(handle)


def _say(error: OSError) -> None:
    logger.warning(
        "the figures of this worker are kept in its memory only: no room for them",
        extra={"reason": error.strerror},
    )


# The library offers no other way to choose the class it keeps its figures in.
values.MmapedDict = ReservedDict  # type: ignore[attr-defined]
