"""API v1: looking again for a community, merits, and what waits for a second person."""

from __future__ import annotations

from flask import Response, request

from grid_report import access, clock
from grid_report.access import Permission
from grid_report.errors import Invalid
from grid_report.places.api import bp
from grid_report.places.queries import reference
from grid_report.points.objections import shapes as schemas
from grid_report.points.permissions import BUDGET_GRANT, PROPOSALS_READ
from grid_report.points.policy import terms_of
from grid_report.points.proposals import queries as proposals_queries
from grid_report.points.proposals import usecases as proposals_usecases
from grid_report.points.tariff import forms as points_forms
from grid_report.reports import queries
from grid_report.reports.casework import recheck_usecases
from grid_report.reports.commands import AnswerRecheck, AskRecheck
from grid_report.reports.models import Report
from grid_report.reports.pages import forms as pages_forms
from grid_report.reports.pages import page_views
from grid_report.reports.permissions import (
    MERIT_PROPOSE,
    RECHECK_ANSWER,
    RECHECK_ASK,
    REPORT_READ,
    Case,
)
from grid_report.web.api.openapi import operation
from grid_report.web.api.reading import (
    KEY_FIELD,
    answer,
    form_body,
    idempotency_key,
    json_body,
    query,
)
from grid_report.web.context import current_actor, settings
from grid_report.web.paging import pack, read_limit, unpack_id
from grid_report.web.text import read_key, read_text

# --- looking again --------------------------------------------------------------------------------


@bp.get("/reports/<number>/rechecks")
@operation(
    summary="What the rider was asked to look at again, oldest first",
    answers={200: schemas.RecheckList},
    refuses=(404,),
)
def rechecks(number: str) -> Response:
    """List what was asked for, and what was answered."""
    report = queries.find_report(number)
    access.check(current_actor(), REPORT_READ, report)
    found = queries.list_rechecks(report.id)
    return answer(schemas.RecheckList(items=[schemas.RecheckShown.of(it) for it in found]))


def _last(report: Report, *, replayed: bool) -> Response:
    last = queries.list_rechecks(report.id)[-1]
    return answer(schemas.RecheckShown.of(last), 201, replayed=replayed)


def _check(number: str, permission: Permission[Case], key: str | None = None) -> None:
    """Refuse before the body is read; what a key says was done already is answered all the same.

    Raises NotFound, Forbidden.
    """
    report, actor = queries.find_report(number), current_actor()
    if not queries.knows_key(actor, number, key):
        access.check(actor, REPORT_READ, report)
        access.check(actor, permission, report)


def _key(problems: Invalid) -> str | None:
    sent = idempotency_key()
    return read_key(sent, KEY_FIELD, problems) if sent else None


@bp.post("/reports/<number>/rechecks")
@operation(
    summary="Ask the rider of a handled report for a photo of how it is now",
    json=schemas.RecheckRequest,
    answers={201: schemas.RecheckShown},
    refuses=(403, 404, 409, 415, 422),
    idempotent_by_key=True,
)
def ask_recheck(number: str) -> Response:
    """Ask for another look; one at a time, and no more than the tariff thanks for."""
    problems = Invalid()
    _check(number, RECHECK_ASK, idempotency_key())
    said = read_text(
        json_body(schemas.RecheckRequest), "note", most=pages_forms.WORDS_MOST, problems=problems
    )
    command = AskRecheck(said, _key(problems))
    problems.raise_if_any()
    done = recheck_usecases.ask_recheck(
        number, command, actor=current_actor(), places=reference(), now=clock.now()
    )
    return _last(done.report, replayed=done.replayed)


@bp.post("/reports/<number>/rechecks/photos")
@operation(
    summary="The rider's photos of the handled case; the tariff thanks for them (R4)",
    form=schemas.RecheckForm,
    answers={201: schemas.RecheckShown},
    refuses=(403, 404, 409, 413, 415, 422),
    idempotent_by_key=True,
)
def answer_recheck(number: str) -> Response:
    """Take what was asked for."""
    problems = Invalid()
    _check(number, RECHECK_ANSWER, idempotency_key())
    form_body()
    said = read_text(request.form, "note", most=pages_forms.WORDS_MOST, problems=problems)
    key = _key(problems)
    page_views.check_consent(number, idempotency_key())
    photos = page_views.admit_photos(
        request.files.getlist("photos"), problems, most=settings().photos.max_files
    )
    problems.raise_if_any()
    done = recheck_usecases.answer_recheck(
        number,
        AnswerRecheck(said, tuple(photos), key),
        actor=current_actor(),
        places=reference(),
        terms=terms_of(settings()),
        now=clock.now(),
    )
    return _last(done.report, replayed=done.replayed)


# --- merits and what else needs two ---------------------------------------------------------------


@bp.post("/reports/<number>/merit")
@operation(
    summary="Propose a merit (R10) for a report that could have saved a life",
    json=schemas.MeritRequest,
    answers={201: schemas.ProposalShown},
    refuses=(403, 404, 409, 415, 422),
    idempotent_by_key=True,
)
def propose_merit(number: str) -> Response:
    """Propose a merit; an administrator who is somebody else approves it."""
    problems = Invalid()
    _check(number, MERIT_PROPOSE)
    body = json_body(schemas.MeritRequest)
    reason = read_text(body, "reason", most=pages_forms.WORDS_MOST, problems=problems)
    key = read_key(idempotency_key(), KEY_FIELD, problems)
    problems.raise_if_any()
    put = recheck_usecases.propose_merit(
        number, body["points"], reason, key=key, actor=current_actor(), now=clock.now()
    )
    return answer(_proposal(put.proposal_id), 201, replayed=put.replayed)


def _proposal(proposal_id: int) -> schemas.ProposalShown:
    actor = current_actor()
    found = proposals_queries.find_proposal(proposal_id, actor)
    return schemas.ProposalShown.of(found, actor, reference())


@bp.get("/proposals")
@operation(
    summary="Grants, merits and reversals that need a second person, newest first",
    query=schemas.ProposalQuery,
    answers={200: schemas.ProposalList},
    refuses=(403, 422),
)
def list_proposals() -> Response:
    """List what waits and what was decided."""
    actor = current_actor()
    access.check(actor, PROPOSALS_READ)
    asked = query(schemas.ProposalQuery)
    found, following = proposals_queries.page_of_proposals(
        actor,
        state=asked.state,
        before=unpack_id(asked.cursor),
        limit=read_limit(request.args.get("limit")),
    )
    shown = schemas.ProposalList(
        items=[schemas.ProposalShown.of(it, actor, reference()) for it in found],
        next=pack(following) if following is not None else None,
    )
    return answer(shown)


@bp.post("/proposals")
@operation(
    summary="Propose a grant to a month's pool, or the reversal of an award",
    json=schemas.ProposalRequest,
    answers={201: schemas.ProposalShown},
    refuses=(403, 409, 415, 422),
    idempotent_by_key=True,
)
def propose() -> Response:
    """Propose; nothing moves before somebody else approves."""
    access.check(current_actor(), BUDGET_GRANT)
    values = {**json_body(schemas.ProposalRequest), "key": idempotency_key()}
    command = points_forms.read_proposal(values, key_field=KEY_FIELD)
    put = proposals_usecases.propose(
        command, zone=settings().county.tz, actor=current_actor(), now=clock.now()
    )
    return answer(_proposal(put.proposal_id), 201, replayed=put.replayed)


@bp.post("/proposals/<int:proposal_id>/decision")
@operation(
    summary="Approve what somebody else proposed, which does it, or decline it with a reason",
    json=schemas.DecideRequest,
    answers={200: schemas.ProposalShown},
    refuses=(403, 404, 409, 415, 422),
)
def decide_proposal(proposal_id: int) -> Response:
    """Decide as the second person."""
    actor = current_actor()
    access.check(actor, BUDGET_GRANT)
    body = json_body(schemas.DecideRequest)
    note, now = points_forms.read_note(body), clock.now()
    if body["decision"] == "approve":
        proposals_usecases.approve(
            proposal_id, note=note, actor=actor, terms=terms_of(settings()), now=now
        )
    else:
        proposals_usecases.decline(proposal_id, note=note, actor=actor, now=now)
    return answer(_proposal(proposal_id))
