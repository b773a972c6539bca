"""The areas of the figures: the county, its streets, their communities, and what lies in none."""

from __future__ import annotations

import pytest

from grid_report.places.queries import reference
from grid_report.statistics.counts import areas
from grid_report.statistics.counts.areas import Area, AreaKind
from grid_report.statistics.explorer.rules import Rows, row_areas
from tests.support.builders import STATION, STREET, Make

pytestmark = pytest.mark.database

COUNTY = "211282"


def find(make: Make, code: str) -> Area:
    found = areas.find_area(code, reference(), make.settings.county)
    assert found is not None, code
    return found


def test_every_code_is_the_area_it_names(make: Make) -> None:
    for code in ("", COUNTY):
        whole = find(make, code)
        assert (whole.code, whole.kind, whole.parent) == (COUNTY, AreaKind.COUNTY, None)
        assert whole.is_county
    street, community, unrouted = find(make, STREET), find(make, STATION), find(make, "unrouted")
    assert (street.kind, street.parent) == (AreaKind.STREET, COUNTY)
    assert (community.kind, community.parent) == (AreaKind.COMMUNITY, STREET)
    assert (unrouted.kind, unrouted.parent, unrouted.name) == (AreaKind.UNROUTED, COUNTY, "")
    assert street.name
    assert community.name
    assert not street.is_county
    assert areas.find_area("nowhere", reference(), make.settings.county) is None


def test_an_area_is_made_of_its_parts_in_the_order_of_their_codes(make: Make) -> None:
    places, county = reference(), make.settings.county
    parts = areas.children(find(make, ""), places, county)
    assert [it.code for it in parts] == [*sorted(places.streets), "unrouted"]
    assert {it.parent for it in parts} == {COUNTY}
    inside = areas.children(find(make, STREET), places, county)
    assert [it.code for it in inside] == sorted(
        code for code, it in places.communities.items() if it.street_code == STREET
    )
    assert {(it.kind, it.parent) for it in inside} == {(AreaKind.COMMUNITY, STREET)}
    assert areas.children(find(make, STATION), places, county) == []
    assert [it.code for it in areas.communities(places)] == sorted(places.communities)


def test_the_communities_an_area_is_made_of(make: Make) -> None:
    places = reference()
    assert areas.members_of(find(make, ""), places) == set(places.communities)
    inside = areas.members_of(find(make, STREET), places)
    assert STATION in inside
    assert inside < set(places.communities)
    assert areas.members_of(find(make, STATION), places) == {STATION}


def test_the_rows_of_an_answer_are_never_more_than_the_area_asked_for(make: Make) -> None:
    places, county = reference(), make.settings.county

    def rows(code: str, by: Rows) -> list[tuple[str, str]]:
        return list(row_areas(find(make, code), by, places, county))

    streets, communities = sorted(places.streets), sorted(places.communities)
    mine = sorted(areas.members_of(find(make, STREET), places))
    assert rows("", Rows.STREET) == [(it, it) for it in (*streets, "unrouted")]
    assert rows("", Rows.COMMUNITY) == [(it, it) for it in (*communities, "unrouted")]
    assert rows(STREET, Rows.STREET) == [(STREET, STREET)]
    assert rows(STREET, Rows.COMMUNITY) == [(it, it) for it in mine]
    assert rows(STATION, Rows.COMMUNITY) == [(STATION, STATION)]
    # Called after its street, and the community's own cases all the same.
    assert rows(STATION, Rows.STREET) == [(STREET, STATION)]
    assert rows("unrouted", Rows.COMMUNITY) == [("unrouted", "unrouted")]
