"""Reads of places. Reference data comes from a process-wide cache that checks a stamp each time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Flask, current_app, g, has_request_context
from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.db import db, table_of
from grid_report.languages import columns_by_language
from grid_report.places import steps
from grid_report.places.boundaries.findings import Finding
from grid_report.places.geo.categories import Categories, CategoryInfo, Emergency
from grid_report.places.geo.points import Point
from grid_report.places.geo.reference import (
    CommunityInfo,
    CompoundInfo,
    Reference,
    StreetInfo,
    UnitInfo,
    VersionInfo,
)
from grid_report.places.geo.routing import Area, Extent, Router, Spot
from grid_report.places.models import (
    Boundary,
    BoundaryDraft,
    BoundaryVersion,
    Category,
    Community,
    Compound,
    ReferencePoint,
    Stamp,
    Street,
    Unit,
    UnitArea,
)
from grid_report.settings import County
from grid_report.web import context

EXTENSION = "grid_report_places"
CARRIED: Final = "places"

# Asked in every request, so put together once.
_STAMP: Final = select(table_of(Stamp).c.version).where(table_of(Stamp).c.name == steps.PLACES)


class ReferenceCache:
    """The newest reference data this process has seen, and the stamp it was read under."""

    def __init__(self, county: County) -> None:
        self.county = county
        self.extent = Extent(county.west, county.south, county.east, county.north)
        self._loading = threading.Lock()
        self.kept: tuple[int, Reference] | None = None

    def get(self, session: Session, version: int | None = None) -> Reference:
        """Return the reference data of this moment: one statement when nothing changed.

        None at all where the stamp came along with who asks.
        """
        if version is None:
            version = _stamp(session)
        kept = self.kept  # one read of one tuple: a swap meanwhile cannot tear it
        if kept is not None and kept[0] == version:
            return kept[1]
        # One thread reads, the others wait for it rather than do the same work beside it.
        with self._loading:
            kept = self.kept
            if kept is not None and kept[0] == version:
                return kept[1]
            while True:
                loaded = _load(session, self.county, self.extent)
                again = _stamp(session)
                if again == version:
                    break
                version = again  # PostgreSQL shows a commit between two statements: read anew
            self.kept = (version, loaded)
            return loaded


def init_app(app: Flask, county: County) -> None:
    """Give an app its cache; `create_app` calls this."""
    app.extensions[EXTENSION] = ReferenceCache(county)
    context.prefetch(app, CARRIED, _STAMP.scalar_subquery())


def cache() -> ReferenceCache:
    """Return the running app's cache."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, ReferenceCache)
    return found


def reference() -> Reference:
    """Return the reference data of this moment; within one request always the same."""
    if not has_request_context():
        return cache().get(db.session())
    if "places" not in g:
        g.places = cache().get(db.session(), context.prefetched(CARRIED))
    found: Reference = g.places
    return found


def sign_of(category: str) -> str:
    """Return the sign of a category by its code; unknown ones have dots."""
    found = reference().category(category)
    return found.icon if found else "dots"


def router() -> Router:
    """Return what finds the community of a spot."""
    return reference().router


def categories() -> Categories:
    """Return all categories."""
    return reference().categories


def find_stamp(session: Session, name: str) -> int | None:
    """Return the stamp other reference data was written under, None before the first time."""
    return session.scalar(select(Stamp.version).where(Stamp.name == name))


def _stamp(session: Session) -> int:
    return session.scalar(_STAMP) or 0


def _load(session: Session, county: County, extent: Extent) -> Reference:
    # Children before parents: between two statements somebody may commit, and then whatever a
    # row points to is in the table that is read after it.
    version = _version(session)
    areas = steps.read_areas(session, version.id) if version else ()
    centers = _centers(session, version)
    compounds = _compounds(session)
    units = _units(session)
    spots = _spots(session)
    communities = _communities(session, areas, centers)
    streets = {
        row.code: StreetInfo(row.code, row.name)
        for row in session.execute(select(Street.code, Street.name).order_by(Street.code))
    }
    return Reference(
        county_code=county.code,
        extent=extent,
        categories=Categories(_categories(session)),
        streets=streets,
        communities=communities,
        compounds=compounds,
        units=units,
        boundary_version=version,
        areas=areas,
        router=Router(
            areas,
            street_of={code: info.street_code for code, info in communities.items()},
            extent=extent,
            compounds={code: info.community_code for code, info in compounds.items()},
            spots=spots,
            reach_m=county.nearest_reference_m,
        ),
        spots=tuple(sorted(spots, key=lambda it: it.name)),
    )


def _version(session: Session) -> VersionInfo | None:
    row = session.execute(
        select(
            BoundaryVersion.id,
            BoundaryVersion.made_at,
            BoundaryVersion.source,
            BoundaryVersion.fictional,
        )
        .order_by(BoundaryVersion.id.desc())
        .limit(1)
    ).first()
    return VersionInfo(*row) if row else None


def _centers(session: Session, version: VersionInfo | None) -> dict[str, Point]:
    if version is None:
        return {}
    rows = session.execute(
        select(Boundary.community_code, Boundary.center_lat, Boundary.center_lng).where(
            Boundary.version_id == version.id
        )
    )
    return {code: Point(lat, lng) for code, lat, lng in rows}


def _communities(
    session: Session, areas: Sequence[Area], centers: dict[str, Point]
) -> dict[str, CommunityInfo]:
    sizes = {area.community_code: area.area_m2 for area in areas}
    rows = session.execute(
        select(Community.code, Community.name, Community.street_code, Street.name)
        .join(Street, Street.code == Community.street_code)
        .order_by(Community.code)
    )
    return {
        code: CommunityInfo(code, name, street, street_name, centers.get(code), sizes.get(code))
        for code, name, street, street_name in rows
    }


def _categories(session: Session) -> list[CategoryInfo]:
    rows = session.execute(select(*Category.__table__.columns)).mappings().all()
    return [_category(**_by_language(dict(row))) for row in rows]


WRITTEN_FIELDS: Final = {
    "group": "group_names",
    "name": "names",
    "safety_tip": "safety_tips",
    "short": "shorts",
    "synonyms": "synonyms",
}


def _by_language(found: dict[str, Any]) -> dict[str, Any]:
    """Put what stands in a column a language together."""
    for field, name in WRITTEN_FIELDS.items():
        found[name] = {code: found.pop(it) for code, it in columns_by_language(field).items()}
    return found


def _category(
    *,
    emergency: str,
    call_first: str,
    helper_unit_kinds: str,
    retired_at: datetime | None,
    **same: Any,
) -> CategoryInfo:
    return CategoryInfo(
        emergency=Emergency(emergency),
        call_first=tuple(filter(None, call_first.split("|"))),
        helper_unit_kinds=tuple(filter(None, helper_unit_kinds.split("|"))),
        retired=retired_at is not None,
        **same,
    )


def _compounds(session: Session) -> dict[str, CompoundInfo]:
    columns = select(
        Compound.code,
        Compound.name,
        Compound.community_code,
        Compound.self_managed,
        Compound.lat,
        Compound.lng,
    )
    return {
        code: CompoundInfo(code, name, community, self_managed, Point(lat, lng))
        for code, name, community, self_managed, lat, lng in session.execute(
            columns.order_by(Compound.code)
        )
    }


def _units(session: Session) -> dict[str, UnitInfo]:
    covers: dict[str, set[str]] = {}
    for unit_code, area_code in session.execute(select(UnitArea.unit_code, UnitArea.area_code)):
        covers.setdefault(unit_code, set()).add(area_code)
    rows = session.execute(
        select(Unit.code, Unit.name, Unit.kind, Unit.retired_at).order_by(Unit.code)
    )
    return {
        code: UnitInfo(code, name, kind, frozenset(covers.get(code, ())), retired_at is not None)
        for code, name, kind, retired_at in rows
    }


def _spots(session: Session) -> list[Spot]:
    rows = session.execute(
        select(
            ReferencePoint.name,
            ReferencePoint.community_code,
            ReferencePoint.lat,
            ReferencePoint.lng,
        )
    )
    return [Spot(name, community, Point(lat, lng)) for name, community, lat, lng in rows]


@dataclass(frozen=True)
class VersionRow:
    """One import, for the administrator's list."""

    id: int
    made_at: datetime
    made_by_id: int | None
    source: str
    fictional: bool
    warnings: int


def list_versions(*, limit: int = 10) -> Sequence[VersionRow]:
    """Return the newest imports of boundaries first."""
    rows = db.session.execute(
        select(BoundaryVersion).order_by(BoundaryVersion.id.desc()).limit(limit)
    ).scalars()
    return [
        VersionRow(
            row.id,
            row.made_at,
            row.made_by_id,
            row.source,
            row.fictional,
            int(row.findings.get("warnings", 0)),
        )
        for row in rows
    ]


def list_findings(version_id: int) -> list[Finding]:
    """Return what was found in a file when it was imported."""
    kept = db.session.scalar(
        select(BoundaryVersion.findings).where(BoundaryVersion.id == version_id)
    )
    return [Finding.from_json(item) for item in (kept or {}).get("items", [])]


def find_draft(draft_id: int) -> BoundaryDraft | None:
    """Return a checked file that waits for its confirmation."""
    return db.session.get(BoundaryDraft, draft_id)
