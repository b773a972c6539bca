"""What the headers of tus 1.0.0 say, and how bytes are cut into pieces. Pure.

https://tus.io/protocols/resumable-upload: core, creation, termination and checksum.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from grid_report.errors import Invalid, TooLarge
from grid_report.media.resumable.errors import UnknownChecksum, UnknownKind

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,termination,checksum"
ALGORITHMS: Final = ("sha1", "sha256")
CONTENT_TYPE: Final = "application/offset+octet-stream"
KIND: Final = "photo"

# What is kept at once, in one row and one short write; a cut costs no more than this.
PIECE_BYTES: Final = 256 * 1024
MOST_METADATA: Final = 1000
_MEGABYTE: Final = 1024 * 1024

# What nothing claimed goes after this, finished or not.
WAITS: Final = timedelta(days=7)
# What was used is known for so long, so that the same request sent again is answered.
REMEMBERED: Final = timedelta(days=90)


@dataclass(frozen=True)
class NewUpload:
    """What is about to come: how long it is, the phone's own id of it, and its metadata as sent."""

    key: str
    length: int
    metadata: str


@dataclass(frozen=True)
class Checksum:
    """What the bytes of one request have to hash to."""

    algorithm: str
    digest: bytes

    def fits(self, data: bytes) -> bool:
        """Tell whether these are the bytes that were sent."""
        return hashlib.new(self.algorithm, data, usedforsecurity=False).digest() == self.digest


def read_creation(length: str | None, metadata: str | None, *, most_mb: int) -> NewUpload:
    """Read what a creation says. Raises Invalid, TooLarge, UnknownKind."""
    problems = Invalid()
    size = read_number(length)
    if size is None or size < 1:
        problems.add("upload_length", "number-out-of-range", low=1, high=most_mb * _MEGABYTE)
    elif size > most_mb * _MEGABYTE:
        raise TooLarge(most_mb)
    said = _read_metadata(metadata or "", problems)
    key = _key(said.get("key"), problems)
    if said.get("kind") is None and "upload_metadata" not in problems.problems:
        problems.add("kind", "field-needed")
    problems.raise_if_any()
    if said["kind"] != KIND.encode():
        raise UnknownKind
    assert size is not None
    return NewUpload(key, size, metadata or "")


def _key(said: bytes | None, problems: Invalid) -> str:
    if said is None:
        if "upload_metadata" not in problems.problems:
            problems.add("key", "field-needed")
        return ""
    try:
        return str(uuid.UUID(said.decode("ascii").strip()))
    except ValueError:
        problems.add("key", "key-unreadable")
        return ""


def _read_metadata(text: str, problems: Invalid) -> dict[str, bytes]:
    """Read pairs of a name and a value in Base64, with a comma between them."""
    if len(text) > MOST_METADATA:
        problems.add("upload_metadata", "text-too-long", most=MOST_METADATA)
        return {}
    found: dict[str, bytes] = {}
    for pair in text.split(",") if text.strip() else ():
        name, _, value = pair.strip().partition(" ")
        try:
            if not name or name in found or not text.isascii():
                raise ValueError(name)
            found[name] = base64.b64decode(value.strip(), validate=True)
        except (ValueError, binascii.Error):
            problems.add("upload_metadata", "value-unknown")
            return {}
    return found


def read_number(text: str | None) -> int | None:
    """Read a header that is a whole number, not negative; None for anything else."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 15:
        return None
    return int(text)


def read_checksum(text: str | None) -> Checksum | None:
    """Read what the bytes have to hash to; None when nothing is said. Raises UnknownChecksum."""
    if text is None:
        return None
    algorithm, _, said = text.strip().partition(" ")
    if algorithm not in ALGORITHMS:
        raise UnknownChecksum
    try:
        digest = base64.b64decode(said.strip(), validate=True)
    except (ValueError, binascii.Error):
        raise UnknownChecksum from None
    if len(digest) != hashlib.new(algorithm, usedforsecurity=False).digest_size:
        raise UnknownChecksum
    return Checksum(algorithm, digest)


def pieces(read: Callable[[int], bytes], length: int) -> Iterator[bytes]:
    """Yield the whole pieces of so many bytes; what a cut leaves of one is dropped.

    `read` may give less than it is asked for, and gives nothing when no more will come.
    """
    while length > 0:
        want, got = min(PIECE_BYTES, length), bytearray()
        while len(got) < want:
            more = read(want - len(got))
            if not more:
                return
            got += more
        length -= want
        yield bytes(got)
