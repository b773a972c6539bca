"""Every guard is missed: take it out, and an attack that it refused gets further.

An attack list alone does not prove that each guard works, for guards mask each other.
"""

from __future__ import annotations

from typing import Any

import pytest

from grid_report.points.audit.expected_triggers import EARNING_TABLES, TABLES
from tests.points.book import Book, is_sqlite
from tests.points.proof.ablation import Guard, all_guards, outcome
from tests.points.proof.attacks import ATTACKS, BEHIND, IGNORING, build_world

pytestmark = pytest.mark.database

# What PostgreSQL's own triggers bring about cannot fail to come about: they have no OR IGNORE.
ONLY_ON_SQLITE = {"balance_follows_the_transfer", "lots_follow_the_movement", "a_lot_starts_full"}


@pytest.fixture
def world(book: Book) -> dict[str, Any]:
    """What the attacks are on, and the names of it."""
    return build_world(book)


def test_taking_any_guard_out_lets_an_attack_get_further(world: dict[str, Any]) -> None:
    guards = all_guards()
    attacks: dict[str, list[tuple[tuple[str, ...], list[str]]]] = {}
    listed = [(name, (), statements) for name, statements in ATTACKS]
    for name, behind, statements in [*listed, *BEHIND, *(IGNORING if is_sqlite() else [])]:
        filled = [statement.format(**world) for statement in statements]
        attacks.setdefault(name, []).append((behind, filled))
    if not is_sqlite():
        for guard in guards:
            if guard.where.endswith("_no_truncate"):
                table = guard.where.removesuffix("_no_truncate")
                # CASCADE asks the tables that point at it as well.
                tables = (*TABLES, *EARNING_TABLES)
                others = tuple(f"{other}_no_truncate" for other in tables if other != table)
                attacks.setdefault(guard.name, []).append((others, [f"TRUNCATE {table} CASCADE"]))
    unmissed = [
        str(guard)
        for guard in guards
        if (is_sqlite() or guard.short not in ONLY_ON_SQLITE)
        and not _is_missed(guard, attacks.get(guard.short, []), guards)
    ]
    assert unmissed == []
    assert len(guards) >= 130


def _is_missed(
    guard: Guard, attacks: list[tuple[tuple[str, ...], list[str]]], guards: list[Guard]
) -> bool:
    for behind, statements in attacks:
        before = [
            other
            for other in guards
            if (other.short in behind or other.where in behind) and other != guard
        ]
        if before and outcome(before, statements) != guard.short:
            continue  # it is not this one it stands behind
        if outcome([*before, guard], statements) != guard.short:
            return True
    return False


def test_a_copy_with_nothing_taken_out_refuses_like_the_original(world: dict[str, Any]) -> None:
    for guard, statements in ATTACKS[::10]:
        assert outcome([], [statement.format(**world) for statement in statements]) == guard
