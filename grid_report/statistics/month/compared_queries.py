"""What a frozen month is compared with, kept with it: the year before it, as it stood at that moment.

Of a month that was frozen itself its version is kept, which never changes; of the others a copy of
what is shown beside the month. Versions frozen before this was kept know nothing of it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grid_report.clock import Month
from grid_report.db import db, table_of
from grid_report.statistics.counts.cells import HELD
from grid_report.statistics.counts.queries import Figures, Key
from grid_report.statistics.measures import DETAILS, LIVE, Facet
from grid_report.statistics.models import StatisticsCell, StatisticsCompared

TREND_MONTHS: Final = 13
# What a freeze's document calls it: month to the version it was compared with, 0 for live counts.
NAME: Final = "compared"
_CELLS: Final = table_of(StatisticsCell).c
_TABLE: Final = table_of(StatisticsCompared)
_KEPT: Final = _TABLE.c
LENGTHS: Final = (
    Facet.RESPONSE, Facet.HANDLING, Facet.RESPONSE_MINUTES, Facet.HANDLING_MINUTES,
)  # fmt: skip


def months_beside(month: Month) -> Sequence[Month]:
    """Return the twelve months before one, the oldest first."""
    return [month.plus(n) for n in range(1 - TREND_MONTHS, 0)]


def first_month(session: Session) -> Month | None:
    """Return the first month anything was counted of; None where nothing was. The end of a key."""
    name = session.scalar(
        select(func.min(_CELLS.month)).where(_CELLS.month != HELD, _CELLS.facet != Facet.MOVED)
    )
    return Month.parse(name) if name else None


def marks(session: Session, month: Month, versions: Mapping[str, int]) -> dict[str, int]:
    """Return by month what a month is compared with now: a version, or 0 for the live counts.

    `versions` are the newest of the months before. Months before the first one have nothing to
    be compared with, and are left out.
    """
    first = first_month(session)
    return {
        str(it): versions.get(str(it), LIVE)
        for it in months_beside(month)
        if str(it) in versions or (first is not None and it >= first)
    }


def rows_of(session: Session, month: Month, version: int) -> list[tuple[Any, ...]]:
    """Return everything kept with a version, in a fixed order: its digest is made of it too."""
    columns = (_KEPT.of_month, _KEPT.area, _KEPT.facet, _KEPT.key, _KEPT.measure, _KEPT.n)
    return sorted(
        tuple(row)
        for row in session.execute(
            select(*columns).where(_KEPT.month == str(month), _KEPT.version == version)
        )
    )


@dataclass(frozen=True)
class Compared:
    """What a version was compared with: months by version (0: live then), and counts of the live."""

    versions: Mapping[str, int]
    live: Mapping[Month, Figures]


def read(
    document: Mapping[str, Any], month: Month, version: int, area: str, *, rules: int
) -> Compared | None:
    """Return what a version kept of an area, in one statement; None where it kept nothing yet."""
    if NAME not in document:
        return None
    versions: Mapping[str, int] = document[NAME]
    months = [Month.parse(it) for it, newest in versions.items() if newest == LIVE]
    if not months:
        return Compared(versions, {})
    counts: dict[str, dict[Key, int]] = defaultdict(dict)
    values: dict[str, dict[Facet, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for name, facet, key, measure, n in db.session.execute(
        select(_KEPT.of_month, _KEPT.facet, _KEPT.key, _KEPT.measure, _KEPT.n).where(
            _KEPT.month == str(month), _KEPT.version == version, _KEPT.area == area
        )
    ).all():
        if facet in DETAILS:
            values[name][Facet(facet)][int(key)] = n
        else:
            counts[name][facet, key, measure] = n
    return Compared(
        versions,
        {it: Figures(counts.get(str(it), {}), rules, values.get(str(it), {})) for it in months},
    )
