"""Waits that grow with every failed try, counted in the database for all workers and hosts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Integer, bindparam, case, delete, text, update
from sqlalchemy.orm import Session

from grid_report.accounts.models import FailedTries
from grid_report.db import UtcInstant
from grid_report.errors import TooMany

FIRST_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)
# Who failed no more for so long begins anew.
FORGOTTEN: Final = timedelta(days=1)

# One statement counts and answers: two processes can never read the same old number, and whoever
# comes second waits for the first one's commit. `free_at` is returned as it was before this try.
# It lies ahead because of a wait only: a try that queued behind a later one is not too early.
_COUNT: Final = (
    text(
        "INSERT INTO failed_tries (name, failures, last_at, free_at)"
        " VALUES (:name, 1, :now, :forgotten)"
        " ON CONFLICT (name) DO UPDATE SET failures = CASE"
        " WHEN failed_tries.last_at < :forgotten THEN 1 ELSE failed_tries.failures + 1 END,"
        " last_at = excluded.last_at RETURNING failures, free_at"
    )
    .bindparams(bindparam("now", type_=UtcInstant()), bindparam("forgotten", type_=UtcInstant()))
    .columns(failures=Integer, free_at=UtcInstant())
)


@dataclass(frozen=True)
class Try:
    """A try that was counted as failed before it is known whether it is good."""

    name: str
    free_at: datetime
    free_before: datetime


def wait_after(failures: int, free: int) -> timedelta:
    """Return how long the next try waits: nothing at first, then 1, 2, 4 … minutes, an hour."""
    if failures < free:
        return timedelta(0)
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(failures - free, 10)))


def count(session: Session, name: str, *, free: int, now: datetime) -> Try:
    """Count a try under a name, of which the first `free` wait for nothing.

    Call inside a transaction; a refusal rolls its own count back, so that waiting is never made
    longer by asking. Raises TooMany, which says how long is left.
    """
    counted = session.execute(
        _COUNT, {"name": name, "now": now, "forgotten": now - FORGOTTEN}
    ).one()
    if counted.free_at > now:
        raise TooMany(retry_after_s=max(1, math.ceil((counted.free_at - now).total_seconds())))
    free_at = now + wait_after(counted.failures, free)
    if free_at > now:
        session.execute(
            update(FailedTries)
            .where(FailedTries.name == name)
            .values(free_at=free_at)
            .execution_options(synchronize_session=False)
        )
    return Try(name, free_at, counted.free_at)


def give_back(session: Session, tried: Try) -> None:
    """Take a counted try back with the wait it began: it turned out to be a good one."""
    own = FailedTries.free_at == tried.free_at
    before = bindparam("before", tried.free_before, UtcInstant())
    session.execute(
        update(FailedTries)
        .where(FailedTries.name == tried.name, FailedTries.failures > 0)
        .values(
            failures=FailedTries.failures - 1,
            free_at=case((own, before), else_=FailedTries.free_at),
        )
        .execution_options(synchronize_session=False)
    )


def sweep(session: Session, *, before: datetime) -> int:
    """Forget the names under which nothing failed since an instant; return how many."""
    swept = session.execute(
        delete(FailedTries)
        .where(FailedTries.last_at < before)
        .returning(FailedTries.name)
        .execution_options(synchronize_session=False)
    )
    return len(swept.all())
