"""A file of boundaries is taken whole or not at all, and what is wrong is named."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from grid_report.places.boundaries import coverage, geojson
from grid_report.places.boundaries.findings import Weight
from grid_report.places.geo import areas as geo_areas
from grid_report.places.geo.datum import to_gcj02
from grid_report.places.geo.points import Point
from grid_report.places.geo.routing import Area, Extent

A, B = "211282001001", "211282001003"
KNOWN = {A: "站前社区", B: "光明社区"}
EXTENT = Extent(123.7225, 42.1157, 124.8161, 42.8896)
RING = [[124.0, 42.5], [124.01, 42.5], [124.01, 42.51], [124.0, 42.51], [124.0, 42.5]]


def feature(
    code: Any = A, coordinates: Any = None, kind: str = "Polygon", **properties: Any
) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"code": code, **properties},
        "geometry": {"type": kind, "coordinates": [RING] if coordinates is None else coordinates},
    }


def moved(east: float, north: float = 0.0) -> list[list[float]]:
    return [[round(x + east, 7), round(y + north, 7)] for x, y in RING]


def check(*features: Any, repairing: bool = False, **more: Any) -> geojson.CheckedFile:
    text = json.dumps({"type": "FeatureCollection", "features": features, **more})
    return check_text(text, repairing=repairing)


def check_text(text: bytes | str, *, repairing: bool = False) -> geojson.CheckedFile:
    return geojson.check(text, extent=EXTENT, known=KNOWN, repairing=repairing)


def only_error(checked: geojson.CheckedFile) -> Any:
    errors = [f for f in checked.findings if f.weight is Weight.ERROR]
    assert checked.areas == ()
    assert len(errors) == 1, errors
    return errors[0]


def test_a_good_file_gives_its_areas() -> None:
    checked = check(feature(), feature(B, [moved(0.01)]))
    assert [a.community_code for a in checked.areas] == [A, B]
    assert checked.errors == checked.warnings == 0
    assert checked.areas[0].area_m2 == pytest.approx(111_080 * 0.01 * 82_150 * 0.01, rel=0.002)
    assert checked.communities_without == ()


def test_communities_the_file_leaves_out_are_told() -> None:
    assert check(feature()).communities_without == (B,)


def test_a_file_may_say_it_is_fictional() -> None:
    assert check(feature(), fictional=True).fictional
    assert not check(feature()).fictional


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (b"", "file-empty"),
        (b"  \n", "file-empty"),
        ('{"type": "FeatureCollection", "fea', "file-not-json"),
        ("开原市".encode("gbk"), "file-not-utf8"),
        ("[" * 200_000, "file-too-deep"),
        ('{"type": NaN}', "file-odd-number"),
        ('{"a": ' + "9" * 6000 + "}", "file-odd-number"),
        ("[]", "file-not-a-collection"),
        ("3", "file-not-a-collection"),
        ('{"type": "Feature"}', "file-not-a-collection"),
        ('{"type": ["FeatureCollection"]}', "file-not-a-collection"),
        ('{"type": "FeatureCollection"}', "file-without-features"),
        ('{"type": "FeatureCollection", "features": {}}', "file-without-features"),
        ('{"type": "FeatureCollection", "features": []}', "file-empty"),
    ],
)
def test_what_is_no_map_is_refused_clearly(text: bytes | str, code: str) -> None:
    assert only_error(check_text(text)).code == code


def test_a_byte_order_mark_is_no_reason_to_refuse() -> None:
    text = json.dumps({"type": "FeatureCollection", "features": [feature()]})
    assert check_text(b"\xef\xbb\xbf" + text.encode()).errors == 0


def test_a_giant_file_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "MOST_BYTES", 10)
    assert only_error(check(feature())).code == "file-too-large"


def test_too_many_features_and_corners_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "MOST_POSITIONS", 7)
    assert only_error(check(feature(), feature(B, [moved(0.01)]))).code == "file-too-many-positions"
    monkeypatch.setattr(geojson, "MOST_FEATURES", 1)
    assert only_error(check(feature(), feature(B))).code == "file-too-many-features"


@pytest.mark.parametrize(
    ("broken", "code", "where"),
    [
        ("a string", "feature-not-a-feature", "type"),
        ({"type": "Point"}, "feature-not-a-feature", "type"),
        ({"type": "Feature", "geometry": None}, "properties-missing", "properties"),
        (feature(None), "code-missing", "properties.code"),
        (feature(""), "code-missing", "properties.code"),
        (feature("2112820010"), "code-malformed", "properties.code"),
        (feature([A]), "code-malformed", "properties.code"),
        (feature("２１１２８２００１００１"), "code-malformed", "properties.code"),
        (feature("999999999999"), "code-unknown", "properties.code"),
        (feature(datum="bd09"), "datum-unknown", "datum"),
        (feature(datum=7), "datum-unknown", "datum"),
        ({**feature(), "geometry": None}, "geometry-missing", "geometry"),
        (feature(kind="GeometryCollection"), "geometry-collection", "geometry.type"),
        (feature(kind="LineString"), "geometry-not-an-area", "geometry.type"),
        (feature(coordinates=[]), "coordinates-missing", "geometry.coordinates"),
        (feature(coordinates="x"), "coordinates-missing", "geometry.coordinates"),
        (feature(coordinates=[5]), "coordinates-missing", "geometry.coordinates"),
        (feature(coordinates=[[], "x"], kind="MultiPolygon"), "coordinates-missing", None),
        (feature(coordinates=[RING[:3]]), "ring-too-short", "geometry.coordinates"),
        (feature(coordinates=[RING[:4]]), "ring-open", "geometry.coordinates"),
        (feature(coordinates=[[7, 7, 7, 7]]), "position-not-a-pair", None),
        (feature(coordinates=[[[1], [1], [1], [1]]]), "position-not-a-pair", None),
        (feature(coordinates=[[["124", "42"]] * 4]), "position-not-a-number", None),
        (feature(coordinates=[[[True, False]] * 4]), "position-not-a-number", None),
        (feature(coordinates=[[[1e300, 10**400]] * 4]), "position-not-a-number", None),
        (feature(coordinates=[[[124.0, 42.5]] * 4]), "shape-without-area", None),
        (feature(coordinates=[moved(5)]), "shape-outside-county", None),
        (feature(coordinates=[[[y, x] for x, y in RING]]), "coordinates-swapped", None),
        (
            feature(coordinates=[[[41503000 + x, 4712000 + y] for x, y in RING]]),
            "coordinates-not-degrees",
            None,
        ),
    ],
)
def test_a_broken_feature_keeps_the_file_out_and_is_named(
    broken: Any, code: str, where: str | None
) -> None:
    error = only_error(check(feature(B, [moved(0.01)]), broken))
    assert error.code == code
    assert error.feature == 2
    if where:
        assert error.where == where


def bow_tie() -> list[list[float]]:
    return [[124.0, 42.5], [124.01, 42.51], [124.01, 42.5], [124.0, 42.51], [124.0, 42.5]]


def inner(west: float, south: float, size: float) -> list[list[float]]:
    corners = [(0, 0), (0, size), (size, size), (size, 0), (0, 0)]
    return [[west + x, south + y] for x, y in corners]


@pytest.mark.parametrize(
    ("coordinates", "kind", "code"),
    [
        ([bow_tie()], "Polygon", "ring-crosses-itself"),
        ([RING, inner(124.1, 42.6, 0.001)], "Polygon", "hole-outside"),
        (
            [RING, inner(124.002, 42.502, 0.006), inner(124.004, 42.504, 0.002)],
            "Polygon",
            "holes-nested",
        ),
        ([[RING], [inner(124.002, 42.502, 0.002)]], "MultiPolygon", "parts-overlap"),
    ],
)
def test_crossing_lines_are_refused_with_the_spot(coordinates: Any, kind: str, code: str) -> None:
    error = only_error(check(feature(A, coordinates, kind)))
    assert error.code == code
    assert 124.0 <= error.facts["lng"] <= 124.2
    assert 42.4 <= error.facts["lat"] <= 42.7


def test_the_same_community_twice_is_refused_with_the_first_place() -> None:
    error = only_error(check(feature(), feature(B, [moved(0.01)]), feature(A, [moved(0.02)])))
    assert (error.code, error.feature, error.facts["first"]) == ("code-twice", 3, 1)


def test_all_errors_are_told_at_once() -> None:
    checked = check(feature("x"), feature("y"), feature(A, [RING[:4]]))
    assert [f.feature for f in checked.findings] == [1, 2, 3]
    assert checked.errors == 3


def test_a_thousand_errors_are_counted_but_not_all_kept() -> None:
    checked = check(*[feature("x") for _ in range(1000)])
    assert checked.errors == 1000
    assert len(checked.findings) == 200


def test_heights_are_dropped() -> None:
    flat, high = check(feature()), check(feature(A, [[[x, y, 93.5] for x, y in RING]]))
    assert shapely.equals_exact(flat.areas[0].shape, high.areas[0].shape)


def test_a_code_may_be_a_number() -> None:
    assert check(feature(int(A))).errors == 0


def test_the_direction_of_a_ring_does_not_matter() -> None:
    there, back = check(feature()), check(feature(A, [RING[::-1]]))
    assert shapely.equals_exact(there.areas[0].shape, back.areas[0].shape)


def test_gcj02_is_converted_for_one_feature_or_the_whole_file() -> None:
    shifted = []
    for lng, lat in RING:
        there = to_gcj02(Point(lat, lng))
        shifted.append([there.lng, there.lat])
    for checked in (
        check(feature(A, [shifted], datum="GCJ-02")),
        check(feature(A, [shifted]), datum="gcj02"),
    ):
        assert shapely.equals_exact(checked.areas[0].shape, check(feature()).areas[0].shape, 1e-6)


def test_neighbours_converted_from_gcj02_still_share_their_edge() -> None:
    def shifted(ring: list[list[float]]) -> list[list[float]]:
        points = [to_gcj02(Point(lat, lng)) for lng, lat in ring]
        return [[p.lng, p.lat] for p in points]

    checked = check(feature(A, [shifted(RING)]), feature(B, [shifted(moved(0.01))]), datum="gcj02")
    assert checked.errors == checked.warnings == 0


@pytest.mark.parametrize("name", ["EPSG:4491", "urn:ogc:def:crs:EPSG::3857", None, 4])
def test_another_coordinate_system_is_refused(name: Any) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert only_error(check(feature(), crs=crs)).code == "crs-unknown"


def test_the_old_way_to_say_wgs84_is_understood() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    assert check(feature(), crs=crs).errors == 0


def test_what_the_file_says_can_always_be_shown() -> None:
    error = only_error(check_text('{"type": "\\ud800 half a sign"}'))
    error.facts["kind"].encode("utf-8")


# between the features


def test_an_overlap_is_listed_with_its_pair_and_size() -> None:
    checked = check(feature(A), feature(B, [moved(0.009)]))
    [overlap] = [f for f in checked.findings if f.code == "boundaries-overlap"]
    assert overlap.weight is Weight.WARNING
    assert {overlap.community, overlap.facts["other"]} == {A, B}
    assert overlap.facts["area_m2"] == pytest.approx(111_080 * 0.01 * 82_150 * 0.001, rel=0.01)
    assert len(checked.areas) == 2


def test_a_narrow_strip_between_neighbours_is_a_gap() -> None:
    checked = check(feature(A), feature(B, [moved(0.01005)]))  # four metres
    [gap] = [f for f in checked.findings if f.code == "boundaries-gap"]
    assert gap.facts["communities"] == [A, B]
    assert gap.facts["area_m2"] == pytest.approx(4.1 * 1111, rel=0.05)
    assert gap.facts["lng"] == pytest.approx(124.010025, abs=3e-5)


def test_a_street_between_neighbours_is_no_gap() -> None:
    assert check(feature(A), feature(B, [moved(0.0105)])).warnings == 0


def test_a_hole_is_a_gap_unless_it_has_a_boundary_of_its_own() -> None:
    hole = inner(124.003, 42.503, 0.002)
    with_hole = check(feature(A, [RING, hole]))
    [gap] = with_hole.findings
    assert (gap.code, gap.facts["communities"]) == ("boundaries-gap", [A])
    assert check(feature(A, [RING, hole]), feature(B, [hole])).warnings == 0


def test_a_bay_in_one_outline_is_no_gap() -> None:
    bay = [*RING[:2], [124.01, 42.51], [124.0051, 42.51], [124.005, 42.502], [124.0049, 42.51],
           [124.0, 42.51], [124.0, 42.5]]  # fmt: skip
    assert check(feature(A, [bay])).warnings == 0


def test_a_tiny_area_is_pointed_out() -> None:
    [finding] = check(feature(A, [inner(124.0, 42.5, 0.0001)])).findings
    assert finding.code == "shape-tiny"


# square metres


def test_the_whole_earth_has_its_known_area() -> None:
    earth = shapely.box(-180, -90, 180, 90)
    assert geo_areas.area_m2(shapely.segmentize(earth, 1.0)) == pytest.approx(
        510_065_621.7e6, rel=1e-7
    )


def test_lengths_are_true_near_the_chosen_latitude() -> None:
    flat = geo_areas.Flat(42.5)
    line = flat.flatten(shapely.LineString([(124.0, 42.5), (124.01, 42.5)]))
    assert shapely.length(line) == pytest.approx(821.9, abs=0.5)
    lng, lat = flat.degrees(*line.coords[0])
    assert (lng, lat) == pytest.approx((124.0, 42.5))


def test_no_areas_have_neither_overlaps_nor_gaps() -> None:
    assert coverage.overlaps([]) == []
    assert coverage.gaps([]) == []


@given(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02))
def test_the_overlap_of_two_squares_is_what_geometry_says(east: float, north: float) -> None:
    first = shapely.Polygon(RING)
    second = shapely.Polygon(moved(east, north))
    found = coverage.overlaps(
        [Area(A, first, geo_areas.area_m2(first)), Area(B, second, geo_areas.area_m2(second))]
    )
    shared = geo_areas.area_m2(first.intersection(second))
    assert sum(o.area_m2 for o in found) == pytest.approx(shared, abs=6)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inside: (
        st.lists(inside, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "features", "properties", "geometry", "coordinates", "code"]),
            inside,
        )
    ),
    max_leaves=20,
)


@given(JSON, JSON)
def test_no_json_breaks_the_reader(properties: Any, coordinates: Any) -> None:
    bad = {"type": "Feature", "properties": properties, "geometry": coordinates}
    worse = feature(A, coordinates)
    for features in (properties, [properties], [bad], [worse], [feature(A, [coordinates])]):
        text = json.dumps({"type": "FeatureCollection", "features": features}, allow_nan=True)
        checked = check_text(text)
        assert checked.errors or checked.areas
        assert not any(math.isnan(a.area_m2) for a in checked.areas)
