"""Calls of the API: grants, merits and reversals that need a second person."""

from __future__ import annotations

from flask import Response, request

from grid_report import access, clock
from grid_report.places.queries import reference
from grid_report.points.permissions import BUDGET_GRANT, PROPOSALS_READ
from grid_report.points.policy import terms_of
from grid_report.points.proposals import forms, queries, shapes, usecases
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import KEY_FIELD, answer, idempotency_key, json_body, query
from grid_report.web.context import current_actor, settings
from grid_report.web.paging import pack, read_limit, unpack_id


def _proposal(proposal_id: int) -> shapes.ProposalShown:
    actor = current_actor()
    found = queries.find_proposal(proposal_id, actor)
    return shapes.ProposalShown.of(found, actor, reference())


@bp.get("/proposals")
@operation(
    summary="Grants, merits and reversals that need a second person, newest first",
    query=shapes.ProposalQuery,
    answers={200: shapes.ProposalList},
    refuses=(403, 422),
)
def list_proposals() -> Response:
    """List what waits and what was decided."""
    actor = current_actor()
    access.check(actor, PROPOSALS_READ)
    asked = query(shapes.ProposalQuery)
    found, following = queries.page_of_proposals(
        actor,
        state=asked.state,
        before=unpack_id(asked.cursor),
        limit=read_limit(request.args.get("limit")),
    )
    shown = shapes.ProposalList(
        items=[shapes.ProposalShown.of(it, actor, reference()) for it in found],
        next=pack(following) if following is not None else None,
    )
    return answer(shown)


@bp.post("/proposals")
@operation(
    summary="Propose a grant to a month's pool, or the reversal of an award",
    json=shapes.ProposalRequest,
    answers={201: shapes.ProposalShown},
    refuses=(403, 409, 415, 422),
    idempotent_by_key=True,
)
def propose() -> Response:
    """Propose; nothing moves before somebody else approves."""
    access.check(current_actor(), BUDGET_GRANT)
    values = {**json_body(shapes.ProposalRequest), "key": idempotency_key()}
    command = forms.read_proposal(values, key_field=KEY_FIELD)
    put = usecases.propose(
        command, zone=settings().county.tz, actor=current_actor(), now=clock.now()
    )
    return answer(_proposal(put.proposal_id), 201, replayed=put.replayed)


@bp.post("/proposals/<int:proposal_id>/decision")
@operation(
    summary="Approve what somebody else proposed, which does it, or decline it with a reason",
    json=shapes.DecideRequest,
    answers={200: shapes.ProposalShown},
    refuses=(403, 404, 409, 415, 422),
)
def decide_proposal(proposal_id: int) -> Response:
    """Decide as the second person."""
    actor = current_actor()
    access.check(actor, BUDGET_GRANT)
    body = json_body(shapes.DecideRequest)
    note, now = forms.read_note(body), clock.now()
    if body["decision"] == "approve":
        usecases.approve(proposal_id, note=note, actor=actor, terms=terms_of(settings()), now=now)
    else:
        usecases.decline(proposal_id, note=note, actor=actor, now=now)
    return answer(_proposal(proposal_id))
