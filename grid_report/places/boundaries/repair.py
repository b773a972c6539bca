"""Makes an invalid boundary valid, on purpose only, and says what that changes. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import shapely

from grid_report.places.geo.areas import area_m2

AREAS = ("Polygon", "MultiPolygon")


@dataclass(frozen=True)
class Repair:
    """One boundary before and after; areas in square metres, shapes in degrees."""

    community_code: str
    before: shapely.Geometry
    after: shapely.Geometry
    before_m2: float
    after_m2: float


def repair(community_code: str, shape: shapely.Geometry) -> Repair | None:
    """Return the shape with spikes and crossings taken out; None when no ground is left."""
    made = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    # A spike comes out as a line beside the area: it encloses nothing and is left away.
    parts = [part for part in shapely.get_parts(made).tolist() if part.geom_type in AREAS]
    if not parts:
        return None
    after = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    if shapely.is_empty(after) or not shapely.is_valid(after):
        return None
    return Repair(community_code, shape, after, area_m2(shape), area_m2(after))
