"""Writing a month down as it stands: its counts, and what only this moment knows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, func, insert, literal, or_, select, text, update
from sqlalchemy.orm import Session

from grid_report.clock import Month
from grid_report.db import table_of
from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics.counts import areas as counts_areas
from grid_report.statistics.counts import live_queries
from grid_report.statistics.counts.cells import UNROUTED
from grid_report.statistics.measures import HIDDEN, LIVE, RULES, Facet, Measure
from grid_report.statistics.models import (
    StatisticsCell,
    StatisticsCompared,
    StatisticsFreeze,
)
from grid_report.statistics.month import compared_queries, name_queries, queries

_TABLE: Final = table_of(StatisticsCell)
_CELLS: Final = _TABLE.c
_COMPARED: Final = table_of(StatisticsCompared)
_COLUMNS: Final = ("month", "area", "facet", "key", "measure", "also", "n")


def hold_counts(session: Session) -> None:
    """Keep every writer of counts out until this transaction ends: a moment on PostgreSQL."""
    if session.get_bind().dialect.name == "postgresql":
        # SQLite has one writer anyway. Who waits here lists its change as a correction then.
        session.execute(text("LOCK TABLE statistics_cells IN SHARE ROW EXCLUSIVE MODE"))


def newest_version(session: Session, month: Month) -> int:
    """Return a month's newest version, 0 when it was never frozen. The lock is held already."""
    newest = select(func.max(StatisticsFreeze.version)).where(StatisticsFreeze.month == str(month))
    return session.scalar(newest) or 0


def has_counts(session: Session, month: Month) -> bool:
    """Tell whether anything was ever counted of a month."""
    c = _TABLE.c
    found = (
        select(c.month)
        .where(c.month == str(month), c.version == LIVE, c.facet != Facet.MOVED)
        .limit(1)
    )
    return session.scalar(found) is not None


def freeze(
    session: Session,
    month: Month,
    version: int,
    *,
    by_id: int | None,
    reason: str,
    places: Reference,
    county: County,
    now: datetime,
) -> None:
    """Write a month's counts as a version, and seal it. The lock is held already."""
    beside = compared_queries.marks(
        session, month, queries.newest_versions(compared_queries.months_beside(month))
    )
    session.add(
        frozen := StatisticsFreeze(
            month=str(month),
            version=version,
            frozen_at=now,
            frozen_by_id=by_id,
            reason=reason,
            document={**name_queries.document(places, county), compared_queries.NAME: beside},
            digest="",
            rules=RULES,
            sealed=False,
        )
    )
    session.flush()
    c = _TABLE.c
    every = {county.code, UNROUTED, *places.streets, *places.communities}
    session.execute(
        insert(_TABLE).from_select(
            [it.name for it in c],
            select(c.month, literal(version), c.area, c.facet, c.key, c.measure, c.also, c.n).where(
                c.month == str(month), c.version == LIVE, c.n != 0, c.facet.not_in(sorted(HIDDEN)),
                # Of the places there are, points come with what this moment knows.
                or_(c.facet != Facet.POINTS, c.area.not_in(sorted(every))),
            ),
        )
    )  # fmt: skip
    _keep_compared(session, month, version, beside, every, county=county, now=now)
    rows = _of_this_moment(month, version, every, places=places, county=county, now=now)
    if rows:
        session.execute(insert(_TABLE), rows)
    session.execute(
        update(StatisticsFreeze)
        .where(StatisticsFreeze.id == frozen.id)
        .values(digest=digest(session, month, version), sealed=True)
    )
    session.expire(frozen)


def _keep_compared(
    session: Session,
    month: Month,
    version: int,
    marked: Mapping[str, int],
    every: Collection[str],
    *,
    county: County,
    now: datetime,
) -> None:
    """Copy what is shown of the months that are compared live; the freeze is not sealed yet."""
    months = [Month.parse(it) for it, newest in marked.items() if newest == LIVE]
    if not months:
        return
    beside = compared_queries.months_beside(month)
    names: list[Any] = [literal(str(month)), literal(version)]
    session.execute(
        insert(_COMPARED).from_select(
            ["month", "version", "area", "of_month", "facet", "key", "measure", "n"],
            select(
                *names, _CELLS.area, _CELLS.month, _CELLS.facet, _CELLS.key, _CELLS.measure, _CELLS.n
            ).where(
                _CELLS.month.in_([str(it) for it in months]),
                _CELLS.version == LIVE,
                _CELLS.also == "",
                _CELLS.n != 0,
                or_(
                    _CELLS.facet == Facet.ALL,
                    and_(_CELLS.facet == Facet.CATEGORY, _CELLS.measure == Measure.RECEIVED),
                    and_(
                        _CELLS.facet.in_(compared_queries.LENGTHS),
                        _CELLS.month.in_([str(beside[0]), str(beside[-1])]),
                    ),
                ),
            ),
        )
    )  # fmt: skip
    late = live_queries.overdue_spread(
        months, counts_areas.whole(county), below=every, now=now, zone=county.tz
    )
    rows = [
        {
            "month": str(month), "version": version, "area": area, "of_month": name,
            "facet": Facet.ALL.value, "key": "", "measure": Measure.OVERDUE_OPEN.value, "n": n,
        }
        for (name, area), n in late.items()
        if n
    ]  # fmt: skip
    if rows:
        session.execute(insert(_COMPARED), rows)


def _of_this_moment(
    month: Month,
    version: int,
    every: set[str],
    *,
    places: Reference,
    county: County,
    now: datetime,
) -> list[dict[str, Any]]:
    found: Mapping[str, Any] = live_queries.merged(
        {},
        live_queries.overdue(
            month,
            month,
            counts_areas.whole(county),
            below=every,
            everywhere=True,
            now=now,
            zone=county.tz,
        ),
        live_queries.riders(month, every),
        live_queries.points(month, every, places=places, county=county),
        live_queries.people(month, county=county),
    )
    return [
        {
            "month": str(month),
            "version": version,
            "area": area,
            "facet": facet,
            "key": key,
            "measure": measure,
            "also": "",
            "n": n,
        }
        for area, figures in sorted(found.items())
        for (facet, key, measure), n in sorted(figures.counts.items())
        if n
    ]


def digest(session: Session, month: Month, version: int) -> str:
    """Return the SHA-256 of a version's counts, in a fixed order: what a print can be held against.

    Of what it was compared with too, where that was kept with it.
    """
    c = _TABLE.c
    columns = [c[name] for name in _COLUMNS]
    rows = sorted(
        tuple(row)
        for row in session.execute(
            select(*columns).where(c.month == str(month), c.version == version)
        )
    )
    document = session.scalar(
        select(StatisticsFreeze.document).where(
            StatisticsFreeze.month == str(month), StatisticsFreeze.version == version
        )
    )
    whole: Any = rows
    if document and compared_queries.NAME in document:
        beside = sorted(document[compared_queries.NAME].items())
        whole = [rows, beside, compared_queries.rows_of(session, month, version)]
    return hashlib.sha256(json.dumps(whole, ensure_ascii=False).encode()).hexdigest()
