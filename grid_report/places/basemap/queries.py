"""Reads of the loaded file of streets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.places.basemap.byte_ranges import Span
from grid_report.places.basemap.models import Basemap, BasemapPiece

PIECE_BYTES: Final = 64 * 1024


@dataclass(frozen=True)
class Streets:
    """The file the map is drawn from."""

    id: int
    digest: str
    byte_count: int
    min_zoom: int
    max_zoom: int
    attribution: str
    approval: str


def find_streets() -> Streets | None:
    """Return the file that was loaded last, if there is one."""
    row = db.session.execute(
        select(
            Basemap.id,
            Basemap.digest,
            Basemap.byte_count,
            Basemap.min_zoom,
            Basemap.max_zoom,
            Basemap.attribution,
            Basemap.approval,
        )
        .where(Basemap.loaded_at.is_not(None))
        .order_by(Basemap.id.desc())
        .limit(1)
    ).first()
    return Streets(*row) if row else None


def streets_of(digest: str) -> Streets:
    """Return the file of an address. Raises NotFound where another one took its place."""
    found = find_streets()
    if found is None or found.digest != digest:
        raise NotFound
    return found


def bytes_of(streets_id: int, span: Span) -> Iterator[bytes]:
    """Read some bytes piece by piece; nothing of the database is held in between."""
    for nth in range(span.first // PIECE_BYTES, span.last // PIECE_BYTES + 1):
        data = db.session.scalar(
            select(BasemapPiece.data).where(
                BasemapPiece.basemap_id == streets_id, BasemapPiece.nth == nth
            )
        )
        db.session.rollback()
        if data is None:  # another file took its place meanwhile
            return
        start = nth * PIECE_BYTES
        yield data[max(span.first - start, 0) : span.last - start + 1]
