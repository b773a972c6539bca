"""What a web process and its decoding children say to each other: one JSON line each way.

Kept apart from the recipe so that a web process never imports Pillow.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Self


class Outcome(StrEnum):
    """How a job ended, as far as the child can tell; a dead child says nothing."""

    CLEANED = "cleaned"
    NOT_A_PICTURE = "not-a-picture"
    HEIC_NOT_READABLE = "heic-not-readable"
    BROKEN = "broken"
    TOO_MANY_PIXELS = "too-many-pixels"
    NEEDS_TO_BE_ALONE = "needs-to-be-alone"
    STORAGE_FAILED = "storage-failed"


@dataclass(frozen=True)
class Bounds:
    """What a child may use, set once when it starts."""

    max_pixels: int
    side: int
    cpu_seconds: int
    wall_seconds: int
    memory_mb: int

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Job:
    """Clean the picture in `source` into the files `main` and `thumb`."""

    source: str
    main: str
    thumb: str
    # A picture that needs much memory is decoded only when no other such picture is.
    alone: bool = False
    # Whether both files must have reached the disk before the answer.
    durable: bool = True

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        return cls(**json.loads(line))


@dataclass(frozen=True)
class Cleaned:
    """What is known of a cleaned photo. Position in WGS-84 degrees, sides in pixels."""

    name: str
    width: int
    height: int
    byte_count: int
    dhash: str
    taken_at: str | None = None  # ISO, local to the camera, without zone
    taken_offset_min: int | None = None  # minutes east of UTC, where the camera wrote it
    lat: float | None = None
    lng: float | None = None


@dataclass(frozen=True)
class Answer:
    """The child's answer to a job."""

    outcome: Outcome
    cleaned: Cleaned | None = None
    # The child ends after this answer: running out of memory may have left it unwell.
    last: bool = False

    def to_line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """Read an answer. Raises ValueError or TypeError when it is not one."""
        said = json.loads(line)
        cleaned = Cleaned(**said["cleaned"]) if said["cleaned"] else None
        return cls(Outcome(said["outcome"]), cleaned, bool(said["last"]))
