"""Reopened and transferred cases: what was done stays in its month, and nobody is late for another."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from grid_report import schema
from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.reports import clocks
from grid_report.reports.models import HistoryEntry, Report
from grid_report.reports.round_models import ReportRound
from grid_report.statistics.counts import recount_queries
from grid_report.statistics.counts import usecases as counts_usecases
from grid_report.statistics.counts.queries import EMPTY, Figures, read_months
from grid_report.statistics.explorer import case_queries
from grid_report.statistics.measures import LIVE, Facet, Measure, RateName
from tests.conftest import KIND
from tests.statistics.histories import BRIGHT, COUNTY, World, county_of
from tests.support.builders import PROPERTY, STATION, Make
from tests.support.lengths import Length

pytestmark = pytest.mark.database

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# 9 March, noon in the county. RD02 gives 8 hours to accept, 120 to repair, 48 more to close.
AT = datetime(2026, 3, 9, 4, tzinfo=UTC)
# The steps there were before rounds were kept.
THEN = (
    "accept", "reject", "ask", "supplement", "withdraw", "merge", "transfer", "dispatch", "return",
    "start", "control", "extend", "suspend", "resume", "handle", "pass", "fail", "reopen", "submit",
    "urge", "note", "assign", "rate",
)  # fmt: skip
DUTIES = ("accept_due", "fix_due", "close_due")


def close(make: Make, report: Report, at: datetime, worker: Actor, checker: Actor) -> Report:
    """Have the community file a case after an hour, repair it in a day and close it."""
    filed = {"category": "RD02", "severity": 2}
    make.step(report, "accept", worker, at=at + HOUR, **filed)
    return repair(make, report, at + HOUR, worker, checker)


def repair(make: Make, report: Report, at: datetime, worker: Actor, checker: Actor) -> Report:
    make.step(report, "start", worker, at=at)
    photos = (make.photo(report.id),)
    make.step(report, "handle", worker, note="修好了", photos=photos, at=at + DAY)
    return make.step(report, "pass", checker, at=at + DAY + HOUR)


def figures(month: str, area: str = COUNTY) -> Figures:
    db.session.rollback()
    return read_months([Month.parse(month)], [area]).get((month, area), EMPTY)


def nothing_lacks(make: Make) -> None:
    county = make.settings.county
    for month in recount_queries.months_with_cases(county):
        db.session.rollback()
        found = recount_queries.recount(db.engine, month, places=reference(), county=county)
        assert found.lacking == {}, month


def test_a_reopened_case_begins_every_clock_anew_and_so_does_whoever_gets_it_then(
    make: Make,
) -> None:
    street = make.supervisor()
    report = close(make, make.report(at=AT), AT, make.worker(), make.worker())
    again = AT + 410 * DAY
    make.step(report, "reopen", street, reason="又坏了", at=again)
    row = make.fresh(report)
    assert [getattr(row, it) - again for it in DUTIES] == [8 * HOUR, 120 * HOUR, 168 * HOUR]
    former = (row.dispatched_at, row.started_at, row.handled_at, row.closed_at, row.controlled_at)
    assert former == (None,) * 5
    assert row.accepted_at == row.reopened_at == again
    # What is not of a round: how long the rider waited for the first answer, and whose it was.
    assert (row.first_accepted_at, row.accepted_in_time) == (AT + HOUR, True)
    moved = again + 6 * HOUR
    make.step(report, "transfer", street, community=BRIGHT, reason="归那边", at=moved)
    row = make.fresh(report)
    assert (row.accept_due, row.next_due) == (moved + 8 * HOUR, moved + 8 * HOUR)
    assert row.next_warn == moved + 6 * HOUR
    assert (row.fix_due, row.close_due) == (again + 120 * HOUR, again + 168 * HOUR)
    assert clocks.light(row.next_due, row.next_warn, moved) is clocks.Light.GREEN
    make.step(report, "accept", make.worker(BRIGHT), category="RD02", severity=2, at=moved + HOUR)
    assert make.fresh(report).accepted_in_time is True
    found = figures("2026-03", BRIGHT)
    assert found.count(Measure.ACCEPTED) == found.count(Measure.ACCEPTED_IN_TIME) == 1
    nothing_lacks(make)


def test_after_a_transfer_the_second_community_is_judged_from_when_it_got_the_case(
    make: Make,
) -> None:
    worker, street, second = make.worker(), make.supervisor(), make.worker(BRIGHT)
    report = make.report(at=AT)
    filed = {"category": "RD02", "severity": 2}
    make.step(report, "accept", worker, at=AT + 20 * timedelta(minutes=1), **filed)
    before = make.fresh(report)
    promised = (before.control_due, before.fix_due, before.close_due)
    moved = AT + 29 * HOUR
    make.step(report, "transfer", street, community=BRIGHT, reason="归那边", at=moved)
    # Answered already, and not filed where it is now.
    found = figures("2026-03", BRIGHT)
    assert (found.count(Measure.ACCEPTED), found.response().number) == (0, 1)
    make.step(report, "accept", second, at=AT + 30 * HOUR, **filed)
    found = figures("2026-03", BRIGHT)
    rate = found.rate(RateName.FILING_IN_TIME)
    assert (rate.numerator, rate.denominator) == (1, 1)
    # The first answer was the first community's, twenty minutes after the report.
    assert found.count(Measure.RESPONSE_S) == 20 * 60
    assert found.response().lengths == {20: 1}
    row = make.fresh(report)
    assert (row.control_due, row.fix_due, row.close_due) == promised
    assert row.accept_due == moved + 8 * HOUR
    assert row.first_accepted_at == AT + timedelta(minutes=20)
    nothing_lacks(make)


def test_a_second_community_that_takes_too_long_is_late(make: Make) -> None:
    worker, second = make.worker(), make.worker(BRIGHT)
    report = make.report(at=AT)
    filed = {"category": "RD02", "severity": 2}
    make.step(report, "accept", worker, at=AT + HOUR, **filed)
    make.step(report, "transfer", worker, community=BRIGHT, reason="归那边", at=AT + 2 * HOUR)
    make.step(report, "accept", second, at=AT + 11 * HOUR, **filed)
    found = figures("2026-03", BRIGHT)
    assert (found.count(Measure.ACCEPTED), found.count(Measure.ACCEPTED_IN_TIME)) == (1, 0)


def test_nobody_has_longer_to_accept_than_to_repair(make: Make) -> None:
    report = make.report(at=AT)
    moved = AT + 117 * HOUR
    make.step(report, "transfer", make.worker(), community=BRIGHT, reason="归那边", at=moved)
    row = make.fresh(report)
    assert row.accept_due == row.fix_due == AT + 120 * HOUR


def test_while_a_question_is_out_the_new_communitys_clock_stands_still(make: Make) -> None:
    rider, second = make.rider(), make.worker(BRIGHT)
    report = make.report(rider, at=AT)
    moved = AT + 7 * HOUR
    make.step(report, "transfer", make.worker(), community=BRIGHT, reason="归那边", at=moved)
    make.step(report, "ask", second, reason="在哪", at=moved + HOUR)
    make.step(report, "supplement", rider, note="这里", at=moved + 5 * HOUR)
    row = make.fresh(report)
    assert (row.accept_from, row.accept_due) == (moved + 4 * HOUR, moved + 12 * HOUR)
    assert row.next_warn == moved + 10 * HOUR


def test_a_case_nobody_had_is_its_communitys_from_when_it_is_given_one(make: Make) -> None:
    report = make.report(at=AT, community=None, lat=42.70, lng=124.60)
    assert make.fresh(report).community_code is None
    given = AT + 3 * DAY
    make.step(report, "assign", make.administrator(), community=STATION, at=given)
    row = make.fresh(report)
    assert (row.accept_due, row.next_due) == (given + 8 * HOUR, given + 8 * HOUR)
    make.step(report, "accept", make.worker(), category="RD02", severity=2, at=given + HOUR)
    found = figures("2026-03", STATION)
    assert found.count(Measure.ACCEPTED_IN_TIME) == 1
    # The rider waited all the same.
    assert found.count(Measure.RESPONSE_S) == (3 * DAY + HOUR).total_seconds()
    nothing_lacks(make)


def test_reopening_spoils_the_month_it_concerns_and_takes_nothing_out_of_it(make: Make) -> None:
    worker, checker, street = make.worker(), make.worker(), make.supervisor()
    reports = [make.report(at=AT + n * HOUR) for n in range(12)]
    for n, report in enumerate(reports):
        close(make, report, AT + n * HOUR, worker, checker)
    never = make.report(at=AT)
    march = figures("2026-03")
    assert march.rate(RateName.HANDLING_IN_TIME).percent == 92.31
    lengths = march.handling()
    again = datetime(2026, 4, 20, 4, tzinfo=UTC)
    make.step(reports[0], "reopen", street, reason="又坏了", at=again)
    march, april = figures("2026-03"), figures("2026-04")
    late = march.rate(RateName.HANDLING_IN_TIME)
    assert (late.numerator, late.denominator, late.percent) == (11, 13, 84.62)
    closed = march.rate(RateName.CLOSING_IN_TIME)
    assert (closed.numerator, closed.denominator) == (11, 13)
    # Handled and closed they were, and stay; so does how long it took.
    assert march.count(Measure.HANDLED) == march.count(Measure.CLOSED) == 12
    assert march.count(Measure.CLOSINGS) == march.count(Measure.FINISHED) == 12
    assert march.handling() == lengths
    assert (march.count(Measure.REOPENED), april.count(Measure.REOPENED)) == (0, 1)
    # The second round is due by itself, in the month of its own deadline.
    assert april.count(Measure.SHOULD_HANDLE) == april.count(Measure.SHOULD_CLOSE) == 1
    assert april.count(Measure.HANDLED) == 0
    repair(make, reports[0], again + HOUR, worker, checker)
    april = figures("2026-04")
    in_time = april.rate(RateName.HANDLING_IN_TIME)
    assert (in_time.numerator, in_time.denominator) == (1, 1)
    assert april.count(Measure.CLOSINGS) == 1
    assert figures("2026-03").rate(RateName.HANDLING_IN_TIME) == late
    assert make.fresh(never).state == "submitted"
    nothing_lacks(make)


def test_every_reopening_counts_and_each_round_only_its_own_rework(make: Make) -> None:
    worker, checker, street = make.worker(), make.worker(), make.supervisor()
    report = make.report(at=AT)
    make.step(report, "accept", worker, category="RD02", severity=2, at=AT + HOUR)
    make.step(report, "start", worker, at=AT + HOUR)
    deadline = AT + 8 * DAY
    make.step(report, "extend", street, deadline=deadline, reason="等料", at=AT + 2 * HOUR)
    photos = (make.photo(1),)
    make.step(report, "handle", worker, note="好了", photos=photos, at=AT + DAY)
    make.step(report, "fail", checker, reason="没好", at=AT + 2 * DAY)
    make.step(report, "handle", worker, note="好了", photos=photos, at=AT + 3 * DAY)
    make.step(report, "pass", checker, at=AT + 3 * DAY)
    for month in (4, 5):
        again = datetime(2026, month, 6, 4, tzinfo=UTC)
        make.step(report, "reopen", street, reason="又坏了", at=again)
        repair(make, report, again + HOUR, worker, checker)
    for named, counts in {
        "2026-03": (1, 1, 1, 0, 1), "2026-04": (1, 0, 0, 1, 1), "2026-05": (1, 0, 0, 1, 1),
    }.items():  # fmt: skip
        found = figures(named)
        assert counts == tuple(
            found.count(it)
            for it in (
                Measure.SHOULD_HANDLE, Measure.EXTENDED, Measure.REWORKED, Measure.REOPENED,
                Measure.CLOSINGS,
            )
        ), named  # fmt: skip
    rounds = db.session.scalars(select(ReportRound).order_by(ReportRound.nth)).all()
    assert [(it.nth, it.extended, it.reworked) for it in rounds] == [
        (1, True, True), (2, False, False),
    ]  # fmt: skip
    nothing_lacks(make)


def test_a_round_that_is_over_stays_with_whoever_handled_it(make: Make) -> None:
    worker, checker, handler, street = (
        make.worker(), make.worker(), make.handler(), make.supervisor(),
    )  # fmt: skip
    report = make.report(at=AT)
    make.step(report, "accept", worker, category="RD02", severity=2, at=AT + HOUR)
    make.step(report, "dispatch", worker, unit=PROPERTY, at=AT + HOUR)
    make.step(report, "start", handler, at=AT + HOUR)
    make.step(report, "handle", handler, note="好了", photos=(make.photo(1),), at=AT + DAY)
    make.step(report, "pass", checker, at=AT + DAY)
    again = AT + 40 * DAY
    make.step(report, "reopen", street, reason="又坏了", at=again)
    make.step(report, "transfer", street, community=BRIGHT, reason="归那边", at=again + HOUR)
    march = figures("2026-03", STATION)
    assert march.count(Measure.CLOSINGS) == march.count(Measure.SHOULD_HANDLE) == 1
    assert march.count(Measure.FINISHED, Facet.UNIT, PROPERTY) == 1
    assert figures("2026-03", BRIGHT).count(Measure.CLOSINGS) == 0
    wanted = case_queries.Wanted(Measure.CLOSINGS, Month(2026, 3), county_of(make))
    listed = case_queries.list_cases(
        wanted, places=reference(), county=make.settings.county, now=again + DAY, cursor=None,
        limit=9,
    ).items  # fmt: skip
    assert [(it.number, it.community_code, it.handler) for it in listed] == [
        (report.number, STATION, PROPERTY)
    ]
    assert listed[0].now_community_code == BRIGHT
    known: dict[str, Any] = {
        "places": reference(),
        "county": make.settings.county,
        "now": again + DAY,
    }
    assert case_queries.figure(wanted, LIVE, **known) == 1


@pytest.mark.slow
@pytest.mark.parametrize("seed", [12 if KIND == "postgresql" else 11])
def test_the_upgrade_tells_the_same_of_old_cases_from_their_history(
    make: Make, seed: int, length: Length
) -> None:
    # Many of them closed, so that enough are reopened.
    world = World(make, seed, datetime(2025, 10, 20, 3, tzinfo=UTC), forward=12)
    world.play(length(200, 400))
    columns = (
        "accepted_at", "first_accepted_at", "accepted_in_time", "accept_due", "accept_from",
        "extensions_before", "reworks_before", "next_due", "next_warn", "sort_due",
    )  # fmt: skip

    def told() -> tuple[dict[str, Any], list[Any]]:
        db.session.remove()
        with db.engine.connect() as connection:
            table = Report.__table__.c
            # Steps that came later are in no history the migration ever met.
            newer = select(HistoryEntry.report_id).where(HistoryEntry.step.not_in(THEN))
            rows = connection.execute(
                select(table.number, *(table[it] for it in columns)).where(table.id.not_in(newer))
            )
            found = {row.number: tuple(row) for row in rows}
            over = [it for it in ReportRound.__table__.c if it.name != "id"]
            order = (
                select(*over)
                .where(ReportRound.report_id.not_in(newer))
                .order_by(ReportRound.report_id, ReportRound.nth)
            )
            rounds = [tuple(row) for row in connection.execute(order)]
        return found, rounds

    reports, rounds = told()
    assert rounds
    assert sum(it[5] is not None for it in reports.values()) >= 3
    db.session.remove()
    schema.downgrade(db.engine, "0025")
    schema.upgrade(db.engine)
    again, rounds_again = told()
    assert rounds_again == rounds
    assert {number: row for number, row in again.items() if row != reports[number]} == {}
    with db.engine.connect() as connection:
        assert connection.execute(text("SELECT rules FROM statistics_rules")).scalar_one() == 0
    county, places = make.settings.county, reference()
    assert counts_usecases.follow_rules(places=places, county=county, now=world.now) == 0
    nothing_lacks(make)
