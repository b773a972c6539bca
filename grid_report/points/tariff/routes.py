"""Administrators' pages of the tariff: the version that runs, and the next one."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.clock import Month
from grid_report.places import queries as places_queries
from grid_report.points.errors import SecondPersonNeeded
from grid_report.points.permissions import TARIFF_DRAFT, TARIFF_READ
from grid_report.points.proposals import queries as proposals_queries
from grid_report.points.rates import Version
from grid_report.points.rewards import tariff_queries
from grid_report.points.tariff import forms, simulation_queries, usecases
from grid_report.points.tariff.fields import numbers_of
from grid_report.web.context import current_actor, settings
from grid_report.web.pages.words import said
from grid_report.web.refused_forms import REFUSED, Errors, shown_again

bp = Blueprint("tariff", __name__)


@bp.get("/admin/tariff")
def index() -> str:
    """Show the version that runs, all others, and the next one with what it would have paid."""
    access.check(current_actor(), TARIFF_READ)
    return _tariff_page({}, {})


@bp.get("/admin/tariff/draft")
def draft() -> str:
    """Show the form of the next version, with the running one's numbers where there is none yet."""
    access.check(current_actor(), TARIFF_DRAFT)
    return _draft_page({}, {})


@bp.post("/admin/tariff/draft")
def save_draft() -> Response:
    """Keep the next version; refused, the form comes back with what was typed."""
    access.check(current_actor(), TARIFF_DRAFT)
    try:
        code, numbers, seen = forms.read_draft(request.form)
        usecases.save_draft(code, numbers, seen=seen, actor=current_actor(), now=clock.now())
    except REFUSED as error:
        return shown_again(error, lambda errors: _draft_page(errors, request.form.to_dict()))
    flash(said("tariff-draft-saved"))
    return redirect(url_for("tariff.index") + "#next", 303)


@bp.post("/admin/tariff/draft/drop")
def drop_draft() -> Response:
    """Throw the next version away."""
    usecases.drop_draft(actor=current_actor(), now=clock.now())
    flash(said("tariff-draft-dropped"))
    return redirect(url_for("tariff.index"), 303)


@bp.post("/admin/tariff/publish")
def publish() -> Response:
    """Publish the next version from a day on, by somebody who did not write it."""
    access.check(current_actor(), TARIFF_DRAFT)
    try:
        starts_on, seen = forms.read_publication(request.form)
        code = usecases.publish_draft(
            starts_on,
            seen=seen,
            zone=settings().county.tz,
            actor=current_actor(),
            now=clock.now(),
        )
    except (*REFUSED, SecondPersonNeeded) as error:
        return shown_again(error, lambda errors: _tariff_page(errors, request.form.to_dict()))
    flash(said("tariff-published", version=code))
    return redirect(url_for("tariff.index"), 303)


@bp.post("/admin/tariff/<version>/withdraw")
def withdraw(version: str) -> Response:
    """Take back a published version that has not started."""
    usecases.withdraw_version(version[:20], actor=current_actor(), now=clock.now())
    flash(said("tariff-withdrawn", version=version[:20]))
    return redirect(url_for("tariff.index"), 303)


def _tariff_page(errors: Errors, form: Mapping[str, str]) -> str:
    actor, now, zone = current_actor(), clock.now(), settings().county.tz
    running = tariff_queries.at(now)
    found = proposals_queries.find_draft(current_actor())
    month = Month.of(now, zone).plus(-1)
    tried = simulation_queries.try_on_month(found.version, month, zone) if found else ()
    return render_template(
        "admin/tariff.html",
        running=running,
        numbers=numbers_of(running),
        versions=proposals_queries.list_versions(actor),
        draft=found,
        draft_numbers=numbers_of(found.version) if found else {},
        month=str(month),
        tried=tried,
        paid=simulation_queries.paid_by_community(month) if found else {},
        communities=places_queries.reference().communities,
        may_draft=access.allowed(actor, TARIFF_DRAFT),
        may_publish=found is not None and found.made_by_id != actor.member_id,
        now=now,
        errors=errors,
        form=form,
    )


def _draft_page(errors: Errors, form: Mapping[str, str]) -> str:
    found = proposals_queries.find_draft(current_actor())
    running = tariff_queries.at(clock.now())
    base: Version = found.version if found else running
    return render_template(
        "admin/tariff_draft.html",
        draft=found,
        running=numbers_of(running),
        numbers=numbers_of(base),
        code=found.version.code if found else forms.next_code(running.code, clock.now().year),
        errors=errors,
        form=form,
    )
