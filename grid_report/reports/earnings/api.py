"""Calls of the API: looking again for a community, and merits."""

from __future__ import annotations

from flask import Response, request

from grid_report import access, clock
from grid_report.access import Permission
from grid_report.errors import Invalid
from grid_report.places.queries import reference
from grid_report.points.policy import terms_of
from grid_report.points.proposals import queries as proposals_queries
from grid_report.points.proposals import shapes as proposals_shapes
from grid_report.reports import queries
from grid_report.reports.casework import recheck_usecases
from grid_report.reports.commands import AnswerRecheck, AskRecheck
from grid_report.reports.earnings import shapes
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
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import KEY_FIELD, answer, form_body, idempotency_key, json_body
from grid_report.web.context import current_actor, settings
from grid_report.web.text import read_key, read_text


@bp.get("/reports/<number>/rechecks")
@operation(
    summary="What the rider was asked to look at again, oldest first",
    answers={200: shapes.RecheckList},
    refuses=(404,),
)
def rechecks(number: str) -> Response:
    """List what was asked for, and what was answered."""
    report = queries.find_report(number)
    access.check(current_actor(), REPORT_READ, report)
    found = queries.list_rechecks(report.id)
    return answer(shapes.RecheckList(items=[shapes.RecheckShown.of(it) for it in found]))


def _last(report: Report, *, replayed: bool) -> Response:
    last = queries.list_rechecks(report.id)[-1]
    return answer(shapes.RecheckShown.of(last), 201, replayed=replayed)


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
    json=shapes.RecheckRequest,
    answers={201: shapes.RecheckShown},
    refuses=(403, 404, 409, 415, 422),
    idempotent_by_key=True,
)
def ask_recheck(number: str) -> Response:
    """Ask for another look; one at a time, and no more than the tariff thanks for."""
    problems = Invalid()
    _check(number, RECHECK_ASK, idempotency_key())
    said = read_text(
        json_body(shapes.RecheckRequest), "note", most=pages_forms.WORDS_MOST, problems=problems
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
    form=shapes.RecheckForm,
    answers={201: shapes.RecheckShown},
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


@bp.post("/reports/<number>/merit")
@operation(
    summary="Propose a merit (R10) for a report that could have saved a life",
    json=shapes.MeritRequest,
    answers={201: proposals_shapes.ProposalShown},
    refuses=(403, 404, 409, 415, 422),
    idempotent_by_key=True,
)
def propose_merit(number: str) -> Response:
    """Propose a merit; an administrator who is somebody else approves it."""
    problems = Invalid()
    _check(number, MERIT_PROPOSE)
    body = json_body(shapes.MeritRequest)
    reason = read_text(body, "reason", most=pages_forms.WORDS_MOST, problems=problems)
    key = read_key(idempotency_key(), KEY_FIELD, problems)
    problems.raise_if_any()
    put = recheck_usecases.propose_merit(
        number, body["points"], reason, key=key, actor=current_actor(), now=clock.now()
    )
    found = proposals_queries.find_proposal(put.proposal_id, current_actor())
    shown = proposals_shapes.ProposalShown.of(found, current_actor(), reference())
    return answer(shown, 201, replayed=put.replayed)
