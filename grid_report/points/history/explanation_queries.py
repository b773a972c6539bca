"""The whole chain behind one entry, for whoever has to answer for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import aliased

from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.points.kinds import EventKind, MovementKind, Phase, UnpaidReason
from grid_report.points.ledger.models import Account, Journal, Lot, LotMovement, Transfer
from grid_report.points.ledger.pending_models import PendingAward


@dataclass(frozen=True)
class Leg:
    """One transfer of the entry."""

    phase: Phase
    debit: str
    credit: str
    amount: int


@dataclass(frozen=True)
class Part:
    """What the entry did to one lot, and which award the lot is."""

    kind: MovementKind
    free: int
    held: int
    lot_id: int
    award_id: int
    report_number: str | None


@dataclass(frozen=True)
class Step:
    """Another event of the same redemption or award, or one that moved the award's lot."""

    entry_id: int
    kind: EventKind
    points: int
    at: datetime
    redemption_ref: str | None


@dataclass(frozen=True)
class OwnLot:
    """What is left of an award."""

    id: int
    points: int
    free: int
    held: int
    expires_at: datetime


@dataclass(frozen=True)
class Explanation:
    """An entry with everything that led to it and came of it."""

    entry: Journal
    waited_for: UnpaidReason | None
    legs: Sequence[Leg]
    parts: Sequence[Part]
    lot: OwnLot | None
    related: Sequence[Step]


def explain(entry_id: int) -> Explanation:
    """Follow an entry both ways. Raises NotFound."""
    entry = db.session.get(Journal, entry_id)
    if entry is None:
        raise NotFound
    lot = _lot(entry_id)
    return Explanation(
        entry=entry,
        waited_for=db.session.scalar(
            select(PendingAward.reason).where(PendingAward.journal_id == entry_id)
        ),
        legs=_legs(entry_id),
        parts=_parts(entry_id),
        lot=lot,
        related=_related(entry, lot),
    )


def _legs(entry_id: int) -> Sequence[Leg]:
    debit, credit = aliased(Account), aliased(Account)
    rows = db.session.execute(
        select(Transfer.phase, debit.holder, credit.holder, Transfer.amount)
        .join(debit, debit.id == Transfer.debit_account_id)
        .join(credit, credit.id == Transfer.credit_account_id)
        .where(Transfer.journal_id == entry_id)
        .order_by(Transfer.id)
    )
    return [Leg(*row) for row in rows]


def _parts(entry_id: int) -> Sequence[Part]:
    earning, award = aliased(Transfer), aliased(Journal)
    rows = db.session.execute(
        select(
            LotMovement.kind,
            LotMovement.free_delta,
            LotMovement.held_delta,
            Lot.id,
            award.id,
            award.report_number,
        )
        .join(Transfer, Transfer.id == LotMovement.transfer_id)
        .join(Lot, Lot.id == LotMovement.lot_id)
        .join(earning, earning.id == Lot.transfer_id)
        .join(award, award.id == earning.journal_id)
        .where(Transfer.journal_id == entry_id)
        .order_by(LotMovement.id)
    )
    return [Part(*row) for row in rows]


def _lot(entry_id: int) -> OwnLot | None:
    row = db.session.execute(
        select(Lot.id, Lot.points, Lot.free, Lot.held, Lot.expires_at)
        .join(Transfer, Transfer.id == Lot.transfer_id)
        .where(Transfer.journal_id == entry_id)
    ).one_or_none()
    return OwnLot(*row) if row else None


def _related(entry: Journal, lot: OwnLot | None) -> Sequence[Step]:
    same = [Journal.reverses_id == entry.id, Journal.id == entry.reverses_id]
    if entry.redemption_ref is not None:
        same.append(Journal.redemption_ref == entry.redemption_ref)
    if lot is not None:
        moved = (
            select(Transfer.journal_id)
            .join(LotMovement, LotMovement.transfer_id == Transfer.id)
            .where(LotMovement.lot_id == lot.id)
        )
        same.append(Journal.id.in_(moved))
    rows = db.session.execute(
        select(Journal.id, Journal.kind, Journal.points, Journal.at, Journal.redemption_ref)
        .where(and_(or_(*same), Journal.id != entry.id))
        .order_by(Journal.id)
    )
    return [Step(*row) for row in rows]
