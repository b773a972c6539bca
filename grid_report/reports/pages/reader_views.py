"""Which page shows a case to this reader: the rider's own, the desk's or the unit's; and that page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import render_template, request

from grid_report.access.roles import Role
from grid_report.errors import NotFound
from grid_report.reports import queries
from grid_report.reports.desk import desk_views, kept_queries
from grid_report.reports.pages import page_views
from grid_report.reports.permissions import BODY, parts
from grid_report.web.context import current_actor
from grid_report.web.refused_forms import Errors


def side_of(number: str) -> str:
    """Return which page shows this report to this person."""
    actor = current_actor()
    try:
        report = queries.find_report(number)
    except NotFound:
        kept_queries.find_kept(number, actor)
        return "reports"
    if report.reporter_id == actor.member_id:
        return "reports"
    if parts(actor, report) & BODY or actor.holds_any(Role.ADMINISTRATOR, Role.AUDITOR):
        return "desk"
    return "unit" if actor.holds_any(Role.HANDLER) else "reports"


def case_page(number: str, errors: Errors, failed_step: str, *, now: datetime) -> str:
    """Draw the page of a case for this person, with what was refused and what was typed."""
    side = side_of(number)
    form = request.form.to_dict()
    if side == "desk":
        return desk_views.desk_case(
            number, now=now, errors=errors, form=form, failed_step=failed_step
        )
    if side == "unit":
        return desk_views.unit_case(number, errors=errors, form=form, failed_step=failed_step)
    return own_page(number, "reports/show.html", errors=errors, form=form, failed_step=failed_step)


def own_page(number: str, template: str, **shown: Any) -> str:
    """Draw the page of an own report; one that waits for the proof has a page of its own."""
    try:
        report = page_views.one(number)
    except NotFound:
        waits = page_views.kept_page(kept_queries.find_kept(number, current_actor()))
        just_sent = template == "reports/sent.html"
        return render_template(
            "reports/kept.html", **{"errors": {}, **shown}, **waits, just_sent=just_sent
        )
    return render_template(template, report=report, **shown)
