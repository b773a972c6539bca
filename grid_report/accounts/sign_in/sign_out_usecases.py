"""How sign-ins end."""

from __future__ import annotations

from datetime import datetime

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts import steps
from grid_report.accounts.models import SignIn
from grid_report.accounts.permissions import MEMBERS_MANAGE
from grid_report.db import transaction, use_case
from grid_report.errors import NotFound


@use_case
def sign_out(sign_in_id: int, *, now: datetime) -> None:
    """End one sign-in; ending it twice is no error."""
    with transaction() as session:
        row = session.get(SignIn, sign_in_id)
        if row and row.revoked_at is None:
            row.revoked_at = now


@use_case
def revoke_sign_in(sign_in_id: int, *, actor: Actor, now: datetime) -> None:
    """End one of one's own browsers or tokens from another one. Raises NotFound."""
    with transaction() as session:
        row = session.get(SignIn, sign_in_id)
        if row is None or row.member_id != actor.member_id:
            raise NotFound
        row.revoked_at = row.revoked_at or now


@use_case
def sign_out_everywhere(member_id: int, *, actor: Actor, now: datetime) -> int:
    """End every browser and token of a member; return how many. Raises NotFound, Forbidden."""
    if actor.member_id != member_id:
        access.check(actor, MEMBERS_MANAGE)
    with transaction() as session:
        steps.lock_member(session, member_id)
        ended = steps.revoke_sign_ins(session, member_id, now)
        if actor.member_id != member_id:
            steps.audit(session, actor, "member.sign_out", f"member:{member_id}", now, ended=ended)
        return ended
