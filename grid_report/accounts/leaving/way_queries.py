"""Whose a row is: the way from it to a member, as its table's declaration says it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Index, UniqueConstraint, select

from grid_report.db import db


def is_of(table: str, way: str, member_id: int) -> ColumnElement[bool]:
    """Match a table's rows that lead to a member: by a column, or by rows of another table."""
    column, _, further = way.partition(">")
    here = db.metadata.tables[table].c[column]
    if not further:
        return here == member_id
    there, _, rest = further.partition(".")
    target: Any = db.metadata.tables[there]
    return here.in_(select(target.c.id).where(is_of(there, rest, member_id)))


def is_led(table: str, way: str) -> bool:
    """Tell whether an index leads along the whole way: nothing of others is looked at on it."""
    column, _, further = way.partition(">")
    here: Any = db.metadata.tables[table]
    keys = [here.primary_key, *here.indexes]
    keys += [it for it in here.constraints if isinstance(it, UniqueConstraint)]
    if not any(_begins_with(key, column) for key in keys):
        return False
    if not further:
        return True
    there, _, rest = further.partition(".")
    return is_led(there, rest)


def _begins_with(key: Any, column: str) -> bool:
    # An index of some rows only leads to those.
    partly = isinstance(key, Index) and key.dialect_options["sqlite"]["where"] is not None
    return not partly and next(iter(key.columns)).name == column
