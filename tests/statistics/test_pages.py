"""The month page: who sees which area, and that every figure leads to just its cases."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from grid_report.clock import Month
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.statistics import cases, durations, month_page, slices
from grid_report.statistics.areas import find_area
from grid_report.statistics.definitions import OF_CASES
from grid_report.statistics.measures import LIVE, Measure
from grid_report.statistics.slices import Slice
from tests.statistics.histories import BRIGHT, World
from tests.support.builders import STATION, STREET, Make

pytestmark = pytest.mark.database

COUNTY = "211282"
START = datetime(2026, 4, 20, 3, tzinfo=UTC)


def this_month(make: Make) -> str:
    return str(Month.of(make.now, make.settings.county.tz))


def test_the_way_in_leads_to_the_running_month(make: Make) -> None:
    client = make.signed_in(make.administrator())
    answer = client.get("/statistics")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/statistics/{this_month(make)}")
    page = client.get(answer.location)
    assert "这个月还没有数字" in page.text


@pytest.mark.parametrize(
    ("who", "area", "status"),
    [
        ("administrator", "", 200),
        ("auditor", BRIGHT, 200),
        ("supervisor", COUNTY, 404),
        ("supervisor", STREET, 200),
        ("supervisor", STATION, 200),
        ("supervisor", "211282002", 404),
        ("worker", "", 200),
        ("worker", BRIGHT, 404),
        ("worker", STREET, 404),
        ("worker", "unrouted", 404),
        ("rider", "", 403),
        ("handler", STATION, 403),
    ],
)
def test_each_role_reads_its_own_area(make: Make, who: str, area: str, status: int) -> None:
    make.report()
    client = make.signed_in(getattr(make, who)())
    found = client.get(f"/statistics/{this_month(make)}", query_string={"area": area})
    assert found.status_code == status


@pytest.mark.parametrize("month", ["2026-13", "x", "1999-01", "2999-01", "0000-00", "2026-1"])
def test_a_month_that_cannot_have_figures_is_not_here(make: Make, month: str) -> None:
    client = make.signed_in(make.administrator())
    for path in ("", "/cases?measure=received", "/freeze"):
        assert client.get(f"/statistics/{month}{path}").status_code == 404


def test_a_small_base_shows_its_fraction_and_no_percentage(make: Make) -> None:
    worker = make.worker()
    make.accepted(worker)
    text = make.signed_in(worker).get(f"/statistics/{this_month(make)}").text
    assert "基数不足十" in text
    # The share of the month's pool is of thousands of points; everything else is of one case.
    shown = re.sub(r"<[^>]+>", "", text)
    assert re.findall(r"([\d.]+) %", shown) == re.findall(r"积分 · ([\d.]+) %", shown)


@pytest.mark.slow
def test_every_list_is_as_long_as_its_figure(make: Make) -> None:
    world = World(make, 3, START)
    world.play(160)
    county, places = make.settings.county, reference()
    checked = 0
    for month in (Month(2026, number) for number in range(4, 10)):
        for code in (COUNTY, STREET, STATION, BRIGHT):
            area = find_area(code, places, county)
            assert area is not None
            for measure, without in [*((it, None) for it in OF_CASES), *sorted(cases.COMPLEMENTS)]:
                for where, key in (
                    (Slice.ALL, ""),
                    (Slice.CATEGORY, "RD02"),
                    (Slice.GROUP, "RD"),
                    (Slice.UNIT, "self"),
                ):
                    wanted = cases.Wanted(measure, month, area, where, key, without)
                    checked += hold(wanted, make, world.now)
    assert checked > 100


def test_every_bar_lists_its_cases(make: Make) -> None:
    world = World(make, 3, START)
    world.play(160)
    county = find_area("", reference(), make.settings.county)
    assert county is not None
    found: Counter[Slice] = Counter()
    bars = [slices.bar_key(edge) for edge in (*durations.EDGES, None)]
    keys = {
        Slice.HOUR: month_page.HOURS,
        Slice.WEEKDAY: month_page.DAYS,
        Slice.SOURCE: ("page",),
        Slice.RESPONSE: bars,
        Slice.HANDLING: bars,
    }
    for month in (Month(2026, number) for number in range(4, 10)):
        for where, measure in slices.ONLY.items():
            for key in keys[where]:
                wanted = cases.Wanted(measure, month, county, where, key)
                found[where] += hold(wanted, make, world.now)
    assert all(found[where] for where in keys), found


def test_lengths_at_the_edge_of_a_bar_fall_where_they_are_counted(make: Make) -> None:
    """To the second and below: a length is rounded up to the minute, the second down."""
    worker, start = make.worker(), datetime(2026, 5, 4, 1, 0, 0, 900_000, tzinfo=UTC)
    county = find_area("", reference(), make.settings.county)
    assert county is not None
    edge = timedelta(minutes=15)
    for after in (edge, edge + timedelta(microseconds=999_999), edge + timedelta(seconds=1)):
        report = make.report(at=start)
        make.step(report, "accept", worker, at=start + after, category="RD02", severity=2)
    lengths = []
    for key in ("15", "30", "60"):
        wanted = cases.Wanted(Measure.ACCEPTED, Month(2026, 5), county, Slice.RESPONSE, key)
        lengths.append(hold(wanted, make, make.now))
    assert lengths == [2, 1, 0]


def hold(wanted: cases.Wanted, make: Make, now: datetime) -> int:
    """Hold a list against its figure; return how long both are."""
    found = numbers(wanted, make, now, limit=4)
    figure = cases.figure(wanted, LIVE, places=reference(), county=make.settings.county, now=now)
    assert len(found) == len(set(found)) == figure, wanted
    return figure


def numbers(wanted: cases.Wanted, make: Make, now: datetime, limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    while True:
        page = cases.list_cases(
            wanted,
            places=reference(),
            county=make.settings.county,
            now=now,
            cursor=cursor,
            limit=limit,
        )
        found += [row.number for row in page.items]
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


def test_freezing_on_the_page_and_what_is_shown_then(make: Make) -> None:
    then = make.now - timedelta(days=40)
    report = make.report(at=then)
    month = str(Month.of(then, make.settings.county.tz))
    client = make.signed_in(make.administrator())
    page = client.get(f"/statistics/{month}/freeze")
    assert "第 1 版" in page.text
    answer = post(client, f"/statistics/{month}/freeze", page.text, seen="0")
    assert answer.status_code == 303
    make.step(report, "accept", make.worker(), category="RD02", severity=2)
    text = client.get(f"/statistics/{month}").text
    assert "冻结" in text
    assert report.number in text[text.index("冻结后的变化") :]
    assert "截至" in client.get(f"/statistics/{month}?version=0").text
    # The form of somebody who has not seen the newest version, and one without its reason.
    stale = post(client, f"/statistics/{month}/freeze", page.text, seen="0", reason="再来")
    assert stale.status_code == 409
    empty = post(client, f"/statistics/{month}/freeze", page.text, seen="1")
    assert empty.status_code == 422
    assert client.get(f"/statistics/{month}?version=2").status_code == 404
    again = post(client, f"/statistics/{month}/freeze", page.text, seen="1", reason="补录")
    assert again.status_code == 303
    assert client.get(f"/statistics/{month}?version=1").status_code == 200


def post(client: FlaskClient, path: str, page: str, **form: str) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **form})


@pytest.mark.parametrize("area", [COUNTY, STREET, STATION])
def test_a_month_takes_as_many_statements_for_many_cases_as_for_few(make: Make, area: str) -> None:
    client = make.signed_in(make.administrator())
    path = f"/statistics/{this_month(make)}?area={area}"
    worker = make.worker()
    counts = []
    for more in (1, 12):
        for _ in range(more):
            make.accepted(worker)
        client.get(path)
        statements: list[str] = []

        def note(
            _c: Any, _k: Any, statement: str, *_: Any, statements: list[str] = statements
        ) -> None:
            statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert client.get(path).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[1] <= 34
