"""What the app reads in the place of a socket: a refusal, or a body while it comes in.

Everything but that is taken in whole before the app runs (`slow_clients.py`). An upload in parts
(`media/resumable`) keeps piece by piece, so it reads the socket itself, as long as bytes move.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import IO, Any, Final

from grid_report.errors import GridReportError

# Below this address a PATCH carries bytes of an upload that can go on later.
UPLOADS: Final = "/api/v1/uploads/"


def come_in_parts(environ: dict[str, Any]) -> bool:
    """Tell whether a request's body is kept piece by piece."""
    return environ.get("REQUEST_METHOD") == "PATCH" and str(
        environ.get("PATH_INFO", "")
    ).startswith(UPLOADS)


class RefusedBody(io.RawIOBase):
    """A body nobody may read: the app's own error handling answers, in the reader's words."""

    def __init__(self, error: GridReportError) -> None:
        super().__init__()
        self.error = error

    def readable(self) -> bool:
        """Pretend, so that whoever reads meets the error."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Raise the error."""
        raise self.error

    def readinto(self, buffer: Any) -> int:
        """Raise the error."""
        raise self.error


class PassedOn(io.RawIOBase):
    """A body on its way in; it ends early when the rest does not come.

    `wait` is called before each read of the socket and `go_on` after it: there is a time for every
    piece, and none for the whole.
    """

    def __init__(
        self,
        stream: IO[bytes],
        length: int | None,
        *,
        most: int,
        wait: Callable[[], None],
        go_on: Callable[[], None],
    ) -> None:
        super().__init__()
        self._stream, self._left, self._most = stream, length, most
        self._wait, self._go_on = wait, go_on
        self._is_over = False

    @property
    def is_read(self) -> bool:
        """Whether nothing of it can be left in the socket."""
        return self._left == 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what comes next, up to a piece; nothing at the end or when it was cut off."""
        want = min(len(buffer), self._most)
        if self._left is not None:
            want = min(want, self._left)
        if self._is_over or not want:
            return 0
        self._wait()
        try:
            data = self._stream.read(want)
        except OSError:
            data = b""
        finally:
            self._go_on()
        # Less than asked for: the far end is gone, or was given up.
        self._is_over = len(data) < want
        if self._left is not None:
            self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)
