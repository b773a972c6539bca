"""Positions: read from what a phone sends, measured, and moved between datums."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_report.errors import Invalid
from grid_report.places.geo.datum import Datum, parse_datum, to_gcj02, to_wgs84
from grid_report.places.geo.points import Point, distance_m, finite, parse_accuracy_m, parse_point

LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)


def problems(error: pytest.ExceptionInfo[Invalid]) -> dict[str, list[str]]:
    return {name: [p.code for p in found] for name, found in error.value.problems.items()}


def test_a_degree_of_latitude_is_about_111_kilometres() -> None:
    assert distance_m(Point(42, 124), Point(43, 124)) == pytest.approx(111_195, abs=1)


def test_the_distance_across_the_date_line_is_short() -> None:
    assert distance_m(Point(0, 179.999), Point(0, -179.999)) == pytest.approx(222.4, abs=0.1)


@given(LATITUDES, LONGITUDES, LATITUDES, LONGITUDES)
def test_a_distance_is_the_same_both_ways_and_never_over_half_the_earth(
    lat_a: float, lng_a: float, lat_b: float, lng_b: float
) -> None:
    a, b = Point(lat_a, lng_a), Point(lat_b, lng_b)
    assert distance_m(a, b) == pytest.approx(distance_m(b, a))
    assert 0 <= distance_m(a, b) <= math.pi * 6_371_008.8 + 1
    assert distance_m(a, a) == 0


@pytest.mark.parametrize("sent", ["42.5", 42.5, " 42.5 ", "4.25e1"])
def test_a_position_is_read_from_text_and_numbers(sent: object) -> None:
    assert parse_point(sent, "124.04") == Point(42.5, 124.04)


@pytest.mark.parametrize(
    "sent",
    ["nan", "NaN", "inf", "-Infinity", "1e999", "abc", "1_0", "４２.5x", True, [], {}, "1" * 5000],
)
def test_what_is_no_number_names_the_field(sent: object) -> None:
    with pytest.raises(Invalid) as error:
        parse_point(sent, "124")
    assert problems(error) == {"lat": ["position-unreadable"]}


@pytest.mark.parametrize("sent", [None, "", "   "])
def test_both_missing_numbers_are_named(sent: object) -> None:
    with pytest.raises(Invalid) as error:
        parse_point(sent, sent)
    assert problems(error) == {"lat": ["position-missing"], "lng": ["position-missing"]}


def test_each_axis_has_its_own_bounds() -> None:
    with pytest.raises(Invalid) as error:
        parse_point(124.04, 942.5)
    assert problems(error) == {
        "lat": ["latitude-out-of-range"],
        "lng": ["longitude-out-of-range"],
    }
    assert parse_point(-90, 180) == Point(-90, 180)


@given(st.one_of(st.none(), st.text(), st.integers(), st.floats(), st.booleans(), st.binary()))
def test_nothing_a_phone_sends_breaks_the_reader(sent: object) -> None:
    number = finite(sent)
    assert number is None or math.isfinite(number)


def test_accuracy_may_be_absent_and_is_bounded() -> None:
    assert parse_accuracy_m("") is None
    assert parse_accuracy_m(None) is None
    assert parse_accuracy_m("12.5") == 12.5
    assert parse_accuracy_m("1e300") == 20_000_000.0
    with pytest.raises(Invalid):
        parse_accuracy_m("-1")


def test_gcj02_agrees_with_the_published_example() -> None:
    shifted = to_gcj02(Point(39.9087, 116.3975))
    assert shifted.lat == pytest.approx(39.9101035, abs=1e-7)
    assert shifted.lng == pytest.approx(116.4037436, abs=1e-7)


@given(st.floats(1.5, 55), st.floats(73, 137))
def test_there_and_back_is_the_same_spot(lat: float, lng: float) -> None:
    there = to_gcj02(Point(lat, lng))
    back = to_wgs84(there, Datum.GCJ02)
    assert back.lat == pytest.approx(lat, abs=1e-6)
    assert back.lng == pytest.approx(lng, abs=1e-6)


@pytest.mark.parametrize("abroad", [Point(48.85, 2.35), Point(-33.9, 151.2), Point(40.7, -74.0)])
def test_outside_china_nothing_is_shifted(abroad: Point) -> None:
    assert to_gcj02(abroad) == abroad
    assert to_wgs84(abroad, Datum.GCJ02) == abroad


def test_wgs84_passes_unchanged() -> None:
    assert to_wgs84(Point(42.5, 124.04), Datum.WGS84) == Point(42.5, 124.04)


def test_the_shift_in_kaiyuan_is_hundreds_of_metres() -> None:
    here = Point(42.545, 124.04)
    assert 300 < distance_m(here, to_gcj02(here)) < 900


@pytest.mark.parametrize(("sent", "read"), [(None, "wgs84"), ("", "wgs84"), ("GCJ-02", "gcj02")])
def test_the_datum_is_wgs84_unless_said(sent: object, read: str) -> None:
    assert parse_datum(sent) == read


def test_another_datum_is_refused_not_guessed() -> None:
    with pytest.raises(Invalid) as error:
        parse_datum("bd09")
    assert problems(error) == {"datum": ["datum-unknown"]}
