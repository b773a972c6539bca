"""The demo's made-up streets: drawn here once, kept as config/demo/streets.pmtiles.

    .venv/bin/python -m tools.painter.streets

No street of it is real. The same dice make the same bytes.
"""

import csv
import gzip
import json
import math
import random
import struct
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from shapely import LineString, Polygon

from tools.paths import ROOT

TARGET = ROOT / "config" / "demo" / "streets.pmtiles"
COMPOUNDS = ROOT / "config" / "demo" / "compounds.csv"
# The county's rectangle, as in config/default.toml: what the file says it is about.
COUNTY = (123.7225, 42.1157, 124.8161, 42.8896)
MIDDLE = (124.0455, 42.5445)
ACROSS_M, ALONG_M = 5600, 4500
ZOOMS = range(11, 15)
EXTENT, BUFFER = 4096, 128
SEED = 20261201
METRES = 111_195.0

STREETS = "海棠丁香银杏松涛白桦杜鹃金桂红枫玉兰紫藤青竹芦花云杉山楂连翘榆荫"
ROADS = "晨曦星河长虹流云秋水春晖朝霞暖阳瑞雪清风明月碧波彩虹飞鸿"


@dataclass
class Feature:
    """A thing on the map, in metres from the middle of the town."""

    layer: str
    kind: str
    shape: shapely.Geometry
    name: str = ""
    # From which zoom on it is worth its bytes.
    zoom: int = 14


def draw(dice: random.Random) -> list[Feature]:
    """Draw the town: river, railway, streets, parks, and blocks of houses."""
    found = [_river(dice), _railway()]
    upright = _spread(dice, ACROSS_M)
    level = _spread(dice, ALONG_M)
    names = [iter(_pairs(STREETS)), iter(_pairs(ROADS))]
    for across, places, reach in ((True, upright, ALONG_M), (False, level, ACROSS_M)):
        for number, at in enumerate(places):
            main, middle = number % 4 == 0, number % 2 == 0
            name = next(names[not across], "") if middle else ""
            ending = ("大街" if across else "大路") if main else ("街" if across else "路")
            for line in _street(dice, at, reach, across=across, whole=middle):
                found.append(
                    Feature(
                        "roads",
                        "major_road" if main else "medium_road" if middle else "minor_road",
                        line,
                        name + ending if name else "",
                        11 if main else 13 if middle else 14,
                    )
                )
    found += _parks(dice, upright, level)
    return found + _houses(dice)


def _pairs(text: str) -> list[str]:
    """Return the names a text is made of: two characters each."""
    return [text[at : at + 2] for at in range(0, len(text), 2)]


def _spread(dice: random.Random, reach: int) -> list[float]:
    """Return where streets lie: about every two hundred metres."""
    places, at = [], -reach + dice.uniform(0, 100)
    while at < reach:
        places.append(at)
        at += dice.uniform(170, 250)
    return places


def _street(
    dice: random.Random, at: float, reach: int, *, across: bool, whole: bool
) -> Iterator[LineString]:
    """Yield a street, waving a little; a small one ends here and there."""
    bow, phase = dice.uniform(10, 45), dice.uniform(0, math.tau)
    points: list[tuple[float, float]] = []
    for step in range(-reach, reach + 1, 150):
        aside = at + bow * math.sin(step / 1400 + phase)
        points.append(_turned(aside, step) if across else _turned(step, aside))
        if not whole and dice.random() < 0.12 and len(points) > 1:
            yield LineString(points)
            points = []
    if len(points) > 1:
        yield LineString(points)


def _turned(x: float, y: float) -> tuple[float, float]:
    """Turn the town a little: none of this country's lies straight."""
    turn = math.radians(7)
    return (x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn))


def _river(dice: random.Random) -> Feature:
    points = [
        (x, -2450 + 420 * math.sin(x / 1900) + dice.uniform(-30, 30))
        for x in range(-7000, 7001, 350)
    ]
    return Feature("water", "river", LineString(points).buffer(55, quad_segs=3), "演示河", 11)


def _railway() -> Feature:
    points = [(-2600 + 260 * math.sin(y / 2600), y) for y in range(-6000, 6001, 400)]
    return Feature("roads", "rail", LineString(points), "", 11)


def _parks(dice: random.Random, upright: Sequence[float], level: Sequence[float]) -> list[Feature]:
    found = []
    for _ in range(16):
        i, j = dice.randrange(len(upright) - 3), dice.randrange(len(level) - 3)
        (west, east), (south, north) = (upright[i], upright[i + 2]), (level[j], level[j + 1])
        corners = [(west, south), (east, south), (east, north), (west, north)]
        shape = Polygon([_turned(*it) for it in corners]).buffer(-18, join_style="mitre")
        found.append(Feature("landuse", "park", shape, "", 12))
    return found


def _houses(dice: random.Random) -> list[Feature]:
    """Return rows of long houses around each compound of the demo."""
    found = []
    with COMPOUNDS.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            x, y = _metres(float(row["lng"]), float(row["lat"]))
            turn = dice.uniform(-6, 14)
            for across in (-38, 38):
                for along in (-60, -20, 20, 60):
                    long, deep = dice.uniform(24, 32), dice.uniform(5, 6.5)
                    house = shapely.box(
                        x + across - long, y + along - deep, x + across + long, y + along + deep
                    )
                    turned = shapely.affinity.rotate(house, turn, origin=(x, y))
                    found.append(Feature("buildings", "building", turned))
    return found


# --- degrees and tiles ----------------------------------------------------------------------------


def _metres(lng: float, lat: float) -> tuple[float, float]:
    squeeze = math.cos(math.radians(MIDDLE[1]))
    return (lng - MIDDLE[0]) * METRES * squeeze, (lat - MIDDLE[1]) * METRES


def _world(x: float, y: float, zoom: int) -> tuple[float, float]:
    """Return a spot in units of a tile at a zoom, from the north-west corner of the world."""
    squeeze = math.cos(math.radians(MIDDLE[1]))
    lng, lat = MIDDLE[0] + x / METRES / squeeze, MIDDLE[1] + y / METRES
    sine = math.sin(math.radians(lat))
    upward = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
    return (lng + 180) / 360 * 2**zoom, upward * 2**zoom


def tiles(features: Sequence[Feature]) -> Iterator[tuple[int, bytes]]:
    """Yield every tile that holds anything, by its number on the curve through all zooms."""
    for zoom in ZOOMS:
        shown = [it for it in features if it.zoom <= zoom]
        flat = [
            shapely.transform(it.shape, lambda xy, z=zoom: [_world(x, y, z) for x, y in xy])
            for it in shown
        ]
        tree = shapely.STRtree(flat)
        west, north, east, south = shapely.total_bounds(flat)
        for column in range(int(west), int(east) + 1):
            for row in range(int(north), int(south) + 1):
                edge = BUFFER / EXTENT
                frame = shapely.box(column - edge, row - edge, column + 1 + edge, row + 1 + edge)
                layers: dict[str, Layer] = {}
                for index in sorted(tree.query(frame, predicate="intersects").tolist()):
                    feature = shown[index]
                    layer = layers.setdefault(feature.layer, Layer(feature.layer))
                    layer.add(feature, shapely.intersection(flat[index], frame), column, row)
                if packed := b"".join(
                    _part(3, it.packed()) for it in layers.values() if it.features
                ):
                    yield _number(zoom, column, row), gzip.compress(packed, 9, mtime=0)


def _number(zoom: int, column: int, row: int) -> int:
    """Return a tile's place on the Hilbert curve, after all tiles of smaller zooms."""
    number, x, y = ((1 << 2 * zoom) - 1) // 3, column, row
    side = 1 << (zoom - 1)
    while side:
        right, low = int(bool(x & side)), int(bool(y & side))
        number += side * side * ((3 * right) ^ low)
        if not low:
            if right:
                x, y = side - 1 - (x & (side - 1)), side - 1 - (y & (side - 1))
            x, y = y, x
        side //= 2
    return number


@dataclass
class Layer:
    """A layer of one tile, as Mapbox's vector tiles have them."""

    name: str
    features: list[bytes] = field(default_factory=list)
    keys: dict[str, int] = field(default_factory=dict)
    values: dict[str, int] = field(default_factory=dict)

    def add(self, feature: Feature, shape: shapely.Geometry, column: int, row: int) -> None:
        """Add a feature, cut to the tile."""
        lines, kind = [], 2
        for part in shapely.get_parts(shape).tolist():
            if isinstance(part, LineString):
                lines.append((list(part.coords), False))
            elif isinstance(part, Polygon):
                kind = 3
                # Outlines go round clockwise as they are seen on the screen.
                outline = shapely.geometry.polygon.orient(part, 1)
                lines.append((list(outline.exterior.coords)[:-1], True))
        drawn = _drawn(lines, column, row)
        if not drawn:
            return
        said = {"kind": feature.kind} | ({"name": feature.name} if feature.name else {})
        tags = [
            number
            for key, value in said.items()
            for number in (
                self.keys.setdefault(key, len(self.keys)),
                self.values.setdefault(value, len(self.values)),
            )
        ]
        self.features.append(
            _part(2, b"".join(map(_varint, tags))) + _varint(3 << 3) + _varint(kind)
            + _part(4, b"".join(map(_varint, drawn)))
        )  # fmt: skip

    def packed(self) -> bytes:
        """Return the layer as bytes."""
        return b"".join(
            (
                _part(1, self.name.encode()),
                *(_part(2, it) for it in self.features),
                *(_part(3, it.encode()) for it in self.keys),
                *(_part(4, _part(1, it.encode())) for it in self.values),
                _varint(5 << 3) + _varint(EXTENT),
                _varint(15 << 3) + _varint(2),
            )
        )


def _drawn(lines: Sequence[tuple[Any, bool]], column: int, row: int) -> list[int]:
    """Return the pen's commands for lines and outlines, each step from the last."""
    said: list[int] = []
    x = y = 0
    for coords, closes in lines:
        points = [(round((a - column) * EXTENT), round((b - row) * EXTENT)) for a, b in coords]
        points = [it for i, it in enumerate(points) if i == 0 or it != points[i - 1]]
        if len(points) < (3 if closes else 2):
            continue
        for number, (to_x, to_y) in enumerate(points):
            if number < 2:
                said.append(1 | 1 << 3 if number == 0 else 2 | (len(points) - 1) << 3)
            said += [_zigzag(to_x - x), _zigzag(to_y - y)]
            x, y = to_x, to_y
        if closes:
            said.append(7 | 1 << 3)
    return said


def _zigzag(number: int) -> int:
    return number * 2 if number >= 0 else -number * 2 - 1


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes((*found, number))


def _part(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


# --- the file -------------------------------------------------------------------------------------


def archive(found: Sequence[tuple[int, bytes]]) -> bytes:
    """Return a PMTiles file, version 3, of tiles by their number."""
    entries = sorted(found)
    numbers = [number for number, _ in entries]
    sizes = [len(data) for _, data in entries]
    steps = [b - a for a, b in zip([0, *numbers], numbers, strict=False)]
    # Tiles lie one after the other: only the first says where, the others "behind the last".
    words = [len(entries), *steps, *([1] * len(entries)), *sizes, 1, *([0] * (len(entries) - 1))]
    root = gzip.compress(b"".join(map(_varint, words)), 9, mtime=0)
    said = {"name": "演示用的虚构街道 (made-up streets)", "fictional": True, "format": "pbf"}
    about = gzip.compress(json.dumps(said, ensure_ascii=False).encode(), 9, mtime=0)
    tiles_at = 127 + len(root) + len(about)
    degrees = [round(it * 1e7) for it in COUNTY]
    middle = [round(it * 1e7) for it in MIDDLE]
    head = struct.pack(
        "<7sB11Q6B4iB2i", b"PMTiles", 3, 127, len(root), 127 + len(root), len(about), tiles_at, 0,
        tiles_at, sum(sizes), len(entries), len(entries), len(entries), 1, 2, 2, 1,
        ZOOMS[0], ZOOMS[-1], *degrees, 13, *middle,
    )  # fmt: skip
    return head + root + about + b"".join(data for _, data in entries)


def main() -> int:
    """Write the file."""
    content = archive(list(tiles(draw(random.Random(SEED)))))
    TARGET.write_bytes(content)
    print(f"{TARGET.relative_to(ROOT)}: {len(content)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
