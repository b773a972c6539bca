"""What time does to points, for the jobs: expiry, its notices, and months that close.

Each piece is a transaction of its own, and looks for what is left to do: killed in the middle,
run twice, or with a clock that went back, the next run goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from grid_report.clock import Month
from grid_report.db import db, transaction, use_case
from grid_report.points import ledger
from grid_report.points.errors import LedgerFrozen
from grid_report.points.kinds import AccountKind
from grid_report.points.ledger import accounts
from grid_report.points.ledger.models import Account, Journal, Lot, Transfer
from grid_report.points.ledger.pending_models import ExpiryNotice
from grid_report.points.outcomes import Moved
from grid_report.points.policy import NOTICE_DAYS, Terms
from grid_report.points.signals import points_expiring

AT_ONCE: Final = 100


def expire_points(*, now: datetime, should_continue: Callable[[], bool] = lambda: True) -> int:
    """End what is over, those over longest first; return how many riders lost points.

    While the ledger is frozen nothing ends.
    """
    done = 0
    while should_continue():
        db.session.rollback()  # the next look must not see the same snapshot again
        over = db.session.execute(
            select(Account.member_id, Journal.community_code)
            .select_from(Lot)
            .join(Account, Account.id == Lot.account_id)
            .join(Transfer, Transfer.id == Lot.transfer_id)
            .join(Journal, Journal.id == Transfer.journal_id)
            .where(Lot.free > 0, Lot.expires_at <= now)
            .group_by(Account.member_id, Journal.community_code)
            .order_by(func.min(Lot.expires_at), Account.member_id, Journal.community_code)
            .limit(AT_ONCE)
        ).all()
        for rider_id, community_code in over:
            if not should_continue():
                return done
            assert rider_id is not None
            assert community_code is not None
            try:
                done += _expire(rider_id, community_code, now) is not None
            except LedgerFrozen:
                return done
        if len(over) < AT_ONCE:
            break
    return done


@use_case
def _expire(rider_id: int, community_code: str, now: datetime) -> Moved | None:
    with transaction() as session:
        return ledger.expire(session, rider_id, community_code=community_code, at=now)


def tell_of_expiry(
    *, terms: Terms, now: datetime, should_continue: Callable[[], bool] = lambda: True
) -> int:
    """Tell riders 60, 30 and 7 days before points are over, once each; return how many notices.

    Who was not told in time is told the nearest of them only.
    """
    told = 0
    for nearer, days in pairwise((0, *sorted(NOTICE_DAYS))):
        while should_continue():
            some = _tell_some(days, nearer, terms, now)
            told += some
            if not some:
                break
    return told


@use_case
def _tell_some(days: int, nearer: int, terms: Terms, now: datetime) -> int:
    with transaction() as session:
        rows = session.execute(
            select(Account.member_id, Lot.expires_at, func.sum(Lot.free).label("points"))
            .join(Account, Account.id == Lot.account_id)
            .where(
                Lot.free > 0,
                Lot.expires_at > now + timedelta(days=nearer),
                Lot.expires_at <= now + timedelta(days=days),
                # Told of this date, or nearer to it by a clock that has gone back since.
                ~exists().where(
                    ExpiryNotice.rider_id == Account.member_id,
                    ExpiryNotice.expires_at == Lot.expires_at,
                    ExpiryNotice.days_before <= days,
                ),
            )
            .group_by(Account.member_id, Lot.expires_at)
            .order_by(Lot.expires_at, Account.member_id)
            .limit(AT_ONCE)
        ).all()
        return sum(
            _tell(
                session, rider_id, expires_at, points=int(points), days=days, terms=terms, now=now
            )
            for rider_id, expires_at, points in rows
        )


def _tell(
    session: Session,
    rider_id: int | None,
    expires_at: datetime,
    *,
    points: int,
    days: int,
    terms: Terms,
    now: datetime,
) -> bool:
    assert rider_id is not None
    noted = session.execute(
        accounts.insert_once(session, ExpiryNotice)
        .values(
            rider_id=rider_id,
            expires_at=expires_at,
            days_before=days,
            points=points,
            told_at=now,
        )
        .returning(ExpiryNotice.rider_id)
    ).scalar_one_or_none()
    if noted is None:  # another run was quicker
        return False
    points_expiring.send(
        session,
        session=session,
        rider_id=rider_id,
        points=points,
        last_day=terms.last_day(expires_at),
        now=now,
    )
    return True


def close_budgets(
    *, terms: Terms, now: datetime, should_continue: Callable[[], bool] = lambda: True
) -> int:
    """Give back what the pools of months that are over did not award; return how many closed."""
    left = Account.credits - Account.debits
    rows = db.session.execute(
        select(Account.community_code, Account.month)
        .where(
            Account.kind == AccountKind.BUDGET,
            Account.month < str(terms.month(now)),
            left > 0,
        )
        .order_by(Account.month, Account.id)
    ).all()
    due = [(code, Month.parse(month)) for code, month in rows]
    due = [(code, month) for code, month in due if terms.may_close(month, now)]
    closed = 0
    for start in range(0, len(due), AT_ONCE):
        if not should_continue():
            break
        try:
            closed += _close(due[start : start + AT_ONCE], terms, now)
        except LedgerFrozen:
            break
    return closed


@use_case
def _close(pools: Sequence[tuple[str | None, Month]], terms: Terms, now: datetime) -> int:
    with transaction() as session:
        moved = [
            ledger.close_budget(session, code, month, terms=terms, at=now) for code, month in pools
        ]
        return sum(it is not None and not it.already for it in moved)
