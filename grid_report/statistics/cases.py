"""The cases behind a figure: found by the definition that counts them, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, not_, or_, select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.places.reference import Reference
from grid_report.settings import County
from grid_report.statistics import live, slices
from grid_report.statistics.areas import Area
from grid_report.statistics.definitions import HANDLER, OF_CASES, C, Clause, in_area
from grid_report.statistics.figures import EMPTY, read_months
from grid_report.statistics.measures import LIVE, RATES, Measure, RateName
from grid_report.statistics.slices import MOST_KEY, ONLY, Slice, facet_of
from grid_report.web.paging import Page, pack, unpack

COLUMNS: Final = (
    C.id,
    C.number,
    C.state,
    C.category_code,
    C.community_code,
    C.street_code,
    C.unit_code,
    C.self_handled,
    C.sensitive,
    C.severity,
    C.created_at,
    C.accepted_at,
    C.handled_at,
    C.closed_at,
    C.accept_due,
    C.fix_due,
    C.close_due,
    C.next_due,
    C.next_warn,
)


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
    if measure not in OF_CASES or (without and (measure, without) not in COMPLEMENTS):
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
    kept = read_months([month], [area], facets={facet}, measures=measures, versions=versions).get(
        (str(month), area), EMPTY
    )
    if version == LIVE and Measure.OVERDUE_OPEN in measures:
        added = live.overdue(month, month, wanted.area, now=now, zone=county.tz)
        kept = live.merged({area: kept}, added)[area]
    found = [
        slices.count(kept, it, wanted.slice, wanted.key, places.categories)
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
    definition = OF_CASES[wanted.measure]
    start, end = wanted.month.bounds(county.tz)
    if wanted.measure is Measure.OVERDUE_OPEN:
        end = min(end, now)
    clauses = [
        definition.holds,
        in_area(wanted.area),
        slices.clause(
            wanted.slice, wanted.key, wanted.month, kinds=places.categories, county=county
        ),
    ]
    if wanted.without is not None:
        clauses.append(not_(_holds(wanted.without, now)))
    at_part, at, at_id = _cursor(cursor, len(definition.parts))
    rows: list[Any] = []
    next_cursor = None
    for number, part in enumerate(definition.parts):
        if number < at_part:
            continue
        query = (
            select(*COLUMNS, part.instant.label("instant"), HANDLER.label("handler"))
            .where(part.within(start, end), *clauses)
            .order_by(part.instant, C.id)
            .limit(limit + 1 - len(rows))
        )
        if number == at_part and at is not None:
            query = query.where(or_(part.instant > at, and_(part.instant == at, C.id > at_id)))
        for row in db.session.execute(query):
            if len(rows) == limit:
                last_part, last = rows[-1]
                next_cursor = pack(last_part, last.instant.isoformat(), last.id)
                break
            rows.append((number, row))
        if next_cursor is not None:
            break
    return Page([row for _, row in rows], next_cursor)


def _holds(measure: Measure, now: datetime) -> Clause:
    holds = OF_CASES[measure].holds
    if measure is Measure.OVERDUE_OPEN:
        # The one measure that says more than its denominator in its part, and by the hour.
        holds = and_(OF_CASES[measure].parts[0].holds, C.fix_due < now)
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
