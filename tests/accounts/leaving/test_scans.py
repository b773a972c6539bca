"""An erasure holds the database's writer for its own rows only, however much there is of others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from grid_report import db as database
from grid_report.accounts.leaving import fates
from grid_report.accounts.leaving import usecases as leaving
from grid_report.accounts.leaving.way_queries import is_led
from grid_report.application import LEAVING
from grid_report.db import db
from tests.accounts.leaving.lives import alias_of, found_anywhere, leave, live, secrets
from tests.conftest import KIND
from tests.support.builders import Make

pytestmark = pytest.mark.database

# What grows by every step of everybody.
LARGE = (
    "application_history", "channel_deliveries", "fairness_prints", "fairness_signals", "inbox",
    "kept_photos", "outbox", "point_journal", "redemption_history", "redemptions",
    "report_history", "report_photos", "reports",
)  # fmt: skip


@contextmanager
def held() -> Iterator[list[tuple[str, Any]]]:
    """Collect the statements of transactions that write."""
    found: list[tuple[str, Any]] = []

    def note(connection: Any, _cursor: Any, statement: str, values: Any, *more: Any) -> None:
        if connection.get_execution_options().get(database._WRITE):
            many = more[-1]
            found.append((statement, values[0] if many else values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def scans(statement: str, values: Any) -> list[str]:
    if not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
        return []
    with db.engine.connect() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        lines = [str(row[3]) for row in plan]
    return [it for it in lines if it.startswith(tuple(f"SCAN {name}" for name in LARGE))]


def test_no_large_table_is_looked_through_while_the_writer_is_held(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left for having been found before, nor for being more than one statement names."""
    monkeypatch.setattr(fates, "BATCH", 2)
    it = live(app, make)
    looked_for, alias = secrets(make, it), alias_of(it)
    due = leave(make, it, days=0)
    with held() as statements:
        assert leaving.erase_due(LEAVING, now=due) == 1
    left = found_anywhere(looked_for, alias)
    assert {table for table, *_ in left} <= {"photo_removals"}
    assert len(statements) > 50
    if KIND != "sqlite":
        return  # the plans of others follow how many rows there are
    found = {one: lines for one, values in statements if (lines := scans(one, values))}
    assert not found, "\n".join(f"{one} {lines}" for one, lines in found.items())


@pytest.mark.parametrize(
    ("table", "way", "led"),
    [
        ("inbox", "member_id", True),
        ("members", "id", True),
        ("outbox", "member_id", False),
        ("inbox", "message_id>outbox.member_id", False),
        ("upload_pieces", "upload_id>uploads.member_id", True),
        ("report_history", "actor_id", False),
    ],
)
def test_a_way_is_led_where_an_index_begins_with_each_of_its_columns(
    table: str, way: str, led: bool
) -> None:
    assert is_led(table, way) == led
