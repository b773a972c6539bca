"""Who may see a redemption and take its steps; its table of moves says which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from grid_report.access import Actor, Permission, anyone_with
from grid_report.access.roles import Role
from grid_report.offers.redemptions.lifecycle import (
    DELIVERED_ONCE,
    REDEMPTION_MOVES,
    By,
    RedemptionState,
    RedemptionStep,
)


class AtStation(Protocol):
    """Something a station hands out; None where no station does."""

    @property
    def station_code(self) -> str | None: ...


class Taken(AtStation, Protocol):
    """A redemption: who took it and where it is handed out."""

    @property
    def rider_id(self) -> int: ...
    @property
    def state(self) -> RedemptionState: ...


def _redeemed_it(who: Actor, it: Taken) -> bool:
    return it.rider_id == who.member_id


def _hands_it_out(who: Actor, it: AtStation) -> bool:
    return who.holds(Role.STATION_STAFF, it.station_code)


def _reads(who: Actor, it: Taken) -> bool:
    return (
        _redeemed_it(who, it)
        or _hands_it_out(who, it)
        or who.holds_any(Role.ADMINISTRATOR, Role.AUDITOR)
    )


def _may_step(step: RedemptionStep) -> Callable[[Actor, Taken], bool]:
    """Say who may take a step of a redemption, from the table of its moves."""
    by = frozenset().union(
        *(move.by for (_, taken), move in REDEMPTION_MOVES.items() if taken is step)
    )

    def rule(who: Actor, it: Taken) -> bool:
        if _redeemed_it(who, it):
            # Nobody hands out to oneself, or decides about the own service.
            return By.RIDER in by
        return (By.STATION in by and _hands_it_out(who, it)) or (
            By.ADMINISTRATOR in by and who.holds_any(Role.ADMINISTRATOR)
        )

    return rule


STATION_OPEN: Final = Permission("station.open", anyone_with(Role.STATION_STAFF))
SLOT_CALL_OFF: Final = Permission[AtStation](
    "offers.call_off", lambda who, it: who.holds_any(Role.ADMINISTRATOR) or _hands_it_out(who, it)
)
REDEMPTION_READ: Final = Permission("redemption.read", _reads, knows=_reads)


def _to_step(name: str, step: RedemptionStep) -> Permission[Taken]:
    return Permission(name, _may_step(step), knows=_reads)


REDEMPTION_CANCEL: Final = _to_step("redemption.cancel", RedemptionStep.CANCEL)
REDEMPTION_CALL_OFF: Final = _to_step("redemption.call_off", RedemptionStep.PROVIDER_CANCEL)
REDEMPTION_DISPUTE: Final = _to_step("redemption.dispute", RedemptionStep.DISPUTE)
REDEMPTION_REFUND: Final = _to_step("redemption.refund", RedemptionStep.REFUND)
REDEMPTION_DECIDE: Final = _to_step("redemption.decide", RedemptionStep.DISMISS)
VOUCHER_CONFIRM: Final = _to_step("voucher.confirm", RedemptionStep.CONFIRM)
REDEMPTION_RATE: Final = Permission[Taken](
    "redemption.rate",
    lambda who, it: _redeemed_it(who, it) and it.state in DELIVERED_ONCE,
    knows=_reads,
)
