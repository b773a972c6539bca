"""Deadlines and lights, without a database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_report.reports.clocks import (
    ClockKind,
    Hours,
    Light,
    deadlines,
    extended,
    light,
    running,
    shifted,
    warn_at,
)
from grid_report.reports.lifecycle import State

START = datetime(2026, 11, 23, 9, 12, tzinfo=UTC)
HOURS = Hours(accept=2, control=4, fix=24, close=48)
HALF_AN_HOUR = timedelta(minutes=30)


def after(**more: float) -> datetime:
    return START + timedelta(**more)


def test_every_deadline_counts_from_the_submission_and_closing_from_the_fix() -> None:
    due = deadlines(START, HOURS)
    assert (due.accept, due.control, due.fix, due.close) == (
        after(hours=2),
        after(hours=4),
        after(hours=24),
        after(hours=72),
    )


def test_a_category_without_control_has_no_control_deadline() -> None:
    assert deadlines(START, Hours(2, None, 24, 48)).control is None


@pytest.mark.parametrize(
    ("state", "controlled", "kind"),
    [
        (State.SUBMITTED, False, ClockKind.ACCEPT),
        (State.ACCEPTED, False, ClockKind.CONTROL),
        (State.DISPATCHED, False, ClockKind.CONTROL),
        (State.IN_PROGRESS, True, ClockKind.FIX),
        (State.HANDLED, True, ClockKind.CLOSE),
        (State.HANDLED, False, ClockKind.CLOSE),
    ],
)
def test_each_open_state_has_one_clock_running(
    state: State, controlled: bool, kind: ClockKind
) -> None:
    found = running(
        state,
        deadlines(START, HOURS),
        since=START,
        controlled=controlled,
        yellow_share=0.25,
        yellow_min=HALF_AN_HOUR,
    )
    assert found is not None
    assert found.kind is kind


@pytest.mark.parametrize(
    ("fix", "kind"),
    [(4, ClockKind.CONTROL), (4.1, ClockKind.CONTROL), (3.9, ClockKind.FIX)],
)
def test_making_safe_is_the_clock_as_long_as_it_is_not_the_later_one(
    fix: float, kind: ClockKind
) -> None:
    found = running(
        State.ACCEPTED,
        extended(deadlines(START, HOURS), after(hours=fix)),
        since=START,
        controlled=False,
        yellow_share=0.25,
        yellow_min=HALF_AN_HOUR,
    )
    assert found is not None
    assert found.kind is kind


@pytest.mark.parametrize(
    "state", [State.NEEDS_INFO, State.SUSPENDED, State.CLOSED, State.MERGED, State.REJECTED]
)
def test_no_clock_runs_while_waiting_or_after_the_end(state: State) -> None:
    assert (
        running(
            state,
            deadlines(START, HOURS),
            since=START,
            controlled=False,
            yellow_share=0.25,
            yellow_min=HALF_AN_HOUR,
        )
        is None
    )


def test_yellow_is_the_last_quarter() -> None:
    warn = warn_at(START, after(hours=24), share=0.25, least=HALF_AN_HOUR)
    assert warn == after(hours=18)


def test_yellow_lasts_at_least_half_an_hour() -> None:
    warn = warn_at(START, after(hours=1), share=0.25, least=HALF_AN_HOUR)
    assert warn == after(minutes=30)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (0, Light.GREEN),
        (89, Light.GREEN),
        (90, Light.YELLOW),
        (119, Light.YELLOW),
        (120, Light.RED),
    ],
)
def test_lights_turn_at_their_instant(minutes: int, expected: Light) -> None:
    assert light(after(hours=2), after(minutes=90), after(minutes=minutes)) is expected


def test_without_a_clock_there_is_no_light() -> None:
    assert light(None, None, START) is None


@given(st.integers(0, 10_000), st.booleans(), st.booleans(), st.booleans())
def test_standing_still_moves_what_was_not_met_and_nothing_else(
    minutes: int, accepted: bool, controlled: bool, handled: bool
) -> None:
    due, by = deadlines(START, HOURS), timedelta(minutes=minutes)
    moved = shifted(due, by, accepted=accepted, controlled=controlled, handled=handled)
    assert moved.accept - due.accept == (timedelta(0) if accepted else by)
    assert moved.control is not None
    assert due.control is not None
    assert moved.control - due.control == (timedelta(0) if controlled else by)
    assert moved.fix - due.fix == (timedelta(0) if handled else by)
    assert moved.close - due.close == by


def test_an_extension_keeps_the_time_to_check_and_close() -> None:
    due = extended(deadlines(START, HOURS), after(hours=100))
    assert due.close - due.fix == timedelta(hours=48)
