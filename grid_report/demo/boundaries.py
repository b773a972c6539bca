"""Draws the demo's made-up boundaries: a tessellation around the middle of Kaiyuan.

The committed files were written by `python -m grid_report.demo.boundaries`; the same seed draws
the same lines. Real names and codes, invented ground: the file says so itself.
"""

from __future__ import annotations

import itertools
import json
import math
import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry import LineString, MultiPoint, Polygon

from grid_report.places.geo.points import Point
from grid_report.places.tables import sheets
from grid_report.settings import CONFIG

SEED: Final = 20261123
CENTER: Final = Point(42.545, 124.04)
HALF_WIDTH_M: Final = 4300.0
HALF_HEIGHT_M: Final = 3300.0
MARK: Final = "演示边界，非真实 (demo boundaries, not real)"

STATION: Final = "211282001001"  # 站前社区: the middle of the demo lies in it
NEW_TOWN, OLD_TOWN, KAIYUAN = "211282001", "211282002", "211282003"

# Metres a degree at the demo's latitude; the drawing needs no better.
M_PER_LAT: Final = 111_080.0
M_PER_LNG: Final = 111_320.0 * math.cos(math.radians(CENTER.lat))

Spot = tuple[float, float]


def draw(communities: Sequence[Mapping[str, str]], seed: int = SEED) -> dict[str, Any]:
    """Return a GeoJSON collection with one polygon a community, without overlaps or gaps."""
    rng = random.Random(seed)
    outline = _outline(rng)
    seeds = _spread(outline, len(communities), rng)
    cells = _cells(seeds, outline)
    names = {row["code"]: row for row in communities}
    owners = _hand_out(cells, communities)
    rough = _roughen(cells, seed)
    return {
        "type": "FeatureCollection",
        "name": MARK,
        "fictional": True,
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "code": code,
                    "name": names[code]["name"],
                    "street": names[code]["street_name"],
                    "fictional": True,
                },
                "geometry": {
                    "type": "Polygon",
                    "coordinates": [
                        [list(_lng_lat(x, y)) for x, y in rough[index].exterior.coords]
                    ],
                },
            }
            for code, index in sorted(owners.items())
        ],
    }


def _lng_lat(x: float, y: float) -> Spot:
    return round(CENTER.lng + x / M_PER_LNG, 6), round(CENTER.lat + y / M_PER_LAT, 6)


def _outline(rng: random.Random) -> Polygon:
    """Return the edge of the town: an ellipse with bays."""
    waves = [(k, rng.uniform(0.015, 0.05), rng.uniform(0, 2 * math.pi)) for k in (2, 3, 5, 7)]
    ring = []
    for step in range(180):
        angle = 2 * math.pi * step / 180
        stretch = 1 + sum(size * math.sin(k * angle + turn) for k, size, turn in waves)
        ring.append(
            (HALF_WIDTH_M * stretch * math.cos(angle), HALF_HEIGHT_M * stretch * math.sin(angle))
        )
    return Polygon(ring).simplify(20)


def _spread(outline: Polygon, count: int, rng: random.Random) -> list[Spot]:
    """Return spots spread about evenly; the first is the middle of the town."""
    spots: list[Spot] = [(0.0, 0.0)]
    west, south, east, north = outline.bounds
    while len(spots) < count:
        spot = (rng.uniform(west, east), rng.uniform(south, north))
        if shapely.contains_xy(outline, *spot):
            spots.append(spot)
    for _ in range(25):  # Lloyd's relaxation; the middle stays where it is
        cells = _cells(spots, outline)
        spots = [spots[0], *((cell.centroid.x, cell.centroid.y) for cell in cells[1:])]
    return spots


def _cells(spots: Sequence[Spot], outline: Polygon) -> list[Polygon]:
    """Return the Voronoi cell of each spot, cut to the outline, in the order of the spots."""
    parts = shapely.voronoi_polygons(MultiPoint(spots), extend_to=outline.buffer(2000)).geoms
    cut = [part.intersection(outline) for part in parts]
    return [next(cell for cell in cut if shapely.intersects_xy(cell, *spot)) for spot in spots]


def _hand_out(cells: Sequence[Polygon], communities: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """Return code → cell: the old town in the east, the new town north, Kaiyuan street south."""
    middles = {index: (cell.centroid.x, cell.centroid.y) for index, cell in enumerate(cells)}
    codes: dict[str, list[str]] = {}
    for row in sorted(communities, key=lambda row: row["code"]):
        codes.setdefault(row["street_code"], []).append(row["code"])
    rest = set(middles) - {0}
    east = sorted(rest, key=lambda i: -middles[i][0] - 0.2 * middles[i][1])
    old_town = east[: len(codes.get(OLD_TOWN, []))]
    rest -= set(old_town)
    south = sorted(rest, key=lambda i: middles[i][1])[: len(codes.get(KAIYUAN, []))]
    rest -= set(south)
    owners = {STATION: 0}
    for street, indexes in ((NEW_TOWN, rest), (OLD_TOWN, old_town), (KAIYUAN, south)):
        ordered = sorted(indexes, key=lambda i: math.atan2(middles[i][1], middles[i][0]))
        wanting = [code for code in codes.get(street, []) if code != STATION]
        owners.update(zip(wanting, ordered, strict=True))
    return owners


def _roughen(cells: Sequence[Polygon], seed: int) -> list[Polygon]:
    """Return the cells with edges as a hand would draw them; neighbours still share every corner.

    Each edge of the tessellation is bent once, by a random source of its own, and the polygons are
    put together again from the bent lines.
    """
    lines = shapely.node(shapely.union_all([cell.exterior for cell in cells]))
    edges: set[tuple[Spot, Spot]] = set()
    for line in shapely.get_parts(shapely.set_precision(lines, 0.5)).tolist():
        corners = [(float(x), float(y)) for x, y in line.coords]
        for a, b in itertools.pairwise(corners):
            if a != b:
                edges.add((a, b) if a < b else (b, a))
    bent = [LineString(_bend(a, b, random.Random(f"{seed}:{a}:{b}"))) for a, b in sorted(edges)]
    made = shapely.get_parts(shapely.polygonize(bent)).tolist()
    rough = []
    for cell in cells:
        shares = [shapely.area(shapely.intersection(part, cell)) for part in made]
        rough.append(shapely.normalize(made[int(np.argmax(shares))]))
    assert len({shape.wkb for shape in rough}) == len(cells)
    return rough


def _bend(a: Spot, b: Spot, rng: random.Random) -> list[Spot]:
    """Return a line from a to b with midpoints moved aside, again and again."""
    length = math.dist(a, b)
    if length < 90:
        return [a, b]
    aside = rng.uniform(-0.07, 0.07) * length
    middle = (
        round((a[0] + b[0]) / 2 - (b[1] - a[1]) / length * aside, 1),
        round((a[1] + b[1]) / 2 + (b[0] - a[0]) / length * aside, 1),
    )
    return [*_bend(a, middle, rng)[:-1], *_bend(middle, b, rng)]


def random_point(shape: shapely.Geometry, rng: random.Random) -> Point:
    """Return a point inside a shape given in degrees, the same for the same source."""
    west, south, east, north = shapely.bounds(shape).tolist()
    while True:
        lng, lat = rng.uniform(west, east), rng.uniform(south, north)
        if shapely.contains_xy(shape, lng, lat):
            return Point(round(lat, 6), round(lng, 6))


def main() -> None:
    """Write the committed files anew."""
    from grid_report.demo import places

    folder = CONFIG / "communities"
    rows = sheets.read_sheet(
        (folder / "kaiyuan.csv").read_text(encoding="utf-8"), sheets.COMMUNITY, file="kaiyuan.csv"
    )
    collection = draw(rows)
    (folder / "kaiyuan-demo.geojson").write_text(as_text(collection), encoding="utf-8")
    (CONFIG / "demo").mkdir(exist_ok=True)
    for name, text in places.sheets_for(collection).items():
        (CONFIG / "demo" / name).write_text(text, encoding="utf-8")


def as_text(collection: Mapping[str, Any]) -> str:
    """Return the file's text, one feature a line so that a change shows as one."""
    head = {key: value for key, value in collection.items() if key != "features"}
    features = [json.dumps(f, ensure_ascii=False) for f in collection["features"]]
    start = json.dumps(head, ensure_ascii=False)[:-1]
    return start + ', "features": [\n' + ",\n".join(features) + "\n]}\n"


if __name__ == "__main__":
    main()
