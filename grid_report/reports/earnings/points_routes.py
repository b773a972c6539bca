"""What a report earned its rider, or why it earned nothing: one page a report."""

from __future__ import annotations

from flask import Blueprint, render_template

from grid_report import access, clock
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.points.history import month_queries
from grid_report.points.objections import queries as objections_queries
from grid_report.points.objections.rules import Decision, Subject
from grid_report.points.permissions import POINTS_READ_OWN
from grid_report.points.signals import decision_about
from grid_report.reports import queries
from grid_report.reports.lifecycle import Part
from grid_report.reports.pages import page_views
from grid_report.reports.permissions import parts
from grid_report.web.context import current_actor

bp = Blueprint("report_points", __name__)


@bp.get("/my/points/report/<number>")
def show(number: str) -> str:
    """Say what a report earned, what it did not, and what is still to come."""
    actor = current_actor()
    access.check(actor, POINTS_READ_OWN)
    row = queries.find_report(number)
    if Part.RIDER not in parts(actor, row):
        raise NotFound
    report = page_views.put_together(row)
    unpaid = month_queries.unawarded_about(actor.member_id, row.number)
    nothing = not report.points_entries and not unpaid
    about = Decision(Subject.REPORT, row.number)
    refused = decision_about(db.session(), row.number) if nothing else None
    return render_template(
        "reports/points.html",
        report=report,
        unpaid=unpaid,
        about=about,
        objection=objections_queries.find_about(about, actor.member_id, clock.now()),
        may_object=refused is not None,
    )
