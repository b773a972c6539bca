"""Answers to questions: what a slow count over the cases gives, and never of more than the area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from sqlalchemy import select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.places.queries import reference
from grid_report.reports.models import Report
from grid_report.reports.round_models import ReportRound
from grid_report.statistics.counts.areas import Area, find_area
from grid_report.statistics.counts.cells import OWN_HANDLING
from grid_report.statistics.explorer import queries as explorer_queries
from grid_report.statistics.explorer.rules import Asked, Rows, row_areas
from grid_report.statistics.measures import Facet, Measure
from tests.statistics.histories import World
from tests.support.builders import BRIGHT, PROPERTY, STATION, STREET, Make

pytestmark = pytest.mark.database

COUNTY = "211282"
START = datetime(2026, 4, 20, 3, tzinfo=UTC)
FIRST, LAST = Month(2026, 4), Month(2026, 9)
COLUMNS = ["m_received", "m_accepted", "m_should_handle", "r_handling_in_time", "m_overdue_open"]


def area_of(make: Make, code: str) -> Area:
    area = find_area(code, reference(), make.settings.county)
    assert area is not None
    return area


def question(make: Make, **more: Any) -> Asked:
    kind = more.get("kind", "")
    kinds = frozenset(
        code
        for code, it in reference().categories.by_code.items()
        if kind and kind in (code, it.group_code)
    )
    values: dict[str, Any] = {
        "first": FIRST, "last": LAST, "area": area_of(make, more.pop("area", COUNTY)), "kind": kind,
        "kinds": kinds, "unit": "", "rows": Rows.MONTH, "columns": COLUMNS,
    }  # fmt: skip
    return Asked(**{**values, **more})


def slowly(make: Make, asked: Asked, now: datetime) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """Count the same from the reports themselves, one by one, in plain Python."""
    zone, rows, total = make.settings.county.tz, dict[str, Counter[str]](), Counter[str]()
    groups = {it.code: it.group_code for it in reference().categories.by_code.values()}
    for report in (*db.session.scalars(select(Report)), *db.session.scalars(select(ReportRound))):
        group = groups[report.category_code]
        handler = OWN_HANDLING if report.self_handled else report.unit_code
        if asked.area.code not in (COUNTY, report.street_code, report.community_code):
            continue
        if asked.kind and asked.kind not in (report.category_code, group):
            continue
        if asked.unit and handler != asked.unit:
            continue
        for measure, months in months_of(report, zone, now).items():
            inside = sorted({it for it in months if str(asked.first) <= it <= str(asked.last)})
            if not inside:
                continue
            keys = {
                Rows.MONTH: inside,
                Rows.STREET: [report.street_code],
                Rows.COMMUNITY: [report.community_code],
                Rows.GROUP: [group],
                Rows.CATEGORY: [report.category_code],
                Rows.UNIT: [handler] if handler else [],
            }[asked.rows]
            for key in keys:
                rows.setdefault(key, Counter())[measure] += 1
            total[measure] += bool(keys)
    db.session.rollback()
    return rows, total


def months_of(report: Any, zone: Any, now: datetime) -> dict[str, list[str]]:
    def month(at: datetime) -> str:
        return str(Month.of(at, zone))

    if isinstance(report, ReportRound):
        # Over: due in its own month, or handled before, and not in time.
        months = [month(report.fix_due)]
        if report.handled_at <= report.fix_due:
            months.append(month(report.handled_at))
        return {"should_handle": months}
    found = {"received": [month(report.created_at)]}
    if report.accepted_at is not None:
        found["accepted"] = found["received"]
    if report.state not in ("rejected", "withdrawn", "merged", "suspended", "needs_info"):
        months = [month(report.fix_due)]
        handled = report.handled_at
        if handled is not None and handled <= report.fix_due:
            months.append(month(handled))
            found["handled_in_time"] = months
        found["should_handle"] = months
        if handled is None and report.fix_due < now and report.state != "closed":
            found["overdue_open"] = [month(report.fix_due)]
    return found


def every_question(make: Make) -> Iterator[Asked]:
    filters: tuple[dict[str, str], ...] = (
        {}, {"kind": "RD02"}, {"kind": "RD"}, {"unit": PROPERTY}, {"unit": "self"},
        {"kind": "RD", "unit": PROPERTY}, {"area": STREET}, {"area": STATION},
        {"area": BRIGHT, "kind": "RD01", "unit": "self"},
    )  # fmt: skip
    for more, rows in product(filters, Rows):
        yield question(make, rows=rows, **more)


@pytest.mark.slow
def test_every_answer_is_what_a_slow_count_gives(make: Make) -> None:
    world = World(make, 8, START)
    world.play(110)
    by_case, counted = 0, 0
    for asked in every_question(make):
        found = explorer_queries.answer(
            asked, places=reference(), county=make.settings.county, now=world.now
        )
        rows, total = slowly(make, asked, world.now)
        names = {str(it) for it in asked.needs}
        for row in found.rows:
            expected = rows.get(row.key, Counter())
            for name in names:
                got = row.counts.get(Measure(name), 0)
                assert got == expected[name], (asked, row.key, name)
                counted += got
        assert {it.key for it in found.rows} >= set(rows), asked
        for name in names:
            assert found.total.counts.get(Measure(name), 0) == total[name], (asked, name)
        by_case += found.by_case
    assert by_case >= 9
    assert counted > 300


def test_kept_counts_answer_unless_a_kind_meets_a_unit(make: Make) -> None:
    facets = {
        (asked.rows, bool(asked.kind), bool(asked.unit)): asked.facet
        for asked in every_question(make)
    }
    assert facets[Rows.MONTH, False, False] is Facet.ALL
    assert facets[Rows.GROUP, False, False] is Facet.CATEGORY
    assert facets[Rows.UNIT, False, False] is Facet.UNIT
    for both in ((Rows.UNIT, True, False), (Rows.CATEGORY, False, True), (Rows.MONTH, True, True)):
        assert facets[both] is None


def test_no_row_ever_counts_more_than_the_area_asked_for(make: Make) -> None:
    places, county = reference(), make.settings.county
    allowed = {
        STATION: {STATION},
        STREET: {STREET, *(it.code for it in places.communities_of(STREET))},
    }
    for code, inside in allowed.items():
        for rows in (Rows.STREET, Rows.COMMUNITY):
            found = row_areas(area_of(make, code), rows, places, county)
            assert {counted for _, counted in found} <= inside
    assert row_areas(area_of(make, STATION), Rows.STREET, places, county) == [(STREET, STATION)]


def test_too_many_months_or_cases_are_refused_with_the_reason(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.report(at=START)
    both = question(make, kind="RD", unit=PROPERTY)

    def asking(asked: Asked) -> explorer_queries.Answer:
        return explorer_queries.answer(
            asked, places=reference(), county=make.settings.county, now=make.now
        )

    assert asking(both).by_case
    long = question(make, kind="RD", unit=PROPERTY, first=Month(2024, 4))
    with pytest.raises(Invalid) as refused:
        asking(long)
    assert refused.value.problems["to"][0].code == "asked-too-long"
    # Without one of the two the kept counts can say, however long.
    assert not asking(question(make, kind="RD", first=Month(2024, 4))).by_case
    monkeypatch.setattr(explorer_queries, "MOST_CASES", 0)
    with pytest.raises(Invalid) as refused:
        asking(both)
    assert refused.value.problems["to"][0].facts == {"n": 1, "most": 0}
    db.session.rollback()
