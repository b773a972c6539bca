"""A closed month stays as it was closed; what changes later stands beside it, never in it."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db, transaction
from grid_report.errors import Forbidden, GridReportError, Invalid
from grid_report.places.queries import reference
from grid_report.reports.models import Report
from grid_report.statistics.counts.areas import find_area
from grid_report.statistics.measures import Facet, Measure
from grid_report.statistics.models import StatisticsCell, StatisticsCorrection, StatisticsFreeze
from grid_report.statistics.month import compared_queries, freeze_steps
from grid_report.statistics.month import queries as month_queries
from grid_report.statistics.month import usecases as month_usecases
from grid_report.statistics.month.usecases import FrozenMeanwhile, MonthStillRuns
from tests.support.builders import STATION, STREET, Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

COUNTY = "211282"
MARCH = Month(2026, 3)
THEN = datetime(2026, 3, 5, 1, 30, tzinfo=UTC)
NOW = datetime(2026, 4, 2, 1, tzinfo=UTC)


def freeze(make: Make, actor: Actor, *, seen: int = 0, reason: str = "", **more: Any) -> int:
    known: dict[str, Any] = {"places": reference(), "county": make.settings.county, "now": NOW}
    return month_usecases.freeze_month(
        MARCH, actor=actor, seen_version=seen, reason=reason, **{**known, **more}
    )


def month(make: Make, version: int | None = None, area: str = COUNTY) -> month_queries.MonthReport:
    db.session.rollback()
    found = find_area(area, reference(), make.settings.county)
    assert found is not None
    report = month_queries.read_report(
        MARCH,
        found,
        version=version,
        places=reference(),
        county=make.settings.county,
        now=NOW + timedelta(days=9),
    )
    assert report is not None
    return report


def accept(make: Make, report: Report, at: datetime) -> None:
    make.step(report, "accept", make.worker(), category="RD02", severity=2, at=at)


def cells(version: int) -> dict[tuple[str, ...], int]:
    db.session.rollback()
    rows = db.session.scalars(select(StatisticsCell).where(StatisticsCell.version == version))
    return {(it.area, it.facet, it.key, it.measure, it.also): it.n for it in rows}


def test_a_month_is_frozen_whole_for_every_area_and_its_digest_is_of_all_of_it(make: Make) -> None:
    accept(make, make.report(at=THEN), THEN + timedelta(hours=1))
    make.report(at=THEN, community=None, lat=42.70, lng=124.60)
    freeze(make, make.administrator())
    for area in (COUNTY, STREET, STATION, "unrouted"):
        frozen, live = month(make, area=area), month(make, 0, area)
        assert frozen.figures.count(Measure.RECEIVED) > 0, area
        # What is none of anything is not written down.
        assert frozen.figures.counts == {key: n for key, n in live.figures.counts.items() if n}, (
            area
        )
    assert 0 not in cells(1).values()
    rows = db.session.execute(
        text(
            "SELECT month, area, facet, key, measure, also, n FROM statistics_cells"
            " WHERE month = '2026-03' AND version = 1"
        )
    )
    session, freezing = db.session(), db.session.scalars(select(StatisticsFreeze)).one()
    whole = [
        sorted(tuple(row) for row in rows),
        sorted(freezing.document[compared_queries.NAME].items()),
        compared_queries.rows_of(session, MARCH, 1),
    ]
    digest = hashlib.sha256(json.dumps(whole, ensure_ascii=False).encode()).hexdigest()
    assert freezing.digest == digest == freeze_steps.digest(session, MARCH, 1)


def test_a_frozen_month_is_shown_as_it_was_and_the_change_beside_it(make: Make) -> None:
    report = make.report(at=THEN)
    assert freeze(make, make.administrator()) == 1
    before = cells(1)
    accept(make, report, NOW + timedelta(hours=1))
    assert cells(1) == before
    shown = month(make)
    assert shown.frozen is not None
    assert shown.frozen.version == 1
    assert shown.figures.count(Measure.ACCEPTED) == 0
    live = month(make, 0)
    assert live.figures.count(Measure.ACCEPTED) == 1
    (listed,) = db.session.scalars(select(StatisticsCorrection)).all()
    assert (listed.month, listed.version, listed.about) == ("2026-03", 1, "case")
    assert (listed.about_id, listed.area) == (report.id, STATION)
    assert listed.changes[Measure.ACCEPTED] == 1
    assert listed.at == NOW + timedelta(hours=1)


def test_a_change_of_a_month_nobody_froze_is_no_correction(make: Make) -> None:
    accept(make, make.report(at=THEN), NOW)
    assert db.session.scalars(select(StatisticsCorrection)).all() == []


def test_freezing_again_makes_the_next_version_and_keeps_the_first(make: Make) -> None:
    report, administrator = make.report(at=THEN), make.administrator()
    freeze(make, administrator)
    accept(make, report, NOW)
    with pytest.raises(Invalid) as refused:
        freeze(make, administrator, seen=1)
    assert refused.value.problems["reason"][0].code == "reason-needed"
    assert freeze(make, administrator, seen=1, reason="补录一件") == 2
    assert month(make, 1).figures.count(Measure.ACCEPTED) == 0
    assert month(make, 2).figures.count(Measure.ACCEPTED) == 1
    assert month(make).frozen is not None
    assert [it.version for it in month(make).versions] == [2, 1]
    assert month(make).versions[0].digest != month(make).versions[1].digest


def test_of_two_who_freeze_at_once_the_second_is_told(make: Make, in_parallel: InParallel) -> None:
    make.report(at=THEN)
    people = [make.administrator() for _ in range(4)]
    db.session.remove()
    results = in_parallel(lambda number: freeze(make, people[number]), 4)
    assert sorted(it for it in results if isinstance(it, int)) == [1]
    lost = [it for it in results if isinstance(it, GridReportError)]
    assert [type(it) for it in lost] == [FrozenMeanwhile] * 3


def test_a_step_at_the_moment_of_the_freeze_is_in_it_or_listed_beside_it(
    make: Make, in_parallel: InParallel
) -> None:
    administrator, worker = make.administrator(), make.worker()
    for n in range(4):
        rider = make.rider()
        numbers = [
            make.report(rider, at=THEN + timedelta(hours=9 * n, minutes=k)).number for k in range(3)
        ]
        db.session.remove()

        def act(number: int, n: int = n, numbers: list[str] = numbers) -> None:
            if number == 3:
                freeze(make, administrator, seen=n, reason="再来")
            else:
                make.step(numbers[number], "accept", worker, category="RD02", severity=2, at=NOW)

        assert in_parallel(act, 4) == [None] * 4
        frozen = month(make, n + 1).figures.count(Measure.ACCEPTED)
        late = sum(
            it.changes.get(Measure.ACCEPTED, 0)
            for it in db.session.scalars(
                select(StatisticsCorrection).where(StatisticsCorrection.version == n + 1)
            )
        )
        assert frozen + late == 3 * (n + 1)


def test_only_an_administrator_freezes_and_only_a_month_that_is_over(make: Make) -> None:
    make.report(at=THEN)
    for actor in (make.worker(), make.supervisor(), make.auditor(), make.rider()):
        with pytest.raises(Forbidden):
            freeze(make, actor)
    with pytest.raises(MonthStillRuns):
        freeze(make, make.administrator(), now=datetime(2026, 3, 31, 15, 59, tzinfo=UTC))
    assert freeze(make, make.administrator(), now=datetime(2026, 3, 31, 16, tzinfo=UTC)) == 1


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE statistics_cells SET n = n + 1 WHERE version = 1",
        "DELETE FROM statistics_cells WHERE version = 1",
        "UPDATE statistics_cells SET version = 0 WHERE version = 1 AND measure = 'riders'",
        "UPDATE statistics_cells SET version = 2 WHERE version = 0",
        "INSERT INTO statistics_cells (month, version, area, facet, key, measure, also, n)"
        " VALUES ('2026-03', 1, 'x', '', '', 'received', '', 9)",
        "INSERT INTO statistics_cells (month, version, area, facet, key, measure, also, n)"
        " VALUES ('2026-03', 7, 'x', '', '', 'received', '', 9)",
        "UPDATE statistics_freezes SET reason = 'else'",
        "UPDATE statistics_freezes SET frozen_by_id = NULL",
        "DELETE FROM statistics_freezes",
    ],
)
def test_nothing_changes_what_was_sealed(make: Make, sql: str) -> None:
    make.report(at=THEN)
    freeze(make, make.administrator())
    before = cells(1)
    with pytest.raises(DBAPIError, match=r"stay|sealed"), transaction() as session:
        session.execute(text(sql))
    assert cells(1) == before


def test_the_digest_is_that_of_the_counts(make: Make) -> None:
    make.report(at=THEN)
    freeze(make, make.administrator())
    with transaction() as session:
        assert freeze_steps.digest(session, MARCH, 1) == month(make, 1).versions[0].digest


def test_who_reported_is_counted_and_not_kept(make: Make) -> None:
    rider = make.rider()
    make.report(rider, at=THEN)
    make.report(rider, at=THEN)
    freeze(make, make.administrator())
    assert not [key for key in cells(1) if key[1] == Facet.RIDER]
    for area in (COUNTY, STREET, STATION):
        assert month(make, 1, area).figures.count(Measure.RIDERS, Facet.PEOPLE) == 1


def test_what_was_late_when_it_was_frozen_stays_late(make: Make) -> None:
    report = make.report(at=THEN)
    freeze(make, make.administrator())
    shown = month(make, 1).figures
    assert shown.count(Measure.OVERDUE_OPEN) == shown.count(Measure.SHOULD_HANDLE) == 1
    worker = make.worker()
    make.step(report, "reject", worker, reason="不属于", at=NOW)
    assert month(make, 1).figures.count(Measure.OVERDUE_OPEN) == 1
    assert month(make, 0).figures.count(Measure.OVERDUE_OPEN) == 0


def test_the_calendar_freezes_what_nobody_did_once(make: Make) -> None:
    make.report(at=THEN)
    known: dict[str, Any] = {"places": reference(), "county": make.settings.county, "day": 8}
    assert month_usecases.freeze_due(**known, now=datetime(2026, 4, 7, 15, tzinfo=UTC)) == 0
    assert month_usecases.freeze_due(**known, now=datetime(2026, 4, 7, 16, tzinfo=UTC)) == 1
    assert month_usecases.freeze_due(**known, now=datetime(2026, 4, 9, 16, tzinfo=UTC)) == 0
    assert [it.version for it in month(make).versions] == [1]
    # A month without any case is not worth a version.
    assert month_usecases.freeze_due(**known, now=datetime(2026, 9, 9, 16, tzinfo=UTC)) == 0
