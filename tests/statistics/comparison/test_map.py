"""Communities on a map: shades, labels, what a reader sees of it, and twelve months in one scale."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.reports.models import Report
from grid_report.statistics.comparison import map_views
from grid_report.statistics.comparison import shades as heat
from grid_report.statistics.comparison.map_views import Map, Shown
from grid_report.statistics.comparison.shades import Shade, fits, shade_of, shades
from grid_report.statistics.counts.areas import Area, find_area
from grid_report.statistics.measures import Measure, RateName
from tests.support.builders import BRIGHT, STATION, STREET, Make

COUNTY = "211282"


def cost(values: list[float], cuts: tuple[int, ...]) -> float:
    edges = (0, *cuts, len(values))
    found = 0.0
    for first, last in pairwise(edges):
        part = values[first:last]
        mean = sum(part) / len(part)
        found += sum((it - mean) ** 2 for it in part)
    return found


@given(st.lists(st.integers(1, 400), min_size=1, max_size=12))
def test_no_other_cut_into_as_many_classes_is_closer(values: list[int]) -> None:
    found = shades([float(it) for it in values])
    distinct = sorted(set(values))
    assert len(found) == min(5, len(distinct))
    ordered = sorted(float(it) for it in values)
    # The cuts that were made, and all that could have been: only between two different values.
    made = tuple(sum(it <= shade.high for it in ordered) for shade in found[:-1])
    possible = [n for n in range(1, len(ordered)) if ordered[n - 1] != ordered[n]]
    best = min(cost(ordered, cuts) for cuts in combinations(possible, len(found) - 1))
    assert cost(ordered, made) == pytest.approx(best, abs=1e-6)


@given(st.lists(st.integers(0, 30) | st.floats(0, 100).map(lambda it: round(it, 1)), max_size=60))
def test_every_value_has_one_shade_and_deeper_means_more(values: list[float]) -> None:
    found = shades(values)
    for value in values:
        assert sum(it.holds(value) for it in found) == 1
    assert [it.tone for it in found] == sorted({it.tone for it in found})
    assert all(before.high < after.low for before, after in pairwise(found))
    assert len([it for it in found if it.tone]) <= heat.MOST
    if any(values):
        assert found[-1].tone == heat.MOST


def test_nothing_at_all_is_a_shade_of_its_own_and_too_small_a_base_is_none() -> None:
    assert shades([]) == []
    assert shades([0, 0]) == [Shade(0, 0, 0)]
    assert shades([0, 7]) == [Shade(0, 0, 0), Shade(5, 7, 7)]
    assert shade_of(None, shades([3])) is None


def test_a_value_has_the_shade_that_holds_it_from_its_first_to_its_last() -> None:
    classes = shades([1, 2, 50, 51, 52, 90, 200, 201, 400])
    assert [(it.low, it.high) for it in classes] == [
        (1, 2), (50, 52), (90, 90), (200, 201), (400, 400),
    ]  # fmt: skip
    assert [it.tone for it in classes] == [1, 2, 3, 4, 5]
    for value, tone in ((1, 1), (2, 1), (50, 2), (52, 2), (400, 5)):
        found = shade_of(value, classes)
        assert found is not None
        assert found.tone == tone
    # What occurs often weighs more: the cut moves away from it.
    assert [(it.low, it.high) for it in shades([5, 5, 7])] == [(5, 5), (7, 7)]


def test_many_values_are_shaded_quickly() -> None:
    found = shades([float(it % 1001) / 10 for it in range(12_000)])
    assert len(found) == 6


def test_a_label_fits_or_is_left_to_the_list() -> None:
    assert fits("12", 17, 15)
    assert not fits("12", 17, 10)
    # A Chinese sign is twice as wide as a digit.
    assert not fits("站前社区", 17, 25)
    assert fits("abcd", 17, 25)
    # Two lines of it are twice as high.
    assert fits("12", 10, math.hypot(6, 6))
    assert not fits("12", 10, 8.48)
    assert fits("12", 10, 13.42, lines=2)
    assert not fits("12", 10, 13.41, lines=2)
    assert not fits("站站", 10, 13.41)
    assert fits("站站", 10, 13.42)


def the_map(make: Make, code: str = "", measure: Shown = Measure.RECEIVED) -> Map:
    county, places = make.settings.county, reference()
    area = find_area(code, places, county)
    assert isinstance(area, Area)
    at = make.now
    found = map_views.read_map(
        Month.of(at, county.tz), area, measure, places=places, county=county, now=at
    )
    db.session.rollback()
    return found


@pytest.mark.database
def test_the_map_counts_what_the_month_counts(make: Make) -> None:
    for community, n in ((STATION, 3), (BRIGHT, 1)):
        for _ in range(n):
            make.report(community=community)
    page = the_map(make)
    by_code = {it.area.code: it for it in page.spots}
    assert (by_code[STATION].number, by_code[BRIGHT].number) == (3, 1)
    assert page.spots[0].area.code == STATION
    assert len(by_code) == len(reference().communities)
    assert [it.tone for it, _ in page.classes] == [0, 2, 5]
    assert sum(n for _, n in page.classes) == len(by_code)
    assert len(page.months) == 12
    assert {spot.number for _, spots in page.months[:-1] for spot in spots} == {0}


@pytest.mark.database
def test_the_number_under_a_month_says_what_is_not_in_it(make: Make) -> None:
    client = make.signed_in(make.administrator())
    words = "没有社区的案件不在其中"
    assert words in client.get(f"/statistics/{this(make)}/map").text
    for query in ("measure=handling_in_time", f"area={STREET}"):
        assert words not in client.get(f"/statistics/{this(make)}/map?{query}").text


@pytest.mark.database
def test_a_rate_has_no_shade_below_a_base_of_ten(make: Make) -> None:
    worker = make.worker()
    for _ in range(3):
        make.accepted(worker)
    page = the_map(make, measure=RateName.HANDLING_IN_TIME)
    assert page.unsaid == len(page.spots)
    assert page.classes == []
    text = make.signed_in(worker).get(f"/statistics/{this(make)}/map?measure=handling_in_time").text
    assert "基数不足十" in text
    assert " %" not in re.sub(r"<[^>]+>", "", text)


def this(make: Make) -> str:
    return str(Month.of(make.now, make.settings.county.tz))


@pytest.mark.database
def test_what_is_overdue_is_shown_in_the_month_of_its_deadline(make: Make) -> None:
    zone = make.settings.county.tz
    at = datetime(2026, 3, 10, 3, tzinfo=UTC)
    worker = make.worker()
    for back in (0, 40):
        report = make.report(at=at - timedelta(days=back))
        make.step(
            report, "accept", worker, category="RD02", severity=2,
            at=at - timedelta(days=back) + timedelta(minutes=5),
        )  # fmt: skip
    places, county = reference(), make.settings.county
    area = find_area(STREET, places, county)
    assert area is not None
    page = map_views.read_map(
        Month(2026, 4), area, Measure.OVERDUE_OPEN, places=places, county=county,
        now=datetime(2026, 6, 1, tzinfo=UTC),
    )  # fmt: skip
    late = {
        str(month): sum(spot.number for spot in spots)
        for month, spots in page.months
        if any(spot.number for spot in spots)
    }
    assert sum(late.values()) == 2
    due = {str(Month.of(it, zone)) for it in db.session.scalars(select(Report.fix_due))}
    db.session.rollback()
    assert set(late) == due


@pytest.mark.database
def test_a_reader_sees_own_communities_only(make: Make) -> None:
    worker = make.signed_in(make.worker())
    text = worker.get(f"/statistics/{this(make)}/map").text
    assert f"shape-{STATION}" in text
    assert BRIGHT not in text
    assert worker.get(f"/statistics/{this(make)}/map?area={STREET}").status_code == 404
    street = make.signed_in(make.supervisor()).get(f"/statistics/{this(make)}/map").text
    assert f"shape-{BRIGHT}" in street
    assert "shape-211282002" not in street


@pytest.mark.database
@pytest.mark.parametrize("query", ["measure=x", "area=x", "area=%00", "measure=riders"])
def test_a_map_nobody_can_have_is_not_here(make: Make, query: str) -> None:
    client = make.signed_in(make.administrator())
    assert client.get(f"/statistics/{this(make)}/map?{query}").status_code == 404
    for month in ("2026-13", "1999-01", "2999-01"):
        assert client.get(f"/statistics/{month}/map").status_code == 404
        assert client.get(f"/statistics/map?month={month}").status_code == 404


@pytest.mark.database
def test_the_form_leads_to_the_month_area_and_figure_chosen(make: Make) -> None:
    client = make.signed_in(make.administrator())
    answer = client.get(f"/statistics/map?month={this(make)}&area={STREET}&measure=closings")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/statistics/{this(make)}/map?area={STREET}&measure=closings")


@pytest.mark.database
def test_a_map_takes_as_many_statements_whatever_it_shows(make: Make) -> None:
    client = make.signed_in(make.administrator())
    path = f"/statistics/{this(make)}/map?measure=overdue_open"
    client.get(path)
    counts = []
    for _ in range(2):
        seen: list[str] = []

        def note(*args: object, seen: list[str] = seen) -> None:
            seen.append(str(args[2]))

        event.listen(db.engine, "before_cursor_execute", note)
        assert client.get(path).status_code == 200
        event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(seen))
        for community in (STATION, BRIGHT):
            make.report(community=community)
    assert counts[0] == counts[1] < 14
