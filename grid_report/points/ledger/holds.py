"""Points held for a service, and what becomes of them: taken, given back, or partly lost.

A hold, and what resolves it, are found by the redemption's `ref`. Spending takes the points that
expire first; what is over is not spent, even where no job has noticed it yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.errors import Invalid, NotFound
from grid_report.points.causes import (
    REDEMPTION_CAPTURED,
    REDEMPTION_HELD,
    REDEMPTION_NOSHOW,
    REDEMPTION_RELEASED,
    Cause,
)
from grid_report.points.errors import HoldResolved, NotEnoughPoints
from grid_report.points.kinds import EventKind, MovementKind, Phase
from grid_report.points.ledger import accounts, debt_steps
from grid_report.points.ledger.accounts import AccountRef, LockedAccount
from grid_report.points.ledger.events import (
    Part,
    find_event,
    move_lots,
    take,
    write_event,
    write_transfer,
)
from grid_report.points.ledger.freezes import refuse_when_frozen
from grid_report.points.ledger.models import Account, Journal, Lot, LotMovement, Transfer
from grid_report.points.outcomes import Held, Moved
from grid_report.points.policy import most_lost_by_noshow

RESOLVING: Final = (REDEMPTION_CAPTURED, REDEMPTION_RELEASED)


@dataclass(frozen=True)
class Holding:
    """A hold as it was written: nothing of it changes any more."""

    ref: str
    entry_id: int
    transfer_id: int
    rider_id: int
    points: int
    provider_code: str

    @property
    def rider(self) -> AccountRef:
        """The account the points are held on."""
        return accounts.rider(self.rider_id)

    @property
    def escrow(self) -> AccountRef:
        """The account they would go to."""
        return accounts.escrow(self.provider_code)


def hold(
    session: Session,
    rider_id: int,
    *,
    ref: str,
    points: int,
    provider_code: str,
    holds_until: datetime,
    at: datetime,
) -> Held:
    """Put a rider's points aside for a service, those that expire first.

    Raises NotEnoughPoints, LedgerFrozen, and NotFound where the ref is somebody else's.
    """
    if points <= 0:
        raise ValueError("what is free never touches the ledger")
    mine, end = accounts.rider(rider_id), accounts.escrow(provider_code)
    # The rider's account is what two holds of the same points queue at.
    places = accounts.lock_or_open(session, mine, end)
    cause = Cause(REDEMPTION_HELD, ref)
    before = find_event(session, cause)
    if before is not None:
        if before.rider_id != rider_id:
            raise NotFound
        return Held(before.id, before.points, already=True)
    refuse_when_frozen(session)
    parts, _ = take(spendable(session, places[mine], at), points)
    missing = points - sum(part.points for part in parts)
    if missing:
        raise NotEnoughPoints(missing)
    entry_id = write_event(
        session,
        EventKind.HOLD,
        cause,
        at=at,
        points=points,
        rider_id=rider_id,
        actor_id=rider_id,
        redemption_ref=ref,
    )
    # Only another rider's hold under the same ref can have come between: the ref is not ours.
    if entry_id is None:
        raise NotFound
    transfer_id = write_transfer(
        session,
        entry_id,
        EventKind.HOLD,
        "redeem",
        debit=places[mine],
        credit=places[end],
        amount=points,
        phase=Phase.PENDING,
        holds_until=holds_until,
    )
    move_lots(session, transfer_id, MovementKind.HOLD, parts, event=EventKind.HOLD, at=at)
    return Held(entry_id, points)


def capture(
    session: Session,
    ref: str,
    *,
    at: datetime,
    actor_id: int | None,
    points: int | None = None,
) -> Moved:
    """Take held points for the service that was given: all, or fewer and the rest is released.

    Raises NotFound, HoldResolved when they were given back, Invalid, LedgerFrozen.
    """
    holding, places = _locked(session, ref)
    before = find_event(session, Cause(REDEMPTION_CAPTURED, ref))
    if before is not None:
        return Moved(before.id, before.points, already=True)
    if find_event(session, Cause(REDEMPTION_RELEASED, ref)) is not None:
        raise HoldResolved
    wanted = holding.points if points is None else points
    if not 0 < wanted <= holding.points:
        raise Invalid.field("points", "points-out-of-range", most=holding.points)
    refuse_when_frozen(session)
    entry_id, transfer_id = _resolve(
        session,
        holding,
        places,
        EventKind.CAPTURE,
        points=wanted,
        at=at,
        actor_id=actor_id,
    )
    taken, rest = take(_held_parts(session, holding), wanted)
    moved = partial(move_lots, session, transfer_id, event=EventKind.CAPTURE, at=at)
    moved(MovementKind.CAPTURE, taken)
    moved(MovementKind.RELEASE, rest)
    debt_steps.meet(
        session, holding.rider_id, places[holding.rider], came_by=entry_id, parts=rest, at=at
    )
    return Moved(entry_id, wanted)


def release(session: Session, ref: str, *, at: datetime, actor_id: int | None = None) -> Moved:
    """Give all held points back to the lots they came from; what is owed meets them there.

    Goes on while the ledger is frozen. Raises NotFound, HoldResolved when they were taken.
    """
    holding, places = _locked(session, ref)
    return _release(session, holding, places, at=at, actor_id=actor_id)[0]


def noshow(
    session: Session,
    ref: str,
    *,
    penalty_points: int,
    community_code: str,
    at: datetime,
    actor_id: int | None = None,
) -> Moved:
    """Give held points back but for a penalty: at most a fifth, rounded down, of what was held.

    What is owed comes first, so the penalty may be less. With nothing to lose it is a release, and
    goes on while the ledger is frozen. Raises NotFound, HoldResolved, LedgerFrozen.
    """
    if penalty_points < 0:
        raise ValueError("a penalty gives nothing")
    holding, places = _locked(session, ref)
    lost = min(penalty_points, most_lost_by_noshow(holding.points))
    before = find_event(session, Cause(REDEMPTION_NOSHOW, ref))
    if before is not None:
        return Moved(before.id, before.points, already=True)
    if lost:
        refuse_when_frozen(session)
    released, there = _release(session, holding, places, at=at, actor_id=actor_id)
    taken, _ = take(there, lost)
    if not lost or (released.already and not there):
        return Moved(released.entry_id, 0, released.already)
    if released.already:
        raise HoldResolved
    lost = sum(part.points for part in taken)
    if not lost:
        return Moved(released.entry_id, 0)
    end = accounts.penalty(community_code)
    entry_id = write_event(
        session,
        EventKind.NOSHOW,
        Cause(REDEMPTION_NOSHOW, ref),
        at=at,
        points=lost,
        rider_id=holding.rider_id,
        actor_id=actor_id,
        community_code=community_code,
        redemption_ref=ref,
    )
    assert entry_id is not None  # looked for under the rider's lock
    transfer_id = write_transfer(
        session,
        entry_id,
        EventKind.NOSHOW,
        "noshow",
        debit=places[holding.rider],
        credit=accounts.lock_or_open(session, end)[end],
        amount=lost,
    )
    # From the very points that were kept from others' use, in date or not.
    move_lots(session, transfer_id, MovementKind.SPEND, taken, event=EventKind.NOSHOW, at=at)
    return Moved(entry_id, lost)


def find_holding(session: Session, ref: str) -> Holding:
    """Find a hold by its redemption. Raises NotFound."""
    row = session.execute(
        select(
            Journal.id,
            Transfer.id.label("transfer_id"),
            Journal.rider_id,
            Journal.points,
            Account.provider_code,
        )
        .join(Transfer, Transfer.journal_id == Journal.id)
        .join(Account, Account.id == Transfer.credit_account_id)
        .where(Journal.cause_type == REDEMPTION_HELD, Journal.cause_id == ref)
    ).one_or_none()
    if row is None:
        raise NotFound
    # Its CHECKs say that a hold has a rider, and that what it would go to has a provider.
    assert row.rider_id is not None
    assert row.provider_code is not None
    return Holding(ref, row.id, row.transfer_id, row.rider_id, row.points, row.provider_code)


def spendable(session: Session, account: LockedAccount, at: datetime) -> Sequence[Part]:
    """List the free points of a locked account that are in date, those that expire first first."""
    rows = session.execute(
        select(Lot.id, Lot.free)
        .where(Lot.account_id == account.id, Lot.free > 0, Lot.expires_at > at)
        .order_by(Lot.expires_at, Lot.id)
    )
    return [Part(row.id, row.free) for row in rows]


def _locked(session: Session, ref: str) -> tuple[Holding, dict[AccountRef, LockedAccount]]:
    holding = find_holding(session, ref)
    return holding, accounts.lock(session, holding.rider, holding.escrow)


def _held_parts(session: Session, holding: Holding) -> Sequence[Part]:
    rows = session.execute(
        select(LotMovement.lot_id, LotMovement.held_delta)
        .join(Lot, Lot.id == LotMovement.lot_id)
        .where(
            LotMovement.transfer_id == holding.transfer_id,
            LotMovement.kind == MovementKind.HOLD,
        )
        .order_by(Lot.expires_at, Lot.id)
    )
    return [Part(row.lot_id, row.held_delta) for row in rows]


def _release(
    session: Session,
    holding: Holding,
    places: dict[AccountRef, LockedAccount],
    *,
    at: datetime,
    actor_id: int | None,
) -> tuple[Moved, Sequence[Part]]:
    parts = _held_parts(session, holding)
    before = find_event(session, Cause(REDEMPTION_RELEASED, holding.ref))
    if before is not None:
        met = debt_steps.met_by(session, holding.rider_id, before.id)
        return Moved(before.id, before.points, already=True), take(parts, met)[1]
    if find_event(session, Cause(REDEMPTION_CAPTURED, holding.ref)) is not None:
        raise HoldResolved
    entry_id, transfer_id = _resolve(
        session,
        holding,
        places,
        EventKind.RELEASE,
        points=holding.points,
        at=at,
        actor_id=actor_id,
    )
    move_lots(session, transfer_id, MovementKind.RELEASE, parts, event=EventKind.RELEASE, at=at)
    left = debt_steps.meet(
        session, holding.rider_id, places[holding.rider], came_by=entry_id, parts=parts, at=at
    )
    return Moved(entry_id, holding.points), left


def _resolve(
    session: Session,
    holding: Holding,
    places: dict[AccountRef, LockedAccount],
    kind: EventKind,
    *,
    points: int,
    at: datetime,
    actor_id: int | None,
) -> tuple[int, int]:
    is_taken = kind is EventKind.CAPTURE
    entry_id = write_event(
        session,
        kind,
        Cause(REDEMPTION_CAPTURED if is_taken else REDEMPTION_RELEASED, holding.ref),
        at=at,
        points=points,
        rider_id=holding.rider_id,
        actor_id=actor_id,
        redemption_ref=holding.ref,
    )
    assert entry_id is not None  # looked for under the rider's lock
    transfer_id = write_transfer(
        session,
        entry_id,
        kind,
        "redeem",
        debit=places[holding.rider],
        credit=places[holding.escrow],
        amount=points,
        phase=Phase.POST if is_taken else Phase.VOID,
        pending_id=holding.transfer_id,
    )
    return entry_id, transfer_id
