"""A phone whose clock is ahead: when a photo was taken is dropped, and the desk is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from grid_report.access import Actor
from grid_report.reports.models import Report
from tests.support.builders import PROPERTY, Make

pytestmark = pytest.mark.database

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SAID = "手机的时钟快了"


def submitted(make: Make, ahead: timedelta, *, by_camera: timedelta | None = None) -> Report:
    photo = make.photo(7)
    if by_camera is not None:
        photo = replace(photo, taken_at=NOW + by_camera)
    return make.report(at=NOW, taken_at=NOW + ahead, photos=(photo,))


def desk(make: Make, report: Report, worker: Actor) -> str:
    page = make.signed_in(worker).get(f"/desk/{report.number}")
    assert page.status_code == 200
    return page.get_data(as_text=True)


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=400)])
def test_an_instant_in_the_future_is_dropped_and_the_desk_is_told(
    make: Make, ahead: timedelta
) -> None:
    worker = make.worker()
    report = submitted(make, ahead)
    assert make.fresh(report).taken_at is None
    assert SAID in desk(make, report, worker)
    shown = make.app.test_client().get(
        f"/api/v1/reports/{report.number}", headers=make.token(worker)
    )
    assert shown.get_json()["taken_at"] is None


@pytest.mark.parametrize("ahead", [timedelta(minutes=4), -timedelta(hours=3)])
def test_clocks_differ_by_five_minutes_and_nothing_is_said(make: Make, ahead: timedelta) -> None:
    worker = make.worker()
    report = submitted(make, ahead)
    assert make.fresh(report).taken_at == NOW + ahead
    assert SAID not in desk(make, report, worker)


def test_a_camera_ahead_is_told_as_well(make: Make) -> None:
    worker = make.worker()
    report = submitted(make, timedelta(0), by_camera=timedelta(days=2))
    assert make.fresh(report).taken_at == NOW
    assert SAID in desk(make, report, worker)


def test_a_camera_that_was_right_is_not_blamed_for_the_phone(make: Make) -> None:
    worker = make.worker()
    report = submitted(make, timedelta(days=2), by_camera=-timedelta(minutes=1))
    assert make.fresh(report).taken_at is None
    assert SAID not in desk(make, report, worker)


def test_the_street_is_told_as_well_and_the_unit_is_not(make: Make) -> None:
    worker, street, handler = make.worker(), make.supervisor(), make.handler()
    report = submitted(make, timedelta(days=2))
    assert SAID in desk(make, report, street)
    make.step(report, "accept", worker, category="RD02", severity=2, at=NOW)
    make.step(report, "dispatch", worker, unit=PROPERTY, at=NOW)
    page = make.signed_in(handler).get(f"/unit/{report.number}")
    assert page.status_code == 200
    assert SAID not in page.text
