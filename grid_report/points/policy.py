"""Months, budgets and expiry: the county's terms, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Final

from grid_report.clock import Month
from grid_report.settings import Settings

EXPIRY_MONTHS: Final = 12
# From this share of its points on, a pool is shown in yellow.
YELLOW_PERCENT: Final = 80
# Above it an award needs a second person; the database says the same (`second_person`).
LARGE_AWARD: Final = 50
# What somebody may lose of held points who booked and did not come.
NOSHOW_PERCENT: Final = 20
# Days before the end of points at which their rider is told.
NOTICE_DAYS: Final = (60, 30, 7)


@dataclass(frozen=True)
class Terms:
    """How budgets are opened, and in which zone months begin."""

    zone: tzinfo
    budget_per_month: int
    reserve_percent: int
    # How long after its end a month stays open for what is being decided at midnight.
    close_days: int = 3

    def month(self, at: datetime) -> Month:
        """Return the month an instant is paid from."""
        return Month.of(at, self.zone)

    def reserve(self, budget_points: int) -> int:
        """Return what the county puts aside beside a budget."""
        return budget_points * self.reserve_percent // 100

    def may_close(self, month: Month, at: datetime) -> bool:
        """Tell whether a month is over, and nothing can be paid from it any more."""
        return at >= month.bounds(self.zone)[1] + timedelta(days=self.close_days)

    def expiry(self, earned_at: datetime) -> datetime:
        """Return the end of the 12th month after earning (the first instant it is over)."""
        return self.month(earned_at).plus(EXPIRY_MONTHS).bounds(self.zone)[1]

    def last_day(self, expires_at: datetime) -> date:
        """Return the last day on which points can be spent that are over at an instant."""
        return (expires_at - timedelta(seconds=1)).astimezone(self.zone).date()


def terms_of(settings: Settings) -> Terms:
    """Return the county's terms."""
    points = settings.points
    return Terms(
        settings.county.tz, points.budget_per_month, points.reserve_percent, points.close_days
    )


def draws_on_reserve(severity: int | None, rule: str) -> bool:
    """Tell whether an award is paid from the reserve when the community's pool is empty."""
    return (severity or 0) >= 3 or rule == "R10"


def most_repaid(award_points: int) -> int:
    """Return how much of an award may repay a debt: at most half, so that helping still pays."""
    return award_points // 2


def most_lost_by_noshow(held_points: int) -> int:
    """Return how much of what was held somebody may lose who did not come."""
    return held_points * NOSHOW_PERCENT // 100
