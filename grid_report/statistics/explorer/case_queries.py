"""The cases behind a figure: found by the definition that counts them, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, false, not_, or_, select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics.counts import live_queries
from grid_report.statistics.counts.areas import Area
from grid_report.statistics.counts.definition_queries import (
    LISTED,
    Clause,
    Source,
    in_area,
    sources,
)
from grid_report.statistics.counts.queries import EMPTY, read_months
from grid_report.statistics.explorer import slice_queries
from grid_report.statistics.explorer.slice_queries import MOST_KEY, ONLY, Slice, facet_of
from grid_report.statistics.measures import LIVE, RATES, Facet, Measure, RateName
from grid_report.web.paging import Page, pack, unpack

# What a list shows of a case, or of a round of it that is over.
_SHOWN: Final = (
    "id", "number", "state", "category_code", "community_code", "street_code", "unit_code",
    "self_handled", "sensitive", "severity", "created_at", "accepted_at", "first_accepted_at",
    "accepted_in_time", "handled_at", "closed_at", "accept_due", "control_due", "controlled_at",
    "fix_due", "close_due",
    "dispatched_at", "started_at", "reopenings", "next_due", "next_warn", "now_community_code", "now_street_code",
    "now_unit_code", "now_self_handled",
)  # fmt: skip


def columns(source: Source) -> tuple[Any, ...]:
    """Return the columns of a list over a source, with who handles each row."""
    return (*(source.c[name] for name in _SHOWN), source.handler.label("handler"))


# Whoever is left of a denominator without its numerator: the pairs the rates are made of.
COMPLEMENTS: Final = frozenset((rule.denominator, rule.numerator) for rule in RATES.values())


@dataclass(frozen=True)
class Wanted:
    """Which cases: of a measure, an area, a slice; `without` those another measure counts."""

    measure: Measure
    month: Month
    area: Area
    slice: Slice = Slice.ALL
    key: str = ""
    without: Measure | None = None


def read_wanted(month: Month, area: Area, values: Mapping[str, str]) -> Wanted | None:
    """Return what an address asks for; None where no figure is counted so."""
    try:
        measure = Measure(values.get("measure", ""))
        without = Measure(values["without"]) if values.get("without") else None
        where = Slice(values.get("facet", ""))
    except ValueError:
        return None
    key = values.get("key", "")
    if measure not in LISTED or (without and (measure, without) not in COMPLEMENTS):
        return None
    if (where is Slice.ALL) != (key == "") or len(key) > MOST_KEY or "\0" in key:
        return None
    if where in ONLY and (measure is not ONLY[where] or without):
        return None
    return Wanted(measure, month, area, where, key, without)


def ways(wanted: Wanted) -> list[tuple[RateName, list[tuple[Measure, Measure | None]]]]:
    """Return the rates a list belongs to, each with its whole, what it counts, and what is left."""
    if wanted.slice in ONLY:
        return []
    of = (wanted.measure, wanted.without)
    found = []
    for name, rule in RATES.items():
        parts = [
            (rule.denominator, None),
            (rule.numerator, None),
            (rule.denominator, rule.numerator),
        ]
        if of in parts:
            found.append((name, parts))
    return found


def figure(
    wanted: Wanted, version: int, *, places: Reference, county: County, now: datetime
) -> int:
    """Return the figure itself: as it was frozen, or (version 0) as it is kept now."""
    month, area, facet = wanted.month, wanted.area.code, facet_of(wanted.slice)
    measures = {it for it in (wanted.measure, wanted.without) if it}
    versions = {str(month): version}
    read = measures | ({Measure.ACCEPTED} if Measure.RESPONDED in measures else set())
    facets = {facet, Facet.ALL} if wanted.slice in ONLY else {facet}
    kept = read_months([month], [area], facets=facets, measures=read, versions=versions).get(
        (str(month), area), EMPTY
    )
    if version == LIVE and Measure.OVERDUE_OPEN in measures:
        added = live_queries.overdue(month, month, wanted.area, now=now, zone=county.tz)
        kept = live_queries.merged({area: kept}, added)[area]
    found = [
        slice_queries.count(kept, it, wanted.slice, wanted.key, places.categories)
        for it in (wanted.measure, wanted.without)
        if it
    ]
    return found[0] - sum(found[1:])


def list_cases(
    wanted: Wanted,
    *,
    places: Reference,
    county: County,
    now: datetime,
    cursor: str | None,
    limit: int,
) -> Page[Any]:
    """List the cases a measure counts in a month, each part in the order of its own instant.

    Raises Invalid for a cursor that is none of this list.
    """
    start, end = wanted.month.bounds(county.tz)
    if wanted.measure is Measure.OVERDUE_OPEN:
        end = min(end, now)
    # A case as it stands, then rounds that are over: each part a list of its own.
    parts = [(it, part) for it in sources(wanted.measure) for part in it.of[wanted.measure].parts]
    at_part, at, at_id = _cursor(cursor, len(parts))
    rows: list[Any] = []
    next_cursor = None
    for number, (source, part) in enumerate(parts):
        if number < at_part:
            continue
        row_id = source.c.id
        query = (
            select(*columns(source), part.instant.label("instant"))
            .where(part.within(start, end), *_clauses(wanted, source, places, county, now))
            .order_by(part.instant, row_id)
            .limit(limit + 1 - len(rows))
        )
        if number == at_part and at is not None:
            query = query.where(or_(part.instant > at, and_(part.instant == at, row_id > at_id)))
        for row in db.session.execute(query):
            if len(rows) == limit:
                last_part, last = rows[-1]
                next_cursor = pack(last_part, last.instant.isoformat(), last.id)
                break
            rows.append((number, row))
        if next_cursor is not None:
            break
    return Page([row for _, row in rows], next_cursor)


def _clauses(
    wanted: Wanted, source: Source, places: Reference, county: County, now: datetime
) -> list[Clause]:
    found = [
        source.of[wanted.measure].holds,
        in_area(wanted.area, source.c),
        slice_queries.clause(
            wanted.slice,
            wanted.key,
            wanted.month,
            kinds=places.categories,
            county=county,
            source=source,
        ),
    ]
    if wanted.without is not None:
        found.append(not_(_holds(source, wanted.without, now)))
    return found


def _holds(source: Source, measure: Measure, now: datetime) -> Clause:
    if measure not in source.of:
        return false()
    holds = source.of[measure].holds
    if measure is Measure.OVERDUE_OPEN:
        # The one measure that says more than its denominator in its part, and by the hour.
        holds = and_(source.of[measure].parts[0].holds, source.c.fix_due < now)
    # NULL deadlines and instants are "not", not "unknown".
    return and_(holds.is_not(None), holds)


def _cursor(cursor: str | None, parts: int) -> tuple[int, datetime | None, int]:
    values = unpack(cursor, 3)
    if values is None:
        return 0, None, 0
    part, at, row_id = values
    try:
        instant = datetime.fromisoformat(at)
        if instant.tzinfo is None or type(part) is not int or type(row_id) is not int:
            raise ValueError(cursor)
    except (TypeError, ValueError):
        raise Invalid.field("cursor", "cursor-unreadable") from None
    if not 0 <= part < parts or not 0 <= row_id < 2**63:
        raise Invalid.field("cursor", "cursor-unreadable")
    return part, instant, row_id
