"""A rider's month on one sheet, what is on hold, and what was not paid.

The closing balance is the stored one less what came after the month; the opening balance is that
less the month's lines, all in one statement. So a sheet adds up whatever is written meanwhile, and
its cost grows with what came since that month, not with the whole history.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from sqlalchemy import and_, case, func, literal, select
from sqlalchemy.orm import aliased

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.points.history.queries import ENTRY, GAINED, IS_POSTED, SHOWN, Entry, rider_key
from grid_report.points.kinds import OWED, AccountKind, EventKind, Phase, UnpaidReason
from grid_report.points.ledger.models import Account, Journal, Transfer
from grid_report.points.ledger.pending_models import PendingAward

# The sums of a sheet in the order they are printed; every kind of entry is in exactly one.
SUMS: Final = {
    "earned": (EventKind.AWARD,),
    "spent": (EventKind.CAPTURE,),
    "returned": (EventKind.REFUND,),
    "expired": (EventKind.EXPIRY,),
    "missed": (EventKind.NOSHOW,),
    "taken_back": (EventKind.REVERSAL,),
    "repaid": (EventKind.REPAYMENT,),
}


@dataclass(frozen=True)
class Line:
    """An entry and the balance after it."""

    entry: Entry
    balance: int


@dataclass(frozen=True)
class Sheet:
    """A month of a rider: `opening` and all sums give `closing`, always."""

    month: Month
    opening: int
    closing: int
    lines: Sequence[Line]

    @property
    def sums(self) -> dict[str, int]:
        """Return what came and went, by what it was."""
        return {
            name: sum(line.entry.points for line in self.lines if line.entry.kind in kinds)
            for name, kinds in SUMS.items()
        }


@dataclass(frozen=True)
class Held:
    """Points that wait for a service to be given."""

    entry_id: int
    points: int
    at: datetime
    holds_until: datetime
    redemption_ref: str | None


@dataclass(frozen=True)
class Unawarded:
    """A cause that was not paid, or not at once, with everything that explains it."""

    id: int
    points: int
    at: datetime
    reason: UnpaidReason
    cause: str
    rule: str
    severity: int | None
    tariff_version: str
    report_number: str | None
    community_code: str
    entry_id: int | None
    cancelled_at: datetime | None

    @property
    def owed(self) -> bool:
        """Whether it will still be paid."""
        return self.reason in OWED and self.entry_id is None and self.cancelled_at is None

    @property
    def withheld(self) -> bool:
        """Whether it will not be paid: the rider may object."""
        return self.entry_id is None and not self.owed


def monthly_sheet(rider_id: int, month: Month, zone: tzinfo) -> Sheet:
    """Put a rider's month together."""
    start, end = month.bounds(zone)
    mine = and_(Journal.rider_id == rider_id, SHOWN)
    later = (
        select(GAINED)
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(mine, Journal.at >= end, IS_POSTED)
        .scalar_subquery()
    )
    now = (
        select(Account.credits - Account.debits)
        .where(Account.holder == rider_key(rider_id))
        .scalar_subquery()
    )
    one = select(literal(1).label("one")).subquery()
    rows = db.session.execute(
        select((func.coalesce(now, 0) - later).label("closing"), *ENTRY)
        .select_from(one)
        .outerjoin(Journal, and_(mine, Journal.at >= start, Journal.at < end))
        .order_by(Journal.at, Journal.id)
    ).all()
    entries = [Entry(*row[1:]) for row in rows if row.id is not None]
    closing = int(rows[0].closing)
    balance = opening = closing - sum(entry.points for entry in entries)
    lines = []
    for entry in entries:
        balance += entry.points
        lines.append(Line(entry, balance))
    return Sheet(month, opening, closing, lines)


def debt_at(rider_id: int, end: datetime) -> int:
    """Return what verdicts had charged a rider and nothing had repaid before an instant.

    What bookings on hold would have met of it is in it: that cannot be told of the past.
    """
    owed = db.session.scalar(
        select(
            func.sum(
                case(
                    (Transfer.debit_kind == AccountKind.RIDER_DEBT, Transfer.amount),
                    (Transfer.credit_kind == AccountKind.RIDER_DEBT, -Transfer.amount),
                    else_=0,
                )
            )
        )
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(Journal.rider_id == rider_id, Journal.at < end)
    )
    return int(owed or 0)


def first_month(rider_id: int, now: datetime, zone: tzinfo) -> Month:
    """Return the month of a rider's first entry, the present one without any."""
    first = db.session.scalar(
        select(Journal.at).where(Journal.rider_id == rider_id).order_by(Journal.id).limit(1)
    )
    return Month.of(min(first or now, now), zone)


def list_holds(rider_id: int) -> Sequence[Held]:
    """List what is on hold for services now, the next deadline first."""
    resolved = aliased(Transfer)
    rows = db.session.execute(
        select(
            Journal.id, Transfer.amount, Journal.at, Transfer.holds_until, Journal.redemption_ref
        )
        .select_from(Account)
        .join(Transfer, Transfer.debit_account_id == Account.id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .outerjoin(resolved, resolved.pending_id == Transfer.id)
        .where(
            Account.holder == rider_key(rider_id),
            # No look at the history of somebody who has nothing on hold.
            Account.pending_debits > 0,
            Transfer.phase == Phase.PENDING,
            resolved.id.is_(None),
        )
        .order_by(Transfer.holds_until, Transfer.id)
    )
    return [
        Held(row.id, row.amount, row.at, row.holds_until or row.at, row.redemption_ref)
        for row in rows
    ]


_UNAWARDED: tuple[Any, ...] = (
    PendingAward.id,
    PendingAward.points,
    PendingAward.at,
    PendingAward.reason,
    PendingAward.cause_type,
    PendingAward.rule,
    PendingAward.severity,
    PendingAward.tariff_version,
    PendingAward.report_number,
    PendingAward.community_code,
    PendingAward.journal_id,
    PendingAward.cancelled_at,
)


def unawarded(unpaid_id: int, rider_id: int) -> Unawarded:
    """Return one cause that earned a rider nothing, or later. Raises NotFound."""
    row = db.session.execute(
        select(*_UNAWARDED).where(PendingAward.id == unpaid_id, PendingAward.rider_id == rider_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return Unawarded(*row)


def unawarded_about(rider_id: int, report_number: str) -> Sequence[Unawarded]:
    """List what a report did not earn its rider, oldest first."""
    rows = db.session.execute(
        select(*_UNAWARDED)
        .where(
            PendingAward.rider_id == rider_id,
            PendingAward.report_number == report_number,
            PendingAward.journal_id.is_(None),
        )
        .order_by(PendingAward.id)
    )
    return [Unawarded(*row) for row in rows]
