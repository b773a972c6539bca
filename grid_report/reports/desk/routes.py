"""The desk of communities and streets."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug.wrappers import Response as AnyResponse

from grid_report import access, clock
from grid_report.errors import NotFound
from grid_report.places.queries import reference
from grid_report.reports.desk import desk_views
from grid_report.reports.desk import usecases as folding
from grid_report.reports.pages import page_views
from grid_report.reports.permissions import DESK_OPEN
from grid_report.web.context import current_actor, settings
from grid_report.web.pages import words

bp = Blueprint("desk", __name__)


@bp.get("/desk")
def index() -> str:
    """List the cases of this person's places, what burns first at the top."""
    access.check(current_actor(), DESK_OPEN)
    wanted, shown = desk_views.desk_filter()
    now = clock.now()
    return render_template(
        "desk/index.html",
        **desk_views.list_page(wanted, now=now),
        **desk_views.desk_counts(wanted, now=now),
        filters=shown,
        groups=desk_views.category_groups(),
        report=None,
    )


@bp.post("/desk/folds/<number>/merge")
def merge_fold(number: str) -> AnyResponse:
    """Merge what one row stands for into the first of them."""
    access.check(current_actor(), DESK_OPEN)
    done = folding.merge_fold(
        number,
        actor=current_actor(),
        places=reference(),
        settings=settings(),
        now=clock.now(),
    )
    flash(words.said("fold-merged", into=done.into, merged=done.merged, left=done.left))
    return redirect(url_for("desk.index"), 303)


@bp.get("/desk/<number>")
def show(number: str) -> str | AnyResponse:
    """Show one case with its photos large and every step this person may take."""
    access.check(current_actor(), DESK_OPEN)
    try:
        return desk_views.desk_case(number, now=clock.now())
    except NotFound:
        return page_views.left_page(number)
