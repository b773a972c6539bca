"""The migrations of the ledger go both ways, with data in it and in the tables around it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from grid_report import schema
from grid_report.db import Base, db
from grid_report.points import ledger
from grid_report.points.audit import expected_triggers, rebuild_queries
from grid_report.points.kinds import Verdict
from tests.points.book import NOW, Book

pytestmark = pytest.mark.database


def test_the_ledger_goes_and_comes_back_beside_other_data(book: Book) -> None:
    rider = book.rider()
    book.award(rider)
    db.session.remove()
    schema.downgrade(db.engine, "0003")
    there = set(inspect(db.engine).get_table_names())
    assert not there & set(expected_triggers.TABLES)
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect() as connection:
            left = connection.scalar(
                text("SELECT COUNT(*) FROM pg_proc WHERE proname = ANY(:names)"),
                {"names": sorted(expected_triggers.expected("postgresql"))},
            )
        assert left == 0
    schema.upgrade(db.engine)
    assert book.award(rider).points == 10
    assert book.differences() == []


@pytest.mark.parametrize("revision", ["0005", "0008"])
def test_whatever_was_written_is_the_same_after_a_way_down_and_up(
    book: Book, revision: str
) -> None:
    rider, cheat = book.rider(), book.rider()
    award, wrong = (book.award(rider, 40, severity=4).entry_id for _ in range(2))
    for number in range(4):
        book.hold(rider, f"R-{number}")
    book.capture("R-0")
    book.settle("R-0")
    book.do(ledger.clear_statement, "S1", statement_key="S1:2026-11", points=10, at=NOW,
            actor_id=book.admin.member_id)  # fmt: skip
    book.capture("R-1", points=8)
    book.refund("R-1", points=3, key="a")
    book.noshow("R-2")
    book.reverse(award, Verdict.HONEST)
    book.reverse(wrong, Verdict.NEGLIGENT)
    lie = book.award(cheat, 40, severity=4).entry_id
    book.hold(cheat, "R-9", 40)
    book.capture("R-9")
    book.reverse(lie, Verdict.FRAUD)
    book.award(cheat, 40, severity=4)
    book.expire(cheat, NOW + timedelta(days=800))
    before = book.value("SELECT count(*) FROM point_journal")
    db.session.remove()
    schema.downgrade(db.engine, revision)
    schema.upgrade(db.engine)
    assert book.value("SELECT count(*) FROM point_journal") == before
    assert rebuild_queries.find_mismatches(db.engine) == []
    assert book.differences() == []
    # And what was under way goes on.
    book.release("R-3")
    assert book.differences() == []


def test_the_tables_are_the_models(book: Book) -> None:
    with db.engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), Base.metadata)
    assert [change for change in found if "point_" in str(change)] == []


def test_checks_and_keys_have_the_models_names(book: Book) -> None:
    look = inspect(db.engine)
    for table in expected_triggers.TABLES:
        model = Base.metadata.tables[table]
        named = {str(constraint.name) for constraint in model.constraints}
        there = {str(c["name"]) for c in look.get_check_constraints(table)}
        there |= {str(c["name"]) for c in look.get_unique_constraints(table)}
        there |= {str(c["name"]) for c in look.get_foreign_keys(table)}
        there.add(str(look.get_pk_constraint(table)["name"]))
        assert there == named, table
