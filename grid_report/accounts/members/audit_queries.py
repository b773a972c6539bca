"""Reads of the audit trail: what staff did outside a case's own history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select, tuple_

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.models import AuditEntry
from grid_report.accounts.permissions import AUDIT_READ
from grid_report.db import db

# Where a page ended: the instant of its last row, and the row.
Cursor = tuple[datetime, int]
ABOUT_MEMBER: Final = "member:"


@dataclass(frozen=True)
class TrailFilter:
    """Every field None or empty means: do not narrow. `member` acted, or was acted on."""

    member: int | None = None
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class TrailLine:
    """One act; nobody is the actor where a job or a command acted."""

    id: int
    at: datetime
    actor_id: int | None
    action: str
    about: str
    details: Mapping[str, Any]

    @property
    def about_member(self) -> int | None:
        """Return the member the act was about, if it was about one."""
        number = self.about.removeprefix(ABOUT_MEMBER)
        return int(number) if number != self.about and number.isdecimal() else None


def list_trail(
    wanted: TrailFilter, *, actor: Actor, before: Cursor | None = None, limit: int = 50
) -> tuple[Sequence[TrailLine], Cursor | None]:
    """Return acts newest first, and where to go on if there are more. Raises Forbidden."""
    access.check(actor, AUDIT_READ)
    query = select(
        AuditEntry.id,
        AuditEntry.at,
        AuditEntry.actor_id,
        AuditEntry.action,
        AuditEntry.about,
        AuditEntry.details,
    )
    if wanted.member is not None:
        about = AuditEntry.about == f"{ABOUT_MEMBER}{wanted.member}"
        query = query.where(or_(AuditEntry.actor_id == wanted.member, about))
    if wanted.action:
        query = query.where(AuditEntry.action == wanted.action)
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    if before is not None:
        query = query.where(tuple_(AuditEntry.at, AuditEntry.id) < tuple_(*before))
    newest_first = query.order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit + 1)
    lines = [TrailLine(*row) for row in db.session.execute(newest_first)]
    more, lines = len(lines) > limit, lines[:limit]
    return lines, (lines[-1].at, lines[-1].id) if more else None
