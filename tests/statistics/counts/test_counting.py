"""Every count is what a recount in plain SQL finds, at each moment, on both databases."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from grid_report.clock import Month
from grid_report.db import db, transaction
from grid_report.places.queries import reference
from grid_report.statistics.counts import recount_queries
from grid_report.statistics.counts import usecases as counts_usecases
from grid_report.statistics.counts.cells import HELD, Cell
from grid_report.statistics.counts.queries import EMPTY, read_months, read_period
from grid_report.statistics.measures import Facet, Measure
from grid_report.statistics.models import StatisticsCell, StatisticsRecount
from grid_report.workflow import IllegalStep
from tests.conftest import KIND
from tests.statistics.histories import BRIGHT, World
from tests.support import builders, lengths
from tests.support.builders import PROPERTY, STATION, STREET, Make
from tests.support.lengths import Length

pytestmark = pytest.mark.database

START = datetime(2025, 10, 20, 3, tzinfo=UTC)
COUNTY = "211282"


# So many histories go on side by side: a recount costs the same for one as for all of them.
TOGETHER = 4
# The ledger plays so many for each group of these: 8 histories by themselves, four on each
# database, and 200 at full length (`--operations`).
LEDGERS = 30


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Play as many groups of histories as there is time for."""
    if "group" in metafunc.fixturenames:
        wanted = lengths.histories(metafunc.config)
        groups = range(KIND == "postgresql", max(2, wanted // LEDGERS), 2)
        metafunc.parametrize("group", groups)


@pytest.mark.slow
def test_random_histories_are_counted_as_a_recount_counts_them(make: Make, group: int) -> None:
    worlds = [World(make, group * TOGETHER + nth, START) for nth in range(TOGETHER)]
    for _ in range(6):
        for world in worlds:
            world.play(15)
        assert worlds[0].differences() == {}
    for world in worlds:
        assert len({report.state for report in map(make.fresh, world.reports)}) >= 4, world.seed


@pytest.mark.slow
@pytest.mark.parametrize("seed", [9002 if KIND == "postgresql" else 9001])
def test_a_random_history_is_counted_right_after_each_of_its_steps(
    make: Make, seed: int, length: Length
) -> None:
    world = World(make, seed, START)
    for step in range(length(30, 60)):
        world.play(1)
        assert world.differences() == {}, step
    assert len({report.state for report in map(make.fresh, world.reports)}) >= 4


def figures(month: str, area: str = COUNTY) -> Any:
    db.session.rollback()
    return read_months([Month.parse(month)], [area]).get((month, area), EMPTY)


def test_a_report_is_counted_in_its_county_street_and_community(make: Make) -> None:
    make.report(at=datetime(2026, 3, 5, 1, 30, tzinfo=UTC))
    for area in (COUNTY, STREET, STATION):
        found = figures("2026-03", area)
        assert found.count(Measure.RECEIVED) == 1
        assert found.by(Facet.CATEGORY, Measure.RECEIVED) == {"RD02": 1}
        # 09:30 in the county, a Thursday.
        assert found.by(Facet.HOUR, Measure.RECEIVED) == {"09": 1}
        assert found.by(Facet.WEEKDAY, Measure.RECEIVED) == {"4": 1}
    assert figures("2026-03", BRIGHT).is_empty()


@pytest.mark.parametrize(
    ("at", "month"),
    [
        # 31 December 23:59:59.9 and the instant after it, in the county.
        (datetime(2025, 12, 31, 15, 59, 59, 900_000, tzinfo=UTC), "2025-12"),
        (datetime(2025, 12, 31, 16, tzinfo=UTC), "2026-01"),
        (datetime(2024, 2, 29, 15, 59, 59, 999_999, tzinfo=UTC), "2024-02"),
        (datetime(2024, 2, 29, 16, tzinfo=UTC), "2024-03"),
    ],
)
def test_a_month_ends_where_the_county_is(make: Make, at: datetime, month: str) -> None:
    make.report(at=at)
    assert figures(month).count(Measure.RECEIVED) == 1
    found = recount_queries.recount(
        db.engine, Month.parse(month), places=reference(), county=make.settings.county
    )
    assert found.lacking == {}


def test_a_case_handled_before_its_deadline_is_in_both_months_and_once_in_the_year(
    make: Make,
) -> None:
    worker, handler = make.worker(), make.handler()
    at = datetime(2026, 4, 30, 2, tzinfo=UTC)
    report = make.report(at=at)
    make.step(report, "accept", worker, category="RD02", severity=2, at=at + timedelta(minutes=5))
    make.step(report, "dispatch", worker, unit=PROPERTY, at=at + timedelta(minutes=6))
    make.step(report, "start", handler, at=at + timedelta(minutes=9))
    photos = (make.photo(),)
    at_hand = at + timedelta(hours=2)
    make.step(report, "handle", handler, note="好了", photos=photos, at=at_hand)
    assert make.fresh(report).fix_due.month == 5
    for month in ("2026-04", "2026-05"):
        found = figures(month)
        assert found.count(Measure.SHOULD_HANDLE) == found.count(Measure.HANDLED_IN_TIME) == 1
    db.session.rollback()
    first, last = Month(2026, 1), Month(2026, 12)
    year = read_period(first, last, [COUNTY])[COUNTY]
    assert year.count(Measure.SHOULD_HANDLE) == year.count(Measure.HANDLED_IN_TIME) == 1
    assert year.count(Measure.HANDLED, Facet.UNIT, PROPERTY) == 1
    may = read_period(Month(2026, 5), last, [COUNTY])[COUNTY]
    assert may.count(Measure.SHOULD_HANDLE) == 1


def test_what_stands_still_is_not_due_and_comes_back_with_its_new_deadline(make: Make) -> None:
    worker, street = make.worker(), make.supervisor()
    at = datetime(2026, 4, 10, 2, tzinfo=UTC)
    report = make.report(at=at)
    make.step(report, "accept", worker, category="RD02", severity=2, at=at)
    assert figures("2026-04").count(Measure.SHOULD_HANDLE) == 1
    day = (at + timedelta(days=20)).date()
    make.step(report, "suspend", street, reason="等开春", review_on=day, at=at)
    found = figures("2026-04")
    assert (found.count(Measure.SHOULD_HANDLE), found.count(Measure.SUSPENDED)) == (0, 1)
    make.step(report, "resume", worker, at=at + timedelta(days=40))
    assert figures("2026-04").count(Measure.SUSPENDED) == 0
    assert figures("2026-05").count(Measure.SHOULD_HANDLE) == 1


@pytest.mark.parametrize("step", ["reject", "withdraw", "merge"])
def test_rejected_withdrawn_and_merged_reports_are_never_due(make: Make, step: str) -> None:
    worker, rider = make.worker(), make.rider()
    at = datetime(2026, 4, 10, 2, tzinfo=UTC)
    other = make.report(at=at)
    report = make.report(rider, at=at)
    more = {"reject": {"reason": "不属于"}, "merge": {"into": other.number}}.get(step, {})
    make.step(report, step, rider if step == "withdraw" else worker, at=at, **more)
    found = figures("2026-04")
    assert found.count(Measure.RECEIVED) == 2
    assert found.count(Measure.SHOULD_HANDLE) == found.count(Measure.SHOULD_CLOSE) == 1


def test_a_refused_step_counts_nothing(make: Make) -> None:
    report = make.report()
    month = str(Month.of(report.created_at, make.settings.county.tz))
    before = figures(month).counts
    with pytest.raises(IllegalStep):
        make.step(report, "pass", make.worker())
    assert figures(month).counts == before


def test_a_recount_finds_a_wrong_count_and_repairs_it(make: Make) -> None:
    make.report(at=datetime(2026, 3, 5, 1, 30, tzinfo=UTC))
    month = Month(2026, 3)
    with transaction() as session:
        session.execute(
            text(
                "UPDATE statistics_cells SET n = n + 3"
                " WHERE area = :area AND facet = '' AND measure = 'received'"
            ),
            {"area": STATION},
        )
        session.execute(text("DELETE FROM statistics_cells WHERE facet = 'hour'"))
    known: dict[str, Any] = {"places": reference(), "county": make.settings.county, "now": make.now}
    found = counts_usecases.recount_month(month, **known)
    wrong = {
        (STATION, Cell("2026-03", "", "", "received")): -3,
        **{
            (area, Cell("2026-03", "hour", "09", "received")): 1
            for area in (COUNTY, STREET, STATION)
        },
    }
    assert found.lacking == wrong
    assert counts_usecases.recount_month(month, **known).lacking == {}
    db.session.rollback()
    row = db.session.get(StatisticsRecount, "2026-03")
    assert row is not None
    assert (row.turn, row.differences) == (1, 0)
    zero = select(StatisticsCell).where(StatisticsCell.n < 0)
    assert db.session.scalars(zero).all() == []


def test_two_repairs_at_once_repair_once(make: Make) -> None:
    make.report(at=datetime(2026, 3, 5, 1, 30, tzinfo=UTC))
    with transaction() as session:
        session.execute(text("UPDATE statistics_cells SET n = n + 3 WHERE measure = 'received'"))
    places, county = reference(), make.settings.county
    month = Month(2026, 3)
    db.session.rollback()
    # Both have looked before either has written.
    looks = [
        recount_queries.recount(db.engine, month, places=places, county=county) for _ in range(2)
    ]
    done = [counts_usecases._repair(found, now=make.now) for found in looks]
    assert done == [True, False]
    assert recount_queries.recount(db.engine, month, places=places, county=county).lacking == {}


def test_the_job_counts_every_month_once_and_then_the_newest_and_one_other_a_night(
    make: Make,
) -> None:
    # Early in a month, so that every night to come is in it.
    start = datetime(2026, 6, 5, 3, tzinfo=UTC)
    for days in (150, 210, 270):
        make.report(at=start - timedelta(days=days))
    known: dict[str, Any] = {"places": reference(), "county": make.settings.county}
    every = timedelta(hours=20)
    assert counts_usecases.recount_due(**known, every=every, now=start) == 0
    db.session.rollback()
    first = {it.month: it.counted_at for it in recount_queries.list_recounts().values()}
    assert len(first) >= 6
    newest = {HELD, "2026-06", "2026-05"}
    older = sorted({*first} - newest)
    # An old count goes wrong; nobody looks for it but the job.
    lost = update(StatisticsCell).where(
        StatisticsCell.month == older[0], StatisticsCell.measure == Measure.RECEIVED
    )
    with transaction() as session:
        session.execute(lost.values(n=StatisticsCell.n + 1))
    repaired, seen = 0, []
    for night in range(1, len(older) + 1):
        at = start + timedelta(hours=21 * night)
        repaired += counts_usecases.recount_due(**known, every=every, now=at)
        # Once a night is enough.
        counts_usecases.recount_due(**known, every=every, now=at + timedelta(hours=1))
        db.session.rollback()
        again = {it.month for it in recount_queries.list_recounts().values() if it.counted_at >= at}
        assert newest <= again
        seen += sorted(again - newest)
    assert sorted(seen) == older
    assert repaired == 1


def test_the_night_a_month_begins_the_new_one_and_the_one_that_is_over_are_counted(
    make: Make,
) -> None:
    known: dict[str, Any] = {"places": reference(), "county": make.settings.county}
    every = timedelta(hours=20)
    # 04:00 of the last day in the county, and 01:00 of the day after it.
    for at, newest in (
        (datetime(2026, 11, 29, 20, tzinfo=UTC), {"2026-11", "2026-10"}),
        (datetime(2026, 11, 30, 17, tzinfo=UTC), {"2026-12", "2026-11"}),
    ):
        counts_usecases.recount_due(**known, every=every, now=at)
        db.session.rollback()
        counted = recount_queries.list_recounts().values()
        assert newest | {HELD} <= {it.month for it in counted if it.counted_at == at}


def play_some(app: Flask, number: int, _: Any) -> int:
    """Play a history of its own on a database others play on as well."""
    # Other people than those of the other processes.
    next(itertools.islice(builders._phones, 50 * (number + 1), None))
    world = World(Make(app), number, START)
    world.play(25)
    return len(world.reports)


@pytest.mark.slow
def test_processes_that_step_at_once_lose_no_count(
    make: Make, in_many_processes: Callable[..., list[Any]], length: Length
) -> None:
    counts = in_many_processes(play_some, length(2, 4))
    assert all(isinstance(it, int) for it in counts), counts
    assert sum(counts) > 3 * len(counts)
    county = make.settings.county
    db.session.rollback()
    for month in recount_queries.months_with_cases(county):
        db.session.rollback()
        assert (
            recount_queries.recount(db.engine, month, places=reference(), county=county).lacking
            == {}
        )
