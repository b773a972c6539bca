"""What a file is, by its first bytes. Names and declared types are never asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO


class Kind(StrEnum):
    JPEG = "JPEG"
    PNG = "PNG"
    WEBP = "WEBP"
    HEIF = "HEIF"


HEAD_BYTES = 64
HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis"})

# JPEG markers that stand alone, without a length behind them.
_BARE = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Behind FF: 00 is data, FF is padding, the bare ones belong to the scan; anything else ends it.
_MARKER_IN_SCAN = re.compile(rb"\xff[\x02-\xcf\xd8-\xfe]")
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_START_OF_SCAN, _END = 0xDA, 0xD9
# Frame, Huffman tables, quantisation tables, restart interval.
_PICTURE_SEGMENTS = frozenset({0xC0, 0xC4, 0xDB, 0xDD})
# Cameras write about twenty; thousands are somebody's attempt to keep a parser busy.
_MAX_SEGMENTS = 2000


def kind_of(head: bytes) -> Kind | None:
    """Return the accepted kind these first bytes announce, or None."""
    if head.startswith(b"\xff\xd8\xff"):
        return Kind.JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return Kind.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind.WEBP
    if head[4:8] == b"ftyp":
        size = min(int.from_bytes(head[:4], "big"), HEAD_BYTES)
        brands = {head[8:12], *(head[at : at + 4] for at in range(16, size - 3, 4))}
        if brands & HEIC_BRANDS:
            return Kind.HEIF
    return None


def webp_size(head: bytes) -> tuple[int, int] | None:
    """Read the sides of a WebP from its header, in pixels; None if there is none.

    The decoder allocates its whole canvas on opening, so it cannot be asked.
    """
    chunk, body = head[12:16], head[20:]
    if chunk == b"VP8X" and len(body) >= 10:
        width = int.from_bytes(body[4:7], "little") + 1
        return width, int.from_bytes(body[7:10], "little") + 1
    if chunk == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if chunk == b"VP8 " and len(body) >= 10 and body[3:6] == b"\x9d\x01\x2a":
        width = int.from_bytes(body[6:8], "little") & 0x3FFF
        return width, int.from_bytes(body[8:10], "little") & 0x3FFF
    return None


@dataclass(frozen=True)
class JpegLayout:
    """How the pixels lie in a JPEG file."""

    # Several scans: the decoder must hold all coefficients, whatever scale is asked for.
    in_scans: bool
    # Where the entropy-coded data of the first scan begins, in bytes.
    scan_at: int


def jpeg_layout(file: BinaryIO) -> JpegLayout | None:
    """Walk the segments up to the first scan; None when they make no sense."""
    file.seek(2)
    components, progressive = 0, False
    for _ in range(_MAX_SEGMENTS):
        byte = file.read(1)
        if byte != b"\xff":
            return None
        while byte == b"\xff":
            byte = file.read(1)
        if not byte or byte[0] == _END:
            return None
        marker = byte[0]
        if marker in _BARE:
            continue
        length = int.from_bytes(file.read(2), "big")
        if length < 2:
            return None
        if marker in _FRAMES:
            frame = file.read(6)
            components, progressive = (
                frame[5:6][0] if len(frame) == 6 else 0,
                marker in _PROGRESSIVE,
            )
            file.seek(length - 8, 1)
        elif marker == _START_OF_SCAN:
            here = file.tell()
            in_scan = file.read(1)
            if not in_scan or not components:
                return None
            return JpegLayout(progressive or in_scan[0] < components, here + length - 2)
        else:
            file.seek(length - 2, 1)
    return None


def is_bare_jpeg(data: bytes) -> bool:
    """Say whether a JPEG holds pixels, tables and the plain JFIF header, and nothing else."""
    at = 2
    while data[at : at + 1] == b"\xff":
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _START_OF_SCAN:
            return scan_end(data, at + 2 + length) == len(data) - 2 and data.endswith(b"\xff\xd9")
        bare_jfif = marker == 0xE0 and length == 16 and data[at + 4 : at + 9] == b"JFIF\0"
        if not (bare_jfif or marker in _PICTURE_SEGMENTS):
            return False
        at += 2 + length
    return False


def scan_end(data: bytes, start: int) -> int:
    """Return where the entropy-coded data beginning at `start` stops: at the next real marker."""
    found = _MARKER_IN_SCAN.search(data, start)
    return found.start() if found else len(data)
