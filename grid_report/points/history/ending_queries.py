"""Points that are over while a booking holds them: said before it is confirmed, and kept to after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select

from grid_report.db import db
from grid_report.points.causes import REDEMPTION_HELD
from grid_report.points.history.queries import Expiring, rider_key
from grid_report.points.kinds import MovementKind
from grid_report.points.ledger.models import Account, Journal, Lot, LotMovement, Transfer


def purse(rider_id: int, at: datetime) -> Sequence[Expiring]:
    """List what a rider could put on hold, in the order in which a hold takes it."""
    rows = db.session.execute(
        select(func.sum(Lot.free).label("points"), Lot.expires_at)
        .join(Account, Account.id == Lot.account_id)
        .where(Account.holder == rider_key(rider_id), Lot.free > 0, Lot.expires_at > at)
        .group_by(Lot.expires_at)
        .order_by(Lot.expires_at)
    )
    return [Expiring(int(row.points), row.expires_at) for row in rows]


def ending(purse: Sequence[Expiring], points: int, before: datetime) -> Sequence[Expiring]:
    """Say which of so many points of a purse are over before an instant.

    None where the purse has too few: nothing can be booked with it.
    """
    if sum(some.points for some in purse) < points:
        return []
    found, left = [], points
    for some in purse:
        taken = min(some.points, left)
        if taken and some.expires_at < before:
            found.append(Expiring(taken, some.expires_at))
        left -= taken
    return found


def held_for(refs: Collection[str]) -> Mapping[str, Sequence[Expiring]]:
    """Return by redemption when the points put on hold for it are over; one statement."""
    found: dict[str, list[Expiring]] = defaultdict(list)
    if refs:
        rows = db.session.execute(
            select(Journal.cause_id, func.sum(LotMovement.held_delta), Lot.expires_at)
            .join(Transfer, Transfer.journal_id == Journal.id)
            .join(LotMovement, LotMovement.transfer_id == Transfer.id)
            .join(Lot, Lot.id == LotMovement.lot_id)
            .where(
                Journal.cause_type == REDEMPTION_HELD,
                Journal.cause_id.in_(sorted(refs)),
                LotMovement.kind == MovementKind.HOLD,
            )
            .group_by(Journal.cause_id, Lot.expires_at)
            .order_by(Lot.expires_at)
        )
        for ref, points, expires_at in rows:
            found[ref].append(Expiring(int(points), expires_at))
    return found
