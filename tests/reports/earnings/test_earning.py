"""What cases earn their riders, through the steps people take: every rule, every cap."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from grid_report import clock
from grid_report.access import Actor
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.points.audit import queries as audit_queries
from grid_report.points.history import queries as history_queries
from grid_report.points.rewards import queries as rewards_queries
from grid_report.reports.models import Report
from tests.points.book import counted
from tests.support.builders import BRIGHT, STATION, Make, Spot
from tests.support.parallel import race

pytestmark = pytest.mark.database

HERE: Spot = {"lat": 42.5460025, "lng": 124.0408182, "accuracy_m": 12.0, "community": None}


def available(rider: Actor) -> int:
    db.session.rollback()
    return history_queries.balance(rider.member_id).available


def reasons(rider: Actor) -> list[str]:
    """Say why lines earned nothing, oldest first."""
    db.session.rollback()
    waiting = [one.reason.value for one in history_queries.list_waiting(rider.member_id)]
    nothing = [str(one.cut) for one in rewards_queries.list_nothing(rider.member_id)]
    return [*reversed(waiting), *reversed(nothing)]


def sound() -> bool:
    db.session.remove()
    return audit_queries.find_differences(db.engine, clock.now()) == []


def two(make: Make) -> dict[str, Any]:
    return {"photos": (make.photo(), make.photo()), "place_note": "站前路 12 号门口"}


def take_over(make: Make, report: Report | str, worker: Actor, severity: int, **more: Any) -> None:
    make.step(report, "accept", worker, category="RD02", severity=severity, **more)


def close(make: Make, report: Report, worker: Actor, at: datetime | None = None) -> None:
    second = make.worker()
    make.step(report, "start", worker, at=at)
    make.step(report, "handle", worker, note="已修好", photos=(make.photo(),), at=at)
    make.step(report, "pass", second, at=at)


@pytest.mark.parametrize(("severity", "points"), [(2, 23), (3, 33), (4, 48)])
def test_the_examples_of_the_rules(make: Make, severity: int, points: int) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.report(rider, **two(make))
    take_over(make, report, worker, severity, evidence=True)
    close(make, report, worker)
    assert available(rider) == points
    assert sound()


def test_evidence_is_paid_only_when_it_is_there_and_confirmed(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    take_over(make, make.report(rider, **two(make)), worker, 2)
    assert available(rider) == 15
    for poor in (
        {"place_note": "站前路"},
        {"photos": (make.photo(), make.photo())},
        {"photos": (make.photo(), make.photo()), **HERE, "accuracy_m": 51.0},
    ):
        report = make.report(rider, **poor)
        with pytest.raises(Invalid) as refused:
            take_over(make, report, worker, 2, evidence=True)
        assert list(refused.value.problems) == ["evidence"]
    unsure: Spot = {**HERE, "accuracy_m": 50.0}
    near = make.report(rider, photos=(make.photo(), make.photo()), **unsure)
    take_over(make, near, worker, 2, evidence=True)
    assert available(rider) == 15 + 15 + 3


def test_a_second_rider_with_an_own_photo_gets_a_share_when_the_case_is_accepted(
    make: Make,
) -> None:
    first, second, worker = make.rider(), make.rider(), make.worker()
    report, twin = make.report(first), make.report(second)
    make.step(twin, "merge", worker, into=report.number)
    assert available(second) == 0
    take_over(make, report, worker, 4)
    assert (available(first), available(second)) == (40, 12)
    assert sound()


def test_a_second_rider_is_thanked_at_the_merge_when_the_case_was_accepted_since(
    make: Make,
) -> None:
    first, second, worker = make.rider(), make.rider(), make.worker()
    report, twin = make.report(first), make.report(second)
    take_over(make, report, worker, 2)
    later = make.report(make.rider())
    make.step(twin, "merge", worker, into=report.number)
    assert available(second) == 5
    make.step(later, "merge", worker, into=report.number)
    db.session.rollback()
    late_rider = db.session.get_one(Report, later.id).reporter_id
    assert history_queries.balance(late_rider).available == 0
    line = rewards_queries.list_nothing(late_rider)[0]
    assert (line.rule, line.cut, line.report_number) == ("R6", "later_reporter", later.number)
    assert sound()


def test_two_more_people_share_and_the_third_reads_why_not(make: Make) -> None:
    worker, riders = make.worker(), [make.rider() for _ in range(5)]
    report = make.report(riders[0])
    twins = [make.report(rider) for rider in riders[1:]]
    for twin in twins[:3]:
        make.step(twin, "merge", worker, into=report.number)
    take_over(make, report, worker, 3)
    make.step(twins[3], "merge", worker, into=report.number)
    assert [available(rider) for rider in riders] == [25, 8, 8, 0, 0]
    assert reasons(riders[3]) == reasons(riders[4]) == ["enough_reporters"]
    assert sound()


def test_the_same_person_and_the_same_photo_share_nothing(make: Make) -> None:
    worker, first, second = make.worker(), make.rider(), make.rider()
    photo = make.photo()
    report = make.report(first, photos=(photo,))
    again = make.report(first)
    copied = make.report(second, photos=(photo,))
    for twin in (again, copied):
        make.step(twin, "merge", worker, into=report.number)
    take_over(make, report, worker, 2)
    assert (available(first), available(second)) == (15, 0)
    assert (reasons(first), reasons(second)) == (["same_person"], ["same_photo"])


def test_a_case_that_was_thanked_by_itself_is_not_thanked_again_when_it_joins(make: Make) -> None:
    worker, first, second = make.worker(), make.rider(), make.rider()
    report, twin = make.report(first), make.report(second)
    take_over(make, report, worker, 2)
    take_over(make, twin, worker, 2)
    make.step(twin, "merge", worker, into=report.number)
    assert (available(first), available(second), reasons(second)) == (15, 15, [])


def test_the_fourth_of_a_kind_a_day_earns_half_also_when_it_closes(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    reports = [make.report(rider) for _ in range(4)]
    for report in reports:
        take_over(make, report, worker, 1)
    assert available(rider) == 10 + 10 + 10 + 5
    close(make, reports[3], worker)
    assert available(rider) == 35 + 3
    elsewhere = make.report(rider, community=BRIGHT)
    take_over(make, elsewhere, make.worker(BRIGHT), 1)
    assert available(rider) == 38 + 10


def test_the_days_cap_holds_and_the_line_says_why(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    for day, category in enumerate(("RD02", "RD03", "RD04", "RD05", "RD06")):
        report = make.report(rider, category=category, at=make.later(-24 * day))
        make.step(report, "accept", worker, category=category, severity=3)
    assert (available(rider), reasons(rider)) == (100, ["over_day_cap"])
    urgent = make.report(rider, category="RD01")
    make.step(urgent, "accept", worker, category="RD01", severity=4)
    assert available(rider) == 140
    assert sound()


def test_the_months_cap_counts_what_waits_as_well(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.report(rider)
    db.session.rollback()
    with db.engine.execution_options(grid_report_write=True).begin() as connection:
        connection.execute(
            text(
                "INSERT INTO point_claims (cause_type, cause_id, at, rider_id, community_code,"
                " rule, tariff_version, nth, rate, halved, points, severity)"
                " SELECT 'report-accepted', 'KY-0', created_at, reporter_id, community_code,"
                " 'R1', '2020-1', 1, 595, :no, 595, 4 FROM reports WHERE id = :id"
            ),
            {"no": False, "id": report.id},
        )
    take_over(make, report, worker, 2)
    assert available(rider) == 5
    entry = history_queries.entries_about(rider.member_id, report.number)[0]
    decision = rewards_queries.behind_entry("report-accepted", report.number)
    assert decision is not None
    assert (entry.points, decision.rate, decision.cut) == (5, 15, "over_month_cap")


def test_a_place_is_thanked_for_once_in_a_day_after_closing(make: Make) -> None:
    first, second, worker = make.rider(), make.rider(), make.worker()
    now = clock.now()
    report = make.report(first, **HERE, at=now - timedelta(hours=30))
    take_over(make, report, worker, 2)
    close(make, report, worker, at=now - timedelta(hours=20))
    beside: Spot = {**HERE, "lat": HERE["lat"] + 0.00005}
    again = make.report(second, **beside, **two(make))
    make.step(again, "accept", worker, category="RD02", severity=2, evidence=True)
    close(make, again, worker)
    assert (available(second), reasons(second)) == (0, ["same_place"] * 3)
    away: Spot = {**HERE, "lat": HERE["lat"] + 0.01}
    far = make.report(second, **away)
    db.session.rollback()
    if far.community_code == STATION:
        take_over(make, far, worker, 2)
        assert available(second) == 15
    assert sound()


def test_staff_earn_nothing_and_the_decision_says_so(make: Make) -> None:
    from grid_report.access import Grant
    from grid_report.access.roles import Role

    both = make.member(Grant(Role.RIDER), Grant(Role.WORKER, BRIGHT))
    report = make.accepted(make.worker(), both)
    decision = rewards_queries.behind_entry("report-accepted", report.number)
    assert decision is not None
    assert (available(both), reasons(both), decision.cut) == (0, ["staff"], "staff")


def test_a_later_version_pays_only_what_is_submitted_after_its_start(make: Make) -> None:
    first, second, rider, worker = (
        make.administrator(),
        make.administrator(),
        make.rider(),
        make.worker(),
    )
    before = make.report(rider)
    starts = make.later(24)
    db.session.rollback()
    with db.engine.execution_options(grid_report_write=True).begin() as connection:
        rules = '{"R1": {"by_severity": [1, 2, 3, 4]}, "R3": {"points": 9}}'
        connection.execute(
            text(
                "INSERT INTO tariff_versions (code, starts_at, rules, made_by_id,"
                " published_by_id, published_at) VALUES ('next', :starts, :rules, :a, :b, :now)"
            ).bindparams(),
            {
                "starts": starts.astimezone(UTC).replace(tzinfo=None)
                if db.engine.dialect.name == "sqlite"
                else starts,
                "rules": rules,
                "a": first.member_id,
                "b": second.member_id,
                "now": clock.now().replace(tzinfo=None)
                if db.engine.dialect.name == "sqlite"
                else clock.now(),
            },
        )
        connection.execute(text("UPDATE stamps SET version = version + 1 WHERE name = 'tariff'"))
    after = make.report(rider, at=make.later(25))
    for report in (before, after):
        make.step(report, "accept", worker, category="RD02", severity=2, at=make.later(26))
    entries = history_queries.list_entries(rider.member_id)[0]
    assert {(e.report_number, e.points, e.tariff_version) for e in entries} == {
        (before.number, 15, "2020-1"),
        (after.number, 2, "next"),
    }


def test_an_acceptance_takes_few_statements(make: Make) -> None:
    worker, rider = make.worker(), make.rider()
    make.accepted(worker, rider)
    plain = make.report(rider, **two(make), **HERE).number
    shown = make.report(rider, **two(make)).number
    with counted() as sent:
        take_over(make, plain, worker, 2)
    # The last of them keeps the month's counts; before it, outside a request, whether the places
    # are still the same.
    assert len(sent) <= 19, "\n".join(sent)
    with counted() as sent:
        take_over(make, shown, worker, 2, evidence=True)
    assert len(sent) <= 24, "\n".join(sent)


def _accept(make: Make, number: str, worker: Actor, category: str) -> dict[str, Any]:
    make.step(number, "accept", worker, category=category, severity=3)
    return {"done": True}


def test_sixteen_acceptances_at_once_do_not_pass_the_days_cap(app: Flask, make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    # Submitted on sixteen days, all accepted on this one.
    reports = [make.report(rider, at=make.later(-24 * day)) for day in range(16, 0, -1)]
    answers = race(app, [partial(_accept, make, it.number, worker, "RD02") for it in reports])
    assert answers == [{"done": True}] * 16
    assert available(rider) == 100
    assert Counter(reasons(rider)) == {"over_day_cap": 12}
    assert sound()


def test_four_of_a_kind_at_once_are_paid_three_times_whole_and_once_half(
    app: Flask, make: Make
) -> None:
    rider, worker = make.rider(), make.worker()
    reports = [make.report(rider) for _ in range(4)]
    race(app, [partial(_accept, make, report.number, worker, "RD02") for report in reports])
    assert available(rider) == 25 * 3 + 13
