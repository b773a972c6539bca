"""Months, budgets and expiry: the county's terms, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from grid_report.clock import Month

EXPIRY_MONTHS: Final = 12
# From this share of its points on, a pool is shown in yellow.
YELLOW_PERCENT: Final = 80
# Above it an award needs a second person; the database says the same (`second_person`).
LARGE_AWARD: Final = 50


@dataclass(frozen=True)
class Terms:
    """How budgets are opened, and in which zone months begin."""

    zone: tzinfo
    budget_per_month: int
    reserve_percent: int

    def month(self, at: datetime) -> Month:
        """Return the month an instant is paid from."""
        return Month.of(at, self.zone)

    def reserve(self, budget_points: int) -> int:
        """Return what the county puts aside beside a budget."""
        return budget_points * self.reserve_percent // 100

    def expiry(self, earned_at: datetime) -> datetime:
        """Return the end of the 12th month after earning (the first instant it is over)."""
        return self.month(earned_at).plus(EXPIRY_MONTHS).bounds(self.zone)[1]


def draws_on_reserve(severity: int | None, rule: str) -> bool:
    """Tell whether an award is paid from the reserve when the community's pool is empty."""
    return (severity or 0) >= 3 or rule == "R10"
