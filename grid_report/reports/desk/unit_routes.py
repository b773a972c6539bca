"""The unit's pages: what it is to repair, and one case of it."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from grid_report import access, clock
from grid_report.errors import NotFound
from grid_report.reports.desk import desk_views
from grid_report.reports.desk.filters import ReportFilter, Sort
from grid_report.reports.lifecycle import OPEN
from grid_report.reports.pages import page_views
from grid_report.reports.permissions import UNIT_OPEN
from grid_report.web.context import current_actor

bp = Blueprint("unit", __name__)


@bp.get("/unit")
def index() -> str:
    """List what was dispatched to this person's unit."""
    access.check(current_actor(), UNIT_OPEN)
    done = request.args.get("state") == "done"
    wanted = ReportFilter(
        states=frozenset() if done else frozenset(OPEN), sort=Sort.NEW if done else Sort.DUE
    )
    return render_template(
        "unit/index.html",
        **desk_views.list_page(wanted, now=clock.now()),
        chosen="done" if done else "open",
    )


@bp.get("/unit/<number>")
def show(number: str) -> str | AnyResponse:
    """Show one case to the unit: what is wrong, where, by when; never who reported."""
    access.check(current_actor(), UNIT_OPEN)
    try:
        return desk_views.unit_case(number)
    except NotFound:
        return page_views.left_page(number)
