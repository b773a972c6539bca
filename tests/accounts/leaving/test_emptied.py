"""What nobody may change lets its words go, nothing else, and only of a member who is no more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import DateTime, Enum, Table, text, update
from sqlalchemy.exc import DBAPIError

from grid_report.db import Base, UtcInstant, db
from tests.accounts.leaving.lives import Life, live
from tests.support.builders import Make

pytestmark = pytest.mark.database

EMPTY = {
    "report_history": ("actor_id", ""),
    "redemption_history": ("actor_id", ""),
    "application_history": ("actor_id", ""),
    "objections": ("rider_id", "—"),
}


def refused(table: Table, row_id: int, **values: Any) -> bool:
    try:
        with db.engine.begin() as connection:
            connection.execute(update(table).where(table.c.id == row_id).values(**values))
    except DBAPIError:
        return True
    return False


def others(table: Table, row: Any, make: Make) -> Iterator[dict[str, Any]]:
    """Yield every column but the words with another value than it has."""
    for column in table.c:
        if column.primary_key or column.name == "words":
            continue
        value = row[column.name]
        if isinstance(column.type, UtcInstant | DateTime):
            yield {column.name: (value or make.now) + timedelta(days=400)}
        elif isinstance(column.type, Enum):
            # One the column knows: only the trigger refuses it.
            known = column.type.enum_class or ()
            yield {column.name: next(it for it in known if it is not value)}
        elif isinstance(value, dict):
            yield {column.name: {"other": 1}}
        elif isinstance(value, int):
            yield {column.name: value + 1}
        else:
            yield {column.name: "other"}


def test_only_the_words_of_a_member_who_is_no_more_can_be_emptied(app: Flask, make: Make) -> None:
    it: Life = live(app, make)
    for name, (author, empty) in EMPTY.items():
        table = Base.metadata.tables[name]
        query = table.select().where(
            table.c[author] == it.rider.member_id, table.c.words != "", table.c.words != "—"
        )
        row = db.session.execute(query).mappings().first()
        db.session.rollback()
        assert row is not None, name
        assert refused(table, row["id"], words=empty), name
        with db.engine.begin() as connection:
            connection.execute(
                text("UPDATE members SET standing = 'erased', phone_lookup = NULL WHERE id = :id"),
                {"id": it.rider.member_id},
            )
        assert refused(table, row["id"], words="other"), name
        for change in others(table, row, make):
            assert refused(table, row["id"], words=empty, **change), (name, change)
        assert not refused(table, row["id"], words=empty), name
        with pytest.raises(DBAPIError), db.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.id == row["id"]))
        with db.engine.begin() as connection:
            connection.execute(
                text("UPDATE members SET standing = 'active' WHERE id = :id"),
                {"id": it.rider.member_id},
            )
