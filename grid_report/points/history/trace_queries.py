"""Why an entry is there: report, decision, tariff, award, and which lots paid for what.

A lot is read both ways: from an award to the services it paid for, and from a service back to the
reports that paid for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased

from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.points.causes import REPORT_ACCEPTED, REPORT_CLOSED
from grid_report.points.history.queries import ENTRY, Entry
from grid_report.points.kinds import EventKind, MovementKind, Phase, UnpaidReason
from grid_report.points.ledger.models import Account, Journal, Lot, LotMovement, Transfer
from grid_report.points.ledger.pending_models import PendingAward

# The step of the lifecycle that decided; rules as words are in the templates.
DECISIONS: Final = {REPORT_ACCEPTED: "accept", REPORT_CLOSED: "pass"}
# What moved points out of a lot, or into it again, for good.
SETTLED: Final = (MovementKind.SPEND, MovementKind.CAPTURE, MovementKind.REFUND)


@dataclass(frozen=True)
class Spent:
    """Where points of a lot went; a refund brought them back (negative)."""

    points: int
    at: datetime
    kind: EventKind
    entry_id: int
    redemption_ref: str | None


@dataclass(frozen=True)
class LotView:
    """What is left of an award."""

    points: int
    free: int
    held: int
    earned_at: datetime
    last_instant: datetime
    spent: Sequence[Spent]
    held_for: Sequence[Spent]


@dataclass(frozen=True)
class Payer:
    """The award some points of an entry came from; negative where they went back to it."""

    points: int
    entry_id: int
    rule: str | None
    report_number: str | None
    earned_at: datetime


@dataclass(frozen=True)
class Why:
    """The whole chain behind an entry."""

    entry: Entry
    decision: str | None
    decided_at: datetime
    waited_for: UnpaidReason | None
    community_code: str | None
    from_reserve: bool
    month: str | None
    lot: LotView | None
    paid_by: Sequence[Payer]
    holds_until: datetime | None
    is_held: bool
    reverses_id: int | None
    reversed_by: Sequence[int]
    cause_id: str = ""


def why(entry_id: int, rider_id: int) -> Why:
    """Explain one entry of a rider. Raises NotFound when it is not theirs."""
    hold = aliased(Transfer)
    row = db.session.execute(
        select(
            *ENTRY,
            Journal.reverses_id,
            Journal.cause_id,
            Journal.month,
            Journal.community_code,
            Transfer.id.label("transfer_id"),
            Account.community_code.label("paid_by"),
            PendingAward.at.label("decided_at"),
            PendingAward.reason.label("waited_for"),
            hold.id.label("hold_id"),
            hold.holds_until,
        )
        .outerjoin(Transfer, (Transfer.journal_id == Journal.id) & (Transfer.route == "award"))
        .outerjoin(Account, Account.id == Transfer.debit_account_id)
        .outerjoin(PendingAward, PendingAward.journal_id == Journal.id)
        .outerjoin(hold, (hold.journal_id == Journal.id) & (hold.phase == Phase.PENDING))
        .where(
            Journal.id == entry_id,
            Journal.rider_id == rider_id,
            # Letting go only undoes the hold, whose own page says so.
            Journal.kind != EventKind.RELEASE,
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    entry = Entry(*row[: len(ENTRY)])
    is_award = row.transfer_id is not None
    return Why(
        entry=entry,
        decision=DECISIONS.get(entry.cause),
        decided_at=row.decided_at or entry.at,
        waited_for=row.waited_for,
        community_code=row.community_code,
        from_reserve=is_award and row.paid_by is None,
        month=row.month,
        lot=_lot(row.transfer_id) if is_award else None,
        paid_by=() if is_award else _payers(entry_id),
        holds_until=row.holds_until,
        is_held=row.hold_id is not None and not _is_resolved(row.hold_id),
        reverses_id=row.reverses_id,
        reversed_by=_reversals_of(entry_id),
        cause_id=row.cause_id,
    )


def _is_resolved(hold_id: int) -> bool:
    return db.session.scalar(select(Transfer.id).where(Transfer.pending_id == hold_id)) is not None


def _reversals_of(entry_id: int) -> Sequence[int]:
    query = select(Journal.id).where(Journal.reverses_id == entry_id).order_by(Journal.id)
    return list(db.session.scalars(query))


def _payers(entry_id: int) -> Sequence[Payer]:
    """Name the awards whose points an entry took, held or gave back, in the order they went."""
    award, earned = aliased(Journal), aliased(Transfer)
    # What is only held has left the free part and nothing else.
    taken: ColumnElement[int] = func.sum(-(LotMovement.free_delta + LotMovement.held_delta))
    held: ColumnElement[int] = func.sum(LotMovement.held_delta)
    rows = db.session.execute(
        select(
            func.coalesce(func.nullif(taken, 0), held).label("points"),
            award.id,
            award.rule,
            award.report_number,
            Lot.earned_at,
        )
        .select_from(Transfer)
        .join(LotMovement, LotMovement.transfer_id == Transfer.id)
        .join(Lot, Lot.id == LotMovement.lot_id)
        .join(earned, earned.id == Lot.transfer_id)
        .join(award, award.id == earned.journal_id)
        .where(
            Transfer.journal_id == entry_id,
            LotMovement.kind.in_((*SETTLED, MovementKind.HOLD)),
        )
        .group_by(Lot.id, award.id, award.rule, award.report_number, Lot.earned_at)
        .order_by(Lot.expires_at, Lot.id)
    )
    return [Payer(*row) for row in rows]


def _lot(transfer_id: int) -> LotView | None:
    lot = db.session.execute(
        select(Lot.id, Lot.points, Lot.free, Lot.held, Lot.earned_at, Lot.expires_at).where(
            Lot.transfer_id == transfer_id
        )
    ).one_or_none()
    if lot is None:
        return None
    return LotView(
        points=lot.points,
        free=lot.free,
        held=lot.held,
        earned_at=lot.earned_at,
        last_instant=lot.expires_at - timedelta(seconds=1),
        spent=_spent(lot.id),
        held_for=_held(lot.id) if lot.held else (),
    )


def _spent(lot_id: int) -> Sequence[Spent]:
    gone = -(LotMovement.free_delta + LotMovement.held_delta)
    rows = db.session.execute(
        select(gone, Journal.at, Journal.kind, Journal.id, Journal.redemption_ref)
        .join(Transfer, Transfer.id == LotMovement.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(LotMovement.lot_id == lot_id, LotMovement.kind.in_(SETTLED))
        .order_by(LotMovement.id)
    )
    return [Spent(*row) for row in rows]


def _held(lot_id: int) -> Sequence[Spent]:
    """List the holds on a lot that are neither used nor let go."""
    resolved = aliased(Transfer)
    rows = db.session.execute(
        select(LotMovement.held_delta, Journal.at, Journal.kind, Journal.id, Journal.redemption_ref)
        .join(Transfer, Transfer.id == LotMovement.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .outerjoin(resolved, resolved.pending_id == Transfer.id)
        .where(
            LotMovement.lot_id == lot_id,
            LotMovement.kind == MovementKind.HOLD,
            resolved.id.is_(None),
        )
        .order_by(LotMovement.id)
    )
    return [Spent(*row) for row in rows]
