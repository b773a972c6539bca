"""Counting a month anew from reports and redemptions, in plain SQL, however long it takes.

It shares neither code nor rows with the kept counts; what it must share is the moment: both are
read in one snapshot of the database, in which every step is either in both or in neither.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, func, select

from grid_report.clock import Month, months_between
from grid_report.db import db, table_of
from grid_report.places.geo.reference import Reference
from grid_report.points.budgets import statistics_queries as points_figures
from grid_report.reports.desk.statistics_queries import RECALLS
from grid_report.settings import County
from grid_report.statistics.counts import cells as facts
from grid_report.statistics.counts import points_cells
from grid_report.statistics.counts.cells import HELD, Cell
from grid_report.statistics.counts.definition_queries import (
    OF_CASES,
    OF_SERVICES,
    PAST,
    POINTS_OF,
    REPORTS,
    C,
    Definition,
    R,
    S,
    Source,
)
from grid_report.statistics.counts.durations import rounded_minutes
from grid_report.statistics.measures import LIVE, RULES, Facet, Measure
from grid_report.statistics.models import StatisticsCell, StatisticsRecount, StatisticsRules

Counts = Counter[tuple[str, Cell]]
_CELLS: Final = table_of(StatisticsCell).c
_AT_ONCE: Final = 2000
# Twice: those whose month of handling, or of closing, came before that of the deadline.
_OF_HANDLING: Final = (
    Measure.SHOULD_HANDLE, Measure.HANDLED, Measure.HANDLED_IN_TIME, Measure.EXTENDED,
)  # fmt: skip
_OF_CLOSING: Final = (
    Measure.SHOULD_CLOSE, Measure.CLOSED, Measure.CLOSED_IN_TIME, Measure.REWORKED,
)  # fmt: skip
_TWICE: Final = (
    (REPORTS, C.fix_due, C.handled_at, _OF_HANDLING),
    (REPORTS, C.close_due, C.closed_at, _OF_CLOSING),
    (PAST, R.fix_due, R.handled_at, _OF_HANDLING),
    (PAST, R.close_due, R.closed_at, _OF_CLOSING),
)


@dataclass(frozen=True)
class Recounted:
    """A month counted anew, and what the kept counts lack: (area, cell) to how many.

    The month None is what riders hold.
    """

    month: Month | None
    turn: int
    cells: int
    lacking: Mapping[tuple[str, Cell], int]
    # Whether the kept counts were counted by these rules before: what lacks then was wrong.
    by_todays_rules: bool = True


def recount(engine: Engine, month: Month | None, *, places: Reference, county: County) -> Recounted:
    """Count a month anew and compare; nothing is written, and no writer waits.

    The month None is what riders hold.
    """
    with engine.connect() as plain:
        connection = (
            plain
            if engine.dialect.name == "sqlite"
            else plain.execution_options(isolation_level="REPEATABLE READ")
        )
        turn = connection.scalar(
            select(StatisticsRecount.turn).where(StatisticsRecount.month == name_of(month))
        )
        found = (
            _count(connection, month, places, county)
            if month is not None
            else _held(connection, places, county)
        )
        kept = _kept(connection, month)
        rules = connection.scalar(select(StatisticsRules.rules))
        connection.rollback()
    lacking = facts.difference(kept, found)
    return Recounted(month, turn or 0, len(+found), lacking, rules == RULES)


def name_of(month: Month | None) -> str:
    """Return what counts of a month are kept under."""
    return HELD if month is None else str(month)


def _kept(connection: Connection, month: Month | None) -> Counts:
    rows = connection.execute(
        select(_CELLS.area, _CELLS.facet, _CELLS.key, _CELLS.measure, _CELLS.also, _CELLS.n).where(
            _CELLS.month == name_of(month), _CELLS.version == LIVE
        )
    )
    return Counter(
        {
            (area, Cell(name_of(month), facet, key, measure, also)): n
            for area, facet, key, measure, also, n in rows
        }
    )


def _count(connection: Connection, month: Month, places: Reference, county: County) -> Counts:
    found: Counts = Counter()
    start, end = month.bounds(county.tz)
    for rows in (
        _whole(connection, month, start, end),
        _twice(connection, month, county),
        _lengths(connection, month, county),
        _waiting(connection, month, county),
        _recalls(connection, month, start, end),
    ):
        for street, community, category, handler, cell, n in rows:
            for area in facts.areas_of(county.code, street, community):
                for facet, key in _facets(cell, category, handler):
                    found[area, cell._replace(facet=facet, key=key)] += n
    for code, cell, n in _services(connection, month, start, end):
        info = places.community(code) if code else None
        street = info.street_code if info else None
        for area in facts.areas_of(county.code, street, code):
            found[area, cell] += n
    found.update(_spread_points(_points(connection, month, start, end), places, county))
    grown = points_figures.debts_changed(connection, start, end)
    found[county.code, points_cells.moved_cell(str(month), points_cells.DEBTS)] = grown
    return found


def _held(connection: Connection, places: Reference, county: County) -> Counts:
    def cells() -> Iterator[tuple[str, Cell, int]]:
        for code, (points, on_hold) in points_figures.held(connection).items():
            yield code, points_cells.points_cell(HELD, Measure.LIABILITY), points
            yield code, points_cells.moved_cell(HELD, points_cells.ON_HOLD), on_hold

    found = _spread_points(cells(), places, county)
    found[county.code, points_cells.moved_cell(HELD, points_cells.DEBTS)] = points_figures.debts(
        connection
    )
    return found


def _points(
    connection: Connection, month: Month, start: datetime, end: datetime
) -> Iterator[tuple[str, Cell, int]]:
    name = str(month)
    for code, points in points_figures.expired(connection, start, end).items():
        yield code, points_cells.points_cell(name, Measure.EXPIRED), points
    for code, kind, points, on_hold in points_figures.flows(connection, start, end):
        yield code, points_cells.moved_cell(name, kind), points
        yield code, points_cells.moved_cell(name, points_cells.ON_HOLD), on_hold


def _spread_points(
    points: Iterable[tuple[str, Cell, int]], places: Reference, county: County
) -> Counts:
    found: Counts = Counter()
    for code, cell, n in points:
        info = places.community(code)
        street = info.street_code if info else None
        for area in points_cells.areas_of_points(county.code, street, code):
            found[area, cell] += n
    return found


Row = tuple[str | None, str | None, str | None, str | None, Cell, int]


def _facets(cell: Cell, category: str | None, handler: str | None) -> Iterator[tuple[str, str]]:
    yield cell.facet, cell.key
    if cell.facet == Facet.ALL:
        assert category is not None
        yield Facet.CATEGORY, category
        if handler is not None:
            yield Facet.UNIT, handler


def _group(of: Source) -> tuple[Any, Any, Any, Any]:
    c = of.c
    return (c.street_code, c.community_code, c.category_code, of.handler.label("handler"))


_GROUP: Final = _group(REPORTS)


def _whole(connection: Connection, month: Month, start: datetime, end: datetime) -> Iterator[Row]:
    for source in (REPORTS, PAST):
        group = _group(source)
        for measure, definition in source.of.items():
            if measure is Measure.OVERDUE_OPEN:
                continue  # a matter of the moment, and not kept
            rows = connection.execute(
                select(*group, func.count()).where(definition.within(start, end)).group_by(*group)
            )
            for street, community, category, handler, n in rows:
                yield street, community, category, handler, Cell(str(month), "", "", measure), n


def _twice(connection: Connection, month: Month, county: County) -> Iterator[Row]:
    start, end = month.bounds(county.tz)
    for source, due, done, measures in _TWICE:
        for measure in measures:
            definition = source.of.get(measure)
            if definition is None:
                continue
            rows = connection.execute(
                select(*_group(source), done).where(
                    definition.within(start, end), due >= start, due < end, done < start
                )
            )
            for street, community, category, handler, at in rows:
                also = str(Month.of(at, county.tz))
                cell = Cell(str(month), "", "", measure, also)
                yield street, community, category, handler, cell, 1


def _lengths(connection: Connection, month: Month, county: County) -> Iterator[Row]:
    """Everything that needs a case's own instants: hours, weekdays, lengths, and who reported."""
    start, end = month.bounds(county.tz)
    name = str(month)
    received = connection.execute(
        select(*_GROUP, C.created_at, C.first_accepted_at, C.source, C.reporter_id)
        .where(OF_CASES[Measure.RECEIVED].within(start, end))
        .execution_options(yield_per=_AT_ONCE)
    )
    for street, community, category, handler, created, accepted, source, reporter in received:
        local = created.astimezone(county.tz)
        for facet, key in (
            (Facet.HOUR, f"{local.hour:02d}"),
            (Facet.WEEKDAY, str(local.isoweekday())),
            (Facet.SOURCE, str(source)),
            (Facet.RIDER, str(reporter)),
        ):
            cell = Cell(name, facet, key, Measure.RECEIVED)
            yield street, community, category, handler, cell, 1
        if accepted is not None:
            spent = max(0, int((accepted - created).total_seconds()))
            sum_cell = Cell(name, "", "", Measure.RESPONSE_S)
            yield street, community, category, handler, sum_cell, spent
            for cell in _of_length(
                name, spent, Measure.RESPONDED, Facet.RESPONSE, Facet.RESPONSE_MINUTES
            ):
                yield street, community, category, handler, cell, 1
    for source in (REPORTS, PAST):
        yield from _handling(connection, source, name, start, end)


def _handling(
    connection: Connection, source: Source, name: str, start: datetime, end: datetime
) -> Iterator[Row]:
    c = source.c
    since = func.coalesce(c.dispatched_at, c.started_at)
    finished = connection.execute(
        select(*_group(source), since.label("since"), c.handled_at)
        .where(source.of[Measure.FINISHED].within(start, end))
        .execution_options(yield_per=_AT_ONCE)
    )
    for street, community, category, handler, began, handled in finished:
        spent = max(0, int((handled - began).total_seconds()))
        sum_cell = Cell(name, "", "", Measure.HANDLING_S)
        yield street, community, category, handler, sum_cell, spent
        for cell in _of_length(
            name, spent, Measure.FINISHED, Facet.HANDLING, Facet.HANDLING_MINUTES
        ):
            yield street, community, category, handler, cell, 1


def _of_length(
    name: str, seconds: int, measure: Measure, facet: Facet, detail: Facet
) -> Iterator[Cell]:
    yield Cell(name, facet, str(rounded_minutes(seconds)), measure)
    # Longer than two hours: to the minute as well, the key in eight digits.
    minutes = math.ceil(seconds / 60)
    if minutes > 120:
        yield Cell(name, detail, str(minutes).zfill(8), measure)


def _waiting(connection: Connection, month: Month, county: County) -> Iterator[Row]:
    """What waits to be handled, by its deadline: the whole, and by its day."""
    start, end = month.bounds(county.tz)
    rows = connection.execute(
        select(*_GROUP, C.fix_due)
        .where(OF_CASES[Measure.OVERDUE_OPEN].within(start, end))
        .execution_options(yield_per=_AT_ONCE)
    )
    for street, community, category, handler, due in rows:
        for name in facts.due_names(due, county.tz):
            for facet, key in (
                (Facet.DUE, ""),
                (Facet.DUE_CATEGORY, category),
                (Facet.DUE_UNIT, handler),
            ):
                if key is not None:
                    cell = Cell(str(month), facet, key, name)
                    yield street, community, category, handler, cell, 1


def _recalls(connection: Connection, month: Month, start: datetime, end: datetime) -> Iterator[Row]:
    """Every recall of the month, under whoever had the case until then."""
    c = RECALLS.c
    holder = func.coalesce(c.unit_code, facts.OWN_HANDLING)
    columns = (c.street_code, c.community_code, c.category_code, holder)
    rows = connection.execute(
        select(*columns, func.count()).where(c.at >= start, c.at < end).group_by(*columns)
    )
    for street, community, category, handler, n in rows:
        cell = Cell(str(month), "", "", Measure.RECALLED)
        yield street, community, category, handler, cell, n


def _services(
    connection: Connection, month: Month, start: datetime, end: datetime
) -> Iterator[tuple[str | None, Cell, int]]:
    counted: dict[Measure, tuple[Definition, Any]] = {
        measure: (definition, func.count()) for measure, definition in OF_SERVICES.items()
    }
    for measure, of in POINTS_OF.items():
        counted[measure] = (OF_SERVICES[of], func.sum(S.points))
    for measure, (definition, amount) in counted.items():
        rows = connection.execute(
            select(S.community_code, S.offer_id, S.station_code, amount)
            .where(definition.within(start, end))
            .group_by(S.community_code, S.offer_id, S.station_code)
        )
        for community, offer, station, n in rows:
            for facet, key in (
                (Facet.SERVICES, ""),
                (Facet.OFFER, str(offer)),
                *(((Facet.STATION, station),) if station else ()),
            ):
                yield community, Cell(str(month), facet, key, measure), int(n)


def months_with_cases(zone_of: County) -> Sequence[Month]:
    """Return every month from the first report to the newest instant anything is counted by."""
    first = db.session.scalar(select(func.min(C.created_at)))
    if first is None:
        return []
    # One by one: each is the end of an index.
    ends = [
        db.session.scalar(select(func.max(it)).where(it.is_not(None)))
        for it in (
            C.fix_due, C.close_due, C.handled_at, C.closed_at, C.rated_at,
            R.fix_due, R.close_due, R.ended_at,
        )
    ]  # fmt: skip
    newest = max(it for it in [*ends, *points_figures.span()] if it is not None)
    return months_between(Month.of(first, zone_of.tz), Month.of(newest, zone_of.tz))


def read_recount(month: Month) -> StatisticsRecount | None:
    """Return when a month was last counted anew and what differed; None: not yet."""
    return db.session.get(StatisticsRecount, name_of(month))


def list_recounts() -> dict[str, StatisticsRecount]:
    """Return by month when it was last counted anew."""
    return {it.month: it for it in db.session.scalars(select(StatisticsRecount))}
