"""The cases a month's page shows by name: late ones, waiting ones, reopened ones, good ones.

Each list is short and read off an index, whatever the table holds. What is late or suspended is a
matter of the moment the page is of; the figures beside are not made from these lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.places.queries import cache
from grid_report.reports import queries as reports_queries
from grid_report.statistics.counts.areas import Area
from grid_report.statistics.counts.definition_queries import (
    IS_SUSPENDED,
    OF_CASES,
    PAST,
    REPORTS,
    C,
    R,
    in_area,
)
from grid_report.statistics.explorer.case_queries import columns
from grid_report.statistics.measures import Measure

SHOWN: Final = 3
# Of the newest closings so many are looked at for the area's, and of those so many by their photos.
LOOKED_AT: Final = 1000
CANDIDATES: Final = 12


@dataclass(frozen=True)
class Typical:
    """A case to show: its row, one photo before and after, and how long it took."""

    row: Any
    before: Any
    after: Any
    spent_s: float


def typical(month: Month, area: Area) -> Sequence[Typical]:
    """Choose closed cases with both photos, the gravest and then the quickest.

    Never a sensitive one, and none of which its rider said it is not solved.
    """
    start, end = month.bounds(cache().county.tz)
    newest = (
        select(C.id)
        .where(C.closed_at >= start, C.closed_at < end)
        .order_by(C.closed_at.desc())
        .limit(LOOKED_AT)
        .subquery()
    )
    rows = db.session.execute(
        select(*columns(REPORTS), C.solved).where(
            C.id.in_(select(newest.c.id)),
            C.sensitive.is_(False),
            C.solved.is_not(False),
            C.handled_at.is_not(None),
            in_area(area),
        )
    ).all()
    rows = sorted(rows, key=lambda it: (-it.severity, it.solved is None, _spent(it), it.id))
    rows = rows[:CANDIDATES]
    photos = reports_queries.photos_of([it.id for it in rows])
    found = []
    for row in rows:
        # As it was found, and as it was left.
        before = next((it for it in photos[row.id] if it.kind == "before"), None)
        after = next((it for it in reversed(photos[row.id]) if it.kind == "after"), None)
        if before is not None and after is not None:
            found.append(Typical(row, before, after, _spent(row)))
    return found[:SHOWN]


def _spent(row: Any) -> float:
    since = row.dispatched_at or row.started_at or row.created_at
    return max(0.0, float((row.handled_at - since).total_seconds()))


def late(month: Month, area: Area, *, at: datetime, limit: int) -> Sequence[Any]:
    """List what is overdue at a moment, the longest first."""
    start, end = month.bounds(cache().county.tz)
    overdue = OF_CASES[Measure.OVERDUE_OPEN]
    return db.session.execute(
        select(*columns(REPORTS))
        .where(overdue.within(start, min(end, at)), in_area(area))
        .order_by(C.fix_due, C.id)
        .limit(limit)
    ).all()


def suspended(month: Month, area: Area, *, limit: int) -> Sequence[Any]:
    """List what was due in a month and is suspended, the earliest deadline first."""
    start, end = month.bounds(cache().county.tz)
    return db.session.execute(
        select(*columns(REPORTS), C.review_on)
        .where(IS_SUSPENDED, C.fix_due >= start, C.fix_due < end, in_area(area))
        .order_by(C.fix_due, C.id)
        .limit(limit)
    ).all()


def reopened(month: Month, area: Area, *, limit: int) -> Sequence[Any]:
    """List what was reopened in a month, newest first: the rounds that ended so."""
    start, end = month.bounds(cache().county.tz)
    return db.session.execute(
        select(*columns(PAST), R.ended_at)
        .where(R.ended_at >= start, R.ended_at < end, in_area(area, R))
        .order_by(R.ended_at.desc(), R.id.desc())
        .limit(limit)
    ).all()
