"""By what the cases behind a figure are narrowed down: the breakdowns of `measures.Facet`, as SQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, and_, false, func, or_, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from grid_report.clock import Month
from grid_report.places.geo.categories import Categories
from grid_report.settings import County
from grid_report.statistics.counts import durations
from grid_report.statistics.counts.definition_queries import REPORTS, C, Clause, Source
from grid_report.statistics.counts.queries import Figures
from grid_report.statistics.measures import Facet, Measure

LONGER: Final = "longer"
MOST_KEY: Final = 24


class Slice(StrEnum):
    """A breakdown, or a group of categories, or a bar of a distribution."""

    ALL = ""
    CATEGORY = "category"
    GROUP = "group"
    UNIT = "unit"
    HOUR = "hour"
    WEEKDAY = "weekday"
    SOURCE = "source"
    RESPONSE = "response"
    HANDLING = "handling"


# What is counted by when it came in, or by how long it took, is one measure only.
ONLY: Final[Mapping[Slice, Measure]] = {
    Slice.HOUR: Measure.RECEIVED,
    Slice.WEEKDAY: Measure.RECEIVED,
    Slice.SOURCE: Measure.RECEIVED,
    Slice.RESPONSE: Measure.RESPONDED,
    Slice.HANDLING: Measure.FINISHED,
}


class seconds_between(FunctionElement[int]):
    """Whole seconds from one instant to a later one, rounded down as Python's `int` does."""

    type = Integer()
    inherit_cache = True


@compiles(seconds_between, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **options: Any) -> str:
    earlier, later = (compiler.process(it, **options) for it in element.clauses)
    return f"floor(extract(epoch FROM ({later} - {earlier})))"


@compiles(seconds_between, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **options: Any) -> str:
    # Kept as text with six decimals: whole seconds by the calendar, the rest by its digits.
    earlier, later = (compiler.process(it, **options) for it in element.clauses)
    return (
        f"(CAST(strftime('%s', {later}) AS INTEGER) - CAST(strftime('%s', {earlier}) AS INTEGER)"
        f" - (substr({later}, 21) < substr({earlier}, 21)))"
    )


def facet_of(slice_: Slice) -> Facet:
    """Return the breakdown a slice is read off."""
    return Facet.CATEGORY if slice_ is Slice.GROUP else Facet(slice_.value)


def count(figures: Figures, measure: Measure, slice_: Slice, key: str, kinds: Categories) -> int:
    """Return a figure: of a group the sum of its categories, of a bar that of its lengths."""
    if slice_ is Slice.GROUP:
        by = figures.by(Facet.CATEGORY, measure)
        return sum(n for code, n in by.items() if group_of(code, kinds) == key)
    if slice_ is Slice.RESPONSE or slice_ is Slice.HANDLING:
        of = figures.response() if slice_ is Slice.RESPONSE else figures.handling()
        lengths = of.lengths
        return {bar_key(edge): n for edge, n in durations.bars(lengths)}.get(key, 0)
    return figures.count(measure, facet_of(slice_), key)


def group_of(code: str, kinds: Categories) -> str:
    """Return a category's group; a category nobody knows any more is one of its own."""
    return kinds.by_code[code].group_code if code in kinds.by_code else code


def bar_key(edge: int | None) -> str:
    """Return what a bar of a distribution is called in an address: its upper edge in minutes."""
    return LONGER if edge is None else str(edge)


def clause(
    slice_: Slice,
    key: str,
    month: Month,
    *,
    kinds: Categories,
    county: County,
    source: Source = REPORTS,
) -> Clause:
    """The clause for the cases of a slice; none at all for a key that cannot be."""
    c = source.c
    kind: ColumnElement[Any] = c.category_code
    if slice_ is Slice.CATEGORY:
        return kind == key
    if slice_ is Slice.GROUP:
        return kind.in_([key, *(it for it in kinds.by_code if group_of(it, kinds) == key)])
    if slice_ is Slice.UNIT:
        handled_by: ColumnElement[Any] = source.handler
        return handled_by == key
    if slice_ is Slice.SOURCE:
        return C.source == key
    if slice_ is Slice.HOUR or slice_ is Slice.WEEKDAY:
        return or_(
            false(),
            *(
                and_(C.created_at >= start, C.created_at < end)
                for start, end in _stretches(slice_, key, month, county)
            ),
        )
    if slice_ is Slice.RESPONSE:
        return _length(seconds_between(C.created_at, C.first_accepted_at), key)
    if slice_ is Slice.HANDLING:
        since = func.coalesce(c.dispatched_at, c.started_at)
        return _length(seconds_between(since, c.handled_at), key)
    return true()


def _length(seconds: ColumnElement[int], key: str) -> Clause:
    edges = durations.EDGES
    keys = [*map(bar_key, edges), LONGER]
    if key not in keys:
        return false()
    at = keys.index(key)
    # Lengths are rounded up to whole minutes: what is one second over belongs to the next bar.
    low = seconds > edges[at - 1] * 60 if at else true()
    return and_(low, seconds <= edges[at] * 60) if at < len(edges) else and_(low)


def _stretches(
    slice_: Slice, key: str, month: Month, county: County
) -> Iterator[tuple[datetime, datetime]]:
    """Yield the hours, or the days, of a month that a key names; each a range of the index."""
    if not (key.isascii() and key.isdigit()):
        return
    day = datetime(month.year, month.number, 1, tzinfo=county.tz)
    while Month.of(day, county.tz) == month:
        following = day + timedelta(days=1)
        if slice_ is Slice.WEEKDAY:
            if str(day.isoweekday()) == key:
                yield day.astimezone(UTC), following.astimezone(UTC)
        elif len(key) == 2 and int(key) < 24:
            start = day.replace(hour=int(key))
            yield start.astimezone(UTC), (start + timedelta(hours=1)).astimezone(UTC)
        day = following
