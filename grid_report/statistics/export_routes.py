"""Pages that hand out a month: as a workbook, as CSV."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from grid_report import clock
from grid_report.errors import Invalid
from grid_report.places.queries import reference
from grid_report.statistics import asking, handing_out
from grid_report.statistics.tables import TableName, Tables
from grid_report.web.context import current_actor, language, settings

bp = Blueprint("statistics_exports", __name__)


def _asked(month: str) -> Tables:
    places = reference()
    report = asking.read_asked(
        month,
        request.args,
        actor=current_actor(),
        places=places,
        settings=settings(),
        now=clock.now(),
    )
    return asking.in_words(report, places=places, settings=settings(), language=language())


@bp.get("/statistics/<month>.xlsx")
def month_workbook(month: str) -> Response:
    """Hand out a month as a workbook."""
    return handing_out.workbook_answer(_asked(month))


@bp.get("/statistics/<month>.csv")
def month_csv(month: str) -> Response:
    """Hand out a month as CSV: everything in one long table, or one table."""
    found, wanted = _asked(month), request.args.get("table", "")
    if wanted and wanted not in list(TableName):
        raise Invalid.field("table", "value-unknown")
    table = TableName(wanted) if wanted else None
    return handing_out.csv_answer(found, table, bom=request.args.get("bom", "") == "1")
