"""The month's sample: drawn once after its end, so that anybody can draw it anew; and the rates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import text

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.fairness import queries, sampling, usecases
from grid_report.fairness.cli import fairness_cli
from grid_report.fairness.kinds import Finding
from grid_report.jobs.registry import BY_NAME
from grid_report.jobs.work import JobContext
from grid_report.places.queries import reference
from grid_report.rates import Rate
from tests.fairness.conftest import Review
from tests.support.builders import BRIGHT, STATION, Make
from tests.support.parallel import InParallel

HOUR = timedelta(hours=1)

pytestmark = pytest.mark.database


def test_a_month_is_drawn_after_its_end_and_once(make: Make, review: Review) -> None:
    worker = make.worker()
    reports = [review.accepted(worker) for _ in range(3)]
    month, zone = review.month, review.county.tz
    with pytest.raises(Invalid):
        usecases.draw_sample(month, zone=zone, places=reference(), now=make.now - HOUR)
    assert not review.sampled()
    review.draw()
    drawn = review.sampled()
    assert {one.report_id for one in drawn} == {report.id for report in reports}
    assert {one.accepted_by_id for one in drawn} == {worker.member_id}
    assert {(one.community_code, one.street_code) for one in drawn} == {(STATION, STATION[:9])}
    review.draw()
    assert len(review.sampled()) == 3


def test_nobody_can_work_out_before_what_will_be_drawn(make: Make, review: Review) -> None:
    worker = make.worker()
    for _ in range(2):
        review.accepted(worker)
    review.draw()
    (draw,) = queries.list_draws()
    # The seed is not made of what is known during the month, and yet it is kept.
    month, _, chance = draw.seed.partition(":")
    assert month == draw.month
    assert len(chance) == 12
    assert sampling.new_seed(month) != draw.seed
    assert queries.redraw(review.month, review.county.tz, reference()) == (set(), set())


def test_drawn_at_once_it_is_one_sample(
    make: Make, review: Review, in_parallel: InParallel
) -> None:
    worker = make.worker()
    for _ in range(3):
        review.accepted(worker)
    in_parallel(lambda _: review.draw(), 4)
    assert len(review.sampled()) == 3


def test_the_job_draws_the_month_before(make: Make, review: Review, app: Flask) -> None:
    review.accepted(make.worker())
    month = review.month
    end = month.bounds(review.county.tz)[1]
    job = BY_NAME["draw-sample"]
    assert job.run(JobContext(make.settings, lambda: make.now - HOUR, lambda: True)) == 0
    assert job.run(JobContext(make.settings, lambda: end + timedelta(hours=1), lambda: True)) == 1
    assert job.run(JobContext(make.settings, lambda: end + timedelta(hours=2), lambda: True)) == 0
    assert {draw.month for draw in queries.list_draws()} == {str(month), str(month.plus(-1))}


def test_a_report_that_moved_on_belongs_to_the_community_that_accepted_it(
    make: Make, review: Review
) -> None:
    worker = make.worker()
    report = review.accepted(worker)
    make.step(report, "transfer", worker, community=BRIGHT, reason="不在辖区")
    review.draw()
    (sampled,) = review.sampled()
    assert sampled.community_code == STATION


def test_a_sample_is_checked_by_drawing_it_anew(make: Make, review: Review, app: Flask) -> None:
    worker = make.worker()
    reports = [review.accepted(worker) for _ in range(3)]
    run = app.test_cli_runner().invoke
    month = str(review.month)
    assert run(fairness_cli, ["check-sample", month]).exit_code == 1
    review.draw()
    done = run(fairness_cli, ["check-sample", month])
    assert (done.exit_code, "as drawn" in done.output) == (0, True)
    with db.engine.begin() as connection:
        connection.execute(
            text("DELETE FROM fairness_samples WHERE report_id = :id"), {"id": reports[0].id}
        )
    # The command shares this test's session, and its snapshot.
    db.session.rollback()
    done = run(fairness_cli, ["check-sample", month])
    assert (done.exit_code, str(reports[0].id) in done.output) == (1, True)


def test_rates_are_fractions_by_community_in_the_order_of_codes(make: Make, review: Review) -> None:
    worker, elsewhere, street = make.worker(), make.worker(BRIGHT), make.supervisor()
    photo = make.photo()
    for _ in range(10):
        review.accepted(worker, photos=(photo,))
    for _ in range(2):
        refused = make.report(photos=(photo,), at=make.now - timedelta(hours=2))
        make.step(refused, "reject", worker, reason="重复", at=make.now - HOUR)
    review.accepted(elsewhere, community=BRIGHT, photos=(photo,))
    month = review.draw()
    for number, one in enumerate(review.sampled()):
        if one.community_code == STATION:
            finding = Finding.DISAGREE if number == 1 else Finding.AGREE
            usecases.judge_sampled(one.id, finding, "看不清", actor=street, now=make.now)
    rows = queries.rates(street, month, review.county.tz, reference())
    assert [(row.community_code, row.drawn, row.agreement, row.refusal) for row in rows] == [
        (STATION, 10, Rate(9, 10), Rate(2, 12)),
        (BRIGHT, 1, Rate(0, 0), Rate(0, 1)),
    ]
    assert [row.refusal.text for row in rows] == ["16.7", ""]
    assert queries.progress(street, str(month)) == queries.Progress(10, 11)
    assert not queries.rates(make.supervisor("211282002"), month, review.county.tz, reference())
    other_month = Month.of(datetime(2020, 1, 15, tzinfo=UTC), review.county.tz)
    assert not queries.rates(street, other_month, review.county.tz, reference())
