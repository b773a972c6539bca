"""The attacks of migration 0006: redemptions, ends, closed months, and what is a word."""

from __future__ import annotations

from tests.points.book import BRIGHT, STATION
from tests.points.proof.raw import (
    AT,
    CAPTURE,
    CAPTURING,
    CHARGING,
    CLAWBACK,
    DEBT,
    EXPIRING,
    EXPIRY,
    FOUR_EYES,
    FRAUD,
    GRANT,
    GRANTING,
    HOLD,
    HOLDING,
    LATER,
    NOSHOW,
    REFUND,
    REFUNDING,
    RELEASE,
    RELEASING,
    REPAY,
    REPAYING,
    REVERSAL,
    SETTLE,
    SETTLING,
    UNGRANT,
    UNGRANTING,
    account,
    due,
    event,
    leg,
    lot,
    move,
)

REDEEMING: list[tuple[str, list[str]]] = [
    # Redemptions: every step of one once, by its ref, within what was held
    ("redemptions_have_a_ref", [event(**{**HOLD, "redemption_ref": "NULL"})]),
    ("redemptions_have_a_ref", [event(redemption_ref="'R-5'")]),
    ("a_redemption_step_once", [event(**{**HOLD, "redemption_ref": "'R-1'"})]),
    ("a_redemption_step_once", [event(**{**CAPTURE, "rider_id": "{rider4}", "redemption_ref": "'R-9'"})]),
    ("a_redemption_step_once", [event(**{**SETTLE, "redemption_ref": "'R-7'"})]),
    ("a_hold_of_that_redemption", [event(**{**CAPTURE, "redemption_ref": "'R-3'"}), leg(**CAPTURING)]),
    ("a_hold_of_that_redemption", [event(**{**RELEASE, "redemption_ref": "'R-3'"}), leg(**RELEASING)]),
    (
        "a_lot_gives_what_was_held",
        [event(**CAPTURE), leg(**CAPTURING), move(lot_id="{other_lot}", kind="'capture'", free_delta=0, held_delta=-5)],
    ),
    (
        "a_lot_gives_what_was_held",
        [event(**RELEASE), leg(**RELEASING), move(kind="'release'", free_delta=11, held_delta=-11)],
    ),
    (
        "what_is_over_is_not_held",
        [event(**{**HOLD, "at": LATER}), leg(**HOLDING), move(kind="'hold'", free_delta=-10, held_delta=10)],
    ),
    ("a_noshow_loses_a_fifth_at_most", [event(**{**NOSHOW, "redemption_ref": "'R-6'", "points": 3})]),
    ("a_noshow_loses_a_fifth_at_most", [event(**{**NOSHOW, "rider_id": "{rider1}", "redemption_ref": "'R-1'", "points": 1})]),
    ("refund_of_that_redemption", [event(**{**REFUND, "redemption_ref": "'R-1'"})]),
    ("a_settled_redemption_is_final", [event(**{**REFUND, "redemption_ref": "'R-7'", "reverses_id": "{settled}"})]),
    ("refund_from_its_own_escrow", [event(**REFUND), leg(**{**REFUNDING, "debit_account_id": "{escrow}"})]),
    ("reversal_within_the_original", [event(**{**REFUND, "points": 30}), leg(**{**REFUNDING, "amount": 21})]),
    (
        "a_lot_gets_back_what_it_paid",
        [event(**REFUND), leg(**REFUNDING), move(lot_id="{spare_lot}", kind="'refund'", free_delta=5)],
    ),
    ("movements_within_the_transfer", [move(transfer_id="{penalty}", lot_id="{spare_lot}", free_delta=-1)]),
    ("settles_what_is_left", [event(**SETTLE), leg(**{**SETTLING, "amount": 19})]),
    ("settles_what_is_left", [event(**{**SETTLE, "redemption_ref": "'R-77'"}), leg(**SETTLING)]),
    (
        "settles_what_is_left",
        [
            account(kind="'provider'", member_id="NULL", provider_code="'S9'"),
            event(**SETTLE), leg(**{**SETTLING, "credit_account_id": 9001}),
        ],
    ),
    # Where points end
    (
        "points_end_in_their_community",
        [event(**{**REVERSAL, "community_code": f"'{BRIGHT}'"}), leg(**CLAWBACK)],
    ),
    (
        "only_what_is_over_expires",
        [
            account(kind="'expired'", member_id="NULL", community_code=f"'{STATION}'"),
            event(**{**EXPIRY, "at": AT}), leg(**EXPIRING), move(),
        ],
    ),
    (
        "only_what_is_over_expires",
        [
            account(kind="'expired'", member_id="NULL", community_code=f"'{BRIGHT}'"),
            event(**{**EXPIRY, "community_code": f"'{BRIGHT}'"}), leg(**EXPIRING), move(),
        ],
    ),
    (
        "an_honest_mistake_takes_its_own_lot",
        [event(**REVERSAL), leg(**{**CLAWBACK, "amount": 5}), move(lot_id="{other_lot}")],
    ),
    (
        "an_honest_mistake_takes_its_own_lot",
        [event(**{**REVERSAL, "verdict": "'appeal'"}), leg(**{**CLAWBACK, "amount": 5}), move(lot_id="{other_lot}")],
    ),
    ("only_fraud_makes_debt", [account(**DEBT), event(**REVERSAL), leg(**CHARGING)]),
    ("only_fraud_makes_debt", [account(**DEBT), event(**{**REVERSAL, "verdict": "'negligent'"}), leg(**CHARGING)]),
    ("debt_not_overpaid", [account(**DEBT), event(**{**REPAY, "id": 9001}), leg(**REPAYING)]),
    (
        "half_of_an_award_stays",
        [
            account(**DEBT), event(**FRAUD), leg(**CHARGING), event(**{**REPAY, "id": 9002}),
            leg(**{**REPAYING, "id": 9002, "journal_id": 9002, "amount": 13}),
            move(transfer_id=9002, free_delta=-13),
        ],
    ),
    # A month closes once, whole, and after its end
    ("a_month_closes_once", [event(**{**UNGRANT, "cause_id": "'again'"})]),
    ("a_month_closes_once", [event(**{**UNGRANT, "cause_type": "'by-hand'", **FOUR_EYES})]),
    ("a_month_closes_once", [event(**{**GRANT, **FOUR_EYES, "cause_type": "'budget-closed'"})]),
    ("a_month_closes_after_its_end", [event(**{**UNGRANT, "at": AT})]),
    ("a_close_takes_all_there_is", [event(**UNGRANT), leg(**{**UNGRANTING, "amount": 1})]),
    (
        "a_closed_pool_stays_closed",
        [
            event(**UNGRANT), leg(**UNGRANTING), event(**{**GRANT, **FOUR_EYES, "id": 9002}),
            leg(**{**GRANTING, "id": 9002, "journal_id": 9002}),
        ],
    ),
    # What is a word, and what is somebody
    ("verdict_known", [event(**{**REVERSAL, "verdict": "'gift'"})]),
    ("phase_known", [event(), leg(phase="'gift'")]),
    ("event_known", [event(), leg(event="'gift'")]),
    ("debit_kind_known", [event(), leg(debit_kind="'gift'")]),
    ("credit_kind_known", [event(), leg(credit_kind="'gift'")]),
    ("only_pools_have_a_community", [account(community_code=f"'{STATION}'")]),
    ("points_positive", [event(), leg(), lot(points=0)]),
    ("fk_point_accounts_member_id", [account(member_id=999_999)]),
    ("fk_point_accounts_community_code", [account(kind="'expired'", member_id="NULL", community_code="'211282999999'")]),
    ("fk_point_journal_rider_id", [event(rider_id=999_999)]),
    ("fk_point_journal_actor_id", [event(actor_id=999_999)]),
    ("fk_point_journal_approved_by_id", [event(approved_by_id=999_999)]),
    ("fk_point_journal_community_code", [event(community_code="'211282999999'")]),
    ("fk_point_unpaid_rider_id", [due(rider_id=999_999)]),
    ("fk_point_unpaid_actor_id", [due(actor_id=999_999)]),
    ("fk_point_unpaid_approved_by_id", [due(approved_by_id=999_999)]),
    ("fk_point_unpaid_community_code", [due(community_code="'211282999999'")]),
    (
        "fk_point_unpaid_cancelled_by_id",
        [due(), f"UPDATE point_unpaid SET cancelled_at = {AT}, cancelled_by_id = 999999"],
    ),
    ("reason_known", [due(reason="'gift'")]),
    ("points_positive", [due(points=0)]),
    ("severity_known", [due(severity=5)]),
    (
        "paid_or_cancelled",
        [
            due(), event(),
            f"UPDATE point_unpaid SET journal_id = 9001, cancelled_at = {AT}, cancelled_by_id = {{worker}}",
        ],
    ),
]  # fmt: skip
