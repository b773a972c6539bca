"""The way of a redemption, as one table. What is not in it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from grid_report.workflow import IllegalStep, Workflow


class RedemptionState(StrEnum):
    RESERVED = "reserved"
    DELIVERED = "delivered"
    DISPUTED = "disputed"
    SETTLED = "settled"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"
    PROVIDER_CANCELLED = "provider_cancelled"
    EXPIRED = "expired"
    NO_SHOW = "no_show"


class RedemptionStep(StrEnum):
    CONFIRM = "confirm"
    CANCEL = "cancel"
    PROVIDER_CANCEL = "provider_cancel"
    EXPIRE = "expire"
    MISS = "miss"
    DISPUTE = "dispute"
    DISMISS = "dismiss"
    REFUND = "refund"
    SETTLE = "settle"
    # History without a move.
    RESERVE = "reserve"
    RATE = "rate"


class By(StrEnum):
    """Who takes a step: the rider, the station's staff, the administrator, or the clock."""

    RIDER = "rider"
    STATION = "station"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


class Points(StrEnum):
    """What a step does to the points; an offer without a price moves none."""

    CAPTURE = "capture"
    RELEASE = "release"
    NOSHOW = "noshow"
    REFUND = "refund"
    SETTLE = "settle"
    KEEP = "keep"


@dataclass(frozen=True)
class RedemptionMove:
    """Where a step leads, who may take it, what the points do, whether the place comes back."""

    to: RedemptionState
    by: frozenset[By]
    points: Points
    gives_back: bool = False


def _by(*who: By) -> frozenset[By]:
    return frozenset(who)


_S, _T = RedemptionState, RedemptionStep

REDEMPTION_MOVES: Final[Mapping[tuple[RedemptionState, RedemptionStep], RedemptionMove]] = {
    (_S.RESERVED, _T.CONFIRM): RedemptionMove(_S.DELIVERED, _by(By.STATION), Points.CAPTURE),
    (_S.RESERVED, _T.CANCEL): RedemptionMove(
        _S.CANCELLED, _by(By.RIDER), Points.RELEASE, gives_back=True
    ),
    (_S.RESERVED, _T.PROVIDER_CANCEL): RedemptionMove(
        _S.PROVIDER_CANCELLED, _by(By.STATION, By.ADMINISTRATOR), Points.RELEASE, gives_back=True
    ),
    (_S.RESERVED, _T.EXPIRE): RedemptionMove(
        _S.EXPIRED, _by(By.SYSTEM), Points.RELEASE, gives_back=True
    ),
    # The time is over: the place helps nobody any more.
    (_S.RESERVED, _T.MISS): RedemptionMove(_S.NO_SHOW, _by(By.SYSTEM), Points.NOSHOW),
    # The station's own book may collide with what happened meanwhile: the system disputes then.
    (_S.DELIVERED, _T.DISPUTE): RedemptionMove(_S.DISPUTED, _by(By.RIDER, By.SYSTEM), Points.KEEP),
    (_S.DELIVERED, _T.REFUND): RedemptionMove(
        _S.REFUNDED, _by(By.STATION, By.ADMINISTRATOR), Points.REFUND
    ),
    (_S.DELIVERED, _T.SETTLE): RedemptionMove(_S.SETTLED, _by(By.SYSTEM), Points.SETTLE),
    (_S.DISPUTED, _T.REFUND): RedemptionMove(
        _S.REFUNDED, _by(By.STATION, By.ADMINISTRATOR), Points.REFUND
    ),
    (_S.DISPUTED, _T.DISMISS): RedemptionMove(_S.SETTLED, _by(By.ADMINISTRATOR), Points.SETTLE),
}

# Counts against a quota: everything but what was given back.
COUNTED: Final = frozenset({_S.RESERVED, _S.DELIVERED, _S.DISPUTED, _S.SETTLED, _S.NO_SHOW})
DELIVERED_ONCE: Final = frozenset({_S.DELIVERED, _S.DISPUTED, _S.SETTLED, _S.REFUNDED})
OVER: Final = frozenset(_S) - {_S.RESERVED, _S.DELIVERED, _S.DISPUTED}


class IllegalRedemptionStep(IllegalStep):
    """The step does not lead anywhere from the state the redemption is in."""

    code: ClassVar[str] = "redemption-step"


WORKFLOW: Final = Workflow(REDEMPTION_MOVES, IllegalRedemptionStep)
redemption_move = WORKFLOW.move_for
