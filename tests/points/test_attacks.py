"""Raw SQL against the ledger: each attack names the guard that refuses it, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from grid_report.db import transaction
from grid_report.points import ledger
from grid_report.points.kinds import Verdict
from grid_report.points.terms import Terms
from tests.points.book import BRIGHT, NOW, STATION, TERMS, Book, is_sqlite, refusal_of, run

pytestmark = pytest.mark.database

AT = "'2026-11-23 04:00:00.000000'"
SMALL = Terms(TERMS.zone, 20, 100)


def insert(table: str, values: dict[str, Any], verb: str = "INSERT INTO") -> str:
    """Write an INSERT; text starting with a quote or naming {world} things is taken as it is."""
    values = {column: value for column, value in values.items() if value is not None}
    columns, texts = ", ".join(values), ", ".join(str(v) for v in values.values())
    return f"{verb} {table} ({columns}) VALUES ({texts})"


def event(verb: str = "INSERT INTO", **changes: Any) -> str:
    """An award of 10 points to rider 1 by the worker, as event 9001."""
    values: dict[str, Any] = {
        "id": 9001, "kind": "'award'", "cause_type": "'attack'", "cause_id": "'1'", "at": AT,
        "points": 10, "rider_id": "{rider1}", "actor_id": "{worker}", "approved_by_id": "NULL",
        "community_code": f"'{STATION}'", "month": "'2026-11'", "rule": "'R1'",
        "tariff_version": "'2020-1'", "severity": 1, "report_number": "NULL",
        "redemption_ref": "NULL", "reverses_id": "NULL", "verdict": "NULL", "note": "''",
    }  # fmt: skip
    return insert("point_journal", {**values, **changes}, verb)


def leg(verb: str = "INSERT INTO", **changes: Any) -> str:
    """The leg of event 9001 as transfer 9001: 10 points from the station's pool to rider 1."""
    values: dict[str, Any] = {
        "id": 9001, "journal_id": 9001, "event": "'award'", "route": "'award'",
        "phase": "'single'", "debit_account_id": "{pool}", "debit_kind": "'budget'",
        "credit_account_id": "{mine}", "credit_kind": "'rider'", "amount": 10,
        "pending_id": "NULL", "holds_until": "NULL",
    }  # fmt: skip
    return insert("point_transfers", {**values, **changes}, verb)


def lot(**changes: Any) -> str:
    """The lot of transfer 9001."""
    values: dict[str, Any] = {
        "id": 9001, "account_id": "{mine}", "account_kind": "'rider'", "transfer_id": 9001,
        "points": 10, "earned_at": AT, "expires_at": "'2027-11-30 16:00:00.000000'", "free": 0,
        "held": 0, "last_movement_id": 0,
    }  # fmt: skip
    return insert("point_lots", {**values, **changes})


def move(**changes: Any) -> str:
    """A movement of rider 1's lot."""
    values: dict[str, Any] = {
        "id": 9001, "lot_id": "{lot}", "transfer_id": 9001, "kind": "'spend'", "free_delta": -5,
        "held_delta": 0,
    }  # fmt: skip
    return insert("point_lot_movements", {**values, **changes})


def account(**changes: Any) -> str:
    """An account of rider 3, who has none."""
    values: dict[str, Any] = {
        "id": 9001, "kind": "'rider'", "member_id": "{rider3}", "community_code": "NULL",
        "provider_code": "NULL", "month": "''", "credits": 0, "debits": 0, "pending_debits": 0,
        "lots_total": 0, "lots_held": 0, "last_transfer_id": 0, "last_movement_id": 0,
    }  # fmt: skip
    return insert("point_accounts", {**values, **changes})


def due(**changes: Any) -> str:
    """Ten points owed to rider 1."""
    values: dict[str, Any] = {
        "id": 9001, "cause_type": "'attack'", "cause_id": "'1'", "at": AT,
        "reason": "'budget_empty'", "rider_id": "{rider1}", "points": 10,
        "community_code": f"'{STATION}'", "rule": "'R1'", "tariff_version": "'2020-1'",
        "journal_id": "NULL", "cancelled_at": "NULL", "cancelled_by_id": "NULL",
        "actor_id": "{worker}",
    }  # fmt: skip
    return insert("point_unpaid", {**values, **changes})


REVERSAL = {
    "kind": "'reversal'", "reverses_id": "{entry}", "verdict": "'honest'", "month": "NULL",
    "actor_id": "{admin}", "approved_by_id": "{other_admin}", "points": 30,
}  # fmt: skip
FRAUD = {**REVERSAL, "verdict": "'fraud'"}
CLAWBACK = {
    "event": "'reversal'", "route": "'clawback'", "debit_account_id": "{mine}",
    "debit_kind": "'rider'", "credit_account_id": "{clawback}", "credit_kind": "'clawback'",
}  # fmt: skip
HOLD = {
    "kind": "'hold'", "month": "NULL", "actor_id": "{rider1}", "points": 100,
    "redemption_ref": "'R-2'",
}  # fmt: skip
HOLDING = {
    "event": "'hold'", "route": "'redeem'", "phase": "'pending'", "debit_account_id": "{mine}",
    "debit_kind": "'rider'", "credit_account_id": "{escrow}", "credit_kind": "'escrow'",
    "holds_until": AT,
}  # fmt: skip
CAPTURE = {**HOLD, "kind": "'capture'", "redemption_ref": "'R-1'"}
CAPTURING = {
    **HOLDING, "event": "'capture'", "phase": "'post'", "pending_id": "{hold}",
    "holds_until": "NULL",
}  # fmt: skip
RELEASE = {**CAPTURE, "kind": "'release'"}
RELEASING = {**CAPTURING, "event": "'release'", "phase": "'void'"}
GRANT = {
    "kind": "'grant'", "rider_id": "NULL", "rule": "NULL", "severity": "NULL",
    "tariff_version": "NULL", "points": 500,
}  # fmt: skip
GRANTING = {
    "event": "'grant'", "route": "'grant'", "debit_account_id": "{mint}", "debit_kind": "'mint'",
    "credit_account_id": "{pool}", "credit_kind": "'budget'",
}  # fmt: skip
FOUR_EYES = {"actor_id": "{admin}", "approved_by_id": "{other_admin}"}

ATTACKS: list[tuple[str, list[str]]] = [
    # I3: what is posted never changes
    ("posted_rows_never_change", ["UPDATE point_transfers SET amount = 1 WHERE id = {transfer}"]),
    ("posted_rows_never_change", ["DELETE FROM point_transfers WHERE id = {transfer}"]),
    ("posted_rows_never_change", ["UPDATE point_journal SET points = 1 WHERE id = {entry}"]),
    ("posted_rows_never_change", ["UPDATE point_journal SET rider_id = {rider2}"]),
    ("posted_rows_never_change", ["DELETE FROM point_journal WHERE id = {entry}"]),
    ("posted_rows_never_change", ["UPDATE point_lot_movements SET free_delta = 99"]),
    ("posted_rows_never_change", ["DELETE FROM point_lot_movements"]),
    # I4: a balance moves only with a transfer
    (
        "balance_moves_only_with_a_transfer",
        ["UPDATE point_accounts SET credits = credits + 100 WHERE id = {mine}"],
    ),
    (
        "balance_moves_only_with_a_transfer",
        ["UPDATE point_accounts SET debits = 0 WHERE id = {pool}"],
    ),
    (
        "balance_moves_only_with_a_transfer",
        [
            "UPDATE point_accounts SET credits = credits + 25, last_transfer_id = {transfer}"
            " WHERE id = {mine}"
        ],
    ),
    (
        "balance_moves_only_with_a_transfer",
        ["UPDATE point_accounts SET last_transfer_id = 0 WHERE id = {mine}"],
    ),
    (
        "balance_moves_only_with_a_transfer",
        ["UPDATE point_accounts SET pending_debits = 0 WHERE id = {mine}"],
    ),
    (
        "lots_move_only_with_a_movement",
        ["UPDATE point_accounts SET lots_total = lots_total + 1 WHERE id = {mine}"],
    ),
    ("accounts_keep_their_owner", ["UPDATE point_accounts SET member_id = {rider3} WHERE id = {mine}"]),
    ("accounts_keep_their_owner", ["UPDATE point_accounts SET kind = 'mint' WHERE id = {pool}"]),
    ("accounts_are_kept", ["DELETE FROM point_accounts WHERE id = {mine}"]),
    ("accounts_start_empty", [account(credits=100)]),
    ("accounts_start_empty", [account(lots_total=100)]),
    ("one_account_each", [account(member_id="{rider1}")]),
    ("one_account_each", [account(kind="'mint'", member_id="NULL")]),
    ("riders_have_a_member", [account(member_id="NULL")]),
    ("budgets_have_a_month", [account(kind="'budget'", member_id="NULL")]),
    ("providers_have_a_code", [account(kind="'escrow'", member_id="NULL")]),
    ("ends_have_a_community", [account(kind="'expired'", member_id="NULL")]),
    ("kind_known", [account(kind="'gift'", member_id="NULL")]),
    # I2, I8: no overdraft, held points counted; the pool is the cap
    ("no_overdraft", [event(community_code=f"'{BRIGHT}'", points=50), leg(debit_account_id="{pool2}", amount=50)]),
    ("no_overdraft", [event(**HOLD), leg(**{**HOLDING, "amount": 21})]),
    # I7: only allowed routes
    ("only_allowed_routes", [event(), leg(debit_account_id="{mint}", debit_kind="'mint'")]),
    ("only_allowed_routes", [event(**{**GRANT, **FOUR_EYES}), leg(**{**GRANTING, "route": "'award'"})]),
    (
        "only_allowed_routes",
        [event(**HOLD), leg(**{**HOLDING, "phase": "'single'", "holds_until": "NULL"})],
    ),
    ("debit_account_of_that_kind", [event(), leg(debit_account_id="{mint}")]),
    ("credit_account_of_that_kind", [event(), leg(credit_account_id="{escrow}")]),
    ("a_leg_of_its_event", [event(), leg(**HOLDING)]),
    ("a_leg_of_its_event", [leg(journal_id=777)]),
    ("two_accounts", [event(), leg(debit_account_id="{mine}", debit_kind="'rider'")]),
    ("amount_positive", [event(), leg(amount=0)]),
    ("amount_positive", [event(), leg(amount=-10)]),
    ("legs_within_the_event", [event(), leg(amount=11)]),
    ("legs_within_the_event", [event(), leg(), leg(id=9002, amount=1)]),
    ("only_the_riders_own_points", [event(), leg(credit_account_id="{theirs}")]),
    ("budget_of_that_community_and_month", [event(), leg(debit_account_id="{pool2}")]),
    ("budget_of_that_community_and_month", [event(month="'2026-12'"), leg()]),
    ("reserve_is_for_grave_cases", [event(), leg(debit_account_id="{reserve}")]),
    ("routes_change_by_migration_only", ["INSERT INTO point_routes VALUES ('award', 'single', 'award', 'mint', 'rider')"]),
    ("routes_change_by_migration_only", ["UPDATE point_routes SET debit_kind = 'mint' WHERE code = 'award'"]),
    ("routes_change_by_migration_only", ["DELETE FROM point_routes WHERE code = 'repay'"]),
    # I5: a cause is paid once
    ("a_cause_is_paid_once", [event(cause_type="'report-accepted'", cause_id="'KY-1'")]),
    ("a_month_opens_once", [event(**{**GRANT, "cause_type": "'budget-opened'"})]),
    (
        "a_cause_is_paid_once",
        [event(**{**GRANT, "cause_type": "'budget-opened'", "cause_id": f"'{STATION}:2026-11'"})],
    ),
    (
        "budget_of_that_community_and_month",
        [
            event(**{**GRANT, "cause_type": "'budget-opened'", "cause_id": f"'{STATION}:2026-12'", "month": "'2026-12'"}),
            leg(**GRANTING),
        ],
    ),
    # I10: a second person
    ("second_person", [event(points=51)]),
    ("second_person", [event(points=51, actor_id="{admin}", approved_by_id="{admin}")]),
    ("second_person", [event(points=51, actor_id="NULL", approved_by_id="{admin}")]),
    ("second_person", [event(**GRANT)]),
    ("second_person", [event(**{**GRANT, "actor_id": "NULL"})]),
    ("second_person", [event(**{**REVERSAL, "approved_by_id": "NULL"})]),
    ("nobody_decides_for_oneself", [event(actor_id="{rider1}")]),
    ("nobody_decides_for_oneself", [event(approved_by_id="{rider1}")]),
    ("nobody_decides_for_oneself", [event(**{**REVERSAL, "approved_by_id": "{rider1}"})]),
    ("awards_say_why", [event(rule="NULL")]),
    ("awards_say_why", [event(tariff_version="NULL")]),
    ("points_positive", [event(points=0)]),
    ("rider_events_have_a_rider", [event(rider_id="NULL")]),
    ("budget_events_have_a_month", [event(month="NULL")]),
    ("severity_known", [event(severity=5)]),
    ("kind_known", [event(kind="'gift'", month="NULL")]),
    # I9: lots are the balance
    ("lots_equal_balance", [event(), leg()]),
    ("lots_equal_balance", [event(**REVERSAL), leg(**CLAWBACK)]),
    ("lots_equal_balance", [event(**REVERSAL), leg(**CLAWBACK), move()]),
    ("lots_equal_balance", [event(**HOLD), leg(**HOLDING)]),
    ("a_lot_is_one_award", [event(), leg(), lot(points=11)]),
    ("a_lot_is_one_award", [event(), leg(), lot(account_id="{theirs}")]),
    ("a_lot_an_award", [lot(transfer_id="{transfer}", points=25)]),
    ("only_riders_have_lots", [event(), leg(), lot(account_kind="'budget'")]),
    ("a_lot_of_a_rider", [event(**CAPTURE), leg(**CAPTURING), lot(account_id="{escrow}")]),
    ("lots_start_empty", [event(), leg(), lot(free=10)]),
    ("expires_after_earning", [event(), leg(), lot(expires_at=AT)]),
    ("a_lot_moves_only_with_a_movement", ["UPDATE point_lots SET free = free - 1 WHERE id = {lot}"]),
    ("a_lot_moves_only_with_a_movement", ["UPDATE point_lots SET free = free WHERE id = {lot}"]),
    ("lots_keep_their_award", ["UPDATE point_lots SET expires_at = '2099-01-01 00:00:00.000000'"]),
    ("lots_keep_their_award", ["UPDATE point_lots SET points = 500 WHERE id = {lot}"]),
    ("lots_are_kept", ["DELETE FROM point_lots WHERE id = {lot}"]),
    ("movement_fits_its_transfer", [move(transfer_id="{transfer}", kind="'refund'", free_delta=25)]),
    ("movement_fits_its_transfer", [event(**FRAUD), leg(**CLAWBACK), move(lot_id="{their_lot}")]),
    ("movement_fits_its_transfer", [move(transfer_id="{transfer}")]),
    ("a_lot_moves_once_a_transfer", [move(transfer_id="{transfer}", kind="'earn'", free_delta=25)]),
    ("sums_fit_the_kind", [event(**REVERSAL), leg(**CLAWBACK), move(free_delta=5)]),
    ("sums_fit_the_kind", [event(**HOLD), leg(**HOLDING), move(kind="'hold'", held_delta=6)]),
    ("within_its_award", [event(**REVERSAL), leg(**{**CLAWBACK, "amount": 20}), move(free_delta=-20)]),
    ("zero_stays", ["UPDATE point_zero SET value = 1"]),
    ("zero_stays", ["DELETE FROM point_zero"]),
    ("zero_stays", ["INSERT INTO point_zero VALUES (10)"]),
    # I6: a hold resolves once, for no more than was held
    ("hold_resolves_within_what_was_held", [event(**CAPTURE), leg(**{**CAPTURING, "amount": 11})]),
    ("hold_resolves_within_what_was_held", [event(**RELEASE), leg(**{**RELEASING, "amount": 9})]),
    ("hold_resolves_within_what_was_held", [event(**CAPTURE), leg(**{**CAPTURING, "pending_id": "{transfer}"})]),
    (
        "a_hold_resolves_once",
        [
            event(**RELEASE), leg(**RELEASING), move(kind="'release'", free_delta=10, held_delta=-10),
            event(**{**CAPTURE, "id": 9002, "cause_id": "'2'"}),
            leg(**{**CAPTURING, "id": 9002, "journal_id": 9002}),
        ],
    ),
    ("resolves_a_hold", [event(**CAPTURE), leg(**{**CAPTURING, "pending_id": "NULL"})]),
    ("holds_have_a_deadline", [event(**HOLD), leg(**{**HOLDING, "holds_until": "NULL"})]),
    # I11: a reversal never exceeds the original
    ("reversal_within_the_original", [event(**REVERSAL), leg(**{**CLAWBACK, "amount": 26})]),
    (
        "reversal_within_the_original",
        [
            event(**REVERSAL), leg(**{**CLAWBACK, "amount": 15}), move(free_delta=-15),
            event(**{**REVERSAL, "id": 9002, "cause_id": "'2'"}),
            leg(**{**CLAWBACK, "id": 9002, "journal_id": 9002, "amount": 11}),
        ],
    ),
    ("reversal_of_such_an_event", [event(**{**REVERSAL, "reverses_id": "{their_entry}"})]),
    ("reversal_of_such_an_event", [event(**{**REVERSAL, "kind": "'refund'", "verdict": "NULL", "redemption_ref": "'R-1'"})]),
    ("reversals_name_the_original", [event(**{**REVERSAL, "reverses_id": "NULL"})]),
    ("reversals_have_a_verdict", [event(**{**REVERSAL, "verdict": "NULL"})]),
    # What is due
    ("a_paid_cause_is_not_due", [due(cause_type="'report-accepted'", cause_id="'KY-1'")]),
    ("a_cause_is_due_once", [due(), due(id=9002)]),
    ("a_paid_cause_is_not_due", [due(journal_id="{entry}")]),
    ("paid_by_its_own_event", [due(), "UPDATE point_unpaid SET journal_id = {entry}"]),
    (
        "only_owed_is_paid",
        [due(reason="'staff'"), "UPDATE point_unpaid SET journal_id = {entry} WHERE id = 9001"],
    ),
    ("dues_change_only_by_an_end", [due(), "UPDATE point_unpaid SET points = 500"]),
    ("dues_change_only_by_an_end", [due(), "UPDATE point_unpaid SET rider_id = {rider2}"]),
    ("cancelled_by_somebody", [due(), f"UPDATE point_unpaid SET cancelled_at = {AT}"]),
    ("dues_are_kept", [due(), "DELETE FROM point_unpaid"]),
    ("nobody_decides_for_oneself", [due(actor_id="{rider1}")]),
    # The freeze
    ("ledger_is_frozen", [f"UPDATE point_freeze SET frozen_at = {AT}", event()]),
    ("the_freeze_row_stays", ["DELETE FROM point_freeze"]),
    ("only_one", [f"INSERT INTO point_freeze (id, frozen_at, reason) VALUES (2, {AT}, '')"]),
]  # fmt: skip


@pytest.fixture
def world(book: Book) -> dict[str, Any]:
    """Two riders with points, a hold of 10 of rider 1's 30, and the names of everything."""
    rider1, rider2, rider3 = (book.rider() for _ in range(3))
    first = book.award(rider1, 25, cause="KY-1", severity=3)
    book.award(rider1, 5, cause="KY-4")
    second = book.award(rider2, 10, cause="KY-2", community=BRIGHT, terms=SMALL)
    extra = book.award(rider2, 10, cause="KY-3")
    with transaction() as session:
        assert extra.entry_id is not None
        ledger.reverse(
            session,
            extra.entry_id,
            verdict=Verdict.HONEST,
            actor_id=book.admin.member_id,
            approved_by_id=book.other_admin.member_id,
            at=NOW,
        )
    one = book.value

    def at(holder: str) -> int:
        return int(one("SELECT id FROM point_accounts WHERE holder = :holder", holder=holder))

    names: dict[str, Any] = {
        "rider1": rider1,
        "rider2": rider2,
        "rider3": rider3,
        "worker": book.worker.member_id,
        "admin": book.admin.member_id,
        "other_admin": book.other_admin.member_id,
        "mint": at("mint:county:"),
        "pool": at(f"budget:{STATION}:2026-11"),
        "pool2": at(f"budget:{BRIGHT}:2026-11"),
        "reserve": at("budget:county:2026-11"),
        "mine": at(f"rider:{rider1}:"),
        "theirs": at(f"rider:{rider2}:"),
        "clawback": at(f"clawback:{STATION}:"),
        "entry": first.entry_id,
        "their_entry": second.entry_id,
        "transfer": one("SELECT id FROM point_transfers WHERE journal_id = :j", j=first.entry_id),
        "escrow": 8001,
        "hold": 8001,
    }
    names["lot"] = one("SELECT id FROM point_lots WHERE transfer_id = :t", t=names["transfer"])
    names["their_lot"] = one(
        "SELECT id FROM point_lots WHERE account_id = :a AND free > 0", a=names["theirs"]
    )
    eights = {"id": 8001, "journal_id": 8001}
    legitimate = [
        account(id=8001, kind="'escrow'", member_id="NULL", provider_code="'S1'"),
        event(
            **{**HOLD, "id": 8001, "cause_id": "'hold'", "points": 10, "redemption_ref": "'R-1'"}
        ),
        leg(**{**HOLDING, **eights}),
        move(id=None, transfer_id=8001, kind="'hold'", free_delta=-10, held_delta=10),
    ]
    run([statement.format(**names) for statement in legitimate])
    assert book.differences() == []
    return names


def test_every_attack_is_refused_by_the_guard_it_names(world: dict[str, Any], book: Book) -> None:
    wrong = []
    for number, (guard, statements) in enumerate(ATTACKS):
        refused = refusal_of([statement.format(**world) for statement in statements])
        if refused != guard:
            wrong.append(f"{number} {statements[-1][:90]}: {refused} instead of {guard}")
    assert not wrong, "\n".join(wrong)
    assert len(ATTACKS) >= 60
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
        # An ignored CHECK in the trigger must not leave a transfer without its effect.
        (
            "balance_follows_the_transfer",
            [
                event(community_code=f"'{BRIGHT}'", points=50),
                leg("INSERT OR IGNORE INTO", debit_account_id="{pool2}", amount=50),
            ],
        ),
        ("posted_rows_never_change", ["UPDATE OR IGNORE point_transfers SET amount = 1"]),
        (
            "lots_follow_the_movement",
            [
                event(**REVERSAL),
                leg(**{**CLAWBACK, "amount": 20}),
                move(free_delta=-20).replace("INSERT INTO", "INSERT OR IGNORE INTO"),
            ],
        ),
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
        ("point_freeze", "the_freeze_row_stays"),
    ):
        only = refusal_of([f"TRUNCATE {table} CASCADE"])
        assert only is not None
        if table in ("point_lot_movements", "point_unpaid", "point_freeze"):
            assert only == guard


def test_on_postgresql_a_gap_survives_no_second_update(world: dict[str, Any]) -> None:
    """The deferred check must look at the row's last version, however often it was touched."""
    statements = [event(points=20), leg(), leg(id=9002)]
    assert refusal_of([s.format(**world) for s in statements]) == "lots_equal_balance"
