"""How often something may be tried: fixed windows counted in the database, for all hosts."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import bindparam, delete, select, text, update
from sqlalchemy.orm import Session

from grid_report.accounts.models import RateCounter
from grid_report.db import UtcInstant
from grid_report.errors import TooMany

# One statement counts and answers, so two processes can never read the same old number.
_COUNT: Final = text(
    "INSERT INTO rate_counters (name, window_start, hits) VALUES (:name, :window_start, :hits)"
    " ON CONFLICT (name, window_start) DO UPDATE SET hits = rate_counters.hits + excluded.hits"
    " RETURNING hits"
).bindparams(bindparam("window_start", type_=UtcInstant()))


def count(
    session: Session, name: str, *, window_s: int, limit: int, now: datetime, hits: int = 1
) -> int:
    """Count tries in the present window and return how many there are now.

    Call inside a transaction; a refusal rolls its own count back. Raises TooMany.
    """
    start = _window(now, window_s)
    end = start + timedelta(seconds=window_s)
    return count_between(
        session, _name(name, window_s), start=start, end=end, limit=limit, now=now, hits=hits
    )


def count_between(
    session: Session,
    name: str,
    *,
    start: datetime,
    end: datetime,
    limit: int,
    now: datetime,
    hits: int = 1,
) -> int:
    """Count tries in a window of the caller's own, such as a day of the county. As `count`."""
    row = {"name": name, "window_start": start, "hits": hits}
    counted = int(session.execute(_COUNT, row).scalar_one())
    if counted > limit:
        raise TooMany(retry_after_s=max(1, math.ceil((end - now).total_seconds())))
    return counted


def counted_since(session: Session, name: str, start: datetime) -> int:
    """Return how many tries a window of the caller's own has seen."""
    return (
        session.scalar(
            select(RateCounter.hits).where(
                RateCounter.name == name, RateCounter.window_start == start
            )
        )
        or 0
    )


def give_back(session: Session, name: str, *, window_s: int, now: datetime, hits: int = 1) -> None:
    """Take a counted try back: it turned out to be a good one."""
    session.execute(
        update(RateCounter)
        .where(
            RateCounter.name == _name(name, window_s),
            RateCounter.window_start == _window(now, window_s),
            RateCounter.hits >= hits,
        )
        .values(hits=RateCounter.hits - hits)
        .execution_options(synchronize_session=False)
    )


@dataclass
class _Turn:
    lock: threading.Lock = field(default_factory=threading.Lock)
    wanted_by: int = 0


_turns: dict[str, _Turn] = {}
_turns_lock = threading.Lock()


@contextmanager
def turn(name: str) -> Iterator[None]:
    """Let the tries of one name go one after the other in this process.

    A try counts from before its check until it turns out to be good. Checked side by side, good
    ones would use the limit up for each other; so each process has one in flight, and they are
    refused only where more processes than `limit` check the same name at the same moment. What
    may be guessed does not rest on this: that is counted in the database.
    """
    with _turns_lock:
        own = _turns.setdefault(name, _Turn())
        own.wanted_by += 1
    try:
        with own.lock:
            yield
    finally:
        with _turns_lock:
            own.wanted_by -= 1
            if not own.wanted_by:
                del _turns[name]


def sweep(session: Session, *, before: datetime) -> int:
    """Delete the windows that began before an instant; return how many."""
    swept = session.execute(
        delete(RateCounter)
        .where(RateCounter.window_start < before)
        .returning(RateCounter.name)
        .execution_options(synchronize_session=False)
    )
    return len(swept.all())


def _window(now: datetime, window_s: int) -> datetime:
    return datetime.fromtimestamp(int(now.timestamp()) // window_s * window_s, UTC)


def _name(name: str, window_s: int) -> str:
    # An hour and a day that start together are still two windows.
    return f"{name}/{window_s}"
