"""A file of streets comes in and goes. Each step is one short transaction, so nobody waits for it."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import BinaryIO, Final

from sqlalchemy import delete, insert, select

from grid_report.accounts import steps as accounts
from grid_report.db import db, lock_one, transaction, use_case
from grid_report.errors import Invalid, NotFound
from grid_report.places.basemap import archives
from grid_report.places.basemap.archives import Archive
from grid_report.places.basemap.models import Basemap, BasemapPiece
from grid_report.places.basemap.queries import PIECE_BYTES
from grid_report.places.geo.routing import Extent
from grid_report.settings import CONFIG

# So many pieces at a time: two megabytes are written in a moment.
_AT_ONCE: Final = 32
# What is invented needs none, and says so.
NO_APPROVAL: Final = "—"
DEMO_FILE: Final = CONFIG / "demo" / "streets.pmtiles"


def load_basemap(
    file: BinaryIO, *, source: str, attribution: str, approval: str, county: Extent, now: datetime
) -> Archive:
    """Copy a file of streets in and show it in the place of the one before, or change nothing.

    Until the last piece is there the map goes on with what it has; of a load that was killed the
    next one clears the pieces away. Raises Invalid, and NotFound where another one overtook it.
    """
    credit, number = attribution.strip(), approval.strip()
    problems = Invalid()
    if not credit:
        problems.add("attribution", "basemap-no-attribution")
    if not any(it.isdigit() for it in number):
        problems.add("approval", "basemap-no-approval")
    problems.raise_if_any()
    return _copy(file, source=source, attribution=credit, approval=number, county=county, now=now)


def _copy(
    file: BinaryIO, *, source: str, attribution: str, approval: str, county: Extent, now: datetime
) -> Archive:
    archive = archives.examine(file, county=county)
    basemap_id = _begin(archive, source[:200], attribution[:200], approval[:60], now)
    seal, nth = hashlib.sha256(), 0
    while pieces := [data for _ in range(_AT_ONCE) if (data := file.read(PIECE_BYTES))]:
        _keep(basemap_id, nth, pieces)
        nth += len(pieces)
        for data in pieces:
            seal.update(data)
    _show(basemap_id, seal.hexdigest(), now=now)
    return archive


def load_demo_basemap(*, attribution: str, county: Extent, now: datetime) -> bool:
    """Load the made-up streets of the demo, unless streets are there; tell whether it did."""
    known = db.session.scalar(select(Basemap.id).where(Basemap.loaded_at.is_not(None)).limit(1))
    db.session.rollback()
    if known is not None:
        return False
    with DEMO_FILE.open("rb") as file:
        _copy(
            file,
            source=DEMO_FILE.name,
            attribution=attribution,
            approval=NO_APPROVAL,
            county=county,
            now=now,
        )
    return True


@use_case
def drop_basemap(*, now: datetime) -> None:
    """Take the streets off the map. Raises NotFound where there are none."""
    with transaction() as session:
        ids = session.scalars(select(Basemap.id)).all()
        if not ids:
            raise NotFound
        session.execute(delete(BasemapPiece))
        session.execute(delete(Basemap))
        accounts.audit(session, None, "basemap.drop", "basemap", now)


@use_case
def _begin(archive: Archive, source: str, attribution: str, approval: str, now: datetime) -> int:
    with transaction() as session:
        row = Basemap(
            source=source,
            byte_count=archive.byte_count,
            min_zoom=archive.min_zoom,
            max_zoom=archive.max_zoom,
            attribution=attribution,
            approval=approval,
            begun_at=now,
        )
        session.add(row)
        session.flush()
        return row.id


@use_case
def _keep(basemap_id: int, nth: int, pieces: list[bytes]) -> None:
    with transaction() as session:
        # Gone when another load was done first, or the streets were dropped meanwhile.
        lock_one(session, Basemap, Basemap.id == basemap_id, key_share=True)
        session.execute(
            insert(BasemapPiece),
            [{"basemap_id": basemap_id, "nth": nth + i, "data": d} for i, d in enumerate(pieces)],
        )


@use_case
def _show(basemap_id: int, digest: str, *, now: datetime) -> None:
    with transaction() as session:
        basemap = lock_one(session, Basemap, Basemap.id == basemap_id)
        basemap.digest, basemap.loaded_at = digest, now
        # Those before, and what loads that were killed left behind.
        session.execute(delete(BasemapPiece).where(BasemapPiece.basemap_id < basemap_id))
        session.execute(delete(Basemap).where(Basemap.id < basemap_id))
        accounts.audit(
            session,
            None,
            "basemap.load",
            f"basemap:{basemap_id}",
            now,
            source=basemap.source,
            bytes=basemap.byte_count,
            approval=basemap.approval,
        )
