"""The answer to a question: out of the kept counts, or case by case where they cannot say.

Counts are live. Each case counts once in a row, except that months show what is theirs: what was
handled before its deadline is in two of them. The sums below count each case once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, case, func, select, true

from grid_report.clock import Month, months_between
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.places.geo.reference import Reference
from grid_report.rates import Rate
from grid_report.settings import County
from grid_report.statistics.counts.cells import UNROUTED
from grid_report.statistics.counts.definition_queries import Clause, Source, in_area, sources
from grid_report.statistics.counts.queries import EMPTY, WHOLE, Figures, read_months, read_period
from grid_report.statistics.explorer.rules import (
    COLUMNS,
    MOST_CASES,
    MOST_MONTHS_BY_CASE,
    Asked,
    Rows,
    row_areas,
)
from grid_report.statistics.measures import RATES, Facet, Measure, RateName

Counts = dict[str, dict[Measure, int]]
_KEYS: Final[Mapping[Rows, str]] = {
    Rows.STREET: "street_code",
    Rows.COMMUNITY: "community_code",
    Rows.GROUP: "category_code",
    Rows.CATEGORY: "category_code",
}
# Short of any month; `min` of an end and now must leave something to ask for.
_INSTANT: Final = timedelta(microseconds=1)


@dataclass(frozen=True)
class Row:
    """One row: its key, '' for the sums, and its counts."""

    key: str
    counts: Mapping[Measure, int]

    def value(self, column: str) -> int | Rate:
        """Return a column of the row: a count, or a rate as its fraction."""
        name = COLUMNS[column]
        if isinstance(name, RateName):
            rule = RATES[name]
            return Rate(self.counts.get(rule.numerator, 0), self.counts.get(rule.denominator, 0))
        return self.counts.get(name, 0)


@dataclass(frozen=True)
class Answer:
    """The rows in their order, and the sums; `by_case` where cases were counted one by one."""

    rows: Sequence[Row]
    total: Row
    by_case: bool


def answer(asked: Asked, *, places: Reference, county: County, now: datetime) -> Answer:
    """Answer a question in a number of statements that depends on its columns only.

    Raises Invalid where too many cases would have to be counted one by one.
    """
    rows: Counts = defaultdict(dict)
    total: dict[Measure, int] = {}
    facet = asked.facet
    if facet is None:
        _check_size(asked, county)
    # What is overdue depends on the present moment and is in no kept count; it is always few.
    by_case = asked.needs if facet is None else asked.needs & {Measure.OVERDUE_OPEN}
    if facet is not None and asked.needs - by_case:
        _from_cells(asked, facet, rows, total, places=places, county=county)
    for measure in sorted(by_case):
        _from_cases(asked, measure, rows, total, places=places, county=county, now=now)
    return Answer(_ordered(asked, rows, places, county), Row("", total), by_case=facet is None)


def _check_size(asked: Asked, county: County) -> None:
    """Raises Invalid. Whose cases they are does not matter: all of the months are looked through."""
    if len(months_between(asked.first, asked.last)) > MOST_MONTHS_BY_CASE:
        raise Invalid.field("to", "asked-too-long", most=MOST_MONTHS_BY_CASE)
    whole = read_period(
        asked.first, asked.last, [county.code], facets=WHOLE, measures=[Measure.RECEIVED]
    )
    n = whole.get(county.code, EMPTY).count(Measure.RECEIVED)
    if n > MOST_CASES:
        raise Invalid.field("to", "asked-too-much", n=n, most=MOST_CASES)


def _from_cells(
    asked: Asked,
    facet: Facet,
    rows: Counts,
    total: dict[Measure, int],
    *,
    places: Reference,
    county: County,
) -> None:
    needs = asked.needs - {Measure.OVERDUE_OPEN}
    by_area = asked.rows in (Rows.STREET, Rows.COMMUNITY)
    parts = row_areas(asked.area, asked.rows, places, county) if by_area else []
    found = read_period(
        asked.first,
        asked.last,
        {asked.area.code, *(code for _, code in parts)},
        facets=[facet],
        measures=needs,
    )
    whole = found.get(asked.area.code, EMPTY)
    total.update(_sums(asked, facet, whole))
    for key, code in parts:
        rows[key] = _sums(asked, facet, found.get(code, EMPTY))
    if asked.rows is Rows.MONTH:
        months = months_between(asked.first, asked.last)
        kept = read_months(months, [asked.area.code], facets=[facet], measures=needs)
        for month in months:
            figures = kept.get((str(month), asked.area.code), EMPTY)
            rows[str(month)] = _sums(asked, facet, figures)
    elif not by_area:
        for (_, key, name), n in whole.counts.items():
            if asked.wants(facet, key):
                _add(rows, _row_key(asked, key, places), Measure(name), n)


def _sums(asked: Asked, facet: Facet, figures: Figures) -> dict[Measure, int]:
    found: dict[Measure, int] = defaultdict(int)
    for (_, key, name), n in figures.counts.items():
        if asked.wants(facet, key):
            found[Measure(name)] += n
    return dict(found)


def _add(rows: Counts, key: str, measure: Measure, n: int) -> None:
    rows[key][measure] = rows[key].get(measure, 0) + n


def _row_key(asked: Asked, key: str, places: Reference) -> str:
    if asked.rows is not Rows.GROUP:
        return key
    category = places.categories.by_code.get(key)
    return category.group_code if category else key


def _from_cases(
    asked: Asked,
    measure: Measure,
    rows: Counts,
    total: dict[Measure, int],
    *,
    places: Reference,
    county: County,
    now: datetime,
) -> None:
    for source in sources(measure):
        _from_source(asked, measure, source, rows, total, places=places, county=county, now=now)


def _from_source(
    asked: Asked,
    measure: Measure,
    source: Source,
    rows: Counts,
    total: dict[Measure, int],
    *,
    places: Reference,
    county: County,
    now: datetime,
) -> None:
    definition = source.of[measure]

    def within(first: Month, last: Month) -> Clause:
        start, end = first.bounds(county.tz)[0], last.bounds(county.tz)[1]
        if measure is Measure.OVERDUE_OPEN:
            end = max(min(end, now), start + _INSTANT)
        return definition.within(start, end)

    handled_by: ColumnElement[Any] = source.handler
    wanted: list[Clause] = [
        within(asked.first, asked.last),
        in_area(asked.area, source.c),
        source.c.category_code.in_(sorted(asked.kinds)) if asked.kind else true(),
        handled_by == asked.unit if asked.unit else true(),
    ]
    if asked.rows is Rows.MONTH:
        months = months_between(asked.first, asked.last)
        each = [func.sum(case((within(it, it), 1), else_=0)) for it in months]
        counted = db.session.execute(select(func.count(), *each).where(*wanted)).one()
        total[measure] = total.get(measure, 0) + counted[0]
        for month, n in zip(months, counted[1:], strict=True):
            _add(rows, str(month), measure, int(n or 0))
        return
    column = source.handler if asked.rows is Rows.UNIT else source.c[_KEYS[asked.rows]]
    for key, n in db.session.execute(select(column, func.count()).where(*wanted).group_by(column)):
        if key is None and asked.rows is Rows.UNIT:
            # Nobody handles these yet; they are in no unit's row, nor in the sum of the rows.
            continue
        _add(rows, _row_key(asked, key or UNROUTED, places), measure, n)
        total[measure] = total.get(measure, 0) + n


def _ordered(asked: Asked, rows: Counts, places: Reference, county: County) -> Sequence[Row]:
    """Months and areas in their own order, all of them; others by the first column, the most first."""
    if asked.rows is Rows.MONTH:
        return [
            Row(str(it), rows.get(str(it), {})) for it in months_between(asked.first, asked.last)
        ]
    if asked.rows in (Rows.STREET, Rows.COMMUNITY):
        keys = [key for key, _ in row_areas(asked.area, asked.rows, places, county)]
        return [
            Row(key, rows.get(key, {}))
            for key in keys
            if key != UNROUTED or any(rows.get(key, {}).values()) or len(keys) == 1
        ]
    found = [Row(key, counts) for key, counts in rows.items() if any(counts.values())]

    def weight(row: Row) -> int:
        value = row.value(asked.columns[0])
        return value.denominator if isinstance(value, Rate) else value

    return sorted(found, key=lambda it: (-weight(it), it.key))
