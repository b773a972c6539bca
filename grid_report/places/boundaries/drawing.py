"""Boundaries as a light GeoJSON for the built-in map, and as SVG paths for a page. Pure."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from grid_report.places.geo.reference import CommunityInfo, Reference
from grid_report.places.geo.routing import Area

# About five metres: nothing an eye sees on a phone.
LIGHT_DEGREES: Final = 0.00005
TINTS: Final = 4


@dataclass(frozen=True)
class Outline:
    """One community on a drawing; coordinates in the drawing's own units."""

    code: str
    name: str
    street: str
    tint: int  # 0 to TINTS - 1, one a street
    path: str
    label_x: float
    label_y: float
    # How far the outline is from the label: what is longer does not fit.
    label_room: float
    is_marked: bool


@dataclass(frozen=True)
class Drawing:
    """What a template needs to draw an inline SVG; the scale bar is `scale_m` metres long."""

    width: int
    height: int
    outlines: tuple[Outline, ...]
    scale_m: int
    scale_width: float


def light(areas: Sequence[Area], tolerance: float = LIGHT_DEGREES) -> list[shapely.Geometry]:
    """Return the shapes with fewer corners, neighbours still sharing theirs."""
    shapes = np.array([area.shape for area in areas], dtype=object)
    if not len(shapes):
        return []
    fewer = shapely.coverage_simplify(shapes, tolerance)
    # Where boundaries overlap they are no coverage, and a shape may come out broken or empty.
    good = shapely.is_valid(fewer) & ~shapely.is_empty(fewer)
    return [few if ok else whole for few, ok, whole in zip(fewer, good, shapes, strict=True)]


def light_geojson(reference: Reference) -> str:
    """Return the boundaries that count as compact GeoJSON in WGS-84, to about a metre."""
    version = reference.boundary_version
    features = []
    for area, shape in zip(reference.areas, light(reference.areas), strict=True):
        info = reference.communities[area.community_code]
        features.append(
            {
                "type": "Feature",
                "properties": {
                    "code": info.code,
                    "name": info.name,
                    "street": info.street_code,
                    "center": [round(info.center.lng, 5), round(info.center.lat, 5)]
                    if info.center
                    else None,
                },
                "geometry": _rounded(shape),
            }
        )
    collection = {
        "type": "FeatureCollection",
        "version": version.id if version else None,
        "fictional": version.fictional if version else False,
        "features": features,
    }
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":"))


def _rounded(shape: shapely.Geometry) -> Any:
    def rounded(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [rounded(part) for part in value]
        return round(value, 5)

    geometry = shapely.geometry.mapping(shape)
    return {"type": geometry["type"], "coordinates": rounded(geometry["coordinates"])}


def draw(
    areas: Sequence[Area],
    communities: Mapping[str, CommunityInfo],
    *,
    marked: Collection[str] = (),
    width: int = 960,
) -> Drawing | None:
    """Return the areas as SVG paths, north up; None when there is nothing to draw."""
    if not areas:
        return None
    west, south, east, north = shapely.total_bounds([area.shape for area in areas]).tolist()
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (width - 16) / max((east - west) * squeeze, 1e-9)
    height = round((north - south) * scale) + 16
    placed = _onto_paper(west, north, squeeze * scale, scale)

    streets = sorted({communities[area.community_code].street_code for area in areas})
    outlines = []
    for area, shape in zip(areas, light(areas, 0.7 / scale), strict=True):
        info = communities[area.community_code]
        flat = shapely.transform(shape, placed)
        label = shapely.centroid(flat)
        if not flat.contains(label):
            label = shapely.point_on_surface(flat)
        outlines.append(
            Outline(
                code=info.code,
                name=info.name,
                street=info.street_name,
                tint=streets.index(info.street_code) % TINTS,
                path=_path(flat),
                label_x=round(label.x, 1),
                label_y=round(label.y, 1),
                label_room=round(shapely.boundary(flat).distance(label), 1),
                is_marked=info.code in marked,
            )
        )
    metres_a_unit = 111_195.0 / scale
    scale_m = _round_length(metres_a_unit * width / 6)
    return Drawing(width, height, tuple(outlines), scale_m, round(scale_m / metres_a_unit, 1))


@dataclass(frozen=True)
class BeforeAfter:
    """One boundary before and after its repair, as SVG paths on one ground."""

    width: int
    height: int
    before: str
    after: str


def draw_repair(
    before: shapely.Geometry, after: shapely.Geometry, *, longest: int = 280
) -> BeforeAfter:
    """Draw a shape in degrees and its repair over each other, north up, sides in SVG units."""
    west, south, east, north = shapely.total_bounds([before, after]).tolist()
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (longest - 16) / max((east - west) * squeeze, north - south, 1e-9)
    placed = _onto_paper(west, north, squeeze * scale, scale)

    return BeforeAfter(
        width=round((east - west) * squeeze * scale) + 16,
        height=round((north - south) * scale) + 16,
        before=_path(shapely.transform(before, placed)),
        after=_path(shapely.transform(after, placed)),
    )


def _onto_paper(west: float, north: float, across: float, down: float) -> Callable[[Any], Any]:
    """Return what places degrees on a drawing with a margin of 8, by units a degree."""

    def placed(degrees: np.ndarray[Any, np.dtype[np.float64]]) -> Any:
        return np.column_stack(
            (8 + (degrees[:, 0] - west) * across, 8 + (north - degrees[:, 1]) * down)
        ).round(1)

    return placed


def _path(shape: shapely.Geometry) -> str:
    pieces = []
    for part in shapely.get_parts(shape).tolist():
        for ring in (part.exterior, *part.interiors):
            corners = [f"{x:g} {y:g}" for x, y in ring.coords[:-1]]
            pieces.append("M" + "L".join(corners) + "Z")
    return "".join(pieces)


def _round_length(metres: float) -> int:
    """Return a length people like that is not longer: 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(max(metres, 1.0)))
    return int(next(step * power for step in (5, 2, 1) if step * power <= max(metres, 1.0)))
