"""One leads, whatever clocks and processes do."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from grid_report import clock
from grid_report.db import db, transaction
from grid_report.jobs import queries, usecases
from grid_report.jobs.election import SCHEDULER, Candidate
from grid_report.jobs.models import Lease
from tests.support.parallel import InParallel

pytestmark = [pytest.mark.database, pytest.mark.usefixtures("app")]

LEASE_S = 15


class Ticks:
    """A monotonic clock that tests turn by hand; the wall clock beside it."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.wall = clock.now()

    def __call__(self) -> float:
        return self.seconds

    def pass_by(self, seconds: float, *, wall: float | None = None) -> datetime:
        self.seconds += seconds
        self.wall += timedelta(seconds=seconds if wall is None else wall)
        return self.wall


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def candidate(name: str, ticks: Ticks) -> Candidate:
    return Candidate(name, LEASE_S, ticks=ticks)


def test_the_first_to_ask_leads_and_the_second_waits(ticks: Ticks) -> None:
    first, second = candidate("first", ticks), candidate("second", ticks)
    assert first.campaign(ticks.wall)
    assert not second.campaign(ticks.wall)
    for _ in range(20):
        now = ticks.pass_by(3)
        assert first.campaign(now)
        assert not second.campaign(now)


def test_a_leader_that_died_is_followed_after_its_lease_and_not_before(ticks: Ticks) -> None:
    first, second = candidate("first", ticks), candidate("second", ticks)
    first.campaign(ticks.wall)
    second.campaign(ticks.wall)
    assert not second.campaign(ticks.pass_by(LEASE_S - 1))
    assert first.leads()
    assert second.campaign(ticks.pass_by(1))
    assert not first.leads()


def test_a_leader_that_slept_too_long_stops_by_itself_and_does_not_take_the_lease_back(
    ticks: Ticks,
) -> None:
    first, second = candidate("first", ticks), candidate("second", ticks)
    first.campaign(ticks.wall)
    now = ticks.pass_by(LEASE_S + 1)
    assert not first.leads()
    assert second.campaign(now)
    assert not first.campaign(now)
    assert second.leads()


def test_a_leader_that_slept_while_nobody_wanted_the_lease_goes_on(ticks: Ticks) -> None:
    first = candidate("first", ticks)
    first.campaign(ticks.wall)
    now = ticks.pass_by(10 * LEASE_S)
    assert not first.leads()
    assert first.campaign(now)


def test_a_lease_given_back_is_free_at_once(ticks: Ticks) -> None:
    first, second = candidate("first", ticks), candidate("second", ticks)
    first.campaign(ticks.wall)
    second.campaign(ticks.wall)
    first.resign(ticks.wall)
    assert not first.leads()
    assert second.campaign(ticks.wall)


def test_a_newcomer_does_not_wait_for_a_leader_that_died_long_ago(ticks: Ticks) -> None:
    candidate("first", ticks).campaign(ticks.wall)
    assert candidate("second", ticks).campaign(ticks.pass_by(3600))


def test_a_clock_that_jumps_back_keeps_nobody_waiting_longer_than_a_lease(ticks: Ticks) -> None:
    first, second = candidate("first", ticks), candidate("second", ticks)
    first.campaign(ticks.wall)
    second.campaign(ticks.pass_by(0, wall=-86_400))
    assert not second.campaign(ticks.pass_by(LEASE_S - 1))
    assert second.campaign(ticks.pass_by(1))


def test_a_clock_that_jumps_ahead_leaves_one_leader_in_the_end(ticks: Ticks) -> None:
    first, second = candidate("first", ticks), candidate("second", ticks)
    first.campaign(ticks.wall)
    assert second.campaign(ticks.pass_by(1, wall=86_400))
    for _ in range(3):
        now = ticks.pass_by(LEASE_S / 3)
        second.campaign(now)
        first.campaign(now)
    assert (first.leads(), second.leads()) == (False, True)


def test_a_heartbeat_between_look_and_grasp_wins(ticks: Ticks) -> None:
    first = candidate("first", ticks)
    first.campaign(ticks.wall)
    seen = queries.find_lease(SCHEDULER)
    assert seen is not None
    assert usecases.renew_lease(SCHEDULER, holder="first", seconds=LEASE_S, now=ticks.wall)
    assert not usecases.take_lease(
        SCHEDULER, holder="second", seen_beats=seen.beats, seconds=LEASE_S, now=ticks.wall
    )


def test_a_lease_taken_by_hand_is_lost_at_the_next_heartbeat(ticks: Ticks) -> None:
    first = candidate("first", ticks)
    first.campaign(ticks.wall)
    with transaction() as session:
        session.execute(update(Lease).values(holder="somebody"))
    assert not first.campaign(ticks.pass_by(LEASE_S / 3))


def test_of_many_who_ask_at_once_one_leads(app: Flask, in_parallel: InParallel) -> None:
    def ask(number: int) -> bool:
        db.session.remove()
        return Candidate(f"number {number}", LEASE_S).campaign(clock.now())

    assert sorted(in_parallel(ask, 8)) == [False] * 7 + [True]
