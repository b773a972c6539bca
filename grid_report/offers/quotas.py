"""How often a rider may have an offer: counted in the county's days, weeks, months and years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from grid_report.offers.kinds import OfferKind, OpensTo, Period

# What a new provider gives one person for nothing in a month, until an administrator says more.
FREE_A_MONTH: Final = 10


def period_bounds(period: Period, at: datetime, zone: tzinfo) -> tuple[datetime, datetime]:
    """Return the first instant of the period an instant falls in, and that of the next one, in UTC."""
    local = at.astimezone(zone)
    day = datetime(local.year, local.month, local.day, tzinfo=zone)
    if period is Period.DAY:
        start, end = day, day + timedelta(days=1)
    elif period is Period.WEEK:
        start = day - timedelta(days=day.weekday())
        end = start + timedelta(days=7)
    elif period is Period.MONTH:
        start = day.replace(day=1)
        end = datetime(start.year + start.month // 12, start.month % 12 + 1, 1, tzinfo=zone)
    else:
        start, end = (datetime(year, 1, 1, tzinfo=zone) for year in (day.year, day.year + 1))
    return start.astimezone(UTC), end.astimezone(UTC)


def is_used_up(had: int, quota: int | None) -> bool:
    """Tell whether the rider had as many in this period as there are."""
    return quota is not None and had >= quota


def opens_by_price(points: int, kind: OfferKind) -> OpensTo:
    """Say whom an offer is open to unless somebody chooses: what costs points needs a report.

    An application is decided by people, and its fee is the compound's.
    """
    if points and not kind.way.is_applied_for:
        return OpensTo.FIRST_ACCEPTED
    return OpensTo.PROVED
