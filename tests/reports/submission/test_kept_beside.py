"""Kept reports beside others: what comes in with the proof, what the review sees, what limits count."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from grid_report.accounts.models import Member
from grid_report.db import db
from grid_report.fairness import scheduled as fairness_scheduled
from grid_report.fairness.kinds import SignalKind
from grid_report.fairness.models import Signal
from grid_report.reports.commands import TakeStep
from grid_report.reports.errors import TooManyKept, TooManyReports
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import Report
from grid_report.reports.submission import kept_usecases
from grid_report.reports.submission import usecases as submission_usecases
from tests.reports.submission.unproved import HERE
from tests.support.builders import Make

pytestmark = pytest.mark.database

FAR = {**HERE, "lat": 42.60, "lng": 124.10}
HOUR = timedelta(hours=1)
PRINT = "a5c396f00f693c5a"


@pytest.mark.parametrize("category", ["RD02", "RD01"])
def test_a_proof_that_comes_in_between_makes_a_report_that_is_paid(
    make: Make, monkeypatch: pytest.MonkeyPatch, category: str
) -> None:
    rider = make.unproved()
    look = submission_usecases._check_limits

    def proved_meanwhile(session: Any, *args: Any, **more: Any) -> Any:
        found = look(session, *args, **more)
        assert found.unproved
        proof = {"phone_proved_at": make.now, "phone_proved_how": "code", "phone_claim": None}
        member = update(Member).where(Member.id == rider.member_id)
        session.execute(member.values(phone_lookup=Member.phone_claim, **proof))
        return found

    monkeypatch.setattr(submission_usecases, "_check_limits", proved_meanwhile)
    report = make.report(rider, category=category)
    assert isinstance(report, Report)
    assert report.sent_unproved is False


def test_what_waits_takes_no_place_from_what_cannot(make: Make) -> None:
    rider = make.unproved(at=make.now)
    for _ in range(5):
        make.report(rider, at=make.now)
    with pytest.raises(TooManyReports):
        make.report(rider, at=make.now)
    # Called about at once, though not of the highest severity.
    assert isinstance(make.report(rider, at=make.now, category="PS03"), Report)


def test_no_more_waits_for_one_number_than_a_desk_can_take(make: Make) -> None:
    rider, at = make.unproved(at=make.now), make.now
    for n in range(submission_usecases.MOST_KEPT):
        last = make.report(rider, at=at + n * timedelta(hours=2))
    late = at + submission_usecases.MOST_KEPT * timedelta(hours=2)
    with pytest.raises(TooManyKept):
        make.report(rider, at=late)
    # What is urgent waits for nobody, and what is taken back makes room.
    assert isinstance(make.report(rider, at=late, category="RD01"), Report)
    kept_usecases.take_step(last.number, TakeStep(step=Step.WITHDRAW), actor=rider, now=late)
    assert not isinstance(make.report(rider, at=late), Report)


def signals(make: Make, at: datetime) -> dict[SignalKind, Signal]:
    db.session.rollback()
    fairness_scheduled.find_all(zone=make.settings.county.tz, now=lambda: at)
    db.session.rollback()
    return {it.kind: it for it in db.session.scalars(select(Signal))}


def test_the_review_sees_a_leap_from_a_kept_report_to_one_that_came_in_before(make: Make) -> None:
    rider, at = make.unproved(at=make.now), make.now
    make.report(rider, at=at, photos=(make.photo(1),), **HERE)
    later = at + timedelta(minutes=1)
    make.report(rider, at=later, category="RD01", photos=(make.photo(2),), **FAR)
    assert SignalKind.TOO_FAST not in signals(make, at + HOUR)
    make.prove(rider, at=at + 2 * HOUR)
    assert SignalKind.TOO_FAST in signals(make, at + 4 * HOUR)


def test_of_two_like_photos_the_one_sent_later_is_looked_at(make: Make) -> None:
    rider, at = make.unproved(at=make.now), make.now
    first = make.report(rider, at=at, photos=(replace(make.photo(7), dhash=PRINT),), **HERE).number
    alike = (replace(make.photo(8), dhash=PRINT),)
    copy = make.report(make.rider(), at=at + HOUR, photos=alike, **HERE).id
    signals(make, at + 1.5 * HOUR)
    make.prove(rider, at=at + 2 * HOUR)
    found = signals(make, at + 4 * HOUR)[SignalKind.PHOTO_ALIKE]
    original = db.session.scalars(select(Report.id).where(Report.number == first)).one()
    assert (found.report_id, found.other_report_id) == (copy, original)
    assert found.facts["seconds"] == HOUR.total_seconds()


@pytest.mark.parametrize("cursor", ["zzz", "WyJhIiwxXQ"])
def test_a_cursor_nobody_gave_is_refused_among_kept_ones_too(make: Make, cursor: str) -> None:
    rider = make.unproved()
    make.report(rider)
    asks = make.app.test_client()
    path = f"/api/v1/reports?state=kept&cursor={cursor}"
    answer = asks.get(path, headers=make.token(rider))
    assert answer.status_code == 422
    assert list(answer.get_json()["errors"]) == ["cursor"]
