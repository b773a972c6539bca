"""API v1, statistics: a month of an area in figures, as JSON, as a workbook, as CSV."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Response

from grid_report import clock
from grid_report.api import present
from grid_report.api.openapi import operation
from grid_report.api.reading import answer, query
from grid_report.api.routes import bp
from grid_report.api.schemas import statistics as schemas
from grid_report.places.queries import reference
from grid_report.rates import Rate
from grid_report.statistics import request_forms
from grid_report.statistics.counts.queries import Times
from grid_report.statistics.exports import download_views
from grid_report.statistics.exports.workbook import MEDIA_TYPE
from grid_report.statistics.measures import Measure
from grid_report.statistics.month.table_queries import PEOPLE, Row, Table, TableName, Tables
from grid_report.web.context import current_actor, language, settings


def _asked(month: str, shape: type[schemas.MonthQuery]) -> tuple[Tables, Any]:
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
    query=schemas.MonthQuery,
    answers={200: schemas.MonthShown},
    refuses=(403, 404, 422),
)
def month_statistics(month: str) -> Response:
    """Show a month of an area."""
    return answer(_month(_asked(month, schemas.MonthQuery)[0]))


@bp.get("/statistics/months/<month>.xlsx")
@operation(
    summary="A month as a workbook: one sheet a table, charts on the first",
    query=schemas.MonthQuery,
    answers={200: MEDIA_TYPE},
    refuses=(403, 404, 422),
)
def month_workbook(month: str) -> Response:
    """Hand out a month as a workbook."""
    return download_views.workbook_answer(_asked(month, schemas.MonthQuery)[0])


@bp.get("/statistics/months/<month>.csv")
@operation(
    summary="A month as CSV: every figure on a line of its own, or one table",
    query=schemas.SheetQuery,
    answers={200: "text/csv"},
    refuses=(403, 404, 422),
)
def month_sheet(month: str) -> Response:
    """Hand out a month as CSV."""
    found, wanted = _asked(month, schemas.SheetQuery)
    return download_views.csv_answer(found, wanted.table, bom=bool(wanted.bom))


def _month(found: Tables) -> dict[str, Any]:
    report = found.report
    frozen = report.frozen
    trend = found[TableName.TREND]
    services = found[TableName.SERVICES]
    return {
        "month": str(report.month),
        "area": {
            "code": report.area.code,
            "kind": report.area.kind.value,
            "name": found.area_name,
            "parent": report.area.parent,
        },
        "as_of": present.instant(report.at),
        "running": report.is_running,
        "frozen": {
            "version": frozen.version,
            "frozen_at": present.instant(frozen.frozen_at),
            "digest": frozen.digest,
        }
        if frozen
        else None,
        **_line(found[TableName.MONTH], found[TableName.MONTH].rows[0]),
        "times": {
            name.value: _times(found.times(name))
            for name in (TableName.RESPONSE, TableName.HANDLING)
        },
        "comparison": {
            "before": _of_month(trend, trend.rows[-2]),
            "year_before": _of_month(trend, trend.rows[0]),
        },
        "trend": [_of_month(trend, row) for row in trend.rows if row.is_known],
        **{
            name.value: [_named(found[name], row) for row in found[name].rows]
            for name in (
                TableName.BY_GROUP,
                TableName.BY_CATEGORY,
                TableName.BY_AREA,
                TableName.BY_COMMUNITY,
                TableName.BY_UNIT,
                TableName.BY_HOUR,
                TableName.BY_WEEKDAY,
                TableName.BY_SOURCE,
            )
        },
        "services": {
            **_counts(services.measures, services.rows[0]),
            **{
                name.value: [_named(found[name], row) for row in found[name].rows]
                for name in (TableName.BY_OFFER, TableName.BY_STATION)
            },
        },
        "points": _counts(found[TableName.POINTS].measures, found[TableName.POINTS].rows[0]),
        "people": {
            **dict.fromkeys((it.value for it in PEOPLE), None),
            **_counts(found[TableName.PEOPLE].measures, found[TableName.PEOPLE].rows[0]),
        },
    }


def _counts(measures: Iterable[Measure], row: Row) -> dict[str, Any]:
    return {it.value: row.counts[it] for it in measures if it is not Measure.HANDLING_S}


def _line(table: Table, row: Row) -> dict[str, Any]:
    line = _counts(table.measures, row)
    if table.has_lengths:
        line["mean_handling_minutes"] = row.mean_handling
    if table.rates:
        line["rates"] = {name.value: _rate(row.rate(name)) for name in table.rates}
    return line


def _rate(rate: Rate) -> dict[str, Any]:
    return {
        "numerator": rate.numerator,
        "denominator": rate.denominator,
        "percent": rate.percent,
    }


def _of_month(table: Table, row: Row) -> dict[str, Any] | None:
    if not row.is_known:
        return None
    # What a version kept nothing of says nothing: it stays the bytes it was.
    mark: dict[str, Any] = {} if row.is_live is None else {"live": row.is_live}
    if row.rules is not None:
        mark["rules"] = row.rules
    return {"month": row.key, **mark, **_line(table, row)}


_BELONGS_TO = {TableName.BY_CATEGORY: "group", TableName.BY_COMMUNITY: "street"}


def _named(table: Table, row: Row) -> dict[str, Any]:
    whole = _BELONGS_TO.get(table.name)
    return {
        "code": row.key,
        "name": row.name,
        **({whole: {"code": row.parent, "name": row.parent_name}} if whole else {}),
        **_line(table, row),
    }


def _times(times: Times) -> dict[str, Any]:
    return {
        "number": times.number,
        "mean_minutes": None if times.mean is None else round(times.mean, 1),
        "median_minutes": times.median,
        "p90_minutes": times.p90,
        "distribution": [{"up_to_minutes": edge, "number": number} for edge, number in times.bars],
    }
