"""Pages that hand out a month: as a workbook, as CSV."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.errors import Invalid, NotFound
from grid_report.places.queries import reference
from grid_report.statistics import request_forms
from grid_report.statistics.counts import rules_queries
from grid_report.statistics.exports import download_views
from grid_report.statistics.month.table_queries import TableName, Tables
from grid_report.web.context import current_actor, language, settings

bp = Blueprint("statistics_exports", __name__)
bp.before_request(rules_queries.check)


def _asked(month: str) -> Tables:
    places = reference()
    report = request_forms.read_asked(
        month,
        request.args,
        actor=current_actor(),
        places=places,
        settings=settings(),
        now=clock.now(),
    )
    return request_forms.in_words(report, places=places, settings=settings(), language=language())


@bp.get("/statistics/<month>.xlsx")
def month_workbook(month: str) -> Response:
    """Hand out a month as a workbook."""
    return download_views.workbook_answer(_asked(month))


@bp.get("/statistics/<month>.csv")
def month_csv(month: str) -> Response:
    """Hand out a month as CSV: everything in one long table, or one table."""
    found, wanted = _asked(month), request.args.get("table", "")
    if wanted and wanted not in list(TableName):
        raise Invalid.field("table", "value-unknown")
    table = TableName(wanted) if wanted else None
    return download_views.csv_answer(found, table, bom=request.args.get("bom", "") == "1")


@bp.get("/statistics/delivered/<parcel>")
def delivered(parcel: str) -> Response:
    """Lead from a message to the month and area it tells of: `2026-03-211282001`."""
    month, area = parcel[:7], parcel[8:]
    if parcel[7:8] != "-" or not area:
        raise NotFound
    request_forms.asked_area(
        area, actor=current_actor(), places=reference(), county=settings().county
    )
    return redirect(url_for("statistics.month", month=month, area=area), 303)
