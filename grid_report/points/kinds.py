"""The ledger's words: what an account, an event, a transfer or a lot movement can be."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class AccountKind(StrEnum):
    MINT = "mint"
    BUDGET = "budget"
    RIDER = "rider"
    RIDER_DEBT = "rider_debt"
    ESCROW = "escrow"
    PROVIDER = "provider"
    EXPIRED = "expired"
    CLAWBACK = "clawback"
    PENALTY = "penalty"


class EventKind(StrEnum):
    GRANT = "grant"
    UNGRANT = "ungrant"
    AWARD = "award"
    HOLD = "hold"
    CAPTURE = "capture"
    RELEASE = "release"
    SETTLE = "settle"
    REFUND = "refund"
    NOSHOW = "noshow"
    EXPIRY = "expiry"
    REVERSAL = "reversal"
    REPAYMENT = "repayment"
    STATEMENT = "statement"


class Phase(StrEnum):
    """A transfer counts at once (single), or is held first and then posted or voided."""

    SINGLE = "single"
    PENDING = "pending"
    POST = "post"
    VOID = "void"


class Verdict(StrEnum):
    """Why an award is taken back, which says how far (`ledger.reversals.REACH`)."""

    HONEST = "honest"
    NEGLIGENT = "negligent"
    FRAUD = "fraud"
    APPEAL = "appeal"


class MovementKind(StrEnum):
    EARN = "earn"
    HOLD = "hold"
    RELEASE = "release"
    CAPTURE = "capture"
    SPEND = "spend"
    REFUND = "refund"


class UnpaidReason(StrEnum):
    # Owed, and paid later by the job …
    BUDGET_EMPTY = "budget_empty"
    RESERVE_EMPTY = "reserve_empty"
    FROZEN = "frozen"
    # … or not owed at all; the line still says why.
    STAFF = "staff"
    SUSPENDED = "suspended"
    GONE = "gone"
    OVER_DAY_CAP = "over_day_cap"
    OVER_MONTH_CAP = "over_month_cap"
    SAME_PLACE = "same_place"
    UNPROVED = "unproved"


OWED: Final = (UnpaidReason.BUDGET_EMPTY, UnpaidReason.RESERVE_EMPTY, UnpaidReason.FROZEN)
IS_OWED: Final = "reason IN ('budget_empty', 'frozen', 'reserve_empty')"
IS_OPEN: Final = f"journal_id IS NULL AND cancelled_at IS NULL AND {IS_OWED}"
