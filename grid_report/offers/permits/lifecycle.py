"""The way of an application for a card, as one table. What is not in it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Final

from grid_report.workflow import IllegalStep, Workflow


class ApplicationState(StrEnum):
    SUBMITTED = "submitted"
    PROPERTY_APPROVED = "property_approved"
    APPROVED = "approved"
    ACTIVE = "active"
    PAUSED = "paused"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    RETURNED = "returned"
    RENEWED = "renewed"
    EXPIRED = "expired"
    REVOKED = "revoked"


class ApplicationStep(StrEnum):
    PROPERTY_APPROVE = "property_approve"
    PROPERTY_DECLINE = "property_decline"
    COMMUNITY_APPROVE = "community_approve"
    COMMUNITY_DECLINE = "community_decline"
    WITHDRAW = "withdraw"
    CALL_OFF = "call_off"
    LAPSE = "lapse"
    ISSUE = "issue"
    PAUSE = "pause"
    RESUME = "resume"
    RETURN = "return"
    RENEW = "renew"
    EXPIRE = "expire"
    REVOKE = "revoke"
    # History without a move.
    APPLY = "apply"


class Side(StrEnum):
    """Who takes a step. The keeper has the cards: the property firm, else the community."""

    RIDER = "rider"
    PROPERTY = "property"
    COMMUNITY = "community"
    KEEPER = "keeper"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


class Fee(StrEnum):
    """What a step does to the price; where there is none it does nothing."""

    KEEP = "keep"
    CAPTURE = "capture"
    RELEASE = "release"
    # Only in the first 72 hours, before the price is the firm's.
    REFUND = "refund"


class Firm(StrEnum):
    """For which compounds a step is: those with a property firm, those without, or all."""

    NEEDED = "needed"
    NONE = "none"
    EITHER = "either"


@dataclass(frozen=True)
class ApplicationMove:
    """Where a step leads, who may take it, what the fee does, whether a reason is told."""

    to: ApplicationState
    by: frozenset[Side]
    fee: Fee = Fee.KEEP
    needs_reason: bool = False
    firm: Firm = Firm.EITHER


def _by(*who: Side) -> frozenset[Side]:
    return frozenset(who)


_S, _T = ApplicationState, ApplicationStep

WAITING: Final = (_S.SUBMITTED, _S.PROPERTY_APPROVED, _S.APPROVED)
HELD: Final = (_S.ACTIVE, _S.PAUSED)
LIVING: Final = frozenset((*WAITING, *HELD))
ISSUED_ONCE: Final = frozenset((*HELD, _S.RETURNED, _S.RENEWED, _S.EXPIRED, _S.REVOKED))

_STAFF = _by(Side.KEEPER, Side.COMMUNITY, Side.ADMINISTRATOR)

APPLICATION_MOVES: Final[Mapping[tuple[ApplicationState, ApplicationStep], ApplicationMove]] = {
    (_S.SUBMITTED, _T.PROPERTY_APPROVE): ApplicationMove(
        _S.PROPERTY_APPROVED, _by(Side.PROPERTY), firm=Firm.NEEDED
    ),
    (_S.SUBMITTED, _T.PROPERTY_DECLINE): ApplicationMove(
        _S.DECLINED, _by(Side.PROPERTY), Fee.RELEASE, needs_reason=True, firm=Firm.NEEDED
    ),
    (_S.PROPERTY_APPROVED, _T.COMMUNITY_APPROVE): ApplicationMove(
        _S.APPROVED, _by(Side.COMMUNITY), firm=Firm.NEEDED
    ),
    (_S.PROPERTY_APPROVED, _T.COMMUNITY_DECLINE): ApplicationMove(
        _S.DECLINED, _by(Side.COMMUNITY), Fee.RELEASE, needs_reason=True, firm=Firm.NEEDED
    ),
    # A self-managed compound has nobody to ask before the community.
    (_S.SUBMITTED, _T.COMMUNITY_APPROVE): ApplicationMove(
        _S.APPROVED, _by(Side.COMMUNITY), firm=Firm.NONE
    ),
    (_S.SUBMITTED, _T.COMMUNITY_DECLINE): ApplicationMove(
        _S.DECLINED, _by(Side.COMMUNITY), Fee.RELEASE, needs_reason=True, firm=Firm.NONE
    ),
    **{
        (state, step): move
        for state in WAITING
        for step, move in {
            _T.WITHDRAW: ApplicationMove(_S.WITHDRAWN, _by(Side.RIDER), Fee.RELEASE),
            _T.CALL_OFF: ApplicationMove(
                _S.DECLINED, _by(Side.ADMINISTRATOR), Fee.RELEASE, needs_reason=True
            ),
            _T.LAPSE: ApplicationMove(_S.LAPSED, _by(Side.SYSTEM), Fee.RELEASE),
        }.items()
    },
    (_S.APPROVED, _T.ISSUE): ApplicationMove(_S.ACTIVE, _by(Side.KEEPER), Fee.CAPTURE),
    (_S.ACTIVE, _T.PAUSE): ApplicationMove(_S.PAUSED, _STAFF | _by(Side.RIDER), needs_reason=True),
    (_S.PAUSED, _T.RESUME): ApplicationMove(_S.ACTIVE, _STAFF | _by(Side.RIDER)),
    **{
        (state, step): move
        for state in HELD
        for step, move in {
            # Whoever has the cards sees it come back; the rider's word alone opens no refund.
            _T.RETURN: ApplicationMove(_S.RETURNED, _by(Side.KEEPER), Fee.REFUND),
            _T.RENEW: ApplicationMove(_S.RENEWED, _by(Side.SYSTEM)),
            _T.EXPIRE: ApplicationMove(_S.EXPIRED, _by(Side.SYSTEM)),
            _T.REVOKE: ApplicationMove(_S.REVOKED, _STAFF, needs_reason=True),
        }.items()
    },
}


class IllegalApplicationStep(IllegalStep):
    """The step does not lead anywhere from the state the application is in."""

    code: ClassVar[str] = "application-step"


WORKFLOW: Final = Workflow(APPLICATION_MOVES, IllegalApplicationStep)


def application_move(
    state: ApplicationState, step: ApplicationStep, *, has_firm: bool
) -> ApplicationMove:
    """Return the move a step makes from a state, with or without a property firm.

    Raises IllegalApplicationStep.
    """
    return WORKFLOW.move_for(
        state, step, lambda it: it.firm is Firm.EITHER or (it.firm is Firm.NEEDED) == has_firm
    )


def waits_for(state: ApplicationState, *, has_firm: bool) -> Side | None:
    """Say whose turn it is; None: nobody's."""
    if state is _S.SUBMITTED:
        return Side.PROPERTY if has_firm else Side.COMMUNITY
    return {_S.PROPERTY_APPROVED: Side.COMMUNITY, _S.APPROVED: Side.KEEPER}.get(state)
