"""After the service: refunds within the dispute window, then the provider's, then the statement.

Escrow is one account a provider; what is left there of one capture is that capture less its
refunds, until it is settled once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from grid_report.errors import Invalid, NotFound
from grid_report.points.causes import (
    REDEMPTION_CAPTURED,
    REDEMPTION_REFUNDED,
    REDEMPTION_SETTLED,
    STATEMENT_CLEARED,
    Cause,
)
from grid_report.points.errors import NotEnoughPoints, RedemptionSettled
from grid_report.points.kinds import EventKind, MovementKind
from grid_report.points.ledger import accounts, debt_steps
from grid_report.points.ledger.accounts import MINT
from grid_report.points.ledger.events import (
    Part,
    find_event,
    move_lots,
    take,
    write_event,
    write_transfer,
)
from grid_report.points.ledger.freezes import refuse_when_frozen
from grid_report.points.ledger.holds import find_holding
from grid_report.points.ledger.models import Journal, Lot, LotMovement, Transfer
from grid_report.points.outcomes import Moved


def refund(
    session: Session,
    ref: str,
    *,
    at: datetime,
    actor_id: int | None,
    points: int | None = None,
    key: str = "",
) -> Moved:
    """Give captured points back to the lots they came from: all that is left, or fewer.

    Several refunds of one redemption need a key each. What is owed meets them there; points of a
    lot that is over meanwhile expire again. Goes on while the ledger is frozen. Raises NotFound,
    RedemptionSettled when they are the provider's, Invalid.
    """
    holding = find_holding(session, ref)
    mine, escrow = holding.rider, holding.escrow
    places = accounts.lock(session, mine, escrow)
    cause = Cause(REDEMPTION_REFUNDED, f"{ref}:{key}" if key else ref)
    before = find_event(session, cause)
    if before is not None:
        return Moved(before.id, before.points, already=True)
    captured = _captured(session, ref)
    if find_event(session, Cause(REDEMPTION_SETTLED, ref)) is not None:
        raise RedemptionSettled
    parts = _refundable(session, captured)
    left = sum(part.points for part in parts)
    wanted = left if points is None else points
    if points is None and not left:
        return Moved(None, 0)
    if not 0 < wanted <= left:
        raise Invalid.field("points", "points-out-of-range", most=left)
    entry_id = write_event(
        session,
        EventKind.REFUND,
        cause,
        at=at,
        points=wanted,
        rider_id=holding.rider_id,
        actor_id=actor_id,
        redemption_ref=ref,
        reverses_id=captured.id,
    )
    assert entry_id is not None  # looked for under the rider's lock
    transfer_id = write_transfer(
        session,
        entry_id,
        EventKind.REFUND,
        "refund",
        debit=places[escrow],
        credit=places[mine],
        amount=wanted,
    )
    # Those that live longest first: the rider gets the most use of what comes back.
    given, _ = take(parts, wanted)
    move_lots(session, transfer_id, MovementKind.REFUND, given, event=EventKind.REFUND, at=at)
    debt_steps.meet(session, holding.rider_id, places[mine], came_by=entry_id, parts=given, at=at)
    return Moved(entry_id, wanted)


def settle(session: Session, ref: str, *, at: datetime) -> Moved:
    """Make what is left of a capture the provider's, once the dispute window is over.

    Without an entry nothing was left. Raises NotFound, LedgerFrozen.
    """
    holding = find_holding(session, ref)
    earned = accounts.provider(holding.provider_code)
    places = accounts.lock_or_open(session, holding.escrow, earned)
    cause = Cause(REDEMPTION_SETTLED, ref)
    before = find_event(session, cause)
    if before is not None:
        return Moved(before.id, before.points, already=True)
    left = sum(part.points for part in _refundable(session, _captured(session, ref)))
    if not left:
        return Moved(None, 0)
    refuse_when_frozen(session)
    entry_id = write_event(session, EventKind.SETTLE, cause, at=at, points=left, redemption_ref=ref)
    assert entry_id is not None  # looked for under the escrow's lock
    write_transfer(
        session,
        entry_id,
        EventKind.SETTLE,
        "settle",
        debit=places[holding.escrow],
        credit=places[earned],
        amount=left,
    )
    return Moved(entry_id, left)


def clear_statement(
    session: Session,
    provider_code: str,
    *,
    statement_key: str,
    points: int,
    at: datetime,
    actor_id: int | None,
) -> Moved:
    """Burn what a confirmed statement pays a provider for: those points have done their work.

    Raises NotEnoughPoints when the provider has earned fewer, LedgerFrozen.
    """
    if points <= 0:
        raise ValueError("an empty statement never touches the ledger")
    earned = accounts.provider(provider_code)
    places = accounts.lock_or_open(session, earned)
    cause = Cause(STATEMENT_CLEARED, statement_key)
    before = find_event(session, cause)
    if before is not None:
        return Moved(before.id, before.points, already=True)
    if places[earned].left < points:
        raise NotEnoughPoints(points - places[earned].left)
    refuse_when_frozen(session)
    places |= accounts.lock(session, MINT)
    entry_id = write_event(
        session, EventKind.STATEMENT, cause, at=at, points=points, actor_id=actor_id
    )
    # Only another provider's statement under the same key can have come between.
    if entry_id is None:
        raise NotFound
    write_transfer(
        session,
        entry_id,
        EventKind.STATEMENT,
        "cleared",
        debit=places[earned],
        credit=places[MINT],
        amount=points,
    )
    return Moved(entry_id, points)


def _captured(session: Session, ref: str) -> Any:
    row = session.execute(
        select(Journal.id, Transfer.id.label("transfer_id"))
        .join(Transfer, Transfer.journal_id == Journal.id)
        .where(Journal.cause_type == REDEMPTION_CAPTURED, Journal.cause_id == ref)
    ).one_or_none()
    if row is None:
        raise NotFound
    return row


def _refundable(session: Session, captured: Any) -> Sequence[Part]:
    """List what each lot paid for a capture and has not got back, the longest-lived first."""
    refunding = aliased(Journal)
    paid = -LotMovement.held_delta
    left = func.sum(
        case((LotMovement.kind == MovementKind.CAPTURE, paid), else_=-LotMovement.free_delta)
    )
    rows = session.execute(
        select(LotMovement.lot_id, left.label("left"))
        .join(Transfer, Transfer.id == LotMovement.transfer_id)
        .join(refunding, refunding.id == Transfer.journal_id)
        .join(Lot, Lot.id == LotMovement.lot_id)
        .where(
            ((refunding.id == captured.id) & (LotMovement.kind == MovementKind.CAPTURE))
            | ((refunding.reverses_id == captured.id) & (LotMovement.kind == MovementKind.REFUND))
        )
        .group_by(LotMovement.lot_id, Lot.expires_at)
        .having(left > 0)
        .order_by(Lot.expires_at.desc(), LotMovement.lot_id.desc())
    )
    return [Part(row.lot_id, int(row.left)) for row in rows]
