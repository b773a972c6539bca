"""Figures as they are handed round: a year on a page, a month as a bulletin on paper."""

from __future__ import annotations

from flask import Blueprint, render_template

from grid_report import clock
from grid_report.errors import NotFound
from grid_report.places.queries import reference
from grid_report.statistics.comparison import queries as comparison_queries
from grid_report.statistics.comparison import year_queries
from grid_report.statistics.comparison.periods import earliest
from grid_report.statistics.comparison.routes import around
from grid_report.statistics.counts import rules_queries
from grid_report.statistics.counts.areas import AreaKind
from grid_report.statistics.measures import COMPOSITE, RULES
from grid_report.statistics.month import page_views, summary_views
from grid_report.statistics.month.routes import (
    first_month,
    load,
    read_area,
    read_month,
    read_version,
    this_month,
)
from grid_report.web.context import current_actor, language, settings

bp = Blueprint("statistics_sheets", __name__)
bp.before_request(rules_queries.check)


@bp.get("/statistics/years/<year>")
def year(year: str) -> str:
    """Show a year of an area, month by month, beside the year before."""
    area, this = read_area(current_actor()), this_month()
    if not (year.isascii() and year.isdecimal() and len(year) == 4):
        raise NotFound
    if not earliest(this).year <= int(year) <= this.year:
        raise NotFound
    now, began = clock.now(), first_month()
    report = year_queries.read_year(
        int(year), area, this=this, began=began, places=reference(), county=settings().county,
        now=now,
    )  # fmt: skip
    oldest = min(int(year), max(earliest(this), began or this).year)
    return render_template(
        "statistics/year.html",
        report=report,
        years=list(range(this.year, oldest - 1, -1)),
        rules=RULES,
        at=now,
        **around(area, report.last, began),
    )


@bp.get("/statistics/<month>/bulletin")
def bulletin(month: str) -> str:
    """Show a month of an area as a bulletin for A4."""
    area = read_area(current_actor())
    report = load(read_month(month), area, read_version())
    parts = [
        (it, figures, comparison_queries.score(figures, COMPOSITE))
        for it, figures in report.parts
        if it.kind is not AreaKind.UNROUTED or not figures.is_empty()
    ]
    return render_template(
        "statistics/bulletin.html",
        report=report,
        version=page_views.shown_version(report),
        summary=summary_views.sentences(report, language()),
        score=comparison_queries.score(report.figures, COMPOSITE),
        weights=COMPOSITE,
        parts=parts,
        at=clock.now(),
        **around(area, report.month, report.began),
    )
