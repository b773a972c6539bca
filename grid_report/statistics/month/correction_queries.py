"""What changed of a frozen month since: case by case, and added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from grid_report.db import db
from grid_report.settings import County
from grid_report.statistics.counts import live_queries
from grid_report.statistics.counts.definition_queries import C
from grid_report.statistics.counts.queries import EMPTY, read_months
from grid_report.statistics.measures import Facet, Measure
from grid_report.statistics.models import StatisticsCorrection
from grid_report.statistics.month.queries import MonthReport
from grid_report.web.paging import Page, pack, unpack_id

# What permissions look at, and the number.
SEEN: Final = (
    C.id, C.number, C.now_community_code, C.now_street_code, C.now_unit_code, C.now_self_handled,
)  # fmt: skip
_COMPARED: Final = (Facet.ALL, Facet.SERVICES)
# Seconds added up say nothing to anybody.
_SUMS: Final = frozenset({Measure.RESPONSE_S, Measure.HANDLING_S})


@dataclass(frozen=True)
class Correction:
    """One change: when, of which case (None for a service), and by how much each measure."""

    at: datetime
    case: Any
    area: str
    changes: Mapping[str, int]


@dataclass(frozen=True)
class Difference:
    """A measure that is no longer as it was frozen."""

    measure: Measure
    frozen: int
    now: int


def list_corrections(report: MonthReport, *, cursor: str | None, limit: int) -> Page[Correction]:
    """List what changed since the version shown was frozen, newest first, in the report's area."""
    assert report.frozen is not None
    query = (
        select(StatisticsCorrection)
        .where(
            StatisticsCorrection.month == str(report.month),
            StatisticsCorrection.version == report.frozen.version,
        )
        .order_by(StatisticsCorrection.id.desc())
        .limit(limit + 1)
    )
    before = unpack_id(cursor)
    if before is not None:
        query = query.where(StatisticsCorrection.id < before)
    if not report.area.is_county:
        # A street's code begins that of its communities.
        query = query.where(StatisticsCorrection.area.startswith(report.area.code, autoescape=True))
    rows = db.session.scalars(query).all()
    shown = rows[:limit]
    cases = _cases([row.about_id for row in shown if row.about == "case"])
    return Page(
        [
            Correction(
                row.at,
                cases.get(row.about_id) if row.about == "case" else None,
                row.area,
                {name: n for name, n in row.changes.items() if Measure(name) not in _SUMS},
            )
            for row in shown
        ],
        pack(shown[-1].id) if len(rows) > limit else None,
    )


def _cases(ids: Sequence[int]) -> dict[int, Any]:
    if not ids:
        return {}
    rows = db.session.execute(select(*SEEN).where(C.id.in_(ids)))
    return {row.id: row for row in rows}


def list_differences(report: MonthReport, *, county: County, now: datetime) -> list[Difference]:
    """Hold a frozen month's whole counts against the live ones of its area; what stayed is left out.

    Points and people are of the moment of the freeze, and are not held against anything; nor is
    what was counted by other rules than today's.
    """
    if report.frozen is not None and not report.frozen.by_todays_rules:
        return []
    month, area = report.month, report.area
    kept = read_months([month], [area.code], facets=_COMPARED).get((str(month), area.code), EMPTY)
    late = live_queries.overdue_by_month([month], area, now=now, zone=county.tz)
    now_counts = {**kept.counts, (Facet.ALL.value, "", Measure.OVERDUE_OPEN.value): late[month]}
    found = []
    for measure in Measure:
        if measure in _SUMS:
            continue
        for facet in _COMPARED:
            frozen = report.figures.count(measure, facet)
            current = now_counts.get((facet, "", measure), 0)
            if frozen != current:
                found.append(Difference(measure, frozen, current))
    return found
