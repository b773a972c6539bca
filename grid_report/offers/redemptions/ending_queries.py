"""What of a booking's points is over before it can be cancelled for the last time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo

from grid_report.offers.catalogue.models import Offer, Slot
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.queries import RedemptionRow
from grid_report.offers.redemptions.rules import cancel_until, voucher_holds_until
from grid_report.points.history import ending_queries
from grid_report.points.history.queries import Expiring


def before_taking(
    offer: Offer, slots: Iterable[Slot], purse: Sequence[Expiring], *, zone: tzinfo, now: datetime
) -> Sequence[Expiring]:
    """Say what of its price would be over by then, with the latest of the times to choose from."""
    if not offer.points:
        return []
    minutes = offer.cancel_minutes
    if offer.kind.way.has_stock:
        held_until = voucher_holds_until(now, offer.valid_days, zone)
        last = cancel_until(held_until, None, minutes)
    elif offer.kind.way.has_slots:
        lasts = [cancel_until(slot.ends_at, slot.starts_at, minutes) for slot in slots]
        last = max(lasts, default=now)
    else:
        return []
    return ending_queries.ending(purse, offer.points, last)


def of_taken(rows: Iterable[RedemptionRow]) -> Mapping[str, Sequence[Expiring]]:
    """Say the same by reference of what is taken and not used yet; one statement."""
    open_ones = {
        row.redemption.ref: row.cancel_until
        for row in rows
        if row.redemption.state is RedemptionState.RESERVED and row.redemption.points
    }
    return {
        ref: ending_queries.ending(lots, sum(it.points for it in lots), open_ones[ref])
        for ref, lots in ending_queries.held_for(open_ones).items()
    }
