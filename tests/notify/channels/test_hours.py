"""Quiet hours, and what is too old to be news."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from grid_report.access.roles import Role
from grid_report.notify.channels import hours
from grid_report.notify.outgoing import Outgoing

COUNTY = ZoneInfo("Asia/Shanghai")


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-{text}").replace(tzinfo=COUNTY)


def about(kind: str, made: datetime, **facts: Any) -> Outgoing:
    return Outgoing(1, kind, "KY-20261123-0042", facts, Role.WORKER, (1,), made)


@pytest.mark.parametrize(
    ("now", "earliest"),
    [
        ("16T06:59:59", "16T07:00:00"),
        ("16T07:00:00", "16T07:00:00"),
        ("16T21:59:59", "16T21:59:59"),
        ("16T22:00:00", "17T07:00:00"),
        ("16T23:59:59", "17T07:00:00"),
        ("17T00:00:00", "17T07:00:00"),
    ],
)
def test_nothing_goes_out_between_ten_and_seven(now: str, earliest: str) -> None:
    at = local(now).astimezone(UTC)
    message = about("report_urged", at)
    assert hours.when(message, at, COUNTY) == local(earliest)


@pytest.mark.parametrize(
    ("kind", "facts", "at_once"),
    [
        ("report_submitted", {"severity": 4}, True),
        ("report_submitted", {"severity": 3}, False),
        # A question about it stops its clock.
        ("report_asked", {"severity": 4}, True),
        ("report_asked", {"severity": 3}, False),
        ("report_asked", {"severity": None}, False),
        ("report_closed", {"severity": 4}, False),
        ("light_red", {"clock": "control"}, True),
        ("light_red", {"clock": "fix"}, False),
        ("report_urged", {"clock": "control"}, False),
        ("redemption_called_off", {}, False),
    ],
)
def test_what_may_hurt_somebody_does_not_wait_for_the_morning(
    kind: str, facts: dict[str, Any], at_once: bool
) -> None:
    night = local("16T23:30:00")
    found = hours.when(about(kind, night, **facts), night, COUNTY)
    assert found == (night if at_once else local("17T07:00:00"))


@pytest.mark.parametrize(("age_h", "goes"), [(0, True), (23.9, True), (24, False), (48, False)])
def test_what_is_a_day_old_stays_in_the_inbox(age_h: float, goes: bool) -> None:
    now = local("16T12:00:00")
    message = about("light_red", now - timedelta(hours=age_h), clock="control")
    assert hours.when(message, now, COUNTY) == (now if goes else None)


@pytest.mark.parametrize(
    ("now", "due", "earliest"),
    [
        ("16T12:00:00", "16T12:30:00", "16T12:00:00"),
        ("16T12:30:00", "16T12:30:00", None),
        # It would be over before the morning.
        ("16T22:10:00", "16T22:40:00", None),
        ("16T22:10:00", "17T07:10:00", "17T07:00:00"),
    ],
)
def test_a_place_is_offered_no_longer_than_it_is_kept(
    now: str, due: str, earliest: str | None
) -> None:
    at = local(now)
    message = about("place_offered", at, due=local(due).isoformat())
    assert hours.when(message, at, COUNTY) == (earliest and local(earliest))


def test_a_case_past_its_deadline_is_news_all_the_same() -> None:
    now = local("16T12:00:00")
    message = about("light_red", now, clock="fix", due=local("16T11:00:00").isoformat())
    assert hours.when(message, now, COUNTY) == now


def test_the_next_day_begins_at_midnight_in_the_county() -> None:
    assert hours.next_day(local("16T23:59:00").astimezone(UTC), COUNTY) == local("17T00:00:00")
