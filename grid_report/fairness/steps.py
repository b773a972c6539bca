"""Writes of the review that take an open session and never commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from grid_report.db import insert_of, lock_one
from grid_report.fairness.kinds import SignalKind, SignalState, Trust
from grid_report.fairness.models import Draw, Mark, Print, Sampled, Signal
from grid_report.fairness.signals import photos_alike
from grid_report.reports.desk.review_queries import Decision

# More photos than this under a hash's keys are a pattern, not a match: the newest are compared.
MOST_CANDIDATES = 200


def _insert_once(session: Session, table: Any, values: dict[str, Any], unique: str) -> bool:
    """Insert a row unless its like is there; tell whether it was inserted."""
    statement = (
        insert_of(session, table).values(values).on_conflict_do_nothing(index_elements=[unique])
    )
    inserted = session.execute(statement.returning(getattr(table, unique)))
    return inserted.scalar_one_or_none() is not None


def lock_mark(session: Session, name: str) -> Mark:
    """Take a finder's mark: a second run of the same finder waits, and then finds less to read."""
    _insert_once(session, Mark, {"name": name, "up_to": 0}, "name")
    return lock_one(session, Mark, Mark.name == name)


def put_signal(
    session: Session,
    kind: SignalKind,
    cause: str,
    seen: Any,
    *,
    facts: dict[str, Any],
    trust: Trust,
    now: datetime,
    other_report_id: int | None = None,
    other_rider_id: int | None = None,
    worker_id: int | None = None,
) -> int:
    """Write down what looked odd about a report, once a cause; return how many were new: 0 or 1."""
    values = {
        "kind": kind,
        "cause": f"{kind}:{cause}",
        "report_id": seen.report_id if hasattr(seen, "report_id") else seen.id,
        "other_report_id": other_report_id,
        "rider_id": seen.rider_id,
        "other_rider_id": other_rider_id,
        "worker_id": worker_id,
        "community_code": seen.community_code,
        "street_code": seen.street_code,
        "facts": facts,
        "trust": int(trust),
        "found_at": now,
        "state": SignalState.OPEN,
        "words": "",
    }
    return int(_insert_once(session, Signal, values, "cause"))


def near_photo_ids(session: Session, print_: int, *, since: datetime) -> list[int]:
    """Return the photos whose hash may be near, by the keys they are filed under."""
    return list(
        session.scalars(
            select(Print.photo_id)
            .where(Print.key.in_(photos_alike.near_keys(print_)), Print.at >= since)
            .distinct()
            .order_by(Print.photo_id.desc())
            .limit(MOST_CANDIDATES)
        )
    )


def file_print(session: Session, photo_id: int, print_: int, at: datetime) -> None:
    """File a photo under the keys of its hash."""
    session.execute(
        insert(Print),
        [{"key": key, "photo_id": photo_id, "at": at} for key in photos_alike.keys(print_)],
    )


def forget_prints(session: Session, before: datetime) -> None:
    """Drop the keys of photos that nothing is compared with any more."""
    session.execute(
        delete(Print).where(Print.at < before).execution_options(synchronize_session=False)
    )


def new_open_by_street(
    session: Session, mark: Mark, now: datetime, limit: int
) -> tuple[dict[str | None, int], bool]:
    """Move a mark on; return how many signals behind it are still open by street, and whether
    there may be more."""
    rows = session.execute(
        select(Signal.id, Signal.street_code, Signal.state, Signal.found_at)
        .where(Signal.id > mark.up_to)
        .order_by(Signal.id)
        .limit(limit)
    ).all()
    batch = settled(list(rows), "found_at", now)
    if batch:
        mark.up_to = batch[-1].id
    open_ones = Counter(row.street_code for row in batch if row.state is SignalState.OPEN)
    return dict(open_ones), len(batch) == limit


def lock_signal(session: Session, signal_id: int) -> Signal:
    """Take a signal for judging it. Raises NotFound."""
    return lock_one(session, Signal, Signal.id == signal_id)


def lock_sampled(session: Session, sampled_id: int) -> Sampled:
    """Take a sampled report for judging it. Raises NotFound."""
    return lock_one(session, Sampled, Sampled.id == sampled_id)


def begin_draw(session: Session, month: str, seed: str, population: int, now: datetime) -> bool:
    """Note that a month is drawn; False when it was drawn before."""
    values = {"month": month, "seed": seed, "population": population, "drawn_at": now}
    return _insert_once(session, Draw, values, "month")


def add_sampled(
    session: Session,
    month: str,
    drawn: Iterable[Decision],
    streets: dict[str, str],
    now: datetime,
) -> None:
    """Write down which reports were drawn. `streets`: the street of each community."""
    rows = [
        {
            "month": month,
            "report_id": one.report_id,
            "rider_id": one.rider_id,
            "accepted_by_id": one.actor_id,
            "accepted_at": one.at,
            "community_code": one.community_code,
            "street_code": streets[one.community_code],
            "drawn_at": now,
            "words": "",
        }
        for one in drawn
    ]
    if rows:
        session.execute(insert(Sampled), rows)


def comparing_since(at: datetime) -> datetime:
    """Return from when on photos are compared with one of this instant."""
    return at - photos_alike.WINDOW


SETTLED = timedelta(minutes=2)


def settled(batch: list[Any], at: str, now: datetime) -> list[Any]:
    """Leave out what is too young: a row with a smaller id may not be committed yet."""
    for index, row in enumerate(batch):
        if getattr(row, at) > now - SETTLED:
            return batch[:index]
    return batch
