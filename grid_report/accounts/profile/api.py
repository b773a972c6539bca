"""Calls of the API: a token for phone and password, and the member behind it."""

from __future__ import annotations

from flask import Response

from grid_report import clock
from grid_report.accounts import consent_queries, policy
from grid_report.accounts.models import SignInKind
from grid_report.accounts.profile import shapes
from grid_report.accounts.sign_in import sign_out_usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.web.api.operations import bp, operation
from grid_report.web.api.reading import answer, json_body
from grid_report.web.context import client_address, current_actor
from grid_report.web.guard import public


@bp.post("/tokens")
@public
@operation(
    summary="Sign in with phone and password and get a token",
    json=shapes.TokenRequest,
    answers={201: shapes.TokenIssued},
    refuses=(401, 415, 422),
)
def create_token() -> Response:
    """Issue a token; it is kept only as a hash."""
    body = json_body(shapes.TokenRequest)
    signed_in = sign_in_usecases.sign_in_with_password(
        body["phone"],
        body["password"],
        kind=SignInKind.TOKEN,
        label=body["label"],
        address=client_address(),
        policy=policy.current(),
        now=clock.now(),
    )
    shown = shapes.TokenIssued(
        token=signed_in.secret,
        expires_at=signed_in.expires_at,
        member=shapes.MemberBrief.of(signed_in.actor),
    )
    return answer(shown, 201)


@bp.delete("/tokens/current")
@operation(summary="End the token that is used", answers={204: None})
def revoke_token() -> tuple[str, int]:
    """End the token (or browser) that asks."""
    actor = current_actor()
    assert actor.sign_in_id is not None
    sign_out_usecases.sign_out(actor.sign_in_id, now=clock.now())
    return "", 204


@bp.get("/me")
@operation(summary="The member behind the token", answers={200: shapes.Me})
def me() -> Response:
    """Say who is asking."""
    actor = current_actor()
    return answer(shapes.Me.whole(actor, consent_queries.list_consents(actor.member_id)))
