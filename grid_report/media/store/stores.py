"""Where photos live: local files or an S3-compatible store, behind one small interface.

A photo is two files under one name, the hash of its main picture. Names are checked here, on every
way in: nothing else ever becomes part of a path. Beside the photos a store keeps short notes: whose it
is, and which photos wait to be deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from grid_report.errors import NotFound

CONTENT_TYPE = "image/jpeg"
_NAME = re.compile(r"[0-9a-f]{64}")
_NOTE = re.compile(r"[a-z]+(/[0-9a-zA-Z.]+)?")


class Size(StrEnum):
    MAIN = "main"
    THUMB = "thumb"


@dataclass(frozen=True)
class Pair:
    """Two finished temporary files, and the name they are to have in the store."""

    name: str
    main: Path
    thumb: Path


@dataclass(frozen=True)
class Stored:
    """One file of the store."""

    name: str
    size: Size
    byte_count: int
    modified_at: datetime


class StoreError(ValueError):
    """The store's URL cannot be used; the message says why."""


class Store(Protocol):
    """What a place for photos can do. Every method may raise PhotoStoreUnavailable."""

    wants_durable_files: bool

    def staging(self) -> Path:
        """Return a folder for files on their way in, made if need be."""

    def put(self, pairs: Sequence[Pair]) -> None:
        """Store photos durably; the temporary files are used up. Storing one again renews its age."""

    def open(self, name: str, size: Size) -> BinaryIO:
        """Open a stored file. Raises NotFound."""

    def exists(self, name: str) -> bool:
        """Say whether the main picture is there."""

    def delete(self, name: str, *, if_before: datetime | None = None) -> bool:
        """Remove both files, unless renewed at or after that instant; say whether any was removed."""

    def list_before(self, instant: datetime) -> Iterator[Stored]:
        """Go through the files last stored before an instant, those of a photo side by side."""

    def check(self) -> None:
        """Make sure that photos could be stored now."""

    def read_note(self, path: str) -> bytes | None:
        """Return a note's content; None when there is none."""

    def write_note(self, path: str, content: bytes, *, only_new: bool = False) -> bool:
        """Write a note durably and whole; with `only_new`, say whether there was none before."""

    def drop_note(self, path: str) -> None:
        """Remove a note, if it is there."""

    def list_notes(self, folder: str) -> list[str]:
        """Return the names of the notes in a folder, in no order."""


def checked(name: str) -> str:
    """Return a photo's name if it is one. Raises NotFound."""
    if not _NAME.fullmatch(name):
        raise NotFound
    return name


def checked_size(size: str) -> Size:
    """Return the size asked for. Raises NotFound."""
    try:
        return Size(size)
    except ValueError:
        raise NotFound from None


def file_name(name: str, size: Size) -> str:
    """Return the name of one of the two files; the same in every store."""
    return f"{checked(name)}-{size.value}.jpg"


def read_file_name(text: str) -> tuple[str, Size] | None:
    """Read a file name back; None for any that `file_name` does not make."""
    found = re.fullmatch(r"([0-9a-f]{64})-(main|thumb)\.jpg", text)
    return (found[1], Size(found[2])) if found else None


def checked_note(path: str) -> str:
    """Return a note's path if it is one; a mistake in this program otherwise."""
    if not _NOTE.fullmatch(path):
        raise ValueError(f"no path of a note: {path}")
    return path


def open_store(url: str) -> Store:
    """Return the store of a URL: `file:///…` or `s3://bucket/prefix?endpoint=…&region=…`.

    Touches neither disk nor network. Raises StoreError.
    """
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.netloc in {"", "localhost"} and parts.path:
        from grid_report.media.store.local import LocalStore

        return LocalStore(Path(unquote(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        query = parse_qs(parts.query)
        unknown = query.keys() - {"endpoint", "region"}
        if unknown:
            raise StoreError(f"photo store: unknown {', '.join(sorted(unknown))} in {url}")
        from grid_report.media.store.s3 import S3Store

        return S3Store(
            bucket=parts.netloc,
            prefix=unquote(parts.path).strip("/"),
            endpoint=query.get("endpoint", [""])[0],
            region=query.get("region", [""])[0],
        )
    raise StoreError(f"photo store: neither file:///folder nor s3://bucket/prefix: {url}")
