"""Reads a file of boundaries (GeoJSON) and says everything that is wrong with it. Pure.

A file is taken whole or not at all: one error keeps all of it out, and every error is named with
the feature (counted from 1) and the field it is in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely

from grid_report.places import coverage
from grid_report.places.areas import area_m2
from grid_report.places.datum import Datum, to_wgs84
from grid_report.places.findings import Finding, Findings
from grid_report.places.points import Point
from grid_report.places.routing import Area, Extent

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_FEATURES: Final = 5_000
MOST_POSITIONS: Final = 500_000
LEAST_AREA_M2: Final = 500.0

# Names under which WGS-84 in degrees, longitude first, goes in old files' "crs".
WGS84_NAMES: Final = frozenset(
    {"urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:OGC::CRS84", "urn:ogc:def:crs:EPSG::4326",
     "EPSG:4326", "CRS84", "OGC:CRS84"}
)  # fmt: skip


@dataclass(frozen=True)
class CheckedFile:
    """What a file holds and what was found; `areas` is empty when there are errors."""

    areas: tuple[Area, ...] = ()
    findings: tuple[Finding, ...] = ()
    errors: int = 0
    warnings: int = 0
    features: int = 0
    fictional: bool = False
    communities_without: tuple[str, ...] = ()


class _Refused(Exception):
    """One feature or the whole file cannot be read on."""

    def __init__(self, code: str, where: str = "", **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.where = where
        self.facts = facts


def check(text: bytes | str, *, extent: Extent, known: Mapping[str, str]) -> CheckedFile:
    """Check a file against the county's extent and its known communities (code → name)."""
    found = Findings()
    try:
        collection = _collection(text)
        datum = _datum(collection, Datum.WGS84)
    except _Refused as refused:
        found.error(refused.code, where=refused.where, **refused.facts)
        return CheckedFile(findings=tuple(found.kept), errors=found.errors)
    features = collection["features"]
    reader = _Reader(found, extent, known, datum)
    for number, feature in enumerate(features, start=1):
        reader.read(number, feature)
    without: tuple[str, ...] = ()
    areas = tuple(reader.areas)
    if not features:
        found.error("file-empty", where="features")
    if not found.errors:
        _look_between(areas, found)
        without = tuple(sorted(set(known) - {area.community_code for area in areas}))
    return CheckedFile(
        areas=() if found.errors else areas,
        findings=tuple(found.kept),
        errors=found.errors,
        warnings=found.warnings,
        features=len(features),
        fictional=collection.get("fictional") is True,
        communities_without=without,
    )


def _look_between(areas: tuple[Area, ...], found: Findings) -> None:
    for overlap in coverage.overlaps(areas):
        found.warn(
            "boundaries-overlap",
            community=overlap.owner,
            other=overlap.other,
            area_m2=overlap.area_m2,
        )
    for gap in coverage.gaps(areas):
        found.warn(
            "boundaries-gap",
            communities=list(gap.communities),
            area_m2=gap.area_m2,
            lat=gap.lat,
            lng=gap.lng,
        )


def _collection(text: bytes | str) -> dict[str, Any]:
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    if len(data) > MOST_BYTES:
        raise _Refused("file-too-large", limit_mb=MOST_BYTES // 1024 // 1024)
    if not data.strip():
        raise _Refused("file-empty")
    try:
        decoded = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _Refused("file-not-utf8", position=error.start) from None
    try:
        value = json.loads(decoded, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _Refused("file-not-json", line=error.lineno, column=error.colno) from None
    except RecursionError:
        raise _Refused("file-too-deep") from None
    except ValueError:  # NaN, Infinity, a number of thousands of digits
        raise _Refused("file-odd-number") from None
    if not isinstance(value, dict) or value.get("type") != "FeatureCollection":
        kind = value.get("type") if isinstance(value, dict) else type(value).__name__
        raise _Refused("file-not-a-collection", "type", kind=_short(kind))
    features = value.get("features")
    if not isinstance(features, list):
        raise _Refused("file-without-features", "features")
    if len(features) > MOST_FEATURES:
        raise _Refused("file-too-many-features", "features", limit=MOST_FEATURES)
    _crs(value.get("crs"))
    return value


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _crs(crs: Any) -> None:
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if name not in WGS84_NAMES:
        raise _Refused("crs-unknown", "crs", name=_short(name))


def _datum(properties: Mapping[str, Any], otherwise: Datum) -> Datum:
    said = properties.get("datum")
    if said is None:
        return otherwise
    try:
        return Datum(said.lower().replace("-", "") if isinstance(said, str) else said)
    except ValueError:
        raise _Refused("datum-unknown", "datum", name=_short(said)) from None


def _short(value: Any) -> str:
    """Return a value of the file, fit to be shown."""
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        return type(value).__name__
    # A lone surrogate is legal JSON and cannot be sent to a browser.
    return str(value)[:40].encode("utf-8", "replace").decode()


class _Reader:
    """Reads features one after the other and remembers which communities it has met."""

    def __init__(
        self, found: Findings, extent: Extent, known: Mapping[str, str], datum: Datum
    ) -> None:
        self.found = found
        self.extent = extent
        self.known = known
        self.datum = datum
        self.areas: list[Area] = []
        self.positions = 0
        self.first_of: dict[str, int] = {}

    def read(self, number: int, feature: Any) -> None:
        code = ""
        try:
            if not isinstance(feature, dict) or feature.get("type") != "Feature":
                raise _Refused("feature-not-a-feature", "type")
            properties = feature.get("properties")
            if not isinstance(properties, dict):
                raise _Refused("properties-missing", "properties")
            code = self._code(properties, number)
            datum = _datum(properties, self.datum)
            shape = self._shape(feature.get("geometry"), datum)
            size = area_m2(shape)
            if size <= 1.0:
                raise _Refused("shape-without-area", "geometry")
        except _Refused as refused:
            facts = {"community": code, **refused.facts}
            self.found.error(refused.code, number, where=refused.where, **facts)
            return
        if size < LEAST_AREA_M2:
            self.found.warn("shape-tiny", number, community=code, area_m2=round(size, 1))
        self.areas.append(Area(code, shape, size))

    def _code(self, properties: Mapping[str, Any], number: int) -> str:
        said = properties.get("code")
        if said is None or said == "":
            raise _Refused("code-missing", "properties.code")
        code = str(said).strip() if isinstance(said, str | int) else ""
        if not re.fullmatch(r"[0-9]{12}", code):
            raise _Refused("code-malformed", "properties.code", said=_short(said))
        if code not in self.known:
            raise _Refused("code-unknown", "properties.code", said=code)
        if code in self.first_of:
            raise _Refused(
                "code-twice", "properties.code", community=code, first=self.first_of[code]
            )
        self.first_of[code] = number
        return code

    def _shape(self, geometry: Any, datum: Datum) -> shapely.Geometry:
        if not isinstance(geometry, dict):
            raise _Refused("geometry-missing", "geometry")
        kind, raw = geometry.get("type"), geometry.get("coordinates")
        if kind == "GeometryCollection":
            raise _Refused("geometry-collection", "geometry.type")
        if kind not in ("Polygon", "MultiPolygon"):
            raise _Refused("geometry-not-an-area", "geometry.type", kind=_short(kind))
        parts = [raw] if kind == "Polygon" else raw
        if not isinstance(parts, list) or not parts:
            raise _Refused("coordinates-missing", "geometry.coordinates")
        polygons = []
        for part in parts:
            if not isinstance(part, list) or not part:
                raise _Refused("coordinates-missing", "geometry.coordinates")
            rings = [self._ring(ring, datum) for ring in part]
            polygons.append(shapely.Polygon(rings[0], rings[1:]))
        shape = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
        _refuse_crossing(shape)
        # One way round for every file, so that the same ground is written the same way.
        return shapely.normalize(shape)

    def _ring(self, ring: Any, datum: Datum) -> np.ndarray[Any, np.dtype[np.float64]]:
        where = "geometry.coordinates"
        if not isinstance(ring, list):
            raise _Refused("coordinates-missing", where)
        self.positions += len(ring)
        if self.positions > MOST_POSITIONS:
            raise _Refused("file-too-many-positions", where, limit=MOST_POSITIONS)
        if len(ring) < 4:
            raise _Refused("ring-too-short", where, count=len(ring))
        rows = np.array([_position(position) for position in ring])
        if tuple(rows[0]) != tuple(rows[-1]):
            raise _Refused("ring-open", where, lat=float(rows[0, 1]), lng=float(rows[0, 0]))
        if datum is Datum.GCJ02:
            rows = np.array([_converted(lng, lat) for lng, lat in rows.tolist()])
        self._refuse_outside(rows)
        # To the centimetre, before anything is judged: what is stored is what was checked.
        return rows.round(7)

    def _refuse_outside(self, rows: np.ndarray[Any, np.dtype[np.float64]]) -> None:
        outside = [row for row in rows.tolist() if not self.extent.holds(Point(row[1], row[0]))]
        if not outside:
            return
        if all(self.extent.holds(Point(first, second)) for first, second in rows.tolist()):
            raise _Refused("coordinates-swapped", "geometry.coordinates")
        lng, lat = outside[0]
        if abs(lng) > 180 or abs(lat) > 90:
            raise _Refused("coordinates-not-degrees", "geometry.coordinates", x=lng, y=lat)
        raise _Refused("shape-outside-county", "geometry.coordinates", lat=lat, lng=lng)


def _position(position: Any) -> tuple[float, float]:
    """Return longitude and latitude; a height is dropped."""
    if not isinstance(position, list) or len(position) < 2:
        raise _Refused("position-not-a-pair", "geometry.coordinates")
    pair = position[:2]
    if any(isinstance(n, bool) or not isinstance(n, int | float) for n in pair):
        raise _Refused("position-not-a-number", "geometry.coordinates")
    try:
        lng, lat = float(pair[0]), float(pair[1])
    except OverflowError:
        raise _Refused("position-not-a-number", "geometry.coordinates") from None
    if abs(lng) > 1e9 or abs(lat) > 1e9:  # 1e999 is infinity by now
        raise _Refused("position-not-a-number", "geometry.coordinates")
    return lng, lat


def _converted(lng: float, lat: float) -> tuple[float, float]:
    moved = to_wgs84(Point(lat, lng), Datum.GCJ02)
    return moved.lng, moved.lat


CROSSINGS: Final[Mapping[str, str]] = {
    "Self-intersection": "ring-crosses-itself",
    "Ring Self-intersection": "ring-crosses-itself",
    "Hole lies outside shell": "hole-outside",
    "Holes are nested": "holes-nested",
    "Nested shells": "parts-overlap",
    "Interior is disconnected": "shape-cut-apart",
    "Too few points in geometry component": "shape-without-area",
}


def _refuse_crossing(shape: shapely.Geometry) -> None:
    if shapely.is_valid(shape):
        return
    reason = str(shapely.is_valid_reason(shape))
    said = re.match(r"([^\[]+)(?:\[(-?[0-9.e+-]+) (-?[0-9.e+-]+)\])?", reason)
    code = CROSSINGS.get(said[1].strip() if said else "", "shape-invalid")
    facts: dict[str, Any] = {}
    if said and said[2]:
        facts = {"lng": round(float(said[2]), 6), "lat": round(float(said[3]), 6)}
    raise _Refused(code, "geometry.coordinates", **facts)
