"""How often a rider may have an offer: counted in the county's days, weeks, months and years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from grid_report.offers.kinds import Period


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
