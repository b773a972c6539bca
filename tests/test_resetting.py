"""A database is lent to the next test only as the one before found it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.support.databases import Databases
from tests.support.resetting import Resetting

pytestmark = pytest.mark.database

BLIND = (
    "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN RETURN NEW; END $$"
)


@pytest.fixture
def url(server: Databases, tmp_path: Path) -> Iterator[str]:
    """Return a database of its own; SQLite's are files that go with the test."""
    made = server.fresh(tmp_path)
    if made.startswith("sqlite"):
        pytest.skip("only PostgreSQL brings databases back")
    yield made
    server.drop(made)


def changed(url: str, *statements: str) -> bool:
    """Tell whether the database can still be brought back after something was done to it."""
    with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:")) as connection:
        for statement in statements:
            connection.execute(statement)
    resetting = Resetting(url)
    try:
        return resetting.reset()
    finally:
        resetting.close()


def test_rows_are_brought_back(url: str) -> None:
    assert changed(url, "UPDATE categories SET name_zh = '洞'")
    assert changed(url)


def test_a_default_that_was_set_is_noticed(url: str) -> None:
    assert not changed(url, "ALTER TABLE members ALTER COLUMN name SET DEFAULT 'nobody'")


def test_a_guard_that_looks_away_is_noticed(url: str) -> None:
    with psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:")) as connection:
        found = connection.execute(
            "SELECT p.proname FROM pg_proc p JOIN pg_trigger t ON t.tgfoid = p.oid"
            " WHERE p.pronamespace = 'public'::regnamespace ORDER BY 1 LIMIT 1"
        ).fetchone()
    assert found is not None
    assert not changed(url, BLIND.format(name=found[0]))
