"""Rows of the ledger in raw SQL, each legitimate until something of it is changed.

`{names}` in them are filled in from the world of `attacks.py`.
"""

from __future__ import annotations

from typing import Any

from grid_report.points.policy import Terms
from tests.points.book import STATION, TERMS

AT = "'2026-11-23 04:00:00.000000'"
SMALL = Terms(TERMS.zone, 20, 100)


def insert(table: str, values: dict[str, Any], verb: str = "INSERT INTO") -> str:
    """Write an INSERT; text starting with a quote or naming {world} things is taken as it is."""
    values = {column: value for column, value in values.items() if value is not None}
    columns, texts = ", ".join(values), ", ".join(str(v) for v in values.values())
    return f"{verb} {table} ({columns}) VALUES ({texts})"


def event(verb: str = "INSERT INTO", /, **changes: Any) -> str:
    """An award of 10 points to rider 1 by the worker, as event 9001."""
    values: dict[str, Any] = {
        "id": 9001, "kind": "'award'", "cause_type": "'attack'", "cause_id": "'1'", "at": AT,
        "points": 10, "rider_id": "{rider1}", "actor_id": "{worker}", "approved_by_id": "NULL",
        "community_code": f"'{STATION}'", "month": "'2026-11'", "rule": "'R1'",
        "tariff_version": "'2020-1'", "severity": 1, "report_number": "NULL",
        "redemption_ref": "NULL", "reverses_id": "NULL", "verdict": "NULL", "note": "''",
    }  # fmt: skip
    return insert("point_journal", {**values, **changes}, verb)


def leg(verb: str = "INSERT INTO", /, **changes: Any) -> str:
    """The leg of event 9001 as transfer 9001: 10 points from the station's pool to rider 1."""
    values: dict[str, Any] = {
        "id": 9001, "journal_id": 9001, "event": "'award'", "route": "'award'",
        "phase": "'single'", "debit_account_id": "{pool}", "debit_kind": "'budget'",
        "credit_account_id": "{mine}", "credit_kind": "'rider'", "amount": 10,
        "pending_id": "NULL", "holds_until": "NULL",
    }  # fmt: skip
    return insert("point_transfers", {**values, **changes}, verb)


def lot(verb: str = "INSERT INTO", /, **changes: Any) -> str:
    """The lot of transfer 9001."""
    values: dict[str, Any] = {
        "id": 9001, "account_id": "{mine}", "account_kind": "'rider'", "transfer_id": 9001,
        "points": 10, "earned_at": AT, "expires_at": "'2027-11-30 16:00:00.000000'", "free": 0,
        "held": 0, "last_movement_id": 0,
    }  # fmt: skip
    return insert("point_lots", {**values, **changes}, verb)


def move(verb: str = "INSERT INTO", /, **changes: Any) -> str:
    """A movement of rider 1's lot."""
    values: dict[str, Any] = {
        "id": 9001, "lot_id": "{lot}", "transfer_id": 9001, "kind": "'spend'", "free_delta": -5,
        "held_delta": 0,
    }  # fmt: skip
    return insert("point_lot_movements", {**values, **changes}, verb)


def account(**changes: Any) -> str:
    """An account of rider 3, who has none."""
    values: dict[str, Any] = {
        "id": 9001, "kind": "'rider'", "member_id": "{rider3}", "community_code": "NULL",
        "provider_code": "NULL", "month": "''", "credits": 0, "debits": 0, "pending_debits": 0,
        "lots_total": 0, "lots_held": 0, "last_transfer_id": 0, "last_movement_id": 0,
    }  # fmt: skip
    return insert("point_accounts", {**values, **changes})


def route(**changes: Any) -> str:
    """A way from the mint straight to a rider."""
    values: dict[str, Any] = {
        "code": "'gift'", "phase": "'single'", "event": "'award'", "debit_kind": "'mint'",
        "credit_kind": "'rider'",
    }  # fmt: skip
    return insert("point_routes", {**values, **changes})


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


def owed(**changes: Any) -> str:
    """Five points the wrong award's own lot owes a reversal that took nothing."""
    values: dict[str, Any] = {
        "id": 9001, "reversal_id": "{mistake}", "lot_id": "{owing_lot}", "points": 5,
    }  # fmt: skip
    return insert("point_owed", {**values, **changes})


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

LATER = "'2028-02-01 04:00:00.000000'"
AFTER = "'2026-12-04 04:00:00.000000'"
NOSHOW = {**CAPTURE, "kind": "'noshow'", "rider_id": "{rider4}", "redemption_ref": "'R-8'"}
REFUND = {
    **CAPTURE, "kind": "'refund'", "rider_id": "{rider4}", "redemption_ref": "'R-9'",
    "reverses_id": "{capture}", "actor_id": "{worker}", "points": 5,
}  # fmt: skip
REFUNDING = {
    "event": "'refund'", "route": "'refund'", "debit_account_id": "{escrow2}",
    "debit_kind": "'escrow'", "credit_account_id": "{fourth}", "credit_kind": "'rider'",
    "amount": 5,
}  # fmt: skip
SETTLE = {
    **CAPTURE, "kind": "'settle'", "rider_id": "NULL", "redemption_ref": "'R-9'", "points": 20,
    "actor_id": "NULL",
}  # fmt: skip
SETTLING = {
    "event": "'settle'", "route": "'settle'", "debit_account_id": "{escrow2}",
    "debit_kind": "'escrow'", "credit_account_id": "{provider2}", "credit_kind": "'provider'",
    "amount": 20,
}  # fmt: skip
UNGRANT = {
    **GRANT, "kind": "'ungrant'", "cause_type": "'budget-closed'",
    "cause_id": f"'{STATION}:2026-11'", "at": AFTER, "points": "{pool_left}",
    "actor_id": "NULL",
}  # fmt: skip
UNGRANTING = {
    "event": "'ungrant'", "route": "'ungrant'", "debit_account_id": "{pool}",
    "debit_kind": "'budget'", "credit_account_id": "{mint}", "credit_kind": "'mint'",
    "amount": "{pool_left}",
}  # fmt: skip
EXPIRY = {**HOLD, "kind": "'expiry'", "redemption_ref": "NULL", "at": LATER}
EXPIRING = {
    "event": "'expiry'", "route": "'expire'", "debit_account_id": "{mine}",
    "debit_kind": "'rider'", "credit_account_id": 9001, "credit_kind": "'expired'", "amount": 5,
}  # fmt: skip
DEBT = {"kind": "'rider_debt'", "member_id": "{rider1}"}
CHARGING = {
    **CLAWBACK, "route": "'clawback_debt'", "debit_account_id": 9001,
    "debit_kind": "'rider_debt'", "amount": 15,
}  # fmt: skip
TAKE_OWED = {
    **REVERSAL, "rider_id": "{rider5}", "reverses_id": "{wrong}", "points": 4,
    "cause_type": "'owed-taken'", "cause_id": "'{wrong}:{came_by}'",
}  # fmt: skip
TAKING_OWED = {**CLAWBACK, "debit_account_id": "{fifth}", "amount": 4}
REPAY = {**EXPIRY, "kind": "'repayment'", "cause_id": "'2'", "at": AT}
REPAYING = {
    "event": "'repayment'", "route": "'repay'", "debit_account_id": "{mine}",
    "debit_kind": "'rider'", "credit_account_id": 9001, "credit_kind": "'rider_debt'",
}  # fmt: skip
