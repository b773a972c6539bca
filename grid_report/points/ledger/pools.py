"""A month's pools: opened with the month, added to by hand, closed when nothing can be paid.

The pool is an account per community and month, the county's reserve one per month: that they
cannot go below zero is the budget.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.clock import Month
from grid_report.points.causes import BUDGET_CLOSED, BUDGET_OPENED, Cause
from grid_report.points.errors import MonthClosed, MonthNotOver, SecondPersonNeeded
from grid_report.points.kinds import EventKind
from grid_report.points.ledger import accounts
from grid_report.points.ledger.accounts import MINT, AccountRef
from grid_report.points.ledger.events import find_event, write_event, write_transfer
from grid_report.points.ledger.freezes import refuse_when_frozen
from grid_report.points.ledger.models import Account, Transfer
from grid_report.points.outcomes import Moved
from grid_report.points.policy import Terms


def open_budget(
    session: Session,
    community_code: str,
    month: Month,
    *,
    points: int,
    reserve_points: int,
    at: datetime,
) -> bool:
    """Open a community's month, and put the county's share aside. False when it was open before.

    Raises LedgerFrozen.
    """
    refuse_when_frozen(session)
    return open_month(
        session, community_code, month, points=points, reserve_points=reserve_points, at=at
    )


def grant(
    session: Session,
    community_code: str | None,
    month: Month,
    *,
    points: int,
    cause: Cause,
    actor_id: int,
    approved_by_id: int,
    at: datetime,
    note: str = "",
) -> int | None:
    """Add points to a pool by hand, or to the reserve; return the entry, None if it was written.

    Raises LedgerFrozen, SecondPersonNeeded, MonthClosed.
    """
    if actor_id == approved_by_id:
        raise SecondPersonNeeded
    refuse_when_frozen(session)
    pool = accounts.budget(community_code, month)
    places = accounts.lock(session, MINT)
    places |= accounts.lock_or_open(session, pool)
    if find_event(session, cause) is None and is_closed(session, pool):
        raise MonthClosed
    entry_id = write_event(
        session,
        EventKind.GRANT,
        cause,
        at=at,
        points=points,
        actor_id=actor_id,
        approved_by_id=approved_by_id,
        community_code=community_code,
        month=str(month),
        note=note,
    )
    if entry_id is not None:
        write_transfer(
            session,
            entry_id,
            EventKind.GRANT,
            "grant",
            debit=places[MINT],
            credit=places[pool],
            amount=points,
        )
    return entry_id


def close_budget(
    session: Session, community_code: str | None, month: Month, *, terms: Terms, at: datetime
) -> Moved | None:
    """Give what a month's pool, or the reserve, did not award back to the mint; once.

    None when there was nothing left. Raises MonthNotOver, LedgerFrozen.
    """
    pool = accounts.budget(community_code, month)
    places = accounts.lock(session, MINT)
    places |= accounts.lock(session, pool)
    cause = Cause(BUDGET_CLOSED, f"{community_code or 'county'}:{month}")
    before = find_event(session, cause)
    if before is not None:
        return Moved(before.id, before.points, already=True)
    if not terms.may_close(month, at):
        raise MonthNotOver
    left = places[pool].left if pool in places else 0
    if not left:
        return None
    refuse_when_frozen(session)
    entry_id = write_event(
        session,
        EventKind.UNGRANT,
        cause,
        at=at,
        points=left,
        community_code=community_code,
        month=str(month),
    )
    assert entry_id is not None  # looked for under the mint's lock
    write_transfer(
        session,
        entry_id,
        EventKind.UNGRANT,
        "ungrant",
        debit=places[pool],
        credit=places[MINT],
        amount=left,
    )
    return Moved(entry_id, left)


def open_month(
    session: Session,
    community_code: str,
    month: Month,
    *,
    points: int,
    reserve_points: int,
    at: datetime,
) -> bool:
    """Open a month for an award that needs it. False when it was open, or is closed, before."""
    # The mint's lock comes first: of two who open the same month the second finds it open.
    mint = accounts.lock(session, MINT)[MINT]
    pool, reserve = accounts.budget(community_code, month), accounts.budget(None, month)
    if points + reserve_points == 0:
        accounts.open_accounts(session, pool)
        return False
    # A clock that went back opens no month again whose reserve is back at the mint.
    if is_closed(session, pool, reserve):
        return False
    entry_id = write_event(
        session,
        EventKind.GRANT,
        Cause(BUDGET_OPENED, f"{community_code}:{month}"),
        at=at,
        points=points + reserve_points,
        community_code=community_code,
        month=str(month),
    )
    if entry_id is None:
        return False
    places = accounts.lock_or_open(session, pool, reserve)
    for holder, amount in ((pool, points), (reserve, reserve_points)):
        if amount:
            write_transfer(
                session,
                entry_id,
                EventKind.GRANT,
                "grant",
                debit=mint,
                credit=places[holder],
                amount=amount,
            )
    return True


def is_closed(session: Session, *pools: AccountRef) -> bool:
    """Tell whether what one of the pools had left went back to the mint."""
    closing = (
        select(Transfer.id)
        .join(Account, Account.id == Transfer.debit_account_id)
        .where(
            Account.holder.in_([pool.key for pool in pools]), Transfer.event == EventKind.UNGRANT
        )
        .limit(1)
    )
    return session.scalar(closing) is not None
