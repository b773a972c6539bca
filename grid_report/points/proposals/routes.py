"""Administrators' pages of what waits for a second person: grants and reversals."""

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
from grid_report.points.errors import ProposalKeyReused
from grid_report.points.history import reversal_queries
from grid_report.points.history.reversal_queries import Given
from grid_report.points.permissions import BUDGET_GRANT, PROPOSAL_DECIDE, PROPOSALS_READ
from grid_report.points.policy import terms_of
from grid_report.points.proposals import forms, queries, usecases
from grid_report.web.context import current_actor, settings
from grid_report.web.pages.words import said
from grid_report.web.paging import BIGGEST_ID
from grid_report.web.refused_forms import REFUSED, Errors, shown_again
from grid_report.web.text import clean

bp = Blueprint("proposals", __name__)

# What can be the number of a row, in a link.
NUMBER = re.compile(r"[0-9]{1,11}", re.ASCII)


@bp.get("/admin/proposals")
def index() -> str:
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
    return _page({}, form, given)


@bp.post("/admin/proposals")
def propose() -> Response:
    """Propose a grant or a reversal."""
    access.check(current_actor(), BUDGET_GRANT)
    try:
        usecases.propose(
            forms.read_proposal(request.form),
            zone=settings().county.tz,
            actor=current_actor(),
            now=clock.now(),
        )
    except ProposalKeyReused as error:
        # Gone back to and changed: sent again it is another proposal, under another key.
        form = {name: value for name, value in request.form.items() if name != "key"}
        return shown_again(error, lambda errors: _page(errors, form))
    except REFUSED as error:
        return shown_again(error, lambda errors: _page(errors, request.form.to_dict()))
    flash(said("proposed"))
    return redirect(url_for("proposals.index"), 303)


@bp.post("/admin/proposals/<int:proposal_id>/approve")
def approve(proposal_id: int) -> Response:
    """Approve what somebody else proposed."""
    try:
        usecases.approve(
            min(proposal_id, BIGGEST_ID),
            note=forms.read_note(request.form),
            actor=current_actor(),
            terms=terms_of(settings()),
            now=clock.now(),
        )
    except REFUSED as error:
        return _refused(proposal_id, error)
    flash(said("proposal-approved"))
    return redirect(url_for("proposals.index"), 303)


@bp.post("/admin/proposals/<int:proposal_id>/decline")
def decline(proposal_id: int) -> Response:
    """Decline what somebody else proposed, with a reason."""
    try:
        usecases.decline(
            min(proposal_id, BIGGEST_ID),
            note=forms.read_note(request.form),
            actor=current_actor(),
            now=clock.now(),
        )
    except REFUSED as error:
        return _refused(proposal_id, error)
    flash(said("proposal-declined"))
    return redirect(url_for("proposals.index"), 303)


def _refused(proposal_id: int, error: GridReportError) -> Response:
    form: dict[str, Any] = {**request.form.to_dict(), "proposal": proposal_id}
    return shown_again(error, lambda errors: _page(errors, form))


def _page(errors: Errors, form: Mapping[str, Any], given: Sequence[Given] = ()) -> str:
    actor = current_actor()
    entry = str(form.get("entry_id") or "").strip()
    may_propose = access.allowed(actor, BUDGET_GRANT)
    chosen = None
    if may_propose and NUMBER.fullmatch(entry):
        chosen = reversal_queries.find_given(int(entry))
    chosen_taken = reversal_queries.taken_of([chosen.entry_id]) if chosen else {}
    open_ones, decided = queries.list_proposals(actor)
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
