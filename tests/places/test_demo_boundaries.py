"""The demo's invented ground: no overlaps, no gaps, one piece a street, and marked as invented."""

from __future__ import annotations

import json
import random

import pytest
import shapely

from grid_report.demo import boundaries, places
from grid_report.places.boundaries import geojson
from grid_report.places.geo.points import Point
from grid_report.places.geo.routing import Extent, MatchedBy, Router, Spot
from grid_report.places.tables import sheets
from grid_report.places.usecases import COMMUNITIES, DEMO

EXTENT = Extent(123.7225, 42.1157, 124.8161, 42.8896)
FILE = COMMUNITIES / "kaiyuan-demo.geojson"


@pytest.fixture(scope="module")
def rows() -> list[sheets.Row]:
    text = (COMMUNITIES / "kaiyuan.csv").read_text(encoding="utf-8")
    return sheets.read_sheet(text, sheets.COMMUNITY, file="kaiyuan.csv")


@pytest.fixture(scope="module")
def checked(rows: list[sheets.Row]) -> geojson.CheckedFile:
    known = {row["code"]: row["name"] for row in rows}
    return geojson.check(FILE.read_bytes(), extent=EXTENT, known=known)


def test_every_community_has_ground_without_overlaps_and_gaps(
    checked: geojson.CheckedFile,
) -> None:
    assert checked.findings == ()
    assert len(checked.areas) == 39
    assert checked.communities_without == ()


def test_the_file_says_that_it_is_invented(checked: geojson.CheckedFile) -> None:
    assert checked.fictional
    assert "演示边界，非真实" in json.loads(FILE.read_text(encoding="utf-8"))["name"]


@pytest.mark.parametrize("street", ["211282001", "211282002", "211282003"])
def test_a_street_is_one_piece(checked: geojson.CheckedFile, street: str) -> None:
    shapes = [a.shape for a in checked.areas if a.community_code.startswith(street)]
    assert shapely.union_all(shapes).geom_type == "Polygon"


def test_the_committed_file_is_what_the_generator_draws(rows: list[sheets.Row]) -> None:
    drawn = boundaries.draw(rows)
    committed = json.loads(FILE.read_text(encoding="utf-8"))
    for made, kept in zip(drawn["features"], committed["features"], strict=True):
        assert made["properties"] == kept["properties"]
        a, b = (shapely.geometry.shape(f["geometry"]) for f in (made, kept))
        # Another version of the geometry library may round a corner differently.
        assert a.symmetric_difference(b).area < 0.001 * b.area


def test_the_committed_sheets_are_what_the_generator_writes() -> None:
    committed = json.loads(FILE.read_text(encoding="utf-8"))
    for name, text in places.sheets_for(committed).items():
        assert (DEMO / name).read_text(encoding="utf-8") == text


def test_compounds_lie_in_their_communities_and_outskirts_are_caught_by_nearness(
    checked: geojson.CheckedFile, rows: list[sheets.Row]
) -> None:
    points = sheets.read_sheet(
        (DEMO / "reference-points.csv").read_text(encoding="utf-8"),
        sheets.REFERENCE_POINT,
        file="",
    )
    router = Router(
        checked.areas,
        street_of={row["code"]: row["street_code"] for row in rows},
        extent=EXTENT,
        spots=[Spot(p["name"], p["community_code"], Point(p["lat"], p["lng"])) for p in points],
        reach_m=800,
    )
    compounds = sheets.read_sheet(
        (DEMO / "compounds.csv").read_text(encoding="utf-8"), sheets.COMPOUND, file=""
    )
    for compound in compounds:
        match = router.locate(Point(compound["lat"], compound["lng"]))
        assert match.community_code == compound["community_code"]
    assert {c["community_code"] for c in compounds if c["self_managed"]} == {
        row["code"] for row in rows
    }
    near = [router.locate(Point(p["lat"], p["lng"])) for p in points[39:]]
    assert [m.matched_by for m in near] == [MatchedBy.NEAREST] * 6
    assert [m.community_code for m in near] == [p["community_code"] for p in points[39:]]


def test_the_middle_of_town_belongs_to_the_station(checked: geojson.CheckedFile) -> None:
    [station] = [a for a in checked.areas if a.community_code == "211282001001"]
    assert shapely.contains_xy(station.shape, 124.04, 42.545)


def test_random_points_are_inside_and_repeatable(checked: geojson.CheckedFile) -> None:
    shape = checked.areas[0].shape
    drawn = [boundaries.random_point(shape, random.Random(7)) for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert shapely.contains_xy(shape, drawn[0].lng, drawn[0].lat)
