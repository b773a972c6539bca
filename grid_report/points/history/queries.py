"""Reads of balances and entries. Balances are stored: none of these sums a history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from sqlalchemy import Select, case, func, select, text

from grid_report.db import db
from grid_report.points.kinds import (
    IS_OPEN,
    OWED,
    AccountKind,
    EventKind,
    Phase,
    UnpaidReason,
    Verdict,
)
from grid_report.points.ledger import accounts as holders
from grid_report.points.ledger import debt_queries as owed
from grid_report.points.ledger.debt_models import Owed
from grid_report.points.ledger.models import Account, Journal, Lot, Transfer
from grid_report.points.ledger.pending_models import PendingAward


@dataclass(frozen=True)
class Expiring:
    """So many points are over at that instant."""

    points: int
    expires_at: datetime

    @property
    def last_instant(self) -> datetime:
        """The last second in which they can be spent."""
        return self.expires_at - timedelta(seconds=1)

    def on(self, zone: tzinfo) -> date:
        """Return the last day on which they can be spent."""
        return self.last_instant.astimezone(zone).date()


@dataclass(frozen=True)
class Balance:
    """What a rider has: to spend, on hold for a service, on the way, owed by the rider.

    `owed` is the part of what is on hold that verdicts take when it comes back; `debt` is what is
    beyond that, met from later awards.
    """

    available: int
    held: int
    pending: int
    debt: int
    expiring: Sequence[Expiring]
    owed: int = 0


@dataclass(frozen=True)
class Entry:
    """One line of a rider's history; points are signed."""

    id: int
    points: int
    at: datetime
    kind: EventKind
    cause: str
    rule: str | None
    severity: int | None
    tariff_version: str | None
    report_number: str | None
    redemption_ref: str | None
    note: str
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Waiting:
    """A cause that was not paid: it waits (`owed`), or the reason says why it earned nothing."""

    id: int
    points: int
    at: datetime
    reason: UnpaidReason
    cause: str
    rule: str
    severity: int | None
    report_number: str | None

    @property
    def owed(self) -> bool:
        """Whether it will still be paid."""
        return self.reason in OWED


def rider_key(rider_id: int) -> str:
    """Return the holder of the account a rider's points are in."""
    return holders.rider(rider_id).key


MINT_KEY: Final = holders.MINT.key


def balance(rider_id: int, at: datetime | None = None) -> Balance:
    """Return what a rider has; at most five look-ups, whatever the length of the history.

    `at` an instant what is over by then is left out, though no job has noticed it: a hold would
    not find it either.
    """
    kinds = {holders.rider(rider_id).key: "rider", holders.rider_debt(rider_id).key: "debt"}
    accounts = {
        kinds[row.holder]: row
        for row in db.session.execute(
            select(
                Account.holder, Account.credits, Account.debits, Account.pending_debits, Account.id
            ).where(Account.holder.in_(kinds))
        )
    }
    pending = db.session.scalar(
        select(func.coalesce(func.sum(PendingAward.points), 0)).where(
            PendingAward.rider_id == rider_id, text(IS_OPEN)
        )
    )
    mine, debt = accounts.get("rider"), accounts.get("debt")
    lots = _expiring(mine.id) if mine else ()
    over = sum(lot.points for lot in lots if at is not None and lot.expires_at <= at)
    held = mine.pending_debits if mine else 0
    by_lots = _owed_by_lots(mine.id) if mine and held else 0
    charged = debt.debits - debt.credits if debt else 0
    from_hold = min(charged, held - by_lots)
    return Balance(
        available=mine.credits - mine.debits - held - over if mine else 0,
        held=held,
        pending=int(pending or 0),
        debt=charged - from_hold,
        expiring=[lot for lot in lots if at is None or lot.expires_at > at],
        owed=by_lots + from_hold,
    )


def _owed_by_lots(account_id: int) -> int:
    """Count what verdicts take of the points an account has on hold, should they come back."""
    held = {
        row.id: row.held
        for row in db.session.execute(
            select(Lot.id, Lot.held)
            .join(Owed, Owed.lot_id == Lot.id)
            .where(Lot.account_id == account_id, Lot.held > 0)
        )
    }
    if not held:
        return 0
    return sum(
        points
        for parts in owed.shares(owed.open_claims(db.session(), held), held).values()
        for points in parts.values()
    )


def _expiring(account_id: int) -> Sequence[Expiring]:
    rows = db.session.execute(
        select(func.sum(Lot.free).label("points"), Lot.expires_at)
        .where(Lot.account_id == account_id, Lot.free > 0)
        .group_by(Lot.expires_at)
        .order_by(Lot.expires_at)
    )
    return [Expiring(int(row.points), row.expires_at) for row in rows]


# What transfers did to riders' accounts; held points are neither earned nor spent yet.
GAINED = func.coalesce(
    func.sum(
        case(
            (Transfer.credit_kind == AccountKind.RIDER, Transfer.amount),
            (Transfer.debit_kind == AccountKind.RIDER, -Transfer.amount),
            else_=0,
        )
    ),
    0,
)
IS_POSTED = Transfer.phase.in_((Phase.SINGLE, Phase.POST))
# What one event did.
SIGNED = (
    select(GAINED)
    .where(Transfer.journal_id == Journal.id, IS_POSTED)
    .correlate(Journal)
    .scalar_subquery()
)
ENTRY = (
    Journal.id,
    SIGNED.label("points"),
    Journal.at,
    Journal.kind,
    Journal.cause_type,
    Journal.rule,
    Journal.severity,
    Journal.tariff_version,
    Journal.report_number,
    Journal.redemption_ref,
    Journal.note,
    Journal.verdict,
)
# Holding and letting go moves nothing a history shows.
SHOWN = Journal.kind.not_in((EventKind.HOLD, EventKind.RELEASE))


def _entries(query: Select[Any]) -> list[Entry]:
    return [Entry(*row) for row in db.session.execute(query)]


def list_entries(
    rider_id: int, before: int | None = None, limit: int = 50
) -> tuple[Sequence[Entry], int | None]:
    """List a rider's entries, newest first, and where the next page starts (None: no more)."""
    query = (
        select(*ENTRY)
        .where(Journal.rider_id == rider_id, SHOWN)
        .order_by(Journal.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(Journal.id < before)
    found = _entries(query)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def entries_about(rider_id: int, report_number: str) -> Sequence[Entry]:
    """List what a report earned its rider, oldest first."""
    return _entries(
        select(*ENTRY)
        .where(Journal.report_number == report_number, Journal.rider_id == rider_id, SHOWN)
        .order_by(Journal.id)
    )


def points_by_report(rider_id: int, numbers: Sequence[str]) -> dict[str, int]:
    """Return what each of the reports earned its rider; those that earned nothing are left out."""
    if not numbers:
        return {}
    rows = db.session.execute(
        select(Journal.report_number, SIGNED).where(
            Journal.report_number.in_(numbers), Journal.rider_id == rider_id, SHOWN
        )
    )
    earned: dict[str, int] = {}
    for number, points in rows:
        earned[str(number)] = earned.get(str(number), 0) + int(points)
    return earned


def list_waiting(rider_id: int, limit: int = 20) -> Sequence[Waiting]:
    """List what a rider was not paid, newest first: owed or withheld, each with its reason."""
    rows = db.session.execute(
        select(
            PendingAward.id,
            PendingAward.points,
            PendingAward.at,
            PendingAward.reason,
            PendingAward.cause_type,
            PendingAward.rule,
            PendingAward.severity,
            PendingAward.report_number,
        )
        .where(
            PendingAward.rider_id == rider_id,
            PendingAward.journal_id.is_(None),
            PendingAward.cancelled_at.is_(None),
        )
        .order_by(PendingAward.id.desc())
        .limit(limit)
    )
    return [Waiting(*row) for row in rows]
