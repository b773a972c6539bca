"""Reads a file of boundaries (GeoJSON) and says everything that is wrong with it. Pure.

A file is taken whole or not at all: one error keeps all of it out, and every error is named with
the feature (counted from 1) and the field it is in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NoReturn

import numpy as np
import shapely

from grid_report.places.boundaries import coverage
from grid_report.places.boundaries.findings import Finding, Findings
from grid_report.places.boundaries.repair import Repair, repair
from grid_report.places.geo.areas import area_m2
from grid_report.places.geo.datum import Datum, to_wgs84
from grid_report.places.geo.points import Point
from grid_report.places.geo.routing import Area, Extent

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_FEATURES: Final = 5_000
MOST_POSITIONS: Final = 500_000
LEAST_AREA_M2: Final = 500.0

# Positions are kept to the centimetre; ends of a ring nearer than that are one position.
DECIMALS: Final = 7
# Names of degrees, longitude first, in old files' "crs": WGS-84, and China's own CGCS2000.
WGS84_NAME: Final = re.compile(
    r"(urn:ogc:def:crs:)?(OGC:[0-9.]*:?CRS84|EPSG:[0-9.]*:?4326)|CRS84", re.IGNORECASE
)
CGCS2000_NAME: Final = re.compile(r"(urn:ogc:def:crs:)?EPSG:[0-9.]*:?4490", re.IGNORECASE)
CGCS2000_DATUM: Final = "cgcs2000"


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
    repairs: tuple[Repair, ...] = ()
    # Every error would be gone if the shapes were repaired.
    is_repairable: bool = False


class _Refused(Exception):
    """One feature or the whole file cannot be read on."""

    def __init__(self, code: str, where: str = "", **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.where = where
        self.facts = facts


def check(
    text: bytes | str, *, extent: Extent, known: Mapping[str, str], repairing: bool = False
) -> CheckedFile:
    """Check a file against the county's extent and its known communities (code → name).

    `repairing`: shapes that cross themselves are made valid and named, not refused.
    """
    found = Findings()
    try:
        collection = _collection(text, found)
        datum = _datum(collection, Datum.WGS84, found)
    except _Refused as refused:
        found.error(refused.code, where=refused.where, **refused.facts)
        return CheckedFile(findings=tuple(found.kept), errors=found.errors)
    features = collection["features"]
    reader = _Reader(found, extent, known, datum, repairing)
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
        repairs=tuple(reader.repairs),
        is_repairable=0 < found.errors == reader.repairable,
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


def _collection(text: bytes | str, found: Findings) -> dict[str, Any]:
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
    _crs(value.get("crs"), found)
    return value


def _no_constant(name: str) -> float:
    raise ValueError(name)


def _crs(crs: Any, found: Findings) -> None:
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    said = name.strip() if isinstance(name, str) else ""
    if CGCS2000_NAME.fullmatch(said):
        found.note_once("crs-cgcs2000", where="crs")
    elif not WGS84_NAME.fullmatch(said):
        raise _Refused("crs-unknown", "crs", name=_short(name))


def _datum(properties: Mapping[str, Any], otherwise: Datum, found: Findings) -> Datum:
    said = properties.get("datum")
    if said is None:
        return otherwise
    name = said.lower().replace("-", "") if isinstance(said, str) else said
    if name == CGCS2000_DATUM:
        found.note_once("crs-cgcs2000", where="datum")
        return Datum.WGS84
    try:
        return Datum(name)
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
        self,
        found: Findings,
        extent: Extent,
        known: Mapping[str, str],
        datum: Datum,
        repairing: bool,
    ) -> None:
        self.found = found
        self.extent = extent
        self.known = known
        self.datum = datum
        self.repairing = repairing
        self.areas: list[Area] = []
        self.repairs: list[Repair] = []
        self.repairable = 0
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
            datum = _datum(properties, self.datum, self.found)
            shape = self._whole(number, code, self._shape(feature.get("geometry"), datum))
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
        return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)

    def _whole(self, number: int, code: str, shape: shapely.Geometry) -> shapely.Geometry:
        """Return the shape when it encloses an area properly, or is to be made to."""
        if not shapely.is_valid(shape):
            made = repair(code, shape)
            self.repairable += made is not None
            if made is None or not self.repairing:
                _refuse_crossing(shape)
            self.repairs.append(made)
            self.found.note(
                "shape-repaired",
                number,
                where="geometry.coordinates",
                community=code,
                before_m2=round(made.before_m2, 1),
                after_m2=round(made.after_m2, 1),
            )
            shape = shapely.set_precision(made.after, 10.0**-DECIMALS)
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
        if np.abs(rows[0] - rows[-1]).max() > 10.0**-DECIMALS:
            raise _Refused("ring-open", where, lat=float(rows[0, 1]), lng=float(rows[0, 0]))
        rows[-1] = rows[0]
        if datum is Datum.GCJ02:
            rows = np.array([_converted(lng, lat) for lng, lat in rows.tolist()])
        self._refuse_outside(rows)
        # To the centimetre, before anything is judged: what is stored is what was checked.
        return rows.round(DECIMALS)

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


def _refuse_crossing(shape: shapely.Geometry) -> NoReturn:
    reason = str(shapely.is_valid_reason(shape))
    said = re.match(r"([^\[]+)(?:\[(-?[0-9.e+-]+) (-?[0-9.e+-]+)\])?", reason)
    code = CROSSINGS.get(said[1].strip() if said else "", "shape-invalid")
    facts: dict[str, Any] = {}
    if said and said[2]:
        facts = {"lng": round(float(said[2]), 6), "lat": round(float(said[3]), 6)}
    raise _Refused(code, "geometry.coordinates", **facts)
