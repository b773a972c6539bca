"""Every table says what becomes of its columns when a member is erased, or this fails."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import JSON, Column, Enum, LargeBinary, String, Table

from grid_report.accounts.leaving import fates
from grid_report.accounts.leaving.fates import Stays
from grid_report.application import LEAVING
from grid_report.db import Base
from grid_report.jobs import models as jobs_models

# No module of the app reads these tables but the scheduler.
assert jobs_models

DECLARED = fates.by_name([room.tables for room in LEAVING])


def names_a_member(column: Column[object]) -> bool:
    return any(it.column.table.name == "members" for it in column.foreign_keys)


def may_hold_words(column: Column[object]) -> bool:
    words = isinstance(column.type, String | JSON | LargeBinary)
    return words and not isinstance(column.type, Enum) and not column.foreign_keys


def undeclared(table: Table, declared: list[fates.Table]) -> Iterator[str]:
    """Say which columns of a table nobody says anything of."""
    gone = any(it.goes for it in declared)
    for column in table.c:
        said = any(it.says(column.name) and not it.goes for it in declared)
        named = any(column.name in it.stays or it.of == column.name for it in declared)
        if (names_a_member(column) and not named) or (
            may_hold_words(column) and not (said or gone or codes_only(table, declared))
        ):
            yield column.name


def codes_only(table: Table, declared: list[fates.Table]) -> bool:
    return any("*" in it.stays for it in declared)


@pytest.mark.parametrize("name", sorted(Base.metadata.tables))
def test_a_table_says_what_an_erasure_does_with_it(name: str) -> None:
    """In `erasure.py` of its room: a reference to a member, or words, JSON or bytes left out."""
    assert list(undeclared(Base.metadata.tables[name], DECLARED.get(name, []))) == []


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_what_is_declared_is_there(name: str) -> None:
    table = Base.metadata.tables[name]
    for it in DECLARED[name]:
        known = {*table.c.keys(), "*"}
        assert {*it.stays, *it.emptied, *it.only} <= known
        assert not (it.goes and it.emptied)
        if it.of:
            assert it.of.partition(">")[0] in known
    if codes_only(table, DECLARED[name]):
        assert {why for it in DECLARED[name] for why in it.stays.values()} == {Stays.CODE}
