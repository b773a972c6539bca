"""A year of an area: its months, the year as a whole, and the same months a year before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grid_report.clock import Month
from grid_report.places.reference import Reference
from grid_report.settings import County
from grid_report.statistics.areas import Area, children
from grid_report.statistics.figures import EMPTY, Figures
from grid_report.statistics.spread import read_spread, read_whole


@dataclass(frozen=True)
class YearReport:
    """A year up to `last`, its newest month with figures.

    Months that are frozen are as they were last frozen (`versions`); the sums are live, over the
    same months of both years, and each case counts in them once: they are not the months added up.
    """

    year: int
    area: Area
    last: Month
    months: Sequence[tuple[Month, Figures]]
    before: Sequence[tuple[Month, Figures]]
    whole: Figures
    whole_before: Figures
    parts: Sequence[tuple[Area, Figures, Figures]]
    versions: Mapping[str, int]

    @property
    def is_over(self) -> bool:
        """Tell whether all twelve months are in."""
        return len(self.months) == 12


def read_year(
    year: int, area: Area, *, this: Month, places: Reference, county: County, now: datetime
) -> YearReport:
    """Return a year of an area, in a fixed number of statements."""
    first, last = Month(year, 1), min(Month(year, 12), this)
    months = [Month(year, number) for number in range(1, last.number + 1)]
    earlier = [it.plus(-12) for it in months]
    every = [first.plus(n) for n in range(-12, last.number)]
    found, versions = read_spread(every, [area.code], county=county, now=now)
    parts = children(area, places, county)
    codes = [area.code, *(it.code for it in parts)]
    whole = read_whole(first, last, codes, county=county, now=now)
    before = read_whole(first.plus(-12), last.plus(-12), codes, county=county, now=now)
    return YearReport(
        year=year,
        area=area,
        last=last,
        months=[(it, found.get((str(it), area.code), EMPTY)) for it in months],
        before=[(it, found.get((str(it), area.code), EMPTY)) for it in earlier],
        whole=whole[area.code],
        whole_before=before[area.code],
        parts=[(it, whole[it.code], before[it.code]) for it in parts],
        versions=versions,
    )
