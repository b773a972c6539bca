"""Raw SQL against the ledger: each attack names the guard that refuses it, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from tests.points.book import Book, is_sqlite, refusal_of, run
from tests.points.proof.attacks import ATTACKS, IGNORING, build_world
from tests.points.proof.raw import (
    CAPTURE,
    CAPTURING,
    CLAWBACK,
    REFUND,
    REFUNDING,
    REVERSAL,
    SETTLE,
    SETTLING,
    TAKE_OWED,
    TAKING_OWED,
    UNGRANT,
    UNGRANTING,
    event,
    leg,
    lot,
    move,
    owed,
)

pytestmark = pytest.mark.database


@pytest.fixture
def world(book: Book) -> dict[str, Any]:
    """What the attacks are on, and the names of it."""
    return build_world(book)


def test_every_attack_is_refused_by_the_guard_it_names(world: dict[str, Any], book: Book) -> None:
    wrong = []
    for number, (guard, statements) in enumerate(ATTACKS):
        refused = refusal_of([statement.format(**world) for statement in statements])
        if refused != guard:
            wrong.append(f"{number} {statements[-1][:90]}: {refused} instead of {guard}")
    assert not wrong, "\n".join(wrong)
    assert len(ATTACKS) >= 160
    # Nothing of all this left a trace.
    assert book.differences() == []


def test_what_the_attacks_vary_is_itself_legitimate(world: dict[str, Any], book: Book) -> None:
    for statements in (
        [event(), leg(), lot()],
        [
            event(**{**REVERSAL, "id": 9002, "cause_id": "'2'", "points": 5}),
            leg(**{**CLAWBACK, "id": 9002, "journal_id": 9002, "amount": 5}),
            move(id=9002, transfer_id=9002),
        ],
        [
            event(**{**CAPTURE, "id": 9003, "cause_id": "'3'", "points": 8}),
            leg(**{**CAPTURING, "id": 9003, "journal_id": 9003, "amount": 8}),
            move(id=9003, transfer_id=9003, kind="'capture'", free_delta=0, held_delta=-8),
            move(id=9004, transfer_id=9003, kind="'release'", free_delta=2, held_delta=-2),
        ],
        [
            event(**{**REFUND, "id": 9005, "cause_id": "'5'"}),
            leg(**{**REFUNDING, "id": 9005, "journal_id": 9005}),
            move(id=9005, transfer_id=9005, lot_id="{paid_lot}", kind="'refund'", free_delta=5),
        ],
        [
            owed(points=4),
            event(**{**TAKE_OWED, "id": 9008}),
            leg(**{**TAKING_OWED, "id": 9008, "journal_id": 9008}),
            move(id=9008, transfer_id=9008, lot_id="{owing_lot}", free_delta=-4),
        ],
        [
            event(**{**SETTLE, "id": 9006, "cause_id": "'6'", "points": 15}),
            leg(**{**SETTLING, "id": 9006, "journal_id": 9006, "amount": 15}),
        ],
        [
            event(**{**UNGRANT, "id": 9007, "points": "{pool_left} - 10"}),
            leg(**{**UNGRANTING, "id": 9007, "journal_id": 9007, "amount": "{pool_left} - 10"}),
        ],
    ):
        run([statement.format(**world) for statement in statements])
    assert book.differences() == []


def test_the_rewriting_verbs_of_sqlite_do_not_slip_past(world: dict[str, Any]) -> None:
    if not is_sqlite():
        pytest.skip("INSERT OR … is SQLite's")
    again = {"cause_type": "'report-accepted'", "cause_id": "'KY-1'"}
    attacks = [
        ("posted_rows_never_change", [event("INSERT OR REPLACE INTO", **again)]),
        ("posted_rows_never_change", [event("REPLACE INTO", id="{entry}")]),
        ("posted_rows_never_change", ["UPDATE OR IGNORE point_transfers SET amount = 1"]),
        # An ignored CHECK in the trigger must not leave a transfer without its effect.
        *((guard, statements) for guard, behind, statements in IGNORING if not behind),
    ]
    for guard, statements in attacks:
        assert refusal_of([s.format(**world) for s in statements]) == guard


def test_the_tables_cannot_be_truncated_on_postgresql(world: dict[str, Any]) -> None:
    if is_sqlite():
        pytest.skip("SQLite has no TRUNCATE")
    for table, guard in (
        ("point_journal", "posted_rows_never_change"),
        ("point_transfers", "posted_rows_never_change"),
        ("point_lot_movements", "posted_rows_never_change"),
        ("point_routes", "routes_change_by_migration_only"),
        ("point_zero", "zero_stays"),
        ("point_accounts", "accounts_are_kept"),
        ("point_lots", "lots_are_kept"),
        ("point_unpaid", "dues_are_kept"),
        ("point_owed", "posted_rows_never_change"),
        ("point_freeze", "the_freeze_row_stays"),
    ):
        only = refusal_of([f"TRUNCATE {table} CASCADE"])
        assert only is not None
        if table in ("point_lot_movements", "point_unpaid", "point_owed", "point_freeze"):
            assert only == guard


def test_on_postgresql_a_gap_survives_no_second_update(world: dict[str, Any]) -> None:
    """The deferred check must look at the row's last version, however often it was touched."""
    statements = [event(points=20), leg(), leg(id=9002)]
    assert refusal_of([s.format(**world) for s in statements]) == "lots_equal_balance"
