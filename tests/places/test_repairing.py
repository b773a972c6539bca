"""Spikes and crossings are mended on purpose only; rounding and China's own datum are no faults."""

from __future__ import annotations

from typing import Any

import pytest
import shapely

from grid_report.places.boundaries.findings import Weight
from tests.places.test_geojson import RING, A, B, check, feature, moved, only_error

SPIKE = [[124.0, 42.5], [124.01, 42.5], [124.03, 42.5], [124.01, 42.5], *RING[2:]]
BOW = [[124.0, 42.5], [124.01, 42.51], [124.01, 42.5], [124.0, 42.51], [124.0, 42.5]]
SIZE_M2 = 111_080 * 0.01 * 82_150 * 0.01


@pytest.mark.parametrize("ring", [SPIKE, BOW])
def test_a_shape_is_repaired_only_when_asked_to(ring: list[list[float]]) -> None:
    refused = check(feature(A, [ring]))
    assert only_error(refused).code == "ring-crosses-itself"
    assert refused.is_repairable
    assert refused.repairs == ()

    repaired = check(feature(A, [ring]), repairing=True)
    assert repaired.errors == repaired.warnings == 0
    [note] = repaired.findings
    assert (note.code, note.weight, note.feature) == ("shape-repaired", Weight.NOTE, 1)
    [area] = repaired.areas
    assert shapely.is_valid(area.shape)
    assert note.facts["after_m2"] == pytest.approx(area.area_m2, abs=0.1)


def test_a_repair_takes_the_spike_and_leaves_the_ground() -> None:
    repaired = check(feature(A, [SPIKE]), repairing=True)
    assert repaired.areas[0].shape.equals(check(feature()).areas[0].shape)
    [repair] = repaired.repairs
    assert repair.before_m2 == pytest.approx(SIZE_M2, rel=0.002)
    assert repair.after_m2 == pytest.approx(SIZE_M2, rel=0.002)


def test_a_repair_says_what_a_crossing_costs() -> None:
    [repair] = check(feature(A, [BOW]), repairing=True).repairs
    assert repair.before_m2 == pytest.approx(0, abs=100)
    assert repair.after_m2 == pytest.approx(SIZE_M2 / 2, rel=0.002)


def test_what_no_repair_can_mend_stays_refused() -> None:
    flat = [[124.0, 42.5], [124.01, 42.5], [124.005, 42.5], [124.0, 42.5]]
    assert only_error(check(feature(A, [flat]), repairing=True)).code == "ring-crosses-itself"
    assert not check(feature(A, [flat])).is_repairable
    mixed = check(feature(A, [BOW]), feature("x"))
    assert mixed.errors == 2
    assert not mixed.is_repairable


@pytest.mark.parametrize("off", [1e-9, -1e-9, 5e-8])
def test_a_ring_that_closes_within_the_rounding_closes(off: float) -> None:
    ring = [*RING[:-1], [RING[0][0] + off, RING[0][1] - off]]
    assert check(feature(A, [ring])).areas[0].shape.equals(check(feature()).areas[0].shape)
    torn = [*RING[:-1], [RING[0][0] + 2e-7, RING[0][1]]]
    assert only_error(check(feature(A, [torn]))).code == "ring-open"


@pytest.mark.parametrize(
    "name",
    ["urn:ogc:def:crs:EPSG::4490", "EPSG:4490", "urn:ogc:def:crs:EPSG:9.8:4490"],
)
def test_cgcs2000_is_taken_as_wgs84_and_said_once(name: str) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    taken = check(feature(), feature(B, [moved(0.01)], datum="CGCS2000"), crs=crs)
    assert taken.errors == taken.warnings == 0
    assert [found.code for found in taken.findings] == ["crs-cgcs2000"]
    assert taken.areas[0].shape.equals(check(feature()).areas[0].shape)


@pytest.mark.parametrize("name", ["EPSG:4491", "EPSG:44900", "urn:ogc:def:crs:EPSG::3857", 4490])
def test_a_system_in_metres_is_still_refused(name: Any) -> None:
    crs = {"type": "name", "properties": {"name": name}}
    assert only_error(check(feature(), crs=crs)).code == "crs-unknown"
