"""Where the files of a form wait: small forms in memory, large ones on disk."""

from __future__ import annotations

from io import BytesIO
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from flask import Flask, Request

# A report's photos as phones send them. Threads are few, so this bounds memory: 24 of them hold
# 96 MB at most, and no temporary file is made for what is copied to the photo store at once.
IN_MEMORY = 4 * 1024 * 1024


class UploadRequest(Request):
    """A request whose small uploads touch no disk before their own place there."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        if total_content_length is not None and total_content_length <= IN_MEMORY:
            return BytesIO()
        spooled: Any = SpooledTemporaryFile(max_size=512 * 1024, mode="rb+")  # noqa: SIM115
        return spooled  # type: ignore[no-any-return]


def init_app(app: Flask) -> None:
    """Use it for every request of an app."""
    app.request_class = UploadRequest
