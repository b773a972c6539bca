"""Who members are to the permissions, looked up for jobs and for others."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from grid_report.access import Actor, Grant
from grid_report.accounts.models import Member, RoleGrant, Standing
from grid_report.db import db


def actors_of(ids: Iterable[int]) -> dict[int, Actor]:
    """Return active members as actors, by id: what they may do now. One statement."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Member.id, Member.name, Member.language, RoleGrant.role, RoleGrant.place)
        .outerjoin(RoleGrant, RoleGrant.member_id == Member.id)
        .where(Member.id.in_(wanted), Member.standing == Standing.ACTIVE)
    ).all()
    grants: dict[int, set[Grant]] = {row.id: set() for row in rows}
    for row in rows:
        if row.role is not None:
            grants[row.id].add(Grant(row.role, row.place or None))
    return {
        row.id: Actor(row.id, row.name, frozenset(grants[row.id]), language=row.language)
        for row in rows
    }
