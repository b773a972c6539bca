"""Photos in an S3-compatible store, through obstore (the extra `s3`).

Credentials come from the standard AWS_* environment. The client is made at first use in each
process. Its threads do not survive a fork, and a process forked after first use would hang: that
is refused at once, with the reason.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from grid_report import clock
from grid_report.errors import NotFound
from grid_report.media.errors import PhotoStoreUnavailable
from grid_report.media.store.stores import (
    CONTENT_TYPE,
    Pair,
    Size,
    Stored,
    StoreError,
    checked,
    checked_note,
    file_name,
    read_file_name,
)

if TYPE_CHECKING:
    from obstore.store import S3Store as Client

_PARALLEL = 8
_NOTES = ".notes"
_MISSING_EXTRA = "photo store: s3:// needs the extra 's3' (./run --with s3), or a file:// store"
_FORKED = (
    "photo store: s3:// was used before this process was forked; start the workers first"
    " (gunicorn without preload)"
)


class S3Store:
    """Photos in a bucket, in the same 256 folders as on a disk."""

    # They are only read once more, by the upload.
    wants_durable_files = False

    def __init__(self, *, bucket: str, prefix: str, endpoint: str, region: str) -> None:
        try:
            import obstore
        except ImportError as error:
            raise StoreError(_MISSING_EXTRA) from error
        self._obstore = obstore
        self._bucket, self._prefix = bucket, prefix
        self._endpoint, self._region = endpoint, region
        self._made: Client | None = None

    def staging(self) -> Path:
        folder = Path(tempfile.gettempdir()) / f"grid-report-photos-{os.getuid()}"
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            # The temporary folder is everybody's: one of this name may be a trap.
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                raise PhotoStoreUnavailable
        except OSError as error:
            raise PhotoStoreUnavailable from error
        return folder

    def put(self, pairs: Sequence[Pair]) -> None:
        # The thumbnail first: a photo counts as there when its main picture is.
        for size in (Size.THUMB, Size.MAIN):
            with ThreadPoolExecutor(min(len(pairs), _PARALLEL) or 1, "s3") as threads:
                list(threads.map(self._put, pairs, [size] * len(pairs)))

    def open(self, name: str, size: Size) -> BinaryIO:
        path = self._path(name, size)
        with _unavailable():
            return BytesIO(self._obstore.get(self._client(), path).bytes())

    def exists(self, name: str) -> bool:
        path = self._path(name, Size.MAIN)
        try:
            with _unavailable():
                self._obstore.head(self._client(), path)
        except NotFound:
            return False
        return True

    def delete(self, name: str, *, if_before: datetime | None = None) -> bool:
        before = None if if_before is None else clock.by_machine(if_before)
        removed = False
        for size in Size:
            path = self._path(name, size)
            try:
                with _unavailable():
                    # Asked last of all: the store knows no conditional delete.
                    there = self._obstore.head(self._client(), path)
                    if before is not None and there["last_modified"] >= before:
                        continue
                    self._obstore.delete(self._client(), path)
                    removed = True
            except NotFound:
                continue
        return removed

    def list_before(self, instant: datetime) -> Iterator[Stored]:
        before = clock.by_machine(instant)
        with _unavailable():
            for batch in self._obstore.list(self._client()):
                for entry in batch:
                    known = read_file_name(entry["path"].rpartition("/")[2])
                    if known and entry["last_modified"] < before:
                        at = clock.from_machine(entry["last_modified"])
                        yield Stored(*known, byte_count=entry["size"], modified_at=at)

    def check(self) -> None:
        self.staging()
        with _unavailable():
            # The answer may be empty; that there is one is what counts.
            self._obstore.list_with_delimiter(self._client(), "no-such-photo")

    def read_note(self, path: str) -> bytes | None:
        try:
            with _unavailable():
                return bytes(self._obstore.get(self._client(), _note(path)).bytes())
        except NotFound:
            return None

    def write_note(self, path: str, content: bytes, *, only_new: bool = False) -> bool:
        from obstore.exceptions import AlreadyExistsError

        try:
            with _unavailable():
                self._obstore.put(
                    self._client(),
                    _note(path),
                    content,
                    mode="create" if only_new else "overwrite",
                    use_multipart=False,
                )
        except PhotoStoreUnavailable as error:
            if isinstance(error.__cause__, AlreadyExistsError):
                return False
            raise
        return True

    def drop_note(self, path: str) -> None:
        try:
            with _unavailable():
                self._obstore.delete(self._client(), _note(path))
        except NotFound:
            return

    def list_notes(self, folder: str) -> list[str]:
        with _unavailable():
            return [
                entry["path"].rpartition("/")[2]
                for batch in self._obstore.list(self._client(), f"{_note(folder)}/")
                for entry in batch
            ]

    def _put(self, pair: Pair, size: Size) -> None:
        path = self._path(pair.name, size)
        source = pair.main if size is Size.MAIN else pair.thumb
        with _unavailable():
            self._obstore.put(
                self._client(),
                path,
                source.read_bytes(),
                attributes={"Content-Type": CONTENT_TYPE},
                use_multipart=False,
            )
            source.unlink()

    def _path(self, name: str, size: Size) -> str:
        return f"{checked(name)[:2]}/{file_name(name, size)}"

    def _client(self) -> Client:
        _refuse_after_fork()
        if self._made is None:
            self._made = self._new_client()
        return self._made

    def _new_client(self) -> Client:
        from obstore.store import S3Store as Client

        options = {"endpoint": self._endpoint, "region": self._region}
        return Client(
            self._bucket,
            prefix=self._prefix or None,
            client_options={
                "allow_http": self._endpoint.startswith("http://"),
                "connect_timeout": timedelta(seconds=3),
                "timeout": timedelta(seconds=20),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
            **{name: value for name, value in options.items() if value},  # type: ignore[arg-type]
        )


def _note(path: str) -> str:
    return f"{_NOTES}/{checked_note(path)}"


# The process that used obstore first, and so has its threads. Kept for the module, because they
# serve every client in a process.
_used_by: list[int] = []


def _refuse_after_fork() -> None:
    if not _used_by:
        _used_by.append(os.getpid())
    if _used_by[0] != os.getpid():
        raise StoreError(_FORKED)


@contextmanager
def _unavailable() -> Iterator[None]:
    """Turn what a store may say into the two things callers know."""
    from obstore.exceptions import BaseError

    try:
        yield
    except FileNotFoundError as error:  # obstore's own NotFoundError is one
        raise NotFound from error
    except (BaseError, OSError) as error:
        raise PhotoStoreUnavailable from error
