"""Where boundaries overlap, and where ground between them belongs to nobody. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely import STRtree

from grid_report.places.geo.areas import Flat
from grid_report.places.geo.routing import Area

# Less is rounding of coordinates along a shared edge, not a quarrel about ground.
LEAST_OVERLAP_M2: Final = 5.0
LEAST_GAP_M2: Final = 25.0
# Two outlines this near each other were meant to touch.
GAP_WIDTH_M: Final = 10.0


@dataclass(frozen=True)
class Overlap:
    """Ground in two boundaries; routing gives it to `owner`, the smaller one."""

    owner: str
    other: str
    area_m2: float


@dataclass(frozen=True)
class Gap:
    """Ground between boundaries that is in none; `lat`, `lng` is a point in it (degrees)."""

    communities: tuple[str, ...]
    area_m2: float
    lat: float
    lng: float


class _Metres:
    """The areas on a plane around their middle."""

    def __init__(self, areas: Sequence[Area]) -> None:
        degrees = np.array([area.shape for area in areas], dtype=object)
        south, north = shapely.total_bounds(degrees)[[1, 3]]
        self.flat = Flat(float(south + north) / 2)
        self.codes = [area.community_code for area in areas]
        self.shapes = np.array([self.flat.flatten(shape) for shape in degrees], dtype=object)
        self.tree = STRtree(self.shapes)


def overlaps(areas: Sequence[Area]) -> list[Overlap]:
    """Return every pair of boundaries that share ground, largest first."""
    if len(areas) < 2:
        return []
    ranked = sorted(areas, key=lambda area: area.rank)
    metres = _Metres(ranked)
    first, second = metres.tree.query(metres.shapes, predicate="intersects")
    once = first < second
    first, second = first[once], second[once]
    shared = shapely.area(shapely.intersection(metres.shapes[first], metres.shapes[second]))
    found = [
        Overlap(metres.codes[a], metres.codes[b], round(float(size), 1))
        for a, b, size in zip(first.tolist(), second.tolist(), shared, strict=True)
        if size >= LEAST_OVERLAP_M2
    ]
    return sorted(found, key=lambda o: (-o.area_m2, o.owner, o.other))


def gaps(areas: Sequence[Area]) -> list[Gap]:
    """Return ground enclosed by boundaries or lying narrowly between them, largest first.

    Holes are what the union leaves out; narrow strips that reach the outside are what fills up
    when the union is thickened and thinned again by half of `GAP_WIDTH_M`.
    """
    if not areas:
        return []
    metres = _Metres(areas)
    together = shapely.union_all(metres.shapes)
    filled = together.buffer(GAP_WIDTH_M / 2, join_style="mitre").buffer(
        -GAP_WIDTH_M / 2, join_style="mitre"
    )
    holes = [
        shapely.Polygon(ring)
        for part in shapely.get_parts(together).tolist()
        for ring in part.interiors
    ]
    # What lies inside a hole (an island with its own boundary) is not missing.
    missing = shapely.difference(shapely.union_all([filled, *holes]), together)
    found = []
    for piece in shapely.get_parts(missing).tolist():
        size = float(shapely.area(piece))
        if size < LEAST_GAP_M2:
            continue
        around = metres.tree.query(piece, predicate="dwithin", distance=0.05).tolist()
        codes = tuple(sorted(metres.codes[index] for index in around))
        inside = shapely.point_on_surface(piece)
        # A strip along one outline only is its own shape, not a gap to a neighbour.
        if len(codes) >= 2 or any(hole.covers(inside) for hole in holes):
            lng, lat = _degrees(metres.flat, inside)
            found.append(Gap(codes, round(size, 1), round(lat, 6), round(lng, 6)))
    return sorted(found, key=lambda g: (-g.area_m2, g.communities, g.lat))


def _degrees(flat: Flat, spot: shapely.Point) -> tuple[float, float]:
    """Return (lng, lat) of a spot on the plane."""
    return flat.degrees(spot.x, spot.y)
