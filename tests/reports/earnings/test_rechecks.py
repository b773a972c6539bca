"""Looking again, merits, learning, and a later version tried on what was decided."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from grid_report import clock
from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid, NotFound
from grid_report.places.queries import reference
from grid_report.points.audit import queries as audit_queries
from grid_report.points.errors import MeritProposed
from grid_report.points.history import queries as history_queries
from grid_report.points.learning import usecases as learning_usecases
from grid_report.points.learning.handbook import QUIZ, UNITS, wrong_answers
from grid_report.points.policy import terms_of
from grid_report.points.proposals import queries as proposals_queries
from grid_report.points.proposals import usecases as proposals_usecases
from grid_report.points.rates import Version
from grid_report.points.rewards import tariff_queries as book
from grid_report.points.tariff import simulation_queries
from grid_report.points.tariff.fields import numbers_of, rules_of
from grid_report.reports.casework import recheck_usecases
from grid_report.reports.casework.recheck_usecases import (
    NotAcceptedYet,
    NothingAsked,
    RecheckOpen,
    RechecksUsedUp,
)
from grid_report.reports.commands import AnswerRecheck, AskRecheck
from grid_report.reports.models import Report
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database


def available(rider: Actor) -> int:
    db.session.rollback()
    return history_queries.balance(rider.member_id).available


def ask(make: Make, report: Report, worker: Actor) -> None:
    recheck_usecases.ask_recheck(
        report.number, AskRecheck("请拍整条路"), actor=worker, places=reference(), now=clock.now()
    )


def answer(make: Make, report: Report, rider: Actor, photos: int = 1) -> None:
    recheck_usecases.answer_recheck(
        report.number,
        AnswerRecheck("", tuple(make.photo() for _ in range(photos))),
        actor=rider,
        places=reference(),
        terms=terms_of(make.settings),
        now=clock.now(),
    )


def test_a_rider_who_looks_again_when_asked_is_thanked_three_times_at_most(make: Make) -> None:
    rider, worker, handler = make.rider(), make.worker(), make.handler()
    report = make.handled(worker, handler, rider)
    desk = make.signed_in(worker)

    def offers() -> tuple[bool, bool]:
        """Whether the desk asks for a photo, and whether it says that one was asked for."""
        page = desk.get(f"/desk/{report.number}").text
        return 'id="step-recheck"' in page, "已请骑手补拍处置后的照片" in page

    with pytest.raises(NothingAsked):
        answer(make, report, rider)
    for times in (1, 2, 3):
        assert offers() == (True, False)
        ask(make, report, worker)
        assert offers() == (False, True)
        with pytest.raises(RecheckOpen):
            ask(make, report, worker)
        answer(make, report, rider)
        assert available(rider) == 15 + 5 * times
    assert offers() == (False, False)
    with pytest.raises(RechecksUsedUp):
        ask(make, report, worker)
    db.session.remove()
    assert audit_queries.find_differences(db.engine, clock.now()) == []


def test_looking_again_is_for_the_reporter_and_needs_a_photo(make: Make) -> None:
    rider, worker, handler = make.rider(), make.worker(), make.handler()
    report = make.handled(worker, handler, rider)
    for stranger in (handler, rider):
        with pytest.raises(Forbidden):
            ask(make, report, stranger)
    ask(make, report, worker)
    with pytest.raises(Forbidden):
        answer(make, report, worker)
    with pytest.raises(NotFound):
        answer(make, report, make.rider())
    with pytest.raises(Invalid) as refused:
        answer(make, report, rider, photos=0)
    assert list(refused.value.problems) == ["photos"]
    make.step(report, "pass", make.worker())
    answer(make, report, rider)
    assert available(rider) == 15 + 5 + 5


def test_nobody_is_asked_about_a_case_that_is_not_handled(make: Make) -> None:
    worker = make.worker()
    with pytest.raises(Forbidden):
        ask(make, make.accepted(worker), worker)


def propose(report: Report, by: Actor, points: int | None = 200) -> int:
    return recheck_usecases.propose_merit(
        report.number, points, "井盖缺失", key=str(uuid.uuid4()), actor=by, now=clock.now()
    ).proposal_id


def test_a_merit_is_proposed_by_the_community_and_approved_by_somebody_else(make: Make) -> None:
    rider, worker, admin = make.rider(), make.worker(), make.administrator()
    waiting = make.report(rider)
    with pytest.raises(NotAcceptedYet):
        propose(waiting, worker)
    report = make.accepted(worker, rider)
    desk = make.signed_in(worker)
    assert 'id="step-merit"' not in desk.get(f"/desk/{waiting.number}").text
    assert "100 到 300" in desk.get(f"/desk/{report.number}").text
    for points in (99, 301, None):
        with pytest.raises(Invalid) as refused:
            propose(report, worker, points)
        assert list(refused.value.problems) == ["points"]
    with pytest.raises(Forbidden):
        propose(report, rider)
    proposal = propose(report, worker)
    with pytest.raises(MeritProposed):
        propose(report, worker)
    assert available(rider) == 15
    terms = terms_of(make.settings)
    proposals_usecases.approve(proposal, note="", actor=admin, terms=terms, now=clock.now())
    assert available(rider) == 215
    entry = history_queries.list_entries(rider.member_id)[0][0]
    assert (entry.rule, entry.points, entry.report_number) == ("R10", 200, report.number)
    db.session.remove()
    assert audit_queries.find_differences(db.engine, clock.now()) == []


def test_a_declined_merit_may_be_proposed_again(make: Make) -> None:
    worker = make.worker()
    report = make.accepted(worker)
    first = propose(report, worker)
    proposals_usecases.decline(first, note="再看看", actor=make.administrator(), now=clock.now())
    assert propose(report, worker) != first
    assert len(proposals_queries.list_proposals(worker)[0]) == 1


def test_a_lesson_is_thanked_for_once_and_the_quiz_once_an_edition(make: Make) -> None:
    rider, terms, now = make.rider(), terms_of(make.settings), clock.now()
    for _ in range(2):
        for unit in (*UNITS, None):
            learning_usecases.award_learning(unit, actor=rider, terms=terms, now=now)
    assert available(rider) == 5 * len(UNITS) + 10
    learning_usecases.award_learning(None, actor=rider, terms=terms, now=now, edition="2027-1")
    assert available(rider) == 5 * len(UNITS) + 20
    with pytest.raises(Forbidden):
        learning_usecases.award_learning("photo", actor=make.worker(), terms=terms, now=now)
    with pytest.raises(NotFound):
        learning_usecases.award_learning("nothing", actor=rider, terms=terms, now=now)
    db.session.remove()
    assert audit_queries.find_differences(db.engine, clock.now()) == []


def test_the_quiz_knows_its_answers() -> None:
    right = {question: answer for question, _, answer in QUIZ}
    assert wrong_answers(right) == []
    assert wrong_answers({}) == list(right)
    assert all(answer in choices for _, choices, answer in QUIZ)


def last_month_of_cases(make: Make) -> Month:
    """Decide on a month of reports: caps reached, halves, a second reporter, a refused place."""
    worker, rider, second = make.worker(), make.rider(), make.rider()
    zone = make.settings.county.tz
    month = Month.of(clock.now(), zone).plus(-1)
    start = month.bounds(zone)[0] + timedelta(hours=10)
    for number in range(12):
        at = start + timedelta(days=number // 6, hours=number % 6)
        report = make.report(rider, at=at)
        severity = number % 4 + 1
        decided = at + timedelta(minutes=5)
        if number == 3:
            twin = make.report(second, at=at)
            make.step(twin, "merge", worker, into=report.number, at=decided)
        make.step(report, "accept", worker, category="RD02", severity=severity, at=decided)
    return month


def test_a_dry_run_of_the_same_version_is_what_was_paid(make: Make) -> None:
    month, zone = last_month_of_cases(make), make.settings.county.tz
    version = book.at(clock.now())
    [line] = simulation_queries.try_on_month(version, month, zone)
    assert line.community_code == STATION
    assert line.decisions == 13
    assert line.was == line.would_be == simulation_queries.paid_by_community(month)[STATION] > 0
    twice = rules_of({**numbers_of(version), "r1_1": 11, "half_from": 0, "cap_day": 0})
    [other] = simulation_queries.try_on_month(
        Version("next", version.starts_at, twice), month, zone
    )
    assert other.difference > 0
    # Nothing was written by asking.
    db.session.rollback()
    assert db.session.scalar(text("SELECT COUNT(*) FROM point_claims")) == 13
