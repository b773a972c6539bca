"""Which open reports may be the same: near, alike, open, nobody's secret."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from grid_report.places.geo.points import Point
from grid_report.reports.lifecycle import OPEN, State
from grid_report.reports.nearby.near import MOST_SHOWN, may_join, nearest
from grid_report.reports.sources import LocatedBy

HERE = Point(42.545, 124.04)
NORTH_M = 1 / 111_195  # degrees of latitude a metre


def lead(**more: Any) -> Any:
    values: dict[str, Any] = {
        "lat": HERE.lat, "lng": HERE.lng, "state": State.SUBMITTED, "sensitive": False,
        "severity": 2, "group_code": "RD", "community_code": "211282001001", "located_by": LocatedBy.PHONE,
    }  # fmt: skip
    return SimpleNamespace(**{**values, **more})


def joins(it: Any, **more: Any) -> bool:
    values: dict[str, Any] = {
        "here": HERE, "located_by": LocatedBy.PHONE, "group": "RD", "sensitive": False,
        "severity": 2,
        "community": "211282001001", "radius_m": 30,
    }  # fmt: skip
    return may_join(it, **{**values, **more})


@pytest.mark.parametrize(
    ("of_case", "of_report"),
    [
        ({}, {}),
        ({"state": State.SUSPENDED}, {}),
        ({"located_by": None}, {}),
        ({"severity": 4}, {"severity": 4}),
        ({"severity": 4}, {"severity": 1}),
        ({"severity": 1}, {"severity": 3}),
        ({}, {"located_by": LocatedBy.PIN}),
        ({"lat": HERE.lat + 59 * NORTH_M}, {}),
    ],
)
def test_what_is_near_alike_and_open_is_joined(
    of_case: dict[str, Any], of_report: dict[str, Any]
) -> None:
    assert joins(lead(**of_case), **of_report)


@pytest.mark.parametrize(
    ("of_case", "of_report"),
    [
        ({"sensitive": True}, {}),
        ({}, {"sensitive": True}),
        ({"group_code": "UT"}, {}),
        ({"severity": 3}, {"severity": 4}),
        ({"community_code": "211282001003"}, {}),
        ({"community_code": None}, {"community": None}),
        ({"located_by": LocatedBy.LIST}, {}),
        ({"located_by": LocatedBy.NOWHERE}, {}),
        ({}, {"located_by": LocatedBy.LIST}),
        ({}, {"located_by": LocatedBy.QR}),
        ({}, {"located_by": None}),
        ({"lat": HERE.lat + 61 * NORTH_M}, {}),
    ],
)
def test_anything_else_goes_its_own_way(of_case: dict[str, Any], of_report: dict[str, Any]) -> None:
    assert not joins(lead(**of_case), **of_report)


@pytest.mark.parametrize("state", list(State))
def test_only_what_is_open_and_not_yet_handled_is_joined(state: State) -> None:
    assert joins(lead(state=state)) == (state in OPEN and state is not State.HANDLED)


def test_what_is_shown_lies_within_the_radius_and_is_a_few() -> None:
    rows = [lead(lat=HERE.lat + metres * NORTH_M) for metres in (29, 31, 0, 12)]
    assert [away for _, away in nearest(rows, HERE, 30)] == [29, 0, 12]
    assert len(nearest([lead()] * 9, HERE, 30)) == MOST_SHOWN
