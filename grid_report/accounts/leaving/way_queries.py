"""Whose a row is: the way from it to a member, as its table's declaration says it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, select

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
