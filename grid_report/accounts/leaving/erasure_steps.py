"""A member becomes a numbered shell: rows go and words are emptied, as each table declares it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.accounts import steps
from grid_report.accounts.leaving.errors import RolesHeld
from grid_report.accounts.leaving.fates import Table
from grid_report.accounts.leaving.way_queries import is_of
from grid_report.accounts.members.statistics_queries import ERASED
from grid_report.accounts.models import (
    FailedTries,
    Member,
    RateCounter,
    RoleGrant,
    SmsCode,
    Standing,
)
from grid_report.db import db, lock_one

_AS_RIDER: Final = frozenset({Role.RIDER})


def refuse_staff(session: Session, member_id: int) -> None:
    """Refuse whoever holds a role of staff: it is handed over first. Raises RolesHeld."""
    held = set(session.scalars(select(RoleGrant.role).where(RoleGrant.member_id == member_id)))
    if held - _AS_RIDER:
        raise RolesHeld(is_administrator=Role.ADMINISTRATOR in held)


def make_shell(session: Session, member_id: int, tables: Sequence[Table], now: datetime) -> None:
    """Leave of a member a number: nobody can sign in any more. Raises RolesHeld, NotFound."""
    member = lock_one(session, Member, Member.id == member_id)
    if member.standing is Standing.ERASED:
        return
    refuse_staff(session, member_id)
    _forget_numbers(session, member)
    member.standing = Standing.ERASED
    member.phone_lookup = member.phone_claim = None
    session.flush()
    see_to(session, tables, member_id)
    steps.audit(session, None, ERASED, f"member:{member_id}", now)


def _forget_numbers(session: Session, member: Member) -> None:
    """Delete what is kept under hashes of the member's number, or under the member's own."""
    numbers = [one for one in (member.phone_lookup, member.phone_claim) if one]
    session.execute(delete(SmsCode).where(SmsCode.phone_lookup.in_(numbers)))
    for number in numbers:
        for kept in (RateCounter, FailedTries):
            session.execute(delete(kept).where(kept.name.contains(number)))


def see_to(session: Session, tables: Sequence[Table], member_id: int) -> None:
    """Let rows go and empty words, as declared. Done again it changes nothing."""
    for table in tables:
        if table.of:
            _see_to(session, table, member_id)


def _see_to(session: Session, table: Table, member_id: int) -> None:
    of = db.metadata.tables[table.name]
    whose = [is_of(table.name, table.of, member_id)]
    whose += [of.c[name].in_(sorted(values)) for name, values in table.only.items()]
    if table.goes:
        session.execute(delete(of).where(*whose))
    elif table.emptied:
        unlike = [of.c[name].is_distinct_from(value) for name, value in table.emptied.items()]
        session.execute(update(of).where(*whose, or_(*unlike)).values(**table.emptied))
