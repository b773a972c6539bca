"""Reading the counts: of months and areas, live or as they were frozen."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, literal, select, union_all

from grid_report.clock import Month
from grid_report.db import db, table_of
from grid_report.rates import Rate
from grid_report.statistics.counts import durations
from grid_report.statistics.measures import (
    DETAILS,
    HIDDEN,
    LIVE,
    RATES,
    RULES,
    Facet,
    Measure,
    RateName,
)
from grid_report.statistics.models import StatisticsCell, StatisticsFreeze

# What a page of one area shows.
SHOWN: Final = frozenset(Facet) - HIDDEN - DETAILS
WHOLE: Final = frozenset({Facet.ALL})
_CELLS: Final = table_of(StatisticsCell).c

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Figures:
    """The counts of one area over a month or several: (facet, key, measure) to how many.

    `rules` is the number of the rules they were counted by. `values` are lengths to the minute, in
    the steps median and P90 lie in (`month/length_queries.py`).
    """

    counts: Mapping[Key, int] = field(default_factory=dict)
    rules: int = RULES
    values: Mapping[Facet, Mapping[int, int]] = field(default_factory=dict)

    def count(self, measure: Measure, facet: Facet = Facet.ALL, key: str = "") -> int:
        """Return one count; 0 where nothing was counted."""
        return self.counts.get((facet, key, measure), 0)

    def by(self, facet: Facet, measure: Measure) -> dict[str, int]:
        """Return one measure by the keys of a breakdown; keys without any are left out."""
        return {
            key: n
            for (where, key, what), n in self.counts.items()
            if where == facet and what == measure and n
        }

    def keys(self, facet: Facet) -> list[str]:
        """Return the keys of a breakdown of which anything is counted, in their own order."""
        return sorted({key for (where, key, _), n in self.counts.items() if where == facet and n})

    def rate(self, name: RateName, facet: Facet = Facet.ALL, key: str = "") -> Rate:
        """Return a rate as its fraction."""
        rule = RATES[name]
        return Rate(
            self.count(rule.numerator, facet, key), self.count(rule.denominator, facet, key)
        )

    def rates(self, facet: Facet = Facet.ALL, key: str = "") -> dict[RateName, Rate]:
        """Return every rate."""
        return {name: self.rate(name, facet, key) for name in RateName}

    def response(self) -> Times:
        """Return how long first answers took."""
        return self._times(Facet.RESPONSE, self.answered, Measure.RESPONSE_S)

    @property
    def answered(self) -> Measure:
        """What first answers are counted as: what was frozen by rules 1 knew acceptances only."""
        return Measure.RESPONDED if self.count(Measure.RESPONDED) else Measure.ACCEPTED

    def handling(self) -> Times:
        """Return how long handling took, from dispatch or start."""
        return self._times(Facet.HANDLING, Measure.FINISHED, Measure.HANDLING_S)

    def mean_handling(self, facet: Facet, key: str) -> float | None:
        """Return the mean handling time of a category or handler, in minutes."""
        done = self.count(Measure.FINISHED, facet, key)
        return self.count(Measure.HANDLING_S, facet, key) / done / 60 if done else None

    def _times(self, facet: Facet, count: Measure, seconds: Measure) -> Times:
        lengths = {int(key): n for key, n in self.by(facet, count).items()}
        detail = Facet.RESPONSE_MINUTES if facet is Facet.RESPONSE else Facet.HANDLING_MINUTES
        values = self.values.get(detail, {})
        return Times(count, self.count(count), self.count(seconds), lengths, values, self.rules)

    def is_empty(self) -> bool:
        """Tell whether nothing at all was counted."""
        return not any(self.counts.values())


@dataclass(frozen=True)
class Times:
    """How long something took: how often (and as what that is counted), altogether, and how often
    each rounded length.
    """

    measure: Measure
    number: int
    seconds: int
    lengths: Mapping[int, int]
    values: Mapping[int, int] = field(default_factory=dict)
    rules: int = RULES

    @property
    def mean(self) -> float | None:
        """The mean in minutes; None where there is nothing."""
        return self.seconds / self.number / 60 if self.number else None

    @property
    def median(self) -> int | float | None:
        """The middle value in minutes, or the mean of the two middle ones; None below ten."""
        return self._quantile(durations.MEDIAN)

    @property
    def p90(self) -> int | float | None:
        """What nine of ten did not exceed, in minutes, linear between ranks; None below ten."""
        return self._quantile(durations.P90)

    def _quantile(self, tenths: int) -> int | float | None:
        if self.rules < 2:
            # What was frozen by rules 1 says what it said.
            return durations.nearest_rank(self.lengths, tenths / 10)
        return durations.quantile(self.lengths, self.values, tenths)

    @property
    def bars(self) -> list[tuple[int | None, int]]:
        """Upper edges in minutes (None: longer still) with how many; a fixed list."""
        return durations.bars(self.lengths)


EMPTY: Final = Figures()


def read_months(
    months: Sequence[Month],
    areas: Collection[str],
    *,
    facets: Collection[Facet] = SHOWN,
    versions: Mapping[str, int] | None = None,
    measures: Collection[Measure] | None = None,
) -> dict[tuple[str, str], Figures]:
    """Return the kept counts by (month, area) in one statement; what is not there is left out.

    `versions` names the frozen version to read of a month; the others are read live. What depends on the present moment, such as what is overdue, is in `counts/live_queries.py`.
    """
    if not months:
        return {}
    wanted = {str(it): (versions or {}).get(str(it), LIVE) for it in months}
    query = select(
        _CELLS.month,
        _CELLS.version,
        _CELLS.area,
        _CELLS.facet,
        _CELLS.key,
        _CELLS.measure,
        _CELLS.n,
    ).where(
        _CELLS.month.in_(sorted(wanted)),
        _CELLS.version.in_(sorted(set(wanted.values()))),
        _CELLS.area.in_(sorted(areas)),
        _CELLS.facet.in_(sorted(facets)),
        _CELLS.also == "",
    )
    if measures is not None:
        query = query.where(_CELLS.measure.in_(sorted(measures)))
    rows: Any = query
    if any(wanted.values()):
        # By which rules, of what is frozen: rows of their own, so that it is one statement.
        rows = union_all(query, _frozen_rules(wanted))
    found: dict[tuple[str, str], dict[Key, int]] = defaultdict(dict)
    rules: dict[str, int] = {}
    for month, version, area, facet, key, measure, n in db.session.execute(rows).all():
        if version != wanted[month]:
            continue
        if facet == _RULES:
            rules[month] = n
        else:
            found[month, area][facet, key, measure] = n
    return {
        (month, area): Figures(counts, rules.get(month, RULES))
        for (month, area), counts in found.items()
    }


_RULES: Final = "~rules"


def _frozen_rules(wanted: Mapping[str, int]) -> Any:
    f = table_of(StatisticsFreeze).c
    nothing = literal("")
    return select(f.month, f.version, nothing, literal(_RULES), nothing, nothing, f.rules).where(
        f.month.in_(sorted(it for it, version in wanted.items() if version))
    )


def newest_month(area: str, months: Sequence[Month]) -> Month | None:
    """Return the newest of some months in which an area received anything; None where none did."""
    # Each a look at one row by its whole key, whatever the table holds.
    newest = db.session.scalar(
        select(func.max(_CELLS.month)).where(
            _CELLS.month.in_([str(it) for it in months]),
            _CELLS.version == LIVE,
            _CELLS.area == area,
            _CELLS.facet == Facet.ALL,
            _CELLS.key == "",
            _CELLS.measure == Measure.RECEIVED,
            _CELLS.also == "",
            _CELLS.n > 0,
        )
    )
    return Month.parse(newest) if newest else None


def read_period(
    first: Month,
    last: Month,
    areas: Collection[str],
    *,
    facets: Collection[Facet] = SHOWN,
    measures: Collection[Measure] | None = None,
) -> dict[str, Figures]:
    """Return the live counts of several months added up, by area; each case counts once."""
    counted_twice = (_CELLS.also != "") & (_CELLS.also >= str(first))
    signed = func.sum(_CELLS.n).filter(_CELLS.also == "")
    twice = func.sum(_CELLS.n).filter(counted_twice)
    query = (
        select(
            _CELLS.area,
            _CELLS.facet,
            _CELLS.key,
            _CELLS.measure,
            func.coalesce(signed, 0) - func.coalesce(twice, 0),
        )
        .where(
            _CELLS.month >= str(first),
            _CELLS.month <= str(last),
            _CELLS.version == LIVE,
            _CELLS.area.in_(sorted(areas)),
            _CELLS.facet.in_(sorted(facets)),
        )
        .group_by(_CELLS.area, _CELLS.facet, _CELLS.key, _CELLS.measure)
    )
    if measures is not None:
        query = query.where(_CELLS.measure.in_(sorted(measures)))
    found: dict[str, dict[Key, int]] = defaultdict(dict)
    for area, facet, key, measure, n in db.session.execute(query).all():
        found[area][facet, key, measure] = int(n)
    return {area: Figures(counts) for area, counts in found.items()}
