"""Median and P90 are those of the cases themselves, and the list behind them says the same."""

from __future__ import annotations

import re
import statistics
from datetime import UTC, datetime, timedelta

import pytest

from grid_report.clock import Month
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.statistics.counts.areas import find_area
from grid_report.statistics.counts.queries import Times
from grid_report.statistics.month.queries import read_report
from tests.statistics.histories import lived
from tests.statistics.months import freeze
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database

MAY, AT = Month(2026, 5), datetime(2026, 5, 4, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# Answers within one step of five minutes, handlings within one of an hour, and one far from both.
ANSWERED = [121, 122, 123, 124, 125, 126, 127, 128, 129, 600]
HANDLED = [1501, 1502, 1504, 1507, 1511, 1516, 1522, 1529, 1537, 4000]


def times(make: Make, area: str = "", version: int | None = None) -> tuple[Times, Times]:
    db.session.rollback()
    found = find_area(area, reference(), make.settings.county)
    assert found is not None
    figures = read_report(
        MAY, found, version=version, places=reference(), county=make.settings.county,
        now=datetime(2026, 7, 1, tzinfo=UTC),
    ).figures  # fmt: skip
    return figures.response(), figures.handling()


def test_median_and_p90_are_of_the_values_live_and_frozen_and_as_the_list_says(
    make: Make,
) -> None:
    worker, handler = make.worker(), make.handler()
    for number, (answered, handled) in enumerate(zip(ANSWERED, HANDLED, strict=True)):
        at = AT + number * timedelta(hours=3)
        lived(make, worker, handler, at, answered=at + answered * MINUTE, handled=handled * MINUTE)
    expected = [
        (statistics.median(it), statistics.quantiles(it, n=10, method="inclusive")[8])
        for it in (ANSWERED, HANDLED)
    ]
    assert [it[0] for it in expected] == [125.5, 1513.5]
    assert [it[1] for it in expected] == pytest.approx([176.1, 1783.3])
    for area in ("", STATION):
        assert [(it.median, it.p90) for it in times(make, area)] == expected
    administrator = make.administrator()
    freeze(make, administrator, month=MAY)
    assert [(it.median, it.p90) for it in times(make)] == expected
    # A later case changes what is live, not what was frozen.
    late = AT + timedelta(days=9)
    lived(make, worker, handler, late, answered=late + 30 * MINUTE, handled=5000 * MINUTE)
    assert [(it.median, it.p90) for it in times(make)] == expected
    live = times(make, version=0)
    assert [it.median for it in live] == [125, 1516]
    db.session.rollback()
    page = make.signed_in(administrator).get(
        "/statistics/2026-05/cases?measure=finished&version=0&limit=50"
    )
    listed = [int(it) for it in re.findall(r"(\d+) 分钟</small></td>", page.text)]
    shown = sorted(it for it in listed if it in {*HANDLED, 5000})
    assert shown == sorted([*HANDLED, 5000])
    assert statistics.median(shown) == live[1].median


def test_nine_cases_have_no_median(make: Make) -> None:
    worker, handler = make.worker(), make.handler()
    for number in range(9):
        lived(make, worker, handler, AT + number * timedelta(hours=3))
    response, handling = times(make)
    assert (response.number, response.median, handling.p90) == (9, None, None)
    page = make.signed_in(make.administrator()).get("/statistics/2026-05")
    assert page.status_code == 200
    assert "基数不足" in page.text
