"""Writes of reference data and boundaries inside an open transaction."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import shapely
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from grid_report.db import Base, insert_of
from grid_report.errors import Stale
from grid_report.places.boundaries.geojson import CheckedFile
from grid_report.places.geo.routing import Area
from grid_report.places.models import (
    AreaKind,
    Boundary,
    BoundaryVersion,
    Community,
    Stamp,
    Street,
    Unit,
    UnitArea,
)

PLACES = "places"
FILES = "reference-files"


def lock_stamp(session: Session, name: str = PLACES) -> Stamp:
    """Return a stamp and keep others from changing what it stands for until the commit."""
    stamp = session.get(Stamp, name, with_for_update=True, populate_existing=True)
    if stamp is None:
        # Whoever comes at the same moment waits here for the first one's commit, and has its row.
        made = insert_of(session, Stamp)
        session.execute(made.values(name=name, version=0).on_conflict_do_nothing())
        stamp = session.get_one(Stamp, name, with_for_update=True, populate_existing=True)
    return stamp


def renew_stamp(session: Session, name: str = PLACES) -> None:
    """Make every process read the reference data anew before its next answer."""
    lock_stamp(session, name).version = secrets.randbits(62)


def upsert(session: Session, table: type[Base], rows: Iterable[Mapping[str, Any]], key: str) -> int:
    """Bring rows to what is given, leaving all others alone; return how many differed."""
    wanted = {row[key]: row for row in rows}
    present = {
        getattr(row, key): row
        for row in session.scalars(select(table).where(getattr(table, key).in_(wanted)))
    }
    changed = 0
    for identity, values in wanted.items():
        row = present.get(identity)
        if row is None:
            session.add(table(**values))
            changed += 1
            continue
        differing = {k: v for k, v in values.items() if getattr(row, k) != v}
        for name, value in differing.items():
            setattr(row, name, value)
        changed += bool(differing)
    session.flush()
    return changed


def current_version(session: Session) -> int | None:
    """Return the id of the boundaries that count."""
    return session.scalar(select(BoundaryVersion.id).order_by(BoundaryVersion.id.desc()).limit(1))


def refuse_stale(session: Session, seen: int | None) -> int | None:
    """Return the current version. Raises Stale when it is not the one that was looked at."""
    current = current_version(session)
    if current != seen:
        raise Stale(seen=seen or 0, current=current or 0)
    return current


def read_areas(session: Session, version_id: int | None) -> tuple[Area, ...]:
    """Return the boundaries of a version."""
    rows = session.execute(
        select(Boundary.community_code, Boundary.geometry, Boundary.area_m2)
        .where(Boundary.version_id == version_id)
        .order_by(Boundary.community_code)
    ).all()
    shapes = shapely.from_geojson([row.geometry for row in rows])
    return tuple(
        Area(row.community_code, shape, row.area_m2)
        for row, shape in zip(rows, shapes, strict=True)
    )


def write_version(
    session: Session, checked: CheckedFile, *, source: str, made_by_id: int | None, now: datetime
) -> int:
    """Write a file's boundaries as the version that counts from the commit on; return its id."""
    version = BoundaryVersion(
        made_at=now,
        made_by_id=made_by_id,
        source=source,
        fictional=checked.fictional,
        findings={
            "items": [finding.as_json() for finding in checked.findings],
            "warnings": checked.warnings,
            "without": list(checked.communities_without),
        },
    )
    session.add(version)
    session.flush()
    session.execute(insert(Boundary), _boundary_rows(version.id, checked.areas))
    renew_stamp(session)
    return version.id


def _boundary_rows(version_id: int, areas: Sequence[Area]) -> list[dict[str, Any]]:
    rows = []
    for area in areas:
        center = shapely.point_on_surface(area.shape)
        rows.append(
            {
                "version_id": version_id,
                "community_code": area.community_code,
                "geometry": shapely.to_geojson(area.shape),
                "area_m2": area.area_m2,
                "center_lat": center.y,
                "center_lng": center.x,
            }
        )
    return rows


def names_of_communities(session: Session) -> dict[str, str]:
    """Return code → name of every community."""
    rows = session.execute(select(Community.code, Community.name))
    return {row.code: row.name for row in rows}


def known_areas(session: Session, county_code: str) -> set[str]:
    """Return the codes of everything a unit may cover: county, streets, communities."""
    streets = session.scalars(select(Street.code))
    return {county_code, *names_of_communities(session), *streets}


AREA_KINDS: Final = {6: AreaKind.COUNTY, 9: AreaKind.STREET, 12: AreaKind.COMMUNITY}


def write_units(session: Session, rows: Sequence[dict[str, Any]]) -> int:
    """Bring units and what they cover to what is given; return how many rows differed."""
    covers = {row["code"]: set(row.pop("covers").split("|")) for row in rows}
    changed = upsert(session, Unit, rows, "code")
    present: dict[str, set[str]] = {code: set() for code in covers}
    for unit_code, area_code in session.execute(
        select(UnitArea.unit_code, UnitArea.area_code).where(UnitArea.unit_code.in_(covers))
    ):
        present[unit_code].add(area_code)
    for code, wanted in covers.items():
        for gone in present[code] - wanted:
            session.execute(
                delete(UnitArea).where(UnitArea.unit_code == code, UnitArea.area_code == gone)
            )
            changed += 1
        for area in sorted(wanted - present[code]):
            session.add(UnitArea(unit_code=code, area_kind=AREA_KINDS[len(area)], area_code=area))
            changed += 1
    session.flush()
    return changed
