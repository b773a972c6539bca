"""Until when a voucher holds, a booking may be cancelled, a delivery disputed; what it costs not to come."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

DISPUTE_WINDOW: Final = timedelta(hours=72)
# A place that came free is kept for the next in the queue for so long …
WAIT_OFFER: Final = timedelta(minutes=30)
# … but given to nobody when it begins sooner than this.
WAIT_LEAST: Final = timedelta(minutes=10)
# A scan is fresh enough to confirm for so long.
SCAN_HOLDS: Final = timedelta(minutes=15)
# How long a missed booking is remembered, and what it costs at most.
REMEMBERED: Final = timedelta(days=30)
MOST_PERCENT: Final = 20


def voucher_holds_until(at: datetime, valid_days: int, zone: tzinfo) -> datetime:
    """Return the end of the last day a voucher of so many days holds, seen from a zone."""
    last = at.astimezone(zone).date() + timedelta(days=valid_days)
    return datetime.combine(last, time.min, tzinfo=zone).astimezone(UTC)


def may_cancel(
    at: datetime, holds_until: datetime, starts_at: datetime | None, minutes: int
) -> bool:
    """Tell whether a rider may still cancel: so many minutes before it begins, or while it holds."""
    return at < cancel_until(holds_until, starts_at, minutes)


def cancel_until(holds_until: datetime, starts_at: datetime | None, minutes: int) -> datetime:
    """Return the instant from which on a rider may not cancel any more."""
    return (starts_at if starts_at is not None else holds_until) - timedelta(minutes=minutes)


def dispute_until(delivered_at: datetime) -> datetime:
    """Return when a delivery becomes final."""
    return delivered_at + DISPUTE_WINDOW


def offer_of_place_until(at: datetime, starts_at: datetime) -> datetime | None:
    """Return until when a freed place is kept for the next in the queue; None: too late for that."""
    until = min(at + WAIT_OFFER, starts_at - WAIT_LEAST)
    return until if until > at else None


def penalty_points(points: int, percent: int, missed_before: int) -> int:
    """Return what a missed booking costs: nothing the first time, then a part, never over a fifth."""
    if missed_before == 0:
        return 0
    return points * min(max(percent, 0), MOST_PERCENT) // 100
