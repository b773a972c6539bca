"""Which community answers for a spot."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from grid_report.errors import Invalid
from grid_report.places.geo.areas import area_m2
from grid_report.places.geo.points import Point, distance_m
from grid_report.places.geo.routing import (
    NOBODY,
    Area,
    Extent,
    MatchedBy,
    OutsideCounty,
    Router,
    Spot,
)

A, B, C, D = "211282001001", "211282001002", "211282001003", "211282002001"
STREETS = {code: code[:9] for code in (A, B, C, D)}
EXTENT = Extent(123.0, 42.0, 125.0, 43.0)


def area(code: str, shape: shapely.Geometry) -> Area:
    return Area(code, shape, area_m2(shape))


def square(west: float, south: float, size: float = 0.01) -> shapely.Polygon:
    return shapely.box(west, south, west + size, south + size)


def router(*areas: Area, spots: Sequence[Spot] = (), reach_m: float = 0) -> Router:
    return Router(
        areas,
        street_of=STREETS,
        extent=EXTENT,
        compounds={"garden": B},
        spots=spots,
        reach_m=reach_m,
    )


def test_a_point_goes_to_the_boundary_that_holds_it() -> None:
    found = router(area(A, square(124.0, 42.5)), area(D, square(124.01, 42.5)))
    match = found.locate(Point(42.505, 124.015))
    assert (match.community_code, match.street_code) == (D, "211282002")
    assert match.matched_by is MatchedBy.BOUNDARY


def test_the_compound_of_the_scanned_sign_goes_before_the_boundary() -> None:
    found = router(area(A, square(124.0, 42.5)))
    match = found.locate(Point(42.505, 124.005), compound_code="garden")
    assert match.community_code == B
    assert match.compound_code == "garden"
    assert match.matched_by is MatchedBy.COMPOUND


def test_the_boundary_goes_before_the_nearest_reference_point() -> None:
    spots = [Spot("gate", B, Point(42.505, 124.005))]
    found = router(area(A, square(124.0, 42.5)), spots=spots, reach_m=1000)
    assert found.locate(Point(42.505, 124.005)).community_code == A


def test_outside_every_boundary_the_nearest_reference_point_within_reach_decides() -> None:
    spots = [Spot("gate", B, Point(42.60, 124.0)), Spot("mill", C, Point(42.604, 124.0))]
    found = router(area(A, square(124.0, 42.5)), spots=spots, reach_m=800)
    match = found.locate(Point(42.603, 124.0))
    assert (match.community_code, match.matched_by) == (C, MatchedBy.NEAREST)


def test_a_reference_point_catches_exactly_as_far_as_its_reach() -> None:
    gate, here = Point(42.60, 124.0), Point(42.60, 124.01)
    away_m = distance_m(gate, here)
    near = router(spots=[Spot("gate", B, gate)], reach_m=away_m)
    far = router(spots=[Spot("gate", B, gate)], reach_m=away_m - 0.01)
    assert near.locate(here).community_code == B
    assert far.locate(here) == NOBODY


def test_of_two_reference_points_just_as_far_the_lower_code_keeps_the_place() -> None:
    spots = [Spot("x", C, Point(42.6, 124.01)), Spot("y", B, Point(42.6, 123.99))]
    for order in (spots, spots[::-1]):
        assert router(spots=order, reach_m=2000).locate(Point(42.6, 124.0)).community_code == B


def test_nobody_answers_far_from_everything() -> None:
    assert router(area(A, square(124.0, 42.5))).locate(Point(42.9, 124.9)) == NOBODY


def test_a_community_chosen_from_the_list_counts_when_there_is_no_position() -> None:
    match = router(area(A, square(124.0, 42.5))).locate(None, chosen_community=D)
    assert (match.community_code, match.matched_by) == (D, MatchedBy.CHOSEN)


def test_a_usable_position_goes_before_the_choice() -> None:
    match = router(area(A, square(124.0, 42.5))).locate(Point(42.505, 124.005), chosen_community=D)
    assert (match.community_code, match.matched_by) == (A, MatchedBy.BOUNDARY)


def test_the_choice_goes_before_a_guess_by_distance() -> None:
    found = router(spots=[Spot("gate", B, Point(42.6, 124.0))], reach_m=1000)
    match = found.locate(Point(42.601, 124.0), chosen_community=D)
    assert (match.community_code, match.matched_by) == (D, MatchedBy.CHOSEN)


def test_without_position_and_choice_nobody_answers() -> None:
    assert router().locate(None) == NOBODY


@pytest.mark.parametrize(
    ("compound", "community", "field"), [("nowhere", None, "compound"), (None, "1", "community")]
)
def test_an_unknown_code_is_refused_by_name(
    compound: str | None, community: str | None, field: str
) -> None:
    with pytest.raises(Invalid) as error:
        router().locate(Point(42.5, 124.0), compound_code=compound, chosen_community=community)
    assert [p.code for p in error.value.problems[field]] == [f"{field}-unknown"]


def test_a_spot_outside_the_county_is_refused_with_its_distance() -> None:
    with pytest.raises(OutsideCounty) as error:
        router().locate(Point(39.9, 116.4), compound_code="garden", chosen_community=A)
    [problem] = error.value.problems["lat"]
    assert problem.code == "outside-county"
    assert 500 < problem.facts["away_km"] < 700


def test_just_outside_the_county_is_a_kilometre_not_none() -> None:
    with pytest.raises(OutsideCounty) as error:
        router().locate(Point(41.99999, 124.0))
    assert error.value.problems["lat"][0].facts["away_km"] == 1


def test_the_rim_of_the_county_is_inside() -> None:
    assert router().locate(Point(42.0, 123.0)) == NOBODY


# edges, holes, islands, overlaps, several parts


def test_a_point_on_a_shared_edge_has_one_owner_whatever_the_order() -> None:
    west, east = area(B, square(124.0, 42.5)), area(A, square(124.01, 42.5))
    for order in ((west, east), (east, west)):
        for lat in (42.5, 42.5033, 42.51):
            assert router(*order).locate(Point(lat, 124.01)).community_code == A


def test_the_smaller_neighbour_owns_the_shared_edge() -> None:
    small, large = area(D, square(124.0, 42.5, 0.005)), area(A, square(124.005, 42.5))
    assert router(small, large).locate(Point(42.502, 124.005)).community_code == D


def test_a_point_in_a_hole_is_not_in_the_area() -> None:
    ring = square(124.0, 42.5, 0.03).difference(square(124.01, 42.51))
    found = router(area(A, ring))
    assert found.locate(Point(42.515, 124.015)) == NOBODY
    assert found.locate(Point(42.505, 124.005)).community_code == A


def test_an_island_in_a_hole_answers_for_itself_and_for_its_shore() -> None:
    hole = square(124.01, 42.51)
    found = router(area(A, square(124.0, 42.5, 0.03).difference(hole)), area(D, hole))
    assert found.locate(Point(42.515, 124.015)).community_code == D
    assert found.locate(Point(42.51, 124.015)).community_code == D


def test_an_island_without_a_hole_around_it_wins_by_being_smaller() -> None:
    found = router(area(A, square(124.0, 42.5, 0.03)), area(D, square(124.01, 42.51)))
    assert found.locate(Point(42.515, 124.015)).community_code == D
    assert found.locate(Point(42.505, 124.005)).community_code == A


def test_an_overlap_belongs_to_the_smaller_area() -> None:
    found = router(area(A, square(124.0, 42.5, 0.02)), area(B, square(124.015, 42.5, 0.01)))
    assert found.locate(Point(42.505, 124.018)).community_code == B


def test_twins_of_the_same_size_are_decided_by_their_codes() -> None:
    shape = square(124.0, 42.5)
    for order in ((B, A), (A, B)):
        found = router(*(area(code, shape) for code in order))
        assert found.locate(Point(42.505, 124.005)).community_code == A


def test_every_part_of_a_community_counts() -> None:
    parts = shapely.MultiPolygon([square(124.0, 42.5), square(124.1, 42.6)])
    found = router(area(A, parts))
    assert found.locate(Point(42.505, 124.005)).community_code == A
    assert found.locate(Point(42.605, 124.105)).community_code == A
    assert found.locate(Point(42.55, 124.05)) == NOBODY


def test_a_sliver_left_by_rounding_between_neighbours_is_nobodys_trap() -> None:
    # The eastern neighbour was drawn with one corner more, three centimetres off the line.
    west = shapely.Polygon([(124, 42.5), (124.01, 42.5), (124.01, 42.51), (124, 42.51)])
    east = shapely.Polygon(
        [(124.01, 42.5), (124.02, 42.5), (124.02, 42.51), (124.01, 42.51), (124.0100004, 42.505)]
    )
    in_between = Point(42.505, 124.0100002)
    assert not west.covers(shapely.Point(in_between.lng, in_between.lat))
    assert not east.covers(shapely.Point(in_between.lng, in_between.lat))
    match = router(area(A, west), area(B, east)).locate(in_between)
    assert match.matched_by is MatchedBy.BOUNDARY


# everything at once

GRID = [
    area(f"2112820010{row}{column}", square(124.0 + column * 0.01, 42.5 + row * 0.01))
    for row in range(5)
    for column in range(5)
]
GRID_ROUTER = Router(
    GRID,
    street_of={a.community_code: a.community_code[:9] for a in GRID},
    extent=EXTENT,
    spots=[Spot("gate", GRID[0].community_code, Point(42.499, 123.999))],
    reach_m=300,
)
# Corners and edges as often as anything else.
ON_GRID = st.integers(-2, 12).map(lambda n: n * 0.005)
OFFSETS = st.one_of(ON_GRID, st.floats(-0.01, 0.06))


@settings(max_examples=200)
@given(st.lists(st.tuples(OFFSETS, OFFSETS), min_size=1, max_size=20))
def test_one_by_one_and_in_bulk_agree(offsets: list[tuple[float, float]]) -> None:
    points = [Point(42.5 + north, 124.0 + east) for north, east in offsets]
    assert GRID_ROUTER.locate_many(points) == [GRID_ROUTER.locate(point) for point in points]


@settings(max_examples=200)
@given(OFFSETS, OFFSETS)
def test_the_owner_is_the_smallest_area_that_covers_the_point(north: float, east: float) -> None:
    point = Point(42.5 + north, 124.0 + east)
    spot = shapely.Point(point.lng, point.lat)
    holding = [a for a in GRID if a.shape.covers(spot)]
    match = GRID_ROUTER.locate(point)
    if holding:
        owner = min(holding, key=lambda a: a.rank)
        assert match.community_code == owner.community_code
    elif match.matched_by is MatchedBy.BOUNDARY:  # within a metre of a border
        assert min(a.shape.distance(spot) for a in GRID) <= 1e-5


def test_in_bulk_what_is_outside_the_county_is_none() -> None:
    assert GRID_ROUTER.locate_many([Point(10, 10), Point(42.505, 124.005)])[0] is None
    assert GRID_ROUTER.locate_many([]) == []


def test_many_threads_may_ask_one_router() -> None:
    points = [Point(42.5 + i * 0.0007, 124.0 + i * 0.0005) for i in range(60)] * 20
    expected = GRID_ROUTER.locate_many(points)
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(GRID_ROUTER.locate, points)) == expected
