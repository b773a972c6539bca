"""Calls of the API: why points are there; the decision behind them is a step of a report."""

from __future__ import annotations

from flask import Response

from grid_report import access
from grid_report.places.queries import reference
from grid_report.points.history import trace_queries
from grid_report.points.permissions import POINTS_READ_OWN
from grid_report.reports.earnings import shapes
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer
from grid_report.web.context import current_actor, settings


@bp.get("/me/points/entries/<int:entry_id>/why")
@operation(
    summary="Why an entry is there: report, decision, tariff, award, where it was spent",
    answers={200: shapes.WhyShown},
    refuses=(403, 404),
)
def why(entry_id: int) -> Response:
    """Explain one entry to the rider it belongs to."""
    actor = current_actor()
    access.check(actor, POINTS_READ_OWN)
    found = trace_queries.why(entry_id, actor.member_id)
    return answer(shapes.WhyShown.of(found, reference(), settings().county.tz))
