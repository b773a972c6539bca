"""Points that nobody spent in time."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grid_report.points import signals
from grid_report.points.causes import POINTS_EXPIRED, Cause
from grid_report.points.kinds import EventKind, MovementKind
from grid_report.points.ledger import accounts
from grid_report.points.ledger.events import Part, move_lots, write_event, write_transfer
from grid_report.points.ledger.freezes import refuse_when_frozen
from grid_report.points.ledger.models import Account, Journal, Lot, Transfer
from grid_report.points.outcomes import Moved


def last_instant(expires_at: datetime) -> datetime:
    """Return the last moment at which points could be spent."""
    return expires_at - timedelta(microseconds=1)


def expire(session: Session, rider_id: int, *, community_code: str, at: datetime) -> Moved | None:
    """End a rider's free points of one community's awards that are over at `at`.

    Held points stay with their hold; should it give them back, they expire then. None when
    nothing was over. Raises LedgerFrozen.
    """
    mine = accounts.rider(rider_id)
    places = accounts.lock(session, mine)
    if mine not in places:
        return None
    over = session.execute(
        select(Lot.id, Lot.free, Lot.expires_at)
        .join(Transfer, Transfer.id == Lot.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(
            Lot.account_id == places[mine].id,
            Lot.free > 0,
            Lot.expires_at <= at,
            Journal.community_code == community_code,
        )
        .order_by(Lot.expires_at, Lot.id)
    ).all()
    if not over:
        return None
    refuse_when_frozen(session)
    points = sum(lot.free for lot in over)
    # No two expiries find the account at the same movement: each makes the next one.
    last = session.scalar(
        select(func.max(Account.last_movement_id)).where(Account.id == places[mine].id)
    )
    entry_id = write_event(
        session,
        EventKind.EXPIRY,
        Cause(POINTS_EXPIRED, f"{rider_id}:{community_code}:{last}"),
        at=at,
        points=points,
        rider_id=rider_id,
        community_code=community_code,
    )
    assert entry_id is not None
    end = accounts.expired(community_code)
    transfer_id = write_transfer(
        session,
        entry_id,
        EventKind.EXPIRY,
        "expire",
        debit=places[mine],
        credit=accounts.lock_or_open(session, end)[end],
        amount=points,
    )
    parts = [Part(lot.id, lot.free) for lot in over]
    move_lots(session, transfer_id, MovementKind.SPEND, parts, event=EventKind.EXPIRY, at=at)
    # They count in the month whose last day they were good for, whenever a job ends them.
    for lot in over:
        signals.points_expired.send(
            session, community_code=community_code, points=lot.free, at=last_instant(lot.expires_at)
        )
    return Moved(entry_id, points)
