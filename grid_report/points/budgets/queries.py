"""Budgets of communities and the county by month, and what riders still hold by expiry month.

Granted and awarded are the counters of the pools' accounts. What is held is added up from the lots
that are still alive, which are those of thirteen months at most, however long the history.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Final

from sqlalchemy import ColumnElement, Index, func, select, text

from grid_report.clock import Month, months_between
from grid_report.db import db
from grid_report.points.history.queries import MINT_KEY
from grid_report.points.kinds import IS_OPEN, AccountKind, EventKind
from grid_report.points.ledger.models import Account, Journal, Lot, Transfer
from grid_report.points.ledger.pending_models import PendingAward
from grid_report.points.policy import EXPIRY_MONTHS, YELLOW_PERCENT

# Declared beside the reads it is for; the ledger itself finds its accounts by their holder.
IS_POOL: Final = text("month <> ''")
Index(
    "ix_point_accounts_pools",
    Account.month,
    Account.community_code,
    sqlite_where=IS_POOL,
    postgresql_where=IS_POOL,
)

TREND_MONTHS: Final = 13


@dataclass(frozen=True)
class MonthlyBudget:
    """A pool of a month. `light` is green, yellow from 80 %, red when it is used up."""

    month: str
    granted: int
    awarded: int
    left: int
    pending: int

    @property
    def light(self) -> str:
        """Say how full the pool is."""
        if self.left <= 0 and self.granted:
            return "red"
        return "yellow" if self.awarded * 100 >= self.granted * YELLOW_PERCENT > 0 else "green"


@dataclass(frozen=True)
class Expiring:
    """So many points that riders hold are over at the end of that month."""

    month: Month
    points: int


Scope = Collection[str] | None


def list_pools(month: Month, communities: Scope) -> Mapping[str, MonthlyBudget]:
    """Return the pools of a month by community (None: all); those not opened are left out."""
    pools = _pools(month, month, communities, by=Account.community_code)
    pending = _pending(communities)
    return {
        code: _budget(month, granted, awarded, pending.get(code, 0))
        for code, (granted, awarded) in pools.items()
    } | {
        code: _budget(month, 0, 0, points) for code, points in pending.items() if code not in pools
    }


def first_month() -> Month | None:
    """Return the first month any pool was opened in."""
    first = db.session.scalar(select(func.min(Account.month)).where(IS_POOL))
    return Month.parse(first) if first else None


def reserve(month: Month) -> MonthlyBudget:
    """Return the county's reserve of a month."""
    granted, awarded = _pools(month, month, "reserve", by=Account.month).get(str(month), (0, 0))
    return _budget(month, granted, awarded, 0)


def trend(last: Month, communities: Scope | str) -> Sequence[MonthlyBudget]:
    """Return thirteen months of the pools added up, the oldest first; `"reserve"` for that one."""
    first = last.plus(1 - TREND_MONTHS)
    pools = _pools(first, last, communities, by=Account.month)
    months = [first.plus(n) for n in range(TREND_MONTHS)]
    return [_budget(month, *pools.get(str(month), (0, 0)), 0) for month in months]


def added_up(month: Month, budgets: Collection[MonthlyBudget]) -> MonthlyBudget:
    """Add pools up to one line."""
    return _budget(
        month,
        sum(it.granted for it in budgets),
        sum(it.awarded for it in budgets),
        sum(it.pending for it in budgets),
    )


def liability(communities: Scope, *, now: datetime, zone: tzinfo) -> Sequence[Expiring]:
    """Return what riders hold of these communities' awards, by the month in which it expires.

    Lots that are over and wait for the job that expires them are in the first month.
    """
    alive = Lot.free + Lot.held
    query = select(Lot.expires_at, func.sum(alive).label("points")).where(alive > 0)
    if communities is not None:
        this = Month.of(now, zone)
        query = (
            query.join(Transfer, Transfer.id == Lot.transfer_id)
            .join(Journal, Journal.id == Transfer.journal_id)
            .where(
                Journal.kind == EventKind.AWARD,
                Journal.community_code.in_(sorted(communities)),
                # One more than a lot can live: the job may be late.
                Journal.month >= str(this.plus(-EXPIRY_MONTHS - 1)),
            )
        )
    found: dict[Month, int] = {}
    for expires_at, points in db.session.execute(query.group_by(Lot.expires_at)):
        month = Month.of(expires_at - timedelta(seconds=1), zone)
        found[month] = found.get(month, 0) + int(points)
    if not found:
        return ()
    return [Expiring(it, found.get(it, 0)) for it in months_between(min(found), max(found))]


def _budget(month: Month, granted: int, awarded: int, pending: int) -> MonthlyBudget:
    return MonthlyBudget(str(month), granted, awarded, granted - awarded, pending)


_MINT: Final = select(Account.id).where(Account.holder == MINT_KEY).scalar_subquery()
# Few: one a pool and month at most, found from the mint's side, where awards are not.
_UNGRANTED: Final = (
    select(Transfer.debit_account_id, func.sum(Transfer.amount).label("points"))
    .where(Transfer.credit_account_id == _MINT, Transfer.route == "ungrant")
    .group_by(Transfer.debit_account_id)
    .subquery()
)


def _pools(
    first: Month, last: Month, communities: Scope | str, *, by: Any
) -> dict[str, tuple[int, int]]:
    """Return granted and awarded of the pools, grouped by a column of theirs."""
    whose: ColumnElement[bool]
    if communities is None:
        whose = Account.community_code.is_not(None)
    elif communities == "reserve":
        whose = Account.community_code.is_(None)
    else:
        whose = Account.community_code.in_(sorted(communities))
    # What went back to the mint at the month's close was granted, but not awarded.
    rows = db.session.execute(
        select(
            by,
            func.sum(Account.credits),
            func.sum(Account.debits),
            func.sum(func.coalesce(_UNGRANTED.c.points, 0)),
        )
        .outerjoin(_UNGRANTED, _UNGRANTED.c.debit_account_id == Account.id)
        .where(
            IS_POOL,
            Account.kind == AccountKind.BUDGET,
            Account.month >= str(first),
            Account.month <= str(last),
            whose,
        )
        .group_by(by)
    )
    return {
        str(key): (int(granted), int(debits) - int(back)) for key, granted, debits, back in rows
    }


def _pending(communities: Scope) -> dict[str, int]:
    """Return what is owed by community now; the partial index holds nothing else."""
    query = select(PendingAward.community_code, func.sum(PendingAward.points)).where(text(IS_OPEN))
    if communities is not None:
        query = query.where(PendingAward.community_code.in_(sorted(communities)))
    rows = db.session.execute(query.group_by(PendingAward.community_code))
    return {code: int(points) for code, points in rows}
