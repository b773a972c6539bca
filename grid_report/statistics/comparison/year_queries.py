"""A year of an area: its months, the year as a whole, and the same months a year before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from grid_report import rates
from grid_report.clock import Month
from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics.comparison.batch_queries import read_spread, read_whole
from grid_report.statistics.counts.areas import Area, children
from grid_report.statistics.counts.queries import EMPTY, Figures
from grid_report.statistics.measures import Measure, RateName


@dataclass(frozen=True)
class YearReport:
    """A year up to `last`, its newest month with figures.

    Months that are frozen are as they were last frozen (`versions`); the sums are live, and each
    case counts in them once: they are not the months added up. Compared are `equal` months only:
    those that are over and whose month a year before lies not before the first case; `sides` are
    the sums over them, of this year and of the year before.
    """

    year: int
    area: Area
    last: Month
    months: Sequence[tuple[Month, Figures]]
    before: Sequence[tuple[Month, Figures]]
    whole: Figures
    equal: Sequence[Month]
    sides: tuple[Figures, Figures]
    parts: Sequence[tuple[Area, Figures]]
    versions: Mapping[str, int]

    @property
    def is_over(self) -> bool:
        """Tell whether all twelve months are in."""
        return len(self.months) == 12

    @property
    def is_compared_whole(self) -> bool:
        """Tell whether every month shown is compared."""
        return len(self.equal) == len(self.months)

    def change_of(self, name: str) -> int:
        """Return by how much a count changed over the equal months."""
        now, then = (it.count(Measure(name)) for it in self.sides)
        return now - then

    def change_of_rate(self, name: str) -> float | None:
        """Return by how many points of a percent a rate changed over the equal months."""
        now, then = (it.rate(RateName(name)) for it in self.sides)
        return rates.change(now, then)


def equal_months(months: Sequence[Month], *, this: Month, began: Month | None) -> Sequence[Month]:
    """Choose the months that can be held against the same ones a year before.

    Left out are those that are not over, and those whose month a year before is older than the
    first month with a case.
    """
    if began is None:
        return []
    return [it for it in months if it < this and it.plus(-12) >= began]


def read_year(
    year: int,
    area: Area,
    *,
    this: Month,
    began: Month | None,
    places: Reference,
    county: County,
    now: datetime,
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
    equal = equal_months(months, this=this, began=began)

    def over(start: Month, end: Month) -> Figures:
        return read_whole(start, end, [area.code], county=county, now=now)[area.code]

    sides = (EMPTY, EMPTY)
    if equal:
        sides = (
            whole[area.code] if len(equal) == len(months) else over(equal[0], equal[-1]),
            over(equal[0].plus(-12), equal[-1].plus(-12)),
        )
    return YearReport(
        year=year,
        area=area,
        last=last,
        months=[(it, found.get((str(it), area.code), EMPTY)) for it in months],
        before=[(it, found.get((str(it), area.code), EMPTY)) for it in earlier],
        whole=whole[area.code],
        equal=equal,
        sides=sides,
        parts=[(it, whole[it.code]) for it in parts],
        versions=versions,
    )
