"""The one thing an auditor writes: that somebody's identity was looked at, and why."""

from __future__ import annotations

from datetime import datetime

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts import steps as accounts
from grid_report.accounts.members.identity_queries import LOOK
from grid_report.accounts.permissions import MEMBERS_LOOK
from grid_report.db import transaction, use_case


@use_case
def look_at_identity(member_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Note that an auditor looks at who a member is, and why. Raises NotFound, Forbidden."""
    access.check(actor, MEMBERS_LOOK)
    with transaction() as session:
        accounts.lock_member(session, member_id)
        accounts.audit(session, actor, LOOK, f"member:{member_id}", now, reason=reason)
