"""PMTiles, version 3: what a file of map tiles says of itself, and whether our map can use it.

A header of 127 bytes, a root directory of tiles, words about it, more directories, then the tiles.
The phone reads only the directories and the tiles it shows.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final

from grid_report.errors import Invalid
from grid_report.places.geo.routing import Extent

HEADER_BYTES: Final = 127
# With the root directory inside the first 16 KiB, a phone has both with one request.
DIRECTORY_BYTES: Final = 16_257
MOST_BYTES: Final = 400 * 1024 * 1024
# Streets are told apart from here on; a file that ends before is a picture of the county.
STREET_ZOOM: Final = 13
LEAST_SHARE: Final = 0.5

_MAGIC: Final = b"PMTiles"
_VERSION: Final = 3
_PLAIN, _GZIP = 1, 2
_VECTOR: Final = 1
_FIELDS: Final = struct.Struct("<7sB11QBBBBBBiiii")


@dataclass(frozen=True)
class Archive:
    """What is kept of a file that was looked at."""

    byte_count: int
    min_zoom: int
    max_zoom: int
    extent: Extent


def examine(file: BinaryIO, *, county: Extent) -> Archive:
    """Read the head of a file. Raises Invalid with the first reason why it is no map of the county."""
    byte_count = file.seek(0, 2)
    file.seek(0)
    head = file.read(HEADER_BYTES)
    if head[:7] != _MAGIC or byte_count < HEADER_BYTES:
        raise Invalid.field("file", "basemap-no-archive")
    if byte_count > MOST_BYTES:
        raise Invalid.field("file", "basemap-too-large", limit_mb=MOST_BYTES // 1024 // 1024)
    (
        _, version, root_at, root_length, words_at, words_length, leaves_at, leaves_length,
        tiles_at, tiles_length, _, entries, _, _, inner, packed, kind, min_zoom, max_zoom,
        west, south, east, north,
    ) = _FIELDS.unpack_from(head)[:23]  # fmt: skip
    if version != _VERSION:
        raise Invalid.field("file", "basemap-version", version=version, known=_VERSION)
    if kind != _VECTOR:
        raise Invalid.field("file", "basemap-no-vectors")
    if inner not in (_PLAIN, _GZIP) or packed not in (_PLAIN, _GZIP):
        raise Invalid.field("file", "basemap-packed")
    parts = ((root_at, root_length), (words_at, words_length), (leaves_at, leaves_length))
    if any(at + length > byte_count for at, length in (*parts, (tiles_at, tiles_length))):
        raise Invalid.field("file", "basemap-cut-off")
    if not min_zoom <= max_zoom or max_zoom < STREET_ZOOM:
        raise Invalid.field("file", "basemap-zooms", least=STREET_ZOOM, most=max_zoom)
    file.seek(root_at)
    if not entries or not _counts(file.read(min(root_length, DIRECTORY_BYTES)), inner == _GZIP):
        raise Invalid.field("file", "basemap-no-tiles")
    extent = Extent(west / 1e7, south / 1e7, east / 1e7, north / 1e7)
    if _share(county, extent) < LEAST_SHARE:
        raise Invalid.field("file", "basemap-elsewhere")
    file.seek(0)
    return Archive(byte_count, min_zoom, max_zoom, extent)


def _counts(directory: bytes, packed: bool) -> bool:
    """Tell whether a directory can be read and holds anything: it begins with how much."""
    try:
        plain = gzip.decompress(directory) if packed else directory
    except (OSError, EOFError, zlib.error):
        return False
    return bool(plain) and plain[0] != 0


def _share(county: Extent, other: Extent) -> float:
    """Return how much of the county lies within another rectangle."""
    across = min(county.east, other.east) - max(county.west, other.west)
    along = min(county.north, other.north) - max(county.south, other.south)
    whole = (county.east - county.west) * (county.north - county.south)
    return max(across, 0.0) * max(along, 0.0) / whole
