"""The cases behind a figure: every list is as long as its figure, whatever it is narrowed down to."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from grid_report.clock import Month
from grid_report.db import transaction
from grid_report.places.queries import reference
from grid_report.reports.models import Report
from grid_report.statistics.counts import durations
from grid_report.statistics.counts.areas import find_area
from grid_report.statistics.counts.definition_queries import LISTED
from grid_report.statistics.explorer import case_queries, slice_queries
from grid_report.statistics.explorer.slice_queries import Slice
from grid_report.statistics.measures import LIVE, Measure
from grid_report.statistics.month import page_views
from tests.conftest import KIND
from tests.statistics.histories import BRIGHT, COUNTY, START, World, county_of, lived, this_month
from tests.support.builders import PROPERTY, STATION, STREET, Make
from tests.support.lengths import Length

pytestmark = pytest.mark.database


@pytest.mark.slow
def test_every_list_is_as_long_as_its_figure(make: Make, length: Length) -> None:
    world = World(make, 3, START)
    world.play(160)
    county, places = make.settings.county, reference()
    checked = 0
    # Other months on each database: every list is a dozen statements.
    first = 4 + (KIND == "postgresql")
    for month in (Month(2026, number) for number in range(first, length(first + 1, 10), 2)):
        for code in (COUNTY, STREET, STATION, BRIGHT):
            area = find_area(code, places, county)
            assert area is not None
            for measure, without in [
                *((it, None) for it in sorted(LISTED)),
                *sorted(case_queries.COMPLEMENTS),
            ]:
                for where, key in (
                    (Slice.ALL, ""),
                    (Slice.CATEGORY, "RD02"),
                    (Slice.GROUP, "RD"),
                    (Slice.UNIT, "self"),
                ):
                    wanted = case_queries.Wanted(measure, month, area, where, key, without)
                    checked += hold(wanted, make, world.now)
    assert checked > 50


def test_every_bar_lists_its_cases(make: Make) -> None:
    worker, handler, minutes = make.worker(), make.handler(), timedelta(minutes=1)
    for number, spent in enumerate((10, 16, 200, 3 * 1440, 9 * 1440)):
        at = START + number * timedelta(hours=7)
        lived(make, worker, handler, at, answered=at + spent * minutes, handled=2 * spent * minutes)
    found: Counter[Slice] = Counter()
    bars = [slice_queries.bar_key(edge) for edge in (*durations.EDGES, None)]
    keys = {
        Slice.HOUR: page_views.HOURS,
        Slice.WEEKDAY: page_views.DAYS,
        Slice.SOURCE: ("page",),
        Slice.RESPONSE: bars,
        Slice.HANDLING: bars,
    }
    for month in (Month(2026, 4), Month(2026, 5)):
        for where, measure in slice_queries.ONLY.items():
            for key in keys[where]:
                wanted = case_queries.Wanted(measure, month, county_of(make), where, key)
                found[where] += hold(wanted, make, make.now)
    assert set(found.values()) == {5}, found


def test_lengths_at_the_edge_of_a_bar_fall_where_they_are_counted(make: Make) -> None:
    """To the second and below: a length is rounded up to the minute, the second down."""
    worker, start = make.worker(), datetime(2026, 5, 4, 1, 0, 0, 900_000, tzinfo=UTC)
    county = county_of(make)
    edge = timedelta(minutes=15)
    for after in (edge, edge + timedelta(microseconds=999_999), edge + timedelta(seconds=1)):
        report = make.report(at=start)
        make.step(report, "accept", worker, at=start + after, category="RD02", severity=2)
    lengths = []
    for key in ("15", "30", "60"):
        wanted = case_queries.Wanted(Measure.RESPONDED, Month(2026, 5), county, Slice.RESPONSE, key)
        lengths.append(hold(wanted, make, make.now))
    assert lengths == [2, 1, 0]


def hold(wanted: case_queries.Wanted, make: Make, now: datetime) -> int:
    """Hold a list against its figure; return how long both are."""
    found = numbers(wanted, make, now, limit=4)
    figure = case_queries.figure(
        wanted, LIVE, places=reference(), county=make.settings.county, now=now
    )
    assert len(found) == len(set(found)) == figure, wanted
    return figure


def numbers(wanted: case_queries.Wanted, make: Make, now: datetime, limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = case_queries.list_cases(
            wanted,
            places=reference(),
            county=make.settings.county,
            now=now,
            cursor=cursor,
            limit=limit,
        )
        # A case whose rounds are of one month is in its list once for each.
        found += [f"{row.number} {row.fix_due}" for row in page.items]
        cursor = page.next
        if cursor is None:
            return found


def test_the_complement_lists_what_is_missing_in_the_numerator(make: Make) -> None:
    worker = make.worker()
    first = make.accepted(worker)
    second = make.report()
    client = make.signed_in(worker)
    path = f"/statistics/{this_month(make)}/cases?measure=received&without=accepted"
    text = client.get(path).text
    assert second.number in text
    assert first.number not in text


@pytest.mark.parametrize(
    "query",
    [
        "", "measure=x", "measure=received&without=x", "measure=received&facet=rider",
        "measure=received&key=x", "measure=awarded", "measure=received&facet=category",
        "measure=received&facet=category&key=" + "x" * 25, "measure=closings&facet=hour&key=08",
        "measure=received&without=closed", "measure=received&facet=category&key=%00",
    ],
)  # fmt: skip
def test_a_list_nobody_can_have_is_not_here(make: Make, query: str) -> None:
    client = make.signed_in(make.administrator())
    assert client.get(f"/statistics/{this_month(make)}/cases?{query}").status_code == 404


@pytest.mark.parametrize(
    "cursor", ["x", "WzEsMiwzXQ", "WzksIjIwMjYtMDEtMDFUMDA6MDA6MDArMDA6MDAiLDFd"]
)
def test_a_cursor_of_another_list_is_refused(make: Make, cursor: str) -> None:
    client = make.signed_in(make.administrator())
    path = f"/statistics/{this_month(make)}/cases?measure=received&cursor={cursor}"
    assert client.get(path).status_code == 422


def test_what_was_late_says_by_how_much_and_how_long_it_took(make: Make) -> None:
    worker = make.worker()
    report = make.report(at=START)
    make.step(report, "accept", worker, category="RD02", severity=2, at=START)
    make.step(report, "start", worker, at=START)
    late = timedelta(minutes=82)
    done = make.fresh(report).fix_due + late
    make.step(report, "handle", worker, note="修好了", photos=(make.photo(1),), at=done)
    client = make.signed_in(worker)
    month = Month.of(done, make.settings.county.tz)
    text = client.get(f"/statistics/{month}/cases?measure=handled").text
    took = int((done - START).total_seconds()) // 60
    words = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    assert f"· 超时 1 时 22 分 · 用时 {took} 分钟" in words, words


def test_the_deadlines_of_a_list_have_their_day_also_today(make: Make) -> None:
    worker = make.worker()
    report = make.accepted(worker)
    make.step(report, "dispatch", worker, unit=PROPERTY)
    zone = make.settings.county.tz
    with transaction() as session:
        due = make.now + timedelta(hours=1)
        session.execute(update(Report).where(Report.id == report.id).values(fix_due=due))
    text = make.signed_in(worker).get(f"/statistics/{this_month(make)}/cases?measure=received").text
    at = due.astimezone(zone)
    # Of another year than today's the day says which.
    year = f"{at.year}年" if at.year != make.now.astimezone(zone).year else ""
    assert f'<td class="numbers">{year}{at.month}月{at.day}日 {at:%H:%M}' in text
