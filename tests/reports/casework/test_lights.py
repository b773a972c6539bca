"""The light of a case that waited, or came back: only time that ran counts towards yellow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report import clock
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.clock import local_day
from grid_report.db import db
from grid_report.notify.models import Message
from grid_report.places.queries import reference
from grid_report.reports import clocks
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.casework.timeline import clock_views
from grid_report.reports.models import Report
from tests.support.builders import BRIGHT, Make

pytestmark = pytest.mark.database

DAY = timedelta(days=1)


@pytest.fixture
def worker(make: Make) -> Actor:
    return make.worker()


def lights(report: Report, at: Any) -> str | None:
    shown = clocks.light(report.next_due, report.next_warn, at)
    return shown.value if shown else None


def closed_long_ago(make: Make, worker: Actor) -> Report:
    """Make a case that ran sixty days ago, quickly, and was closed."""
    start = clock.now() - 60 * DAY
    report = make.report(at=start)
    for step, who, more in (
        ("accept", worker, {"category": "RD02", "severity": 2}),
        ("start", worker, {}),
        ("handle", worker, {"note": "补好了", "photos": (make.photo(),)}),
        ("pass", make.worker(), {}),
    ):
        report = make.step(report, step, who, at=start + timedelta(hours=1), **more)
    return report


def test_a_report_that_waited_a_week_for_its_rider_comes_back_green(
    make: Make, worker: Actor
) -> None:
    rider, start = make.rider(), clock.now() - 7 * DAY
    report = make.report(rider, at=start)
    given = report.accept_due - start
    make.step(report, "ask", worker, reason="在几号楼？", at=start)
    back = start + 7 * DAY
    report = make.step(report, "supplement", rider, note="3 号楼", at=back)
    assert lights(report, back) == "green"
    assert report.next_warn == back + given - max(given / 4, timedelta(minutes=30))
    (accept, *_) = clock_views(report, back + given / 2)
    assert accept.share == 50


def test_a_reopened_case_has_the_whole_of_its_time_before_it(make: Make, worker: Actor) -> None:
    report = closed_long_ago(make, worker)
    now = clock.now()
    report = make.step(report, "reopen", worker, reason="又塌了", at=now)
    hours = reference().categories.get("RD02").deadline_hours
    assert report.fix_due == now + timedelta(hours=hours)
    assert lights(report, now) == "green"
    fix = next(view for view in clock_views(report, now) if view.kind == "fix")
    assert fix.share == 0
    # It stays so with the next step, which winds the clocks again.
    report = make.step(report, "start", worker, at=now)
    assert lights(report, now) == "green"


def test_a_reopened_case_that_changes_hands_keeps_its_new_deadlines(
    make: Make, worker: Actor
) -> None:
    report = closed_long_ago(make, worker)
    now = clock.now()
    make.step(report, "reopen", worker, reason="又塌了", at=now)
    make.step(report, "transfer", worker, community=BRIGHT, reason="在路对面", at=now)
    report = make.step(
        report, "accept", make.worker(BRIGHT), category="RD01", severity=2, at=now
    )  # fmt: skip
    hours = reference().categories.get("RD01").deadline_hours
    assert report.fix_due == now + timedelta(hours=hours)


def test_the_street_is_told_once_that_a_review_is_due(make: Make, worker: Actor) -> None:
    street, now = make.supervisor(), clock.now()
    report = make.report(photos=(make.photo(),))
    make.step(report, "accept", worker, category="RD02", severity=2)
    day = local_day(now, make.settings.county.tz) + 3 * DAY
    make.step(report, "suspend", street, reason="等材料", review_on=day)

    def told(at: datetime) -> int:
        return casework_usecases.tell_of_reviews(places=reference(), settings=make.settings, now=at)

    assert told(now) == 0
    assert [told(now + 3 * DAY), told(now + 3 * DAY), told(now + 9 * DAY)] == [1, 0, 0]
    rows = db.session.execute(
        select(Message.role, Message.place).where(Message.kind == "review_due")
    ).all()
    assert [tuple(row) for row in rows] == [(Role.SUPERVISOR, report.street_code)]
    # Another day is another reminder.
    make.step(report, "resume", street)
    make.step(report, "suspend", street, reason="还缺", review_on=day + 10 * DAY)
    assert [told(now + 9 * DAY), told(now + 13 * DAY), told(now + 14 * DAY)] == [0, 1, 0]


@pytest.mark.parametrize("last", ["handle", "pass"])
def test_no_clock_counts_down_on_a_case_that_is_handled_or_closed(
    make: Make, worker: Actor, last: str
) -> None:
    rider = make.rider()
    report = make.report(rider, category="UT01")
    report = make.step(report, "accept", worker, category="UT01", severity=3)
    pages = [(make.signed_in(rider), "/my/reports/"), (make.signed_in(worker), "/desk/")]
    for who, page in pages:
        assert "现场管控</span>" in who.get(page + report.number).text
    make.step(report, "start", worker)
    report = make.step(report, "handle", worker, note="盖好了", photos=(make.photo(),))
    if last == "pass":
        report = make.step(report, "pass", make.worker())
    waited_for = {one.kind for one in clock_views(report, clock.now()) if one.met_at is None}
    assert waited_for == ({"close"} if last == "handle" else set())
    for who, page in pages:
        assert "现场管控</span>" not in who.get(page + report.number).text


def test_the_clock_of_control_goes_on_when_the_check_was_not_passed(
    make: Make, worker: Actor
) -> None:
    report = make.step(make.report(category="UT01"), "accept", worker, category="UT01", severity=3)
    make.step(report, "start", worker)
    make.step(report, "handle", worker, note="盖好了", photos=(make.photo(),))
    report = make.step(report, "fail", make.worker(), reason="又开了")
    assert "control" in {one.kind for one in clock_views(report, clock.now())}
