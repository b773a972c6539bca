"""Calls of the API: a month of an area in figures, as JSON, as a workbook, as CSV."""

from __future__ import annotations

from typing import Any

from flask import Response

from grid_report import clock
from grid_report.places.queries import reference
from grid_report.statistics import request_forms, shapes
from grid_report.statistics.exports import download_views
from grid_report.statistics.exports.workbook import MEDIA_TYPE
from grid_report.statistics.month.table_queries import Tables
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, query
from grid_report.web.context import current_actor, language, settings


def _asked(month: str, shape: type[shapes.MonthQuery]) -> tuple[Tables, Any]:
    wanted = query(shape)
    places = reference()
    report = request_forms.read_asked(
        month,
        {
            "area": wanted.area or "",
            "version": "" if wanted.version is None else str(wanted.version),
        },
        actor=current_actor(),
        places=places,
        settings=settings(),
        now=clock.now(),
    )
    found = request_forms.in_words(report, places=places, settings=settings(), language=language())
    return found, wanted


@bp.get("/statistics/months/<month>")
@operation(
    summary="A month in figures: counts, rates with their fractions, all tables",
    query=shapes.MonthQuery,
    answers={200: shapes.MonthShown},
    refuses=(403, 404, 422),
)
def month_statistics(month: str) -> Response:
    """Show a month of an area."""
    return answer(shapes.MonthShown.of(_asked(month, shapes.MonthQuery)[0]))


@bp.get("/statistics/months/<month>.xlsx")
@operation(
    summary="A month as a workbook: one sheet a table, charts on the first",
    query=shapes.MonthQuery,
    answers={200: MEDIA_TYPE},
    refuses=(403, 404, 422),
)
def month_workbook(month: str) -> Response:
    """Hand out a month as a workbook."""
    return download_views.workbook_answer(_asked(month, shapes.MonthQuery)[0])


@bp.get("/statistics/months/<month>.csv")
@operation(
    summary="A month as CSV: every figure on a line of its own, or one table",
    query=shapes.SheetQuery,
    answers={200: "text/csv"},
    refuses=(403, 404, 422),
)
def month_sheet(month: str) -> Response:
    """Hand out a month as CSV."""
    found, wanted = _asked(month, shapes.SheetQuery)
    return download_views.csv_answer(found, wanted.table, bom=bool(wanted.bom))
