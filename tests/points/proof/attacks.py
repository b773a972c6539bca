"""Attacks on the ledger in raw SQL, each with the guard that must refuse it.

`ATTACKS` hit one guard each. `BEHIND` are guards that stand behind others: their attack meets them
only when those are gone, which `test_ablation.py` sees to.
"""

from __future__ import annotations

from typing import Any

from grid_report.points.kinds import Verdict
from tests.points.book import BRIGHT, NOW, STATION, Book, run
from tests.points.proof.attacks_debts import OWING, OWING_BEHIND, build_owing
from tests.points.proof.attacks_redeeming import REDEEMING
from tests.points.proof.raw import (
    AT,
    CAPTURE,
    CAPTURING,
    CLAWBACK,
    FOUR_EYES,
    FRAUD,
    GRANT,
    GRANTING,
    HOLD,
    HOLDING,
    RELEASE,
    RELEASING,
    REVERSAL,
    SMALL,
    account,
    due,
    event,
    leg,
    lot,
    move,
    route,
)

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
    *REDEEMING,
    *OWING,
    # The freeze
    ("ledger_is_frozen", [f"UPDATE point_freeze SET frozen_at = {AT}", event()]),
    ("the_freeze_row_stays", ["DELETE FROM point_freeze"]),
    ("only_one", [f"INSERT INTO point_freeze (id, frozen_at, reason) VALUES (2, {AT}, '')"]),
]  # fmt: skip

# What stands behind other guards: (the guard, what must be gone first, the attack).
BEHIND: list[tuple[str, tuple[str, ...], list[str]]] = [
    ("phase_known", ("routes_change_by_migration_only",), [route(phase="'gift'")]),
    ("event_known", ("routes_change_by_migration_only",), [route(event="'gift'")]),
    ("debit_kind_known", ("routes_change_by_migration_only",), [route(debit_kind="'gift'")]),
    ("credit_kind_known", ("routes_change_by_migration_only",), [route(credit_kind="'gift'")]),
    ("only_zero", ("zero_stays",), ["INSERT INTO point_zero VALUES (10)"]),
    ("sums_only_grow", ("accounts_start_empty",), [account(kind="'rider_debt'", credits=-5)]),
    (
        "fk_point_journal_reverses_id",
        ("reversal_of_such_an_event",),
        [event(**{**REVERSAL, "reverses_id": 999_999})],
    ),
    (
        "a_hold_that_exists",
        ("posted_rows_never_change",),
        [
            event(**HOLD), leg(**HOLDING),
            event(**{**CAPTURE, "id": 9002, "cause_id": "'2'", "redemption_ref": "'R-2'"}),
            leg(**{**CAPTURING, "id": 9002, "journal_id": 9002, "pending_id": 9001}),
            "DELETE FROM point_transfers WHERE id = 9001",
        ],
    ),
    ("account_kind_known", ("only_riders_have_lots",), [event(), leg(), lot(account_kind="'gift'")]),
    ("fk_point_lot_movements_lot_id", ("movement_fits_its_transfer",), [move(lot_id=999_999, transfer_id="{transfer}")]),
    ("fk_point_lot_movements_transfer_id", ("movement_fits_its_transfer",), [move(transfer_id=999_999)]),
    ("kind_known", ("sums_fit_the_kind",), [event(**REVERSAL), leg(**CLAWBACK), move(kind="'gift'")]),
]  # fmt: skip
BEHIND += OWING_BEHIND
# SQLite's OR IGNORE passes over what a trigger's own statement was refused by a CHECK.
IGNORING: list[tuple[str, tuple[str, ...], list[str]]] = [
    (
        "balance_follows_the_transfer",
        (),
        [
            event(community_code=f"'{BRIGHT}'", points=50),
            leg("INSERT OR IGNORE INTO", debit_account_id="{pool2}", amount=50),
        ],
    ),
    (
        "lots_follow_the_movement",
        (),
        [
            event(**REVERSAL),
            leg(**{**CLAWBACK, "amount": 20}),
            move("INSERT OR IGNORE INTO", free_delta=-20),
        ],
    ),
    (
        "a_lot_starts_full",
        ("movement_fits_its_transfer", "fk_point_lot_movements_lot_id"),
        [
            event(),
            leg(),
            move(lot_id=9001, kind="'earn'", free_delta=10),
            lot("INSERT OR IGNORE INTO"),
        ],
    ),
]


def build_world(book: Book) -> dict[str, Any]:
    """Three riders with points, what was held, taken, settled and lost, and the names of it all."""
    rider1, rider2, rider3 = (book.rider() for _ in range(3))
    first = book.award(rider1, 25, cause="KY-1", severity=3)
    book.award(rider1, 5, cause="KY-4")
    second = book.award(rider2, 10, cause="KY-2", community=BRIGHT, terms=SMALL)
    extra = book.award(rider2, 10, cause="KY-3")
    book.reverse(extra.entry_id, Verdict.HONEST, at=NOW)
    rider4 = book.rider()
    book.award(rider4, 40, cause="KY-5", severity=4)
    book.award(rider4, 25, cause="KY-6", severity=3)
    # From the older lot: 20 taken, 5 settled, 10 held and 2 of them lost.
    for ref, points in (("R-9", 20), ("R-7", 5), ("R-8", 10)):
        book.hold(rider4, ref, points=points, provider_code="S2")
    captured, settled = book.capture("R-9"), book.capture("R-7")
    book.settle("R-7")
    lost = book.noshow("R-8")
    book.hold(rider4, "R-6", points=10, provider_code="S2")
    book.release("R-6")
    # The newer one lost a little: what is given to it wrongly finds room.
    book.hold(rider4, "R-5", points=20, provider_code="S2")
    book.capture("R-5")
    owing = build_owing(book)
    one = book.value

    def at(holder: str) -> int:
        return int(one("SELECT id FROM point_accounts WHERE holder = :holder", holder=holder))

    names: dict[str, Any] = {
        "rider1": rider1,
        "rider2": rider2,
        "rider3": rider3,
        "rider4": rider4,
        "fourth": at(f"rider:{rider4}:"),
        "escrow2": at("escrow:S2:"),
        "provider2": at("provider:S2:"),
        "capture": captured.entry_id,
        "settled": settled.entry_id,
        "penalty": one("SELECT id FROM point_transfers WHERE journal_id = :j", j=lost.entry_id),
        "pool_left": book.left(f"budget:{STATION}:2026-11"),
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
        **owing,
    }
    names["lot"] = one("SELECT id FROM point_lots WHERE transfer_id = :t", t=names["transfer"])
    names["their_lot"] = one(
        "SELECT id FROM point_lots WHERE account_id = :a AND free > 0", a=names["theirs"]
    )
    names["other_lot"] = one(
        "SELECT id FROM point_lots WHERE account_id = :a AND points = 5", a=names["mine"]
    )
    names["spare_lot"] = one(
        "SELECT id FROM point_lots WHERE account_id = :a AND points = 25", a=names["fourth"]
    )
    names["paid_lot"] = one(
        "SELECT id FROM point_lots WHERE account_id = :a AND points = 40", a=names["fourth"]
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
