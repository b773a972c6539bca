"""Calls of the API: whom a case can be given to."""

from __future__ import annotations

from flask import Response

from grid_report import access
from grid_report.errors import Invalid
from grid_report.places.permissions import UNITS_LIST
from grid_report.places.queries import reference
from grid_report.reports import queries
from grid_report.reports.desk import shapes
from grid_report.reports.permissions import REPORT_READ
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, query
from grid_report.web.context import current_actor


@bp.get("/places/units")
@operation(
    summary="Units that cover a place, best proposal first",
    query=shapes.UnitQuery,
    answers={200: shapes.UnitList},
    refuses=(403, 404, 422),
)
def units() -> Response:
    """List the units for a report or a community."""
    actor = current_actor()
    access.check(actor, UNITS_LIST)
    asked, places = query(shapes.UnitQuery), reference()
    category = compound = None
    code = asked.community
    if asked.report:
        report = queries.find_report(asked.report)
        access.check(actor, REPORT_READ, report)
        code, category = report.community_code, report.category_code
        compound = report.compound_code
    elif not code:
        raise Invalid.field("report", "field-needed")
    elif places.community(code) is None:
        raise Invalid.field("community", "community-unknown")
    found = places.units_covering(code, category, compound=compound) if code else ()
    return answer(shapes.UnitList.of(found))
