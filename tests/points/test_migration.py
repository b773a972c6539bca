"""Migration 0004 goes both ways, with data in the tables around it."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from grid_report import schema
from grid_report.db import Base, db
from grid_report.points import guards
from tests.points.book import Book

pytestmark = pytest.mark.database


def test_the_ledger_goes_and_comes_back_beside_other_data(book: Book) -> None:
    rider = book.rider()
    book.award(rider)
    db.session.remove()
    schema.downgrade(db.engine, "0003")
    there = set(inspect(db.engine).get_table_names())
    assert not there & set(guards.TABLES)
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect() as connection:
            left = connection.scalar(
                text("SELECT COUNT(*) FROM pg_proc WHERE proname = ANY(:names)"),
                {"names": sorted(guards.expected("postgresql"))},
            )
        assert left == 0
    schema.upgrade(db.engine)
    assert book.award(rider).points == 10
    assert book.differences() == []


def test_the_tables_are_the_models(book: Book) -> None:
    with db.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert [change for change in found if "point_" in str(change)] == []


def test_checks_and_keys_have_the_models_names(book: Book) -> None:
    look = inspect(db.engine)
    for table in guards.TABLES:
        model = Base.metadata.tables[table]
        named = {str(constraint.name) for constraint in model.constraints}
        there = {str(c["name"]) for c in look.get_check_constraints(table)}
        there |= {str(c["name"]) for c in look.get_unique_constraints(table)}
        there |= {str(c["name"]) for c in look.get_foreign_keys(table)}
        there.add(str(look.get_pk_constraint(table)["name"]))
        assert there == named, table
