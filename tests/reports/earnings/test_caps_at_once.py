"""The caps of the rules hold when everything happens at the same moment, in real processes."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grid_report import clock
from grid_report.access import Actor
from grid_report.db import db
from grid_report.errors import GridReportError
from grid_report.places.queries import reference
from grid_report.points.budgets import usecases as points
from grid_report.points.history import queries as history_queries
from grid_report.points.learning import usecases as learning_usecases
from grid_report.points.policy import terms_of
from grid_report.points.proposals import usecases as proposals_usecases
from grid_report.reports.casework import recheck_usecases
from grid_report.reports.commands import AnswerRecheck, AskRecheck
from grid_report.reports.models import Recheck, Report, ReportPhoto
from tests.reports.earnings.test_earning import available, reasons, sound
from tests.support.builders import BRIGHT, Make
from tests.support.parallel import race

pytestmark = pytest.mark.database

RACERS = 12


def tried(act: Callable[[], Any]) -> str:
    """Say what came of an attempt: done, or the code of what refused it."""
    try:
        act()
    except GridReportError as error:
        return error.code
    return "done"


def accept(make: Make, number: str, worker: Actor, severity: int) -> str:
    make.step(number, "accept", worker, category="RD02", severity=severity)
    return "done"


def test_sixteen_grave_cases_at_once_do_not_pass_the_months_cap(app: Flask, make: Make) -> None:
    """Severity 4 is outside the day, but nothing is outside the month."""
    rider, worker = make.rider(), make.worker()
    reports = [make.report(rider, at=make.later(-24 * day)) for day in range(18, 0, -1)]
    answers = race(app, [partial(accept, make, it.number, worker, 4) for it in reports])
    assert set(answers) == {"done"}
    assert available(rider) == 600
    assert Counter(reasons(rider)) == {"over_month_cap": 3}
    assert sound()


def test_two_communities_at_once_share_the_riders_day(app: Flask, make: Make) -> None:
    """The cap is the rider's, wherever the reports are: two pools, one lock."""
    rider, here, there = make.rider(), make.worker(), make.worker(BRIGHT)
    acts = []
    for day in range(6, 0, -1):
        one = make.report(rider, at=make.later(-24 * day))
        other = make.report(rider, at=make.later(-24 * day), community=BRIGHT)
        acts += [
            partial(accept, make, one.number, here, 3),
            partial(accept, make, other.number, there, 3),
        ]
    assert set(race(app, acts)) == {"done"}
    assert available(rider) == 100
    assert sound()


def test_six_who_join_at_once_are_thanked_as_two(app: Flask, make: Make) -> None:
    worker, first = make.worker(), make.rider()
    report = make.report(first)
    riders = [make.rider() for _ in range(6)]
    # Sent before the acceptance, joined after it: each of them would be a second reporter.
    twins = [make.report(rider).number for rider in riders]
    make.step(report, "accept", worker, category="RD02", severity=3)
    acts = [
        partial(tried, partial(make.step, twin, "merge", worker, into=report.number))
        for twin in twins
    ]
    assert set(race(app, acts)) == {"done"}
    assert sorted(available(rider) for rider in riders) == [0, 0, 0, 0, 8, 8]
    assert available(first) == 25
    assert sound()


def test_a_rider_is_asked_once_and_thanked_once_by_however_many(app: Flask, make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.handled(worker, make.handler(), rider)
    number, report_id, before = report.number, report.id, available(rider)
    workers = [make.worker() for _ in range(RACERS)]

    def ask(who: Actor) -> str:
        return tried(
            lambda: recheck_usecases.ask_recheck(
                number, AskRecheck("请看"), actor=who, places=reference(), now=clock.now()
            )
        )

    asked = race(app, [partial(ask, who) for who in workers])
    assert Counter(asked) == {"done": 1, "recheck-open": RACERS - 1}
    photo = make.photo()

    def answer(key: str | None) -> str:
        return tried(
            lambda: recheck_usecases.answer_recheck(
                number,
                AnswerRecheck("", (photo,), key),
                actor=rider,
                places=reference(),
                terms=terms_of(make.settings),
                now=clock.now(),
            )
        )

    # A thumb that trembles sends one key, two phones send two: both are one answer.
    key = str(uuid.uuid4())
    sent = race(app, [partial(answer, key if n % 2 else None) for n in range(RACERS)])
    assert set(sent) <= {"done", "nothing-asked"}
    assert available(rider) == before + 5
    db.session.rollback()
    assert len(db.session.scalars(select(Recheck)).all()) == 1
    after = select(ReportPhoto).where(ReportPhoto.report_id == report_id)
    assert (
        len(db.session.scalars(after.where(ReportPhoto.added_by_id == rider.member_id)).all()) == 2
    )
    db.session.rollback()
    assert sound()


def test_one_merit_is_proposed_and_paid_once_by_however_many(app: Flask, make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    report_number = make.accepted(worker, rider).number
    workers = [make.worker() for _ in range(6)]
    admins = [make.administrator() for _ in range(6)]

    def propose(who: Actor) -> str:
        return tried(
            lambda: recheck_usecases.propose_merit(
                report_number, 300, "救了人", key=str(uuid.uuid4()), actor=who, now=clock.now()
            )
        )

    assert Counter(race(app, [partial(propose, who) for who in workers])) == {
        "done": 1,
        "merit-proposed": 5,
    }

    def decide(number: int, who: Actor) -> str:
        act = proposals_usecases.decline if number % 3 == 2 else proposals_usecases.approve
        more: dict[str, Any] = {"terms": terms_of(make.settings)} if number % 3 != 2 else {}
        return tried(lambda: act(1, note="看过", actor=who, now=clock.now(), **more))

    decided = race(app, [partial(decide, n, who) for n, who in enumerate(admins)])
    assert Counter(decided) == {"done": 1, "decided-before": 5}
    assert available(rider) in (15, 315)
    assert sound()


def test_a_quiz_handed_in_on_sixteen_phones_is_thanked_once(app: Flask, make: Make) -> None:
    rider, terms = make.rider(), terms_of(make.settings)

    def learn(unit: str | None) -> str:
        learning_usecases.award_learning(unit, actor=rider, terms=terms, now=clock.now())
        return "done"

    assert set(race(app, [partial(learn, None if n % 2 else "photo") for n in range(16)])) == {
        "done"
    }
    assert available(rider) == 15
    assert sound()


def test_what_waited_for_a_frozen_ledger_is_paid_once_by_however_many_jobs(
    app: Flask, make: Make
) -> None:
    """Intake, acceptance and closing go on; what they earn waits, and nothing of it is lost."""
    rider, worker, handler = make.rider(), make.worker(), make.handler()
    admin = make.administrator()
    points.freeze_ledger(reason="audit", now=clock.now())
    numbers = []
    for _ in range(4):
        report = make.handled(worker, handler, rider)
        make.step(report, "pass", make.worker())
        numbers.append(report.number)
    states = db.session.scalars(select(Report.state).where(Report.number.in_(numbers)))
    assert {state.value for state in states} == {"closed"}
    assert available(rider) == 0
    pending = history_queries.balance(rider.member_id).pending
    # Three whole, the fourth of a kind by halves: 15 + 5, and 8 + 3.
    assert pending == 3 * 20 + 11
    assert set(reasons(rider)) == {"frozen"}

    def release() -> int:
        return points.release_pending(settings=make.settings, now=clock.now())

    assert set(race(app, [release] * 4)) == {0}
    points.unfreeze_ledger(reason="mended", actor=admin, now=clock.now())
    assert sum(race(app, [release] * 8)) == 8
    assert release() == 0
    balance = history_queries.balance(rider.member_id)
    assert (balance.available, balance.pending) == (pending, 0)
    assert sound()
