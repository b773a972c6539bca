"""Who may read a member's name, and who reads an alias."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import exists, select

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.accounts.models import AuditEntry, Member, Standing
from grid_report.accounts.permissions import AUDIT_READ, MEMBERS_MANAGE
from grid_report.accounts.queries import names_of
from grid_report.db import db

# The act of looking at an identity, and how long the page shows what was looked at.
LOOK: Final = "member.look"
LOOKED_FOR: Final = timedelta(minutes=15)


def knows_names(reader: Actor) -> bool:
    """Tell whether people have names to this reader: whoever only oversees reads aliases."""
    return not access.allowed(reader, AUDIT_READ) or access.allowed(reader, MEMBERS_MANAGE)


def names_for(reader: Actor, ids: Iterable[int]) -> dict[int, str]:
    """Return what this reader calls members, by id: their names, or their aliases."""
    wanted = set(ids)
    if knows_names(reader):
        return names_of(wanted)
    return {member_id: rider_alias(member_id) for member_id in wanted if member_id > 0}


def is_member(member_id: int) -> bool:
    """Tell whether there is such a member who has not left."""
    there = exists().where(Member.id == member_id, Member.standing != Standing.ERASED)
    return bool(db.session.scalar(select(there)))


def has_looked(reader: Actor, member_id: int, now: datetime) -> bool:
    """Tell whether the reader has just given a reason for looking at who a member is."""
    looked = exists().where(
        AuditEntry.about == f"member:{member_id}",
        AuditEntry.action == LOOK,
        AuditEntry.actor_id == reader.member_id,
        AuditEntry.at >= now - LOOKED_FOR,
    )
    return bool(db.session.scalar(select(looked)))
