"""Until when: a voucher holds, a booking may be cancelled, a delivery disputed, a free place taken."""

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
