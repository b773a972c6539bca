"""Two areas or two periods beside one another: differences, a composite score, an order.

Counts are live and each case counts once in its period. Units and communities are put in order,
people never: what a community does with its own hands is shown, but has no place in the order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from grid_report.clock import Month
from grid_report.rates import LEAST_BASE, Rate, change
from grid_report.settings import County
from grid_report.statistics.comparison.periods import Period
from grid_report.statistics.counts import live_queries
from grid_report.statistics.counts.areas import Area
from grid_report.statistics.counts.cells import OWN_HANDLING
from grid_report.statistics.counts.queries import EMPTY, WHOLE, Figures, read_months, read_period
from grid_report.statistics.measures import Facet, Measure, RateName, composite

COUNTS: Final = (
    Measure.RECEIVED,
    Measure.URGENT,
    Measure.ACCEPTED,
    Measure.REJECTED,
    Measure.MERGED,
    Measure.SHOULD_HANDLE,
    Measure.CLOSINGS,
    Measure.OVERDUE_OPEN,
    Measure.SUSPENDED,
    Measure.REOPENED,
    Measure.ANSWERS,
)
BROKEN_DOWN: Final = frozenset({Facet.ALL, Facet.CATEGORY, Facet.UNIT})
KINDS_SHOWN: Final = 12


@dataclass(frozen=True)
class Side:
    """One of the two: its area over its period, and the communities of the first one's area."""

    period: Period
    area: Area
    figures: Figures
    below: Mapping[str, Figures]
    by_month: Sequence[tuple[Month, Figures]]


@dataclass(frozen=True)
class Line:
    """One figure of both sides; the difference is first less second, None with too small a base."""

    name: str
    numbers: tuple[int, int]
    rates: tuple[Rate, Rate] | None = None
    key: str = ""

    @property
    def by(self) -> float | None:
        """The difference: of counts, or of percentages in points."""
        if self.rates is None:
            return self.numbers[0] - self.numbers[1]
        return change(*self.rates)


@dataclass(frozen=True)
class Place:
    """A unit or community with its score; `rank` only from a base of ten."""

    code: str
    n: int
    score: float | None
    n_before: int
    score_before: float | None
    facet: Facet
    figures: Figures
    rank: int | None = None

    def rate(self, name: str) -> Rate:
        """Return one of its rates."""
        key = self.code if self.facet is Facet.UNIT else ""
        return self.figures.rate(RateName(name), self.facet, key)


def read_side(
    period: Period, area: Area, communities: Sequence[Area], *, county: County, now: datetime
) -> Side:
    """Return an area over a period, and communities beside it, in a fixed number of statements."""
    codes = [it.code for it in communities]
    here = read_period(period.first, period.last, [area.code], facets=BROKEN_DOWN)
    below = read_period(period.first, period.last, codes, facets=WHOLE)
    late = live_queries.overdue(
        period.first, period.last, area, below=codes, now=now, zone=county.tz
    )
    figures = live_queries.merged({**below, **here}, late)
    months = read_months(period.months, [area.code], facets=WHOLE)
    return Side(
        period,
        area,
        figures.get(area.code, EMPTY),
        {code: figures.get(code, EMPTY) for code in codes},
        [(it, months.get((str(it), area.code), EMPTY)) for it in period.months],
    )


@dataclass(frozen=True)
class Gap:
    """What a period lacks of being whole: months before the first case, and those not over."""

    months: int
    unknown: int
    not_over: int


def gaps(periods: Sequence[Period], *, first: Month | None, this: Month) -> Sequence[Gap | None]:
    """Return what each period lacks of whole months; None where nothing, or both are the same."""
    if len({(it.first, it.last) for it in periods}) == 1:
        return [None for _ in periods]
    found = []
    for period in periods:
        unknown = sum(first is None or it < first for it in period.months)
        not_over = sum(it >= this for it in period.months)
        gap = Gap(len(period.months), unknown, not_over)
        found.append(gap if unknown or not_over else None)
    return found


def count_lines(first: Figures, second: Figures) -> Sequence[Line]:
    """Return the counts of both sides."""
    return [Line(it, (first.count(it), second.count(it))) for it in COUNTS]


def rate_lines(first: Figures, second: Figures) -> Sequence[Line]:
    """Return the rates of both sides, each with its n."""
    return [_rate_line(it, first, second) for it in RateName]


def _rate_line(name: RateName, first: Figures, second: Figures) -> Line:
    rates = (first.rate(name), second.rate(name))
    return Line(name, (rates[0].numerator, rates[1].numerator), rates)


def kind_lines(first: Figures, second: Figures) -> Sequence[Line]:
    """Return what was received by category, the most on either side first."""
    numbers = [it.by(Facet.CATEGORY, Measure.RECEIVED) for it in (first, second)]
    keys = sorted(
        {*numbers[0], *numbers[1]},
        key=lambda it: (-max(numbers[0].get(it, 0), numbers[1].get(it, 0)), it),
    )
    return [
        Line(Measure.RECEIVED, (numbers[0].get(it, 0), numbers[1].get(it, 0)), key=it)
        for it in keys[:KINDS_SHOWN]
    ]


def score(
    figures: Figures, weights: Mapping[RateName, int], facet: Facet = Facet.ALL, key: str = ""
) -> tuple[float | None, int]:
    """Return the composite score and its n: the smallest base of the rates that weigh anything."""
    weighing = {name: weight for name, weight in weights.items() if weight > 0}
    rates = {name: figures.rate(name, facet, key) for name in weighing}
    n = min((it.denominator for it in rates.values()), default=0)
    return (composite(rates, weighing) if n >= LEAST_BASE else None), n


def order_units(
    first: Figures, second: Figures, weights: Mapping[RateName, int]
) -> Sequence[Place]:
    """Put the units of the first side in order, with their scores on the second beside."""
    return _ordered(
        [_place(it, first, second, weights, Facet.UNIT) for it in first.keys(Facet.UNIT)]
    )


def order_communities(
    first: Mapping[str, Figures], second: Mapping[str, Figures], weights: Mapping[RateName, int]
) -> Sequence[Place]:
    """Put communities in order, with their scores on the second side beside."""
    return _ordered(
        [
            _place(code, figures, second.get(code, EMPTY), weights, Facet.ALL)
            for code, figures in first.items()
            if not figures.is_empty()
        ]
    )


def _place(
    code: str, first: Figures, second: Figures, weights: Mapping[RateName, int], facet: Facet
) -> Place:
    key = code if facet is Facet.UNIT else ""
    here, n = score(first, weights, facet, key)
    before, n_before = score(second, weights, facet, key)
    return Place(code, n, here, n_before, before, facet, first)


def _ordered(places: Sequence[Place]) -> Sequence[Place]:
    """Return places the best first; equals share a rank, those without one follow by code."""
    scores = sorted(
        (it.score for it in places if it.score is not None and it.code != OWN_HANDLING),
        reverse=True,
    )
    ranked = [
        it
        if it.score is None or it.code == OWN_HANDLING
        else replace(it, rank=scores.index(it.score) + 1)
        for it in places
    ]
    return sorted(ranked, key=lambda it: (it.rank is None, it.rank or 0, it.code))
