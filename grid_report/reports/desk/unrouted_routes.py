"""The administrator's page of reports no community answers for yet, to give each to one by hand."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from grid_report import access, clock
from grid_report.places.queries import reference
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.desk import desk_views
from grid_report.reports.desk.filters import ReportFilter, Sort
from grid_report.reports.errors import KeyReused
from grid_report.reports.lifecycle import OPEN
from grid_report.reports.pages import forms, page_views
from grid_report.reports.permissions import UNROUTED_LIST
from grid_report.web.context import current_actor, settings
from grid_report.web.pages import words
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("unrouted", __name__)


@bp.get("/admin/unrouted")
def index() -> str:
    """List reports that no community answers for yet."""
    access.check(current_actor(), UNROUTED_LIST)
    return _page({}, {})


def _page(errors: Errors, form: dict[str, Any]) -> str:
    wanted = ReportFilter(states=frozenset(OPEN), unrouted=True, sort=Sort.DUE)
    return render_template(
        "admin/unrouted.html",
        **desk_views.list_page(wanted, now=clock.now()),
        streets=page_views.place_tree(),
        errors=errors,
        form=form,
    )


@bp.post("/admin/unrouted/<number>")
def assign(number: str) -> AnyResponse:
    """Give an unrouted report to a community by hand."""
    values = {**request.form.to_dict(), "step": "assign"}
    try:
        casework_usecases.take_step(
            number,
            forms.read_step(
                values, key=values.get("key"), key_field="key", zone=settings().county.tz
            ),
            actor=current_actor(),
            places=reference(),
            settings=settings(),
            now=clock.now(),
        )
    except (*REFUSED, KeyReused) as error:
        typed = {**values, "number": number}
        return shown_again(error, lambda errors: _page(errors, typed))
    flash(words.said("step-assign", number=number))
    return redirect(url_for("unrouted.index"), 303)
