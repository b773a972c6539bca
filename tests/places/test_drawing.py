"""Boundaries on a page and for the map."""

from __future__ import annotations

import re

import shapely

from grid_report.places.boundaries import drawing
from grid_report.places.boundaries.changes import compare
from grid_report.places.geo.areas import area_m2
from grid_report.places.geo.reference import CommunityInfo
from grid_report.places.geo.routing import Area

A, B = "211282001001", "211282002001"
COMMUNITIES = {
    code: CommunityInfo(code, name, code[:9], "街道", None, None)
    for code, name in ((A, "甲"), (B, "乙"))
}
WEST = shapely.box(124.0, 42.5, 124.01, 42.51)
EAST = shapely.box(124.01, 42.5, 124.02, 42.51)


def area(code: str, shape: shapely.Geometry) -> Area:
    return Area(code, shape, area_m2(shape))


def test_nothing_to_draw_is_no_drawing() -> None:
    assert drawing.draw([], COMMUNITIES) is None


def test_north_is_up_and_everything_is_inside() -> None:
    north = shapely.box(124.0, 42.51, 124.01, 42.52)
    found = drawing.draw([area(A, WEST), area(B, north)], COMMUNITIES)
    assert found is not None
    labels = {outline.code: outline for outline in found.outlines}
    assert labels[B].label_y < labels[A].label_y
    for outline in found.outlines:
        numbers = [float(n) for n in re.findall(r"[\d.]+", outline.path)]
        assert min(numbers) >= 0
        assert max(numbers[0::2]) <= found.width
        assert max(numbers[1::2]) <= found.height


def test_streets_have_tints_and_marked_ones_stand_out() -> None:
    found = drawing.draw([area(A, WEST), area(B, EAST)], COMMUNITIES, marked={B})
    assert found is not None
    assert [(o.tint, o.is_marked) for o in found.outlines] == [(0, False), (1, True)]


def test_the_scale_bar_is_a_round_length_that_fits() -> None:
    found = drawing.draw([area(A, WEST), area(B, EAST)], COMMUNITIES)
    assert found is not None
    assert found.scale_m == 200
    metres = 1643  # the width of both
    assert found.scale_width == round(found.scale_m / metres * (found.width - 16), 1) or (
        abs(found.scale_width - found.scale_m / metres * (found.width - 16)) < 2
    )


def test_lighter_neighbours_still_share_their_edge() -> None:
    wiggly = [(124.01 + (i % 2) * 0.000001, 42.5 + i * 0.0005) for i in range(21)]
    west = shapely.Polygon([(124.0, 42.5), *wiggly, (124.0, 42.51)])
    east = shapely.Polygon([*wiggly, (124.02, 42.51), (124.02, 42.5)])
    light = drawing.light([area(A, west), area(B, east)])
    assert shapely.get_num_coordinates(light).sum() < 15
    assert shapely.area(shapely.intersection(*light)) == 0
    assert shapely.union_all(light).geom_type == "Polygon"


def test_overlapping_boundaries_are_drawn_all_the_same() -> None:
    light = drawing.light([area(A, WEST), area(B, shapely.box(124.005, 42.5, 124.02, 42.51))])
    assert all(shapely.is_valid(light))
    assert not any(shapely.is_empty(light))


def test_what_comes_goes_and_moves_is_told_apart() -> None:
    moved = shapely.box(124.0, 42.5, 124.011, 42.51)
    names = {A: "甲", B: "乙"}
    same = compare([area(A, WEST)], [area(A, WEST)], names)
    assert (same.any, same.unchanged) == (False, 1)
    changes = compare([area(A, WEST)], [area(A, moved), area(B, EAST)], names)
    assert [c.code for c in changes.added] == [B]
    [change] = changes.changed
    assert change.difference_m2 > 0
    assert abs(change.difference_m2 - change.moved_m2) < 1
    [gone] = compare([area(A, WEST), area(B, EAST)], [area(A, WEST)], names).removed
    assert (gone.name, gone.after_m2) == ("乙", None)
    assert gone.difference_m2 < 0
