"""The values around median and P90: looked up to the minute, in one statement for all of a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import select, union_all

from grid_report.db import db, table_of
from grid_report.statistics.counts import durations
from grid_report.statistics.counts.queries import Figures
from grid_report.statistics.measures import LIVE, Facet
from grid_report.statistics.models import StatisticsCell

_CELLS: Final = table_of(StatisticsCell).c
Where = tuple[str, str]


def with_values(
    found: Mapping[Where, Figures], versions: Mapping[str, int]
) -> dict[Where, Figures]:
    """Return figures by (month, area) with the values their medians and P90s are read off.

    The statement reads at most a step of lengths for each, whatever was counted: five minutes of a
    day, an hour of a month.
    """
    parts = [part for where, figures in found.items() for part in _parts(where, figures, versions)]
    if not parts:
        return dict(found)
    values: dict[Where, dict[Facet, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for month, area, facet, key, n in db.session.execute(union_all(*parts)):
        values[month, area][Facet(facet)][int(key)] = n
    return {
        where: replace(figures, values=values[where]) if where in values else figures
        for where, figures in found.items()
    }


def _parts(where: Where, figures: Figures, versions: Mapping[str, int]) -> Iterable[Any]:
    month, area = where
    for facet, times in (
        (Facet.RESPONSE_MINUTES, figures.response()),
        (Facet.HANDLING_MINUTES, figures.handling()),
    ):
        for step in durations.steps_needed(times.lengths):
            yield select(_CELLS.month, _CELLS.area, _CELLS.facet, _CELLS.key, _CELLS.n).where(
                _CELLS.month == month,
                _CELLS.version == versions.get(month, LIVE),
                _CELLS.area == area,
                _CELLS.facet == facet,
                _CELLS.key > durations.minutes_key(durations.below(step)),
                _CELLS.key <= durations.minutes_key(step),
                _CELLS.n > 0,
            )
