"""The cases behind a figure: found by the definition that counts them, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, not_, or_, select, true

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.settings import County
from grid_report.statistics.areas import Area, AreaKind
from grid_report.statistics.definitions import HANDLER, OF_CASES, C, Clause, of_facet
from grid_report.statistics.measures import Facet, Measure
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
)


@dataclass(frozen=True)
class Wanted:
    """Which cases: of a measure, an area, a breakdown; `without` those another measure counts."""

    measure: Measure
    month: Month
    area: Area
    facet: Facet = Facet.ALL
    key: str = ""
    without: Measure | None = None


def list_cases(
    wanted: Wanted, *, county: County, now: datetime, cursor: str | None, limit: int
) -> Page[Any]:
    """List the cases a measure counts in a month, each part in the order of its own instant.

    Raises Invalid for a cursor that is none of this list.
    """
    definition = OF_CASES[wanted.measure]
    start, end = wanted.month.bounds(county.tz)
    if wanted.measure is Measure.OVERDUE_OPEN:
        end = min(end, now)
    clauses = [definition.holds, in_area(wanted.area), of_facet(wanted.facet, wanted.key)]
    if wanted.without is not None:
        clauses.append(not_(_holds(wanted.without)))
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


def _holds(measure: Measure) -> Clause:
    holds = OF_CASES[measure].holds
    # NULL deadlines and instants are "not", not "unknown".
    return and_(holds.is_not(None), holds)


def in_area(area: Area) -> Clause:
    """The clause for the cases of an area."""
    if area.kind is AreaKind.COUNTY:
        return true()
    if area.kind is AreaKind.STREET:
        return C.street_code == area.code
    if area.kind is AreaKind.COMMUNITY:
        return C.community_code == area.code
    return C.community_code.is_(None)


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
