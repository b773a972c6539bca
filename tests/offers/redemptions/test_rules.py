"""The pure rules, value by value."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_report.offers import quotas
from grid_report.offers.catalogue import hours, ratings
from grid_report.offers.kinds import Period
from grid_report.offers.redemptions import rules, vouchers
from grid_report.offers.redemptions.lifecycle import (
    REDEMPTION_MOVES,
    IllegalRedemptionStep,
    RedemptionState,
    RedemptionStep,
    redemption_move,
)

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
SECRET = "00" * 20


@pytest.mark.parametrize(
    ("state", "step"),
    sorted(set(product(RedemptionState, RedemptionStep)) - set(REDEMPTION_MOVES)),
)
def test_a_step_not_in_the_table_is_refused(state: RedemptionState, step: RedemptionStep) -> None:
    with pytest.raises(IllegalRedemptionStep):
        redemption_move(state, step)


@given(st.integers(min_value=0, max_value=4_000_000_000), st.integers(0, 3600))
def test_a_code_counts_in_its_step_and_the_next_one(made: int, age: int) -> None:
    at = datetime.fromtimestamp(made, UTC)
    shown = vouchers.parse(vouchers.text_for("R-ABCDEFGH", SECRET, vouchers.step_at(at)))
    assert shown is not None
    assert vouchers.is_genuine(shown, SECRET)
    assert not vouchers.is_genuine(shown, "01" * 20)
    later = at + timedelta(seconds=age)
    steps = vouchers.step_at(later) - vouchers.step_at(at)
    assert vouchers.is_fresh(shown.step, later) is (steps <= 1)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    shown = vouchers.parse(text)
    assert shown is None or text.strip().upper().startswith("GR1.R-")


def test_a_changed_step_or_reference_is_not_genuine() -> None:
    text = vouchers.text_for("R-ABCDEFGH", SECRET, 7)
    for forged in (text.replace(".7.", ".8."), text.replace("ABCDEFGH", "ABCDEFGJ")):
        shown = vouchers.parse(forged)
        assert shown is not None
        assert not vouchers.is_genuine(shown, SECRET)


def test_the_sums_are_those_of_the_phone() -> None:
    # The same values are checked against the script in tests/journeys/test_services.py.
    assert vouchers.text_for("R-7K3M9QXY", SECRET, 59_000_000).startswith(
        "GR1.R-7K3M9QXY.59000000."
    )
    assert len(vouchers.digits_at("R-7K3M9QXY", SECRET, NOON)) == 6


@pytest.mark.parametrize(
    ("period", "start", "end"),
    [
        (Period.DAY, "2026-11-25T00:00", "2026-11-26T00:00"),
        (Period.WEEK, "2026-11-23T00:00", "2026-11-30T00:00"),
        (Period.MONTH, "2026-11-01T00:00", "2026-12-01T00:00"),
        (Period.YEAR, "2026-01-01T00:00", "2027-01-01T00:00"),
    ],
)
def test_periods_are_the_countys(period: Period, start: str, end: str) -> None:
    local = [datetime.fromisoformat(text).replace(tzinfo=ZONE) for text in (start, end)]
    assert quotas.period_bounds(period, NOON, ZONE) == tuple(local)


@pytest.mark.parametrize(
    ("points", "percent", "before", "lost"),
    [
        (80, 20, 0, 0),
        (80, 20, 1, 16),
        (84, 20, 3, 16),
        (80, 0, 5, 0),
        (4, 20, 1, 0),
        (80, 90, 1, 16),
        (1000, 21, 1, 200),
        (1000, 0, 1, 0),
        (1000, -5, 1, 0),
    ],
)
def test_a_no_show_costs_a_fifth_at_most(points: int, percent: int, before: int, lost: int) -> None:
    assert rules.penalty_points(points, percent, before) == lost


@pytest.mark.parametrize(
    ("text", "at", "is_open"),
    [
        ("", "2026-11-25T03:00", True),
        ("Mon-Fri 08:00-18:00", "2026-11-25T08:00", True),
        ("Mon-Fri 08:00-18:00", "2026-11-25T18:00", False),
        ("Mon-Fri 08:00-18:00, Sat 09:00-12:00", "2026-11-28T11:59", True),
        ("Sat-Mon 09:00-12:00", "2026-11-29T10:00", True),
        ("07:00-22:00", "2026-11-29T21:59", True),
    ],
)
def test_opening_hours(text: str, at: str, is_open: bool) -> None:
    local = datetime.fromisoformat(at).replace(tzinfo=ZONE)
    assert hours.is_open(hours.parse_hours(text), local, ZONE) is is_open


@pytest.mark.parametrize(
    "text", ["Mo 8-9", "Mon-Xyz 08:00-09:00", "09:00-08:00", "Mon 08:61-09:00", "25:00-26:00"]
)
def test_hours_nobody_can_read_are_refused(text: str) -> None:
    with pytest.raises(hours.HoursUnreadable):
        hours.parse_hours(text)


def test_a_voucher_holds_to_the_end_of_its_last_day() -> None:
    until = rules.voucher_holds_until(NOON, 1, ZONE)
    assert until.astimezone(ZONE).isoformat() == "2026-11-26T00:00:00+08:00"


def test_ratings_are_drawn_to_the_middle_and_shown_from_five() -> None:
    assert ratings.shown_rating(4, 20) is None
    assert ratings.shown_rating(5, 25) == 4.5
    assert ratings.shown_rating(5, 5) == 2.5
    assert ratings.shown_rating(1000, 5000) == 5.0
