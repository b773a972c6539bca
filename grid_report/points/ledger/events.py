"""The rows of the ledger, written one by one for the functions of the ledger and nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from grid_report.points import signals
from grid_report.points.causes import Cause
from grid_report.points.kinds import EventKind, MovementKind, Phase
from grid_report.points.ledger.accounts import LockedAccount, insert_once
from grid_report.points.ledger.models import Journal, Lot, LotMovement, Transfer


def write_event(
    session: Session, kind: EventKind, cause: Cause, *, at: datetime, points: int, **facts: Any
) -> int | None:
    """Write the event, or return None when its cause is written already."""
    return session.execute(
        insert_once(session, Journal)
        .values(
            kind=kind,
            cause_type=cause.type,
            cause_id=cause.id,
            at=at,
            points=points,
            **{"note": "", **facts},
        )
        .returning(Journal.id)
    ).scalar_one_or_none()


def write_transfer(
    session: Session,
    entry_id: int,
    event: EventKind,
    route: str,
    *,
    debit: LockedAccount,
    credit: LockedAccount,
    amount: int,
    phase: Phase = Phase.SINGLE,
    pending_id: int | None = None,
    holds_until: datetime | None = None,
) -> int:
    """Move points, hold them, or resolve a hold; the database's trigger moves the balances."""
    return session.execute(
        insert(Transfer)
        .values(
            journal_id=entry_id,
            event=event,
            route=route,
            phase=phase,
            debit_account_id=debit.id,
            debit_kind=debit.kind,
            credit_account_id=credit.id,
            credit_kind=credit.kind,
            amount=amount,
            pending_id=pending_id,
            holds_until=holds_until,
        )
        .returning(Transfer.id)
    ).scalar_one()


def write_lot(
    session: Session,
    account: LockedAccount,
    transfer_id: int,
    *,
    points: int,
    earned_at: datetime,
    expires_at: datetime,
) -> int:
    """Keep an award's points as a lot; the trigger fills it with its first movement."""
    return session.execute(
        insert(Lot)
        .values(
            account_id=account.id,
            transfer_id=transfer_id,
            points=points,
            earned_at=earned_at,
            expires_at=expires_at,
        )
        .returning(Lot.id)
    ).scalar_one()


@dataclass(frozen=True)
class Part:
    """So many points of one lot."""

    lot_id: int
    points: int


# What one point does to a lot: to its free points and to its held ones.
DELTAS: Final = {
    MovementKind.SPEND: (-1, 0),
    MovementKind.REFUND: (1, 0),
    MovementKind.HOLD: (-1, 1),
    MovementKind.RELEASE: (1, -1),
    MovementKind.CAPTURE: (0, -1),
}


def move_lots(
    session: Session,
    transfer_id: int,
    kind: MovementKind,
    parts: Sequence[Part],
    *,
    event: EventKind,
    at: datetime,
) -> None:
    """Say which lots a transfer of an event took points from, or gave them back to."""
    if not parts:
        return
    free, held = DELTAS[kind]
    lots = {part.lot_id: ((free + held) * part.points, held * part.points) for part in parts}
    signals.lots_changed.send(session, lots=lots, event=event, at=at, community_code=None)
    session.execute(
        insert(LotMovement).values(
            [
                {
                    "lot_id": part.lot_id,
                    "transfer_id": transfer_id,
                    "kind": kind,
                    "free_delta": free * part.points,
                    "held_delta": held * part.points,
                }
                for part in parts
            ]
        )
    )


def take(parts: Sequence[Part], points: int) -> tuple[list[Part], list[Part]]:
    """Split parts into the first so many points and the rest."""
    taken, rest = [], []
    for part in parts:
        now = min(part.points, points)
        points -= now
        if now:
            taken.append(Part(part.lot_id, now))
        if part.points > now:
            rest.append(Part(part.lot_id, part.points - now))
    return taken, rest


def find_event(session: Session, cause: Cause) -> Any:
    """Find what was written for a cause; ask after the lock, or it may be about to be written."""
    return session.execute(
        select(Journal.id, Journal.kind, Journal.points, Journal.rider_id).where(
            Journal.cause_type == cause.type, Journal.cause_id == cause.id
        )
    ).one_or_none()
