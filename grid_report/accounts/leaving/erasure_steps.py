"""A member becomes a numbered shell: rows go and words are emptied, as each table declares it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.accounts import steps
from grid_report.accounts.leaving.errors import RolesHeld
from grid_report.accounts.leaving.fates import Table, batches
from grid_report.accounts.leaving.models import Export, ExportPiece
from grid_report.accounts.leaving.way_queries import is_led, is_of
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
    see_to(session, find(session, tables, member_id))
    steps.audit(session, None, ERASED, f"member:{member_id}", now)


def _forget_numbers(session: Session, member: Member) -> None:
    """Delete what is kept under hashes of the member's number, or under the member's own."""
    numbers = [one for one in (member.phone_lookup, member.phone_claim) if one]
    session.execute(delete(SmsCode).where(SmsCode.phone_lookup.in_(numbers)))
    for number in numbers:
        for kept in (RateCounter, FailedTries):
            session.execute(delete(kept).where(kept.name.contains(number)))


def make_anew(session: Session, member_ids: Sequence[int]) -> None:
    """Have the job make files anew that members took along what is no more in.

    One that is just being made is overtaken by that.
    """
    exports = session.scalars(
        select(Export)
        .where(Export.member_id.in_(member_ids), Export.failed_at.is_(None))
        .order_by(Export.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    ids = [export.id for export in exports]
    session.execute(delete(ExportPiece).where(ExportPiece.export_id.in_(ids)))
    for export in exports:
        export.made_at, export.taken_until = None, None
        export.tries, export.byte_count = 0, 0


@dataclass(frozen=True)
class Rows:
    """Which rows of a table are a member's: in each statement's words, by index only."""

    table: Table
    whose: Sequence[ColumnElement[bool]]


def find(session: Any, tables: Sequence[Table], member_id: int) -> list[Rows]:
    """Find a member's rows, so that afterwards nothing of others is looked at."""
    acted_on = [it for it in tables if it.of and (it.goes or it.emptied)]
    return [Rows(it, list(_whose(session, it, member_id))) for it in acted_on]


def _whose(session: Any, table: Table, member_id: int) -> Iterator[ColumnElement[bool]]:
    if is_led(table.name, table.of):
        yield is_of(table.name, table.of, member_id)
        return
    here = db.metadata.tables[table.name]
    column, _, further = table.of.partition(">")
    if further and is_led(table.name, column):
        there, _, rest = further.partition(".")
        keys = [db.metadata.tables[there].c.id]
        query, mine = select(*keys).where(is_of(there, rest, member_id)), [here.c[column]]
    else:
        mine = list(here.primary_key.columns)
        query = select(*mine).where(*_conditions(table, is_of(table.name, table.of, member_id)))
    for batch in batches(session.execute(query).all()):
        if len(mine) == 1:
            yield mine[0].in_([row[0] for row in batch])
        else:
            pairs = (zip(mine, row, strict=True) for row in batch)
            yield from (and_(*(one == value for one, value in pair)) for pair in pairs)


def see_to(session: Session, found: Sequence[Rows]) -> None:
    """Let rows go and empty words, as declared. Done again it changes nothing."""
    for rows in found:
        for whose in rows.whose:
            _see_to(session, rows.table, whose)


def _see_to(session: Session, table: Table, whose: ColumnElement[bool]) -> None:
    of = db.metadata.tables[table.name]
    conditions = _conditions(table, whose)
    if table.goes:
        session.execute(delete(of).where(*conditions))
    else:
        session.execute(update(of).where(*conditions).values(**table.emptied))


def _conditions(table: Table, whose: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    of = db.metadata.tables[table.name]
    conditions = [whose, *(of.c[name].in_(sorted(only)) for name, only in table.only.items())]
    if table.emptied:
        unlike = [of.c[name].is_distinct_from(value) for name, value in table.emptied.items()]
        conditions.append(or_(*unlike))
    return conditions
