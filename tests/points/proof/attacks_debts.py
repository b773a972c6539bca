"""The attacks of migration 0020: what lots owe, how it is met, and what goes on in a freeze."""

from __future__ import annotations

from typing import Any

from grid_report.points.kinds import Verdict
from tests.points.book import NOW, Book, run
from tests.points.proof.raw import (
    AT,
    REPAY,
    REPAYING,
    TAKE_OWED,
    TAKING_OWED,
    event,
    leg,
    move,
    owed,
)

FROZEN = f"UPDATE point_freeze SET frozen_at = {AT}"
MEET = {
    **REPAY, "cause_type": "'debt-met'", "cause_id": "'{mistake}'", "rider_id": "{rider5}",
}  # fmt: skip
MEETING = {
    **REPAYING, "debit_account_id": "{fifth}", "credit_account_id": "{debt5}", "amount": 2,
}  # fmt: skip
TAKE = {"lot_id": "{owing_lot}", "free_delta": -4}

OWING: list[tuple[str, list[str]]] = [
    ("posted_rows_never_change", ["UPDATE point_owed SET points = 1"]),
    ("posted_rows_never_change", ["DELETE FROM point_owed"]),
    ("points_positive", [owed(points=0)]),
    ("a_lot_owes_a_reversal_once", [owed(), owed(id=9002)]),
    ("owed_by_a_lot_of_that_rider", [owed(lot_id="{lot}")]),
    ("owed_by_a_lot_of_that_rider", [owed(reversal_id="{wrong}")]),
    ("owed_by_a_lot_of_that_rider", [owed(reversal_id=999_999)]),
    ("owed_by_a_lot_of_that_rider", [owed(reversal_id="{fraud}")]),
    ("an_honest_mistake_is_owed_by_its_own_lot", [owed(lot_id="{clean_lot}")]),
    ("owed_within_the_award", [owed(points=41)]),
    # Met: no more than is owed, and only by what came back
    (
        "no_more_is_taken_than_is_owed",
        [event(**TAKE_OWED), leg(**TAKING_OWED), move(**TAKE)],
    ),
    (
        "no_more_is_taken_than_is_owed",
        [owed(points=3), event(**TAKE_OWED), leg(**TAKING_OWED), move(**TAKE)],
    ),
    (
        "what_is_owed_is_met_by_what_came_back",
        [
            owed(), event(**{**TAKE_OWED, "cause_id": "'{wrong}:{mistake}'"}), leg(**TAKING_OWED),
            move(**TAKE),
        ],
    ),
    (
        "what_is_owed_is_met_by_what_came_back",
        [event(**MEET), leg(**MEETING), move(lot_id="{clean_lot}", free_delta=-2)],
    ),
    # A freeze: what gives out under the name of what gives back
    ("ledger_is_frozen", [FROZEN, event(cause_type="'owed-taken'")]),
    ("ledger_is_frozen", [FROZEN, event(**{**TAKE_OWED, "cause_type": "'award-reversed'"})]),
    ("ledger_is_frozen", [FROZEN, event(**{**REPAY, "cause_type": "'owed-taken'"})]),
]  # fmt: skip
OWING_BEHIND: list[tuple[str, tuple[str, ...], list[str]]] = [
    (
        "fk_point_owed_reversal_id",
        ("owed_by_a_lot_of_that_rider",),
        [owed(reversal_id=999_999)],
    ),
    ("fk_point_owed_lot_id", ("owed_by_a_lot_of_that_rider",), [owed(lot_id=999_999)]),
]


def build_owing(book: Book) -> dict[str, Any]:
    """A rider in debt, and a wrong award a verdict of old took nothing of: it owes nothing yet."""
    one, rider5 = book.value, book.rider()
    lie = book.award(rider5, 40, cause="KY-51", severity=4)
    book.hold(rider5, "R-51", points=40, provider_code="S2")
    book.capture("R-51")
    fraud = book.reverse(lie.entry_id, Verdict.FRAUD, at=NOW)
    wrong = book.award(rider5, 40, cause="KY-52", severity=4)
    clean = book.award(rider5, 10, cause="KY-53")
    book.hold(rider5, "R-52", points=10, provider_code="S2")
    back = book.release("R-52")
    # And one of today: owed by its lot, which is on hold.
    rider6 = book.rider()
    mistaken = book.award(rider6, 5, cause="KY-54")
    book.hold(rider6, "R-53", points=5, provider_code="S2")
    book.reverse(mistaken.entry_id, at=NOW)
    of = "SELECT l.id FROM point_lots l JOIN point_transfers t ON t.id = l.transfer_id WHERE t.journal_id = :j"
    names: dict[str, Any] = {
        "rider5": rider5,
        "wrong": wrong.entry_id,
        "fraud": fraud.entry_id,
        "mistake": 8005,
        "came_by": back.entry_id,
        "fifth": one("SELECT id FROM point_accounts WHERE holder = :h", h=f"rider:{rider5}:"),
        "debt5": one("SELECT id FROM point_accounts WHERE holder = :h", h=f"rider_debt:{rider5}:"),
        "owing_lot": one(of, j=wrong.entry_id),
        "clean_lot": one(of, j=clean.entry_id),
        "admin": book.admin.member_id,
        "other_admin": book.other_admin.member_id,
    }
    old = {**TAKE_OWED, "id": 8005, "points": 0, "cause_type": "'award-reversed-honest'"}
    run([event(**old).format(**names)])
    return names
