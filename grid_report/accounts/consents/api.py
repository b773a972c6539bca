"""Calls of the API: what a member agrees to, and takes back."""

from __future__ import annotations

from flask import Response

from grid_report import clock
from grid_report.accounts import consent_queries, policy
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consents import shapes
from grid_report.accounts.consents import usecases as consents_usecases
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, json_body
from grid_report.web.context import current_actor


@bp.get("/me/consents")
@operation(
    summary="What the member agreed to and took back, newest first",
    answers={200: shapes.ConsentList},
)
def list_consents() -> Response:
    """List every agreement with its end; nothing is ever overwritten."""
    found = consent_queries.list_consents(current_actor().member_id)
    return answer(shapes.ConsentList(items=[shapes.ConsentShown.of(row) for row in found]))


@bp.post("/me/consents")
@operation(
    summary="Agree to one kind, or take it back; saying what stands already changes nothing",
    json=shapes.ConsentRequest,
    answers={201: shapes.ConsentSaid},
    refuses=(415, 422),
)
def say_consent() -> Response:
    """Write the act and say what stands now."""
    body = json_body(shapes.ConsentRequest)
    kind, agree = ConsentKind(body["kind"]), body["agree"]
    row = consents_usecases.say_consent(
        kind, agree, actor=current_actor(), policy=policy.current(), now=clock.now()
    )
    return answer(shapes.ConsentSaid.of(kind, row, agree=agree), 201)
