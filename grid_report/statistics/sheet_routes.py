"""Figures as they are handed round: a year on a page, a month as a bulletin on paper."""

from __future__ import annotations

from flask import Blueprint, render_template

from grid_report import clock
from grid_report.errors import NotFound
from grid_report.places.queries import reference
from grid_report.statistics import anew, comparing, month_page, telling, yearly
from grid_report.statistics.areas import AreaKind
from grid_report.statistics.compare_routes import around
from grid_report.statistics.measures import COMPOSITE, RULES
from grid_report.statistics.periods import earliest
from grid_report.statistics.routes import (
    first_month,
    load,
    read_area,
    read_month,
    read_version,
    this_month,
)
from grid_report.web.context import current_actor, language, settings

bp = Blueprint("statistics_sheets", __name__)
bp.before_request(anew.check)


@bp.get("/statistics/years/<year>")
def year(year: str) -> str:
    """Show a year of an area, month by month, beside the year before."""
    area, this = read_area(current_actor()), this_month()
    if not (year.isascii() and year.isdecimal() and len(year) == 4):
        raise NotFound
    if not earliest(this).year <= int(year) <= this.year:
        raise NotFound
    now, began = clock.now(), first_month()
    report = yearly.read_year(
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
        (it, figures, comparing.score(figures, COMPOSITE))
        for it, figures in report.parts
        if it.kind is not AreaKind.UNROUTED or not figures.is_empty()
    ]
    return render_template(
        "statistics/bulletin.html",
        report=report,
        version=month_page.shown_version(report),
        summary=telling.sentences(report, language()),
        score=comparing.score(report.figures, COMPOSITE),
        weights=COMPOSITE,
        parts=parts,
        at=clock.now(),
        **around(area, report.month, report.began),
    )
