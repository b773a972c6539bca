"""Every job runs, twice as well as once, and says how it went."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy import select

from grid_report import clock, settings
from grid_report.access.roles import Role
from grid_report.db import db, transaction
from grid_report.jobs import queries
from grid_report.jobs.cli import jobs_cli
from grid_report.jobs.models import Outcome
from grid_report.jobs.registry import JOBS, Job
from grid_report.jobs.runner import Runner
from grid_report.jobs.work import JobContext
from grid_report.notify import outbox
from grid_report.notify import queries as notify_queries
from grid_report.notify.models import ChannelDelivery, InboxEntry, Sending
from grid_report.settings_sections import JobName
from grid_report.web.pages.words import sentence
from tests.notify.channels.sending import NUMBER, Pigeon, deliver, put, send
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database


def runner(make: Make) -> Runner:
    return Runner(make.app, make.settings, "a test", now=clock.now)


def always() -> bool:
    return True


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_job_runs_on_an_empty_house_and_again(make: Make, job: Job) -> None:
    running = runner(make)
    for _ in range(2):
        result = running.run(job, always)
        assert (result.outcome, result.error) == (Outcome.OK, "")
    assert [run.outcome for run in queries.list_runs() if run.name == job.name] == [Outcome.OK]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_job_told_to_stop_does_nothing(make: Make, job: Job) -> None:
    assert runner(make).run(job, lambda: False).outcome is Outcome.STOPPED
    assert queries.list_runs() == []


def test_a_job_that_fails_is_noted_and_logged_not_raised(make: Make) -> None:
    def fail(duty: JobContext) -> int:
        raise ZeroDivisionError("13800000001")

    running = runner(make)
    job = Job("sweep-photos", fail)
    for _ in range(2):
        running.run(job, always)
    run = queries.list_runs()[0]
    assert (run.outcome, run.error, run.failures, run.runs) == (
        Outcome.FAILED,
        "ZeroDivisionError",
        2,
        2,
    )
    db.session.rollback()
    running.run(Job("sweep-photos", lambda _: 3), always)
    run = queries.list_runs()[0]
    assert (run.outcome, run.done, run.failures) == (Outcome.OK, 3, 0)


def test_a_frequent_job_that_does_nothing_does_not_write_every_time(make: Make) -> None:
    running = runner(make)
    job = Job("deliver-messages", lambda _: 0, is_frequent=True)
    for _ in range(5):
        running.run(job, always)
    assert queries.list_runs()[0].runs == 1


def test_an_unlit_light_is_told_once_to_the_worker_it_concerns(make: Make) -> None:
    worker = make.worker()
    report = make.report(at=clock.now() - timedelta(days=3))
    running = runner(make)
    for job in (*JOBS, *JOBS):
        running.run(job, always)
    db.session.rollback()
    told = [row.kind for row in notify_queries.list_inbox(worker.member_id)[0]]
    assert sorted(told) == ["light_red", "report_submitted"]
    assert report.number


def cli(app: Flask, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(jobs_cli, words, obj=ScriptInfo(create_app=lambda: app))
    return result.exit_code, result.output


def test_the_command_runs_one_job_and_lists_them_all(make: Make) -> None:
    worker = make.worker()
    with transaction() as session:
        outbox.put(
            session,
            "report_withdrawn",
            to_role=(Role.WORKER, STATION),
            about="KY-20261123-0001",
            facts={"category": "RD02"},
            now=clock.now(),
        )
    code, output = cli(make.app, "run", "deliver-messages")
    assert (code, output.split()) == (0, ["deliver-messages:", "ok", "1"])
    db.session.rollback()
    assert db.session.scalars(select(InboxEntry.member_id)).all() == [worker.member_id]
    code, output = cli(make.app, "list")
    assert code == 0
    assert all(job.name in output for job in JOBS)
    assert cli(make.app, "given-up", "--retry")[0] == 0


def test_an_unknown_job_is_refused_with_the_names_there_are(app: Flask) -> None:
    code, output = cli(app, "run", "make-coffee")
    assert code == 2
    assert "mark-lights" in output


def test_the_registry_names_each_job_once_and_knows_its_cadence(make: Make) -> None:
    assert len({job.name for job in JOBS}) == len(JOBS)
    assert all(job.every_s(make.settings.jobs) >= 1 for job in JOBS)


def test_a_job_named_in_the_settings_has_its_own_cadence_and_leaves_the_others_theirs() -> None:
    jobs = settings.load({}, {"jobs": {"minutes": {"sweep-photos": 360, "mark-lights": 2}}}).jobs
    changed = {
        job.name: job.every_s(jobs) for job in JOBS if job.every_s(jobs) != job.usual_s(jobs)
    }
    assert changed == {"sweep-photos": 21_600, "mark-lights": 120}


def test_every_job_can_be_named_in_the_settings() -> None:
    assert get_args(JobName) == tuple(job.name for job in JOBS)


def test_what_was_given_up_is_listed_with_its_channel_and_tried_again(make: Make) -> None:
    put(to_member=make.rider().member_id)
    put(to_member=make.rider().member_id)
    pigeon = Pigeon()
    deliver(pigeon)
    with transaction() as session:
        row = session.scalars(select(ChannelDelivery).limit(1)).one()
        row.state, row.attempts, row.last_error = Sending.GIVEN_UP, 12, "NotSent"
        message_id = row.message_id
    _, output = cli(make.app, "list")
    assert sentence("serving", "sends", waiting=1, given_up=1) in output
    _, output = cli(make.app, "given-up", "--retry")
    assert output.splitlines() == [
        f"{message_id} report_urged {NUMBER} pigeon 12 NotSent",
        sentence("serving", "given_again", count=1),
    ]
    assert send(pigeon) == 2
    assert cli(make.app, "given-up") == (0, "")
