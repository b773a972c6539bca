"""The rows of the ledger, written one by one for `ledger.py` and nobody else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from grid_report.points.causes import Cause
from grid_report.points.holders import Place, insert_once
from grid_report.points.kinds import EventKind, MovementKind, Phase
from grid_report.points.models import Journal, Lot, LotMovement, Transfer


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
    debit: Place,
    credit: Place,
    amount: int,
) -> int:
    """Move points; the database's trigger moves the balances."""
    return session.execute(
        insert(Transfer)
        .values(
            journal_id=entry_id,
            event=event,
            route=route,
            phase=Phase.SINGLE,
            debit_account_id=debit.id,
            debit_kind=debit.kind,
            credit_account_id=credit.id,
            credit_kind=credit.kind,
            amount=amount,
        )
        .returning(Transfer.id)
    ).scalar_one()


def write_lot(
    session: Session,
    account: Place,
    transfer_id: int,
    *,
    points: int,
    earned_at: datetime,
    expires_at: datetime,
) -> None:
    """Keep an award's points as a lot; the trigger fills it with its first movement."""
    session.execute(
        insert(Lot).values(
            account_id=account.id,
            transfer_id=transfer_id,
            points=points,
            earned_at=earned_at,
            expires_at=expires_at,
        )
    )


def spend_lot(session: Session, lot_id: int, transfer_id: int, points: int) -> None:
    """Take free points out of a lot."""
    session.execute(
        insert(LotMovement).values(
            lot_id=lot_id,
            transfer_id=transfer_id,
            kind=MovementKind.SPEND,
            free_delta=-points,
            held_delta=0,
        )
    )
