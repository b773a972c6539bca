"""Reads over many months or areas at once: for maps, years and bulletins.

A frozen month is as it was last frozen, what is overdue in it included; in the others what is
overdue is of this moment.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from grid_report.clock import Month
from grid_report.settings import County
from grid_report.statistics.counts import live_queries
from grid_report.statistics.counts.areas import whole
from grid_report.statistics.counts.queries import EMPTY, WHOLE, Figures, read_months, read_period
from grid_report.statistics.measures import Facet, Measure
from grid_report.statistics.month.queries import newest_versions

_OVERDUE: Final = (Facet.ALL, "", Measure.OVERDUE_OPEN)


def read_spread(
    months: Sequence[Month],
    areas: Collection[str],
    *,
    county: County,
    now: datetime,
    measures: Collection[Measure] | None = None,
) -> tuple[dict[tuple[str, str], Figures], dict[str, int]]:
    """Return the whole counts by (month, area) of a run of months, and the versions they are of."""
    versions = newest_versions(months)
    found = read_months(months, areas, facets=WHOLE, versions=versions, measures=measures)
    open_months = [it for it in months if str(it) not in versions]
    wanted = measures is None or Measure.OVERDUE_OPEN in measures
    if wanted and open_months:
        for where, n in _late(open_months, areas, county, now).items():
            if where[1] in areas:
                counts = found.get(where, EMPTY).counts
                found[where] = replace(found.get(where, EMPTY), counts={**counts, _OVERDUE: n})
    return found, versions


def _late(
    months: Sequence[Month], areas: Collection[str], county: County, now: datetime
) -> dict[tuple[str, str], int]:
    return live_queries.overdue_spread(months, whole(county), below=areas, now=now, zone=county.tz)


def read_whole(
    first: Month,
    last: Month,
    areas: Collection[str],
    *,
    county: County,
    now: datetime,
    facets: Collection[Facet] = WHOLE,
) -> dict[str, Figures]:
    """Return the live counts of several months by area, each case once, with what is overdue now."""
    found = live_queries.merged(
        read_period(first, last, areas, facets=facets),
        live_queries.overdue(
            first,
            last,
            whole(county),
            below=areas,
            everywhere=facets != WHOLE,
            now=now,
            zone=county.tz,
        ),
    )
    return {area: found.get(area, EMPTY) for area in areas}
