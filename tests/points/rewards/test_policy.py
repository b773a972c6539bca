"""Months and expiry are counted in the county's zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from grid_report.points.budgets.queries import MonthlyBudget
from grid_report.points.history.queries import Expiring
from grid_report.points.policy import Terms, draws_on_reserve

SHANGHAI = ZoneInfo("Asia/Shanghai")
TERMS = Terms(SHANGHAI, 3000, 20)


@pytest.mark.parametrize(
    ("earned", "over"),
    [
        (datetime(2026, 11, 23, tzinfo=UTC), datetime(2027, 11, 30, 16, tzinfo=UTC)),
        # 31 December 17:00 UTC is January already in the county.
        (datetime(2026, 12, 31, 17, tzinfo=UTC), datetime(2028, 1, 31, 16, tzinfo=UTC)),
        (datetime(2027, 2, 1, tzinfo=UTC), datetime(2028, 2, 29, 16, tzinfo=UTC)),
    ],
)
def test_points_last_to_the_end_of_the_twelfth_month(earned: datetime, over: datetime) -> None:
    assert TERMS.expiry(earned) == over


def test_the_last_day_is_shown_and_not_the_first_instant_after_it() -> None:
    expiring = Expiring(10, TERMS.expiry(datetime(2026, 11, 23, tzinfo=UTC)))
    assert str(expiring.on(SHANGHAI)) == "2027-11-30"


def test_a_month_begins_in_the_county_and_not_in_utc() -> None:
    assert str(TERMS.month(datetime(2026, 11, 30, 15, 59, tzinfo=UTC))) == "2026-11"
    assert str(TERMS.month(datetime(2026, 11, 30, 16, 0, tzinfo=UTC))) == "2026-12"


def test_only_grave_cases_and_merit_draw_on_the_reserve() -> None:
    assert [draws_on_reserve(severity, "R1") for severity in (None, 1, 2, 3, 4)] == [
        False, False, False, True, True,
    ]  # fmt: skip
    assert draws_on_reserve(1, "R10")


@pytest.mark.parametrize(
    ("awarded", "light"), [(0, "green"), (2399, "green"), (2400, "yellow"), (3000, "red")]
)
def test_a_pool_turns_yellow_at_80_percent(awarded: int, light: str) -> None:
    assert MonthlyBudget("2026-11", 3000, awarded, 3000 - awarded, 0).light == light
