"""Administrators' pages: the tariff that runs and the next one, and what waits for a second person."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from grid_report import access, clock
from grid_report.accounts.aliases import rider_alias
from grid_report.clock import Month
from grid_report.errors import GridReportError
from grid_report.places import queries as places_queries
from grid_report.plain_characters import plain
from grid_report.points.errors import ProposalKeyReused, SecondPersonNeeded
from grid_report.points.permissions import (
    BUDGET_GRANT,
    PROPOSAL_DECIDE,
    PROPOSALS_READ,
    TARIFF_DRAFT,
    TARIFF_READ,
)
from grid_report.points.policy import terms_of
from grid_report.points.proposals import queries as proposals_queries
from grid_report.points.proposals import usecases as proposals_usecases
from grid_report.points.rates import Version
from grid_report.points.rewards import tariff_queries
from grid_report.points.statement import reversal_queries
from grid_report.points.statement.reversal_queries import Given
from grid_report.points.tariff import forms, simulation_queries, usecases
from grid_report.points.tariff.fields import numbers_of
from grid_report.web.context import current_actor, settings
from grid_report.web.pages.words import said
from grid_report.web.refused_forms import REFUSED, Errors, shown_again
from grid_report.web.text import clean

bp = Blueprint("admin_points", __name__)

BIGGEST_ID = 2**63 - 1
# What can be the number of a row, in a link.
NUMBER = re.compile(r"[0-9]{1,11}", re.ASCII)


# --- the tariff -----------------------------------------------------------------------------------


@bp.get("/admin/tariff")
def tariff() -> str:
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
    return redirect(url_for("admin_points.tariff") + "#next", 303)


@bp.post("/admin/tariff/draft/drop")
def drop_draft() -> Response:
    """Throw the next version away."""
    usecases.drop_draft(actor=current_actor(), now=clock.now())
    flash(said("tariff-draft-dropped"))
    return redirect(url_for("admin_points.tariff"), 303)


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
    return redirect(url_for("admin_points.tariff"), 303)


@bp.post("/admin/tariff/<version>/withdraw")
def withdraw(version: str) -> Response:
    """Take back a published version that has not started."""
    usecases.withdraw_version(version[:20], actor=current_actor(), now=clock.now())
    flash(said("tariff-withdrawn", version=version[:20]))
    return redirect(url_for("admin_points.tariff"), 303)


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


# --- proposals ------------------------------------------------------------------------------------


@bp.get("/admin/proposals")
def waiting() -> str:
    """List what waits for a second person, and what was decided last.

    Whoever comes from an entry finds its form filled in; from a case or a member, the awards.
    """
    access.check(current_actor(), PROPOSALS_READ)
    asked = {name: clean(plain(value)) for name, value in request.args.items()}
    form: dict[str, Any] = {}
    if NUMBER.fullmatch(asked.get("entry_id", "")):
        form = {"kind": "reversal", "entry_id": asked["entry_id"], "verdict": asked.get("verdict")}
    given: list[Given] = []
    if access.allowed(current_actor(), BUDGET_GRANT):
        if NUMBER.fullmatch(asked.get("member", "")):
            given = reversal_queries.list_given(rider_id=int(asked["member"]))
        elif asked.get("report"):
            given = reversal_queries.list_given(report=asked["report"][:24])
    return _proposals_page({}, form, given)


@bp.post("/admin/proposals")
def propose() -> Response:
    """Propose a grant or a reversal."""
    access.check(current_actor(), BUDGET_GRANT)
    try:
        proposals_usecases.propose(
            forms.read_proposal(request.form),
            zone=settings().county.tz,
            actor=current_actor(),
            now=clock.now(),
        )
    except ProposalKeyReused as error:
        # Gone back to and changed: sent again it is another proposal, under another key.
        form = {name: value for name, value in request.form.items() if name != "key"}
        return shown_again(error, lambda errors: _proposals_page(errors, form))
    except REFUSED as error:
        return shown_again(error, lambda errors: _proposals_page(errors, request.form.to_dict()))
    flash(said("proposed"))
    return redirect(url_for("admin_points.waiting"), 303)


@bp.post("/admin/proposals/<int:proposal_id>/approve")
def approve(proposal_id: int) -> Response:
    """Approve what somebody else proposed."""
    try:
        proposals_usecases.approve(
            min(proposal_id, BIGGEST_ID),
            note=forms.read_note(request.form),
            actor=current_actor(),
            terms=terms_of(settings()),
            now=clock.now(),
        )
    except REFUSED as error:
        return _refused(proposal_id, error)
    flash(said("proposal-approved"))
    return redirect(url_for("admin_points.waiting"), 303)


@bp.post("/admin/proposals/<int:proposal_id>/decline")
def decline(proposal_id: int) -> Response:
    """Decline what somebody else proposed, with a reason."""
    try:
        proposals_usecases.decline(
            min(proposal_id, BIGGEST_ID),
            note=forms.read_note(request.form),
            actor=current_actor(),
            now=clock.now(),
        )
    except REFUSED as error:
        return _refused(proposal_id, error)
    flash(said("proposal-declined"))
    return redirect(url_for("admin_points.waiting"), 303)


def _refused(proposal_id: int, error: GridReportError) -> Response:
    form: dict[str, Any] = {**request.form.to_dict(), "proposal": proposal_id}
    return shown_again(error, lambda errors: _proposals_page(errors, form))


def _proposals_page(errors: Errors, form: Mapping[str, Any], given: Sequence[Given] = ()) -> str:
    actor = current_actor()
    entry = str(form.get("entry_id") or "").strip()
    may_propose = access.allowed(actor, BUDGET_GRANT)
    chosen = None
    if may_propose and NUMBER.fullmatch(entry):
        chosen = reversal_queries.find_given(int(entry))
    chosen_taken = reversal_queries.taken_of([chosen.entry_id]) if chosen else {}
    open_ones, decided = proposals_queries.list_proposals(actor)
    month = Month.of(clock.now(), settings().county.tz)
    reference = places_queries.reference()
    return render_template(
        "admin/proposals.html",
        waiting=open_ones,
        decided=decided,
        deciding={one.id for one in open_ones if access.allowed(actor, PROPOSAL_DECIDE, one)},
        may_propose=may_propose,
        given=given,
        chosen=chosen,
        chosen_taken=chosen_taken.get(chosen.entry_id) if chosen else None,
        alias_of=rider_alias,
        months=[str(month.plus(by)) for by in (-1, 0, 1)],
        this_month=str(month),
        communities=reference.communities,
        errors=errors,
        form=form,
    )
