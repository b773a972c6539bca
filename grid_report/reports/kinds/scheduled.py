"""Counting what was accepted, some while after it was: no acceptance waits for a counter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.db import Base, insert_of, table_of, transaction, use_case
from grid_report.places import steps as places_steps
from grid_report.places.geo.reference import Reference
from grid_report.reports.kinds import learning
from grid_report.reports.kinds.models import KindCount, KindLetter
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import HistoryEntry, Report

LEARNED: Final = "kinds-learned"
# History is numbered when it is written and seen when it is committed: what is younger may have
# older neighbours that nobody sees yet.
SETTLED: Final = timedelta(minutes=10)


@use_case
def learn_kinds(*, places: Reference, zone: tzinfo, now: datetime, limit: int = 2000) -> int:
    """Count the next accepted reports, each once in its life; return how many rows were looked at.

    Sensitive kinds are neither counted nor learned from.
    """
    known = learning.vocabulary(places.categories.by_code.values())
    counts: Counter[tuple[str, int, str]] = Counter()
    letters: Counter[tuple[str, str]] = Counter()
    with transaction() as session:
        # The stamp's row is held until the commit: two runs at once count nothing twice.
        stamp = places_steps.lock_stamp(session, LEARNED)
        rows = _next(session, stamp.version, limit=limit)
        # The first that is too young ends it, whatever is written after it.
        done = list(takewhile(lambda row: not _is_young(row.at, now), rows))
        for row in done:
            if not _is_first_acceptance(row):
                continue
            month = row.at.astimezone(zone).month
            for area in (row.community_code, places.county_code):
                counts[area, month, row.category_code] += 1
            found = learning.countable(row.description, known)
            for letter in found | {learning.REPORTS} if found else ():
                letters[row.category_code, letter] += 1
        _add(session, KindCount, ("area_code", "month", "category_code"), "accepted", counts)
        _add(session, KindLetter, ("category_code", "letter"), "seen", letters)
        if done:
            stamp.version = done[-1].id
        return len(done)


def _is_young(at: datetime, now: datetime) -> bool:
    """Tell whether older ones may come yet; what is far ahead a wrong clock wrote, once."""
    return now - SETTLED < at <= now + SETTLED


def _next(session: Session, after: int, *, limit: int) -> list[Any]:
    return list(
        session.execute(
            select(
                HistoryEntry.id,
                HistoryEntry.at,
                HistoryEntry.step,
                Report.first_accepted_at,
                Report.category_code,
                Report.community_code,
                Report.sensitive,
                Report.description,
            )
            .join(Report, Report.id == HistoryEntry.report_id)
            .where(HistoryEntry.id > after)
            .order_by(HistoryEntry.id)
            .limit(limit)
        )
    )


def _is_first_acceptance(row: Any) -> bool:
    return (
        row.step is Step.ACCEPT
        and row.at == row.first_accepted_at
        and row.community_code is not None
        and not row.sensitive
    )


def _add(
    session: Session,
    model: type[Base],
    keys: tuple[str, ...],
    sum_name: str,
    counts: Mapping[Any, int],
) -> None:
    """Add to sums, in one statement and in the order of their keys."""
    if not counts:
        return
    table = table_of(model)
    insert = insert_of(session, table)
    values = [
        {**dict(zip(keys, key, strict=True)), sum_name: count}
        for key, count in sorted(counts.items())
    ]
    adding = insert.on_conflict_do_update(
        index_elements=[table.c[name] for name in keys],
        set_={sum_name: table.c[sum_name] + insert.excluded[sum_name]},
    )
    session.execute(adding, values)
