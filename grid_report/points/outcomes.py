"""What became of an award or a reversal, as values for the caller."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from grid_report.points.kinds import OWED, UnpaidReason


class Outcome(StrEnum):
    PAID = "paid"
    OWED = "owed"
    WITHHELD = "withheld"


@dataclass(frozen=True)
class Award:
    """What became of an award: paid, owed until there is budget, or withheld for a reason."""

    outcome: Outcome
    points: int
    entry_id: int | None = None
    reason: UnpaidReason | None = None
    already: bool = False
    # The part that went into a debt at once.
    repaid: int = 0


@dataclass(frozen=True)
class Reversal:
    """What came back of an award, `debt` charged to the rider included.

    `owed` is what will come of it when bookings give their points back, as things are now.
    """

    entry_id: int
    points: int
    already: bool = False
    debt: int = 0
    owed: int = 0


@dataclass(frozen=True)
class Held:
    """Points put aside for a service."""

    entry_id: int
    points: int
    already: bool = False


@dataclass(frozen=True)
class Moved:
    """What an event moved; without an entry there was nothing to move."""

    entry_id: int | None
    points: int
    already: bool = False


def outcome_of(reason: UnpaidReason) -> Outcome:
    """Tell whether what is not paid now will be."""
    return Outcome.OWED if reason in OWED else Outcome.WITHHELD
