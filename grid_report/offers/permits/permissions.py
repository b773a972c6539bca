"""What somebody is to an application for a permit, and so what they may do with it."""

from __future__ import annotations

from typing import Final, Protocol

from grid_report.access import Actor, Permission, anyone_with
from grid_report.access.roles import Role
from grid_report.errors import Conflict, Forbidden, NotFound
from grid_report.offers.permits.lifecycle import (
    ApplicationState,
    ApplicationStep,
    Side,
    application_move,
)


class Applied(Protocol):
    """An application: whose, and whose compound it is for; no unit where owners manage it."""

    @property
    def rider_id(self) -> int: ...
    @property
    def unit_code(self) -> str | None: ...
    @property
    def community_code(self) -> str: ...


class Moving(Applied, Protocol):
    """An application that may take a step."""

    @property
    def state(self) -> ApplicationState: ...
    @property
    def paused_by_id(self) -> int | None: ...


class Priced(Protocol):
    """A compound, with the codes of the firms that cover it."""

    @property
    def firms(self) -> frozenset[str]: ...


def application_sides(who: Actor, it: Applied) -> frozenset[Side]:
    """Return everything this actor is to an application. Own ones leave only the rider's side."""
    if it.rider_id == who.member_id:
        return frozenset({Side.RIDER})
    firm = who.holds(Role.HANDLER, it.unit_code)
    community = who.holds(Role.WORKER, it.community_code)
    # Who has the cards: the property firm, or the community where there is none.
    keeper = firm if it.unit_code is not None else community
    held = {
        Side.PROPERTY: firm,
        Side.COMMUNITY: community,
        Side.KEEPER: keeper,
        Side.ADMINISTRATOR: who.holds_any(Role.ADMINISTRATOR),
    }
    return frozenset(side for side, holds in held.items() if holds)


def _reads(who: Actor, it: Applied) -> bool:
    return bool(application_sides(who, it)) or who.holds_any(Role.AUDITOR)


def _sets_owner_price(who: Actor, it: Priced) -> bool:
    """Its compound's property firm, or the county."""
    return who.holds_any(Role.ADMINISTRATOR) or bool(it.firms & who.places(Role.HANDLER))


APPLICATION_READ: Final = Permission("application.read", _reads, knows=_reads)
APPLICATIONS_LIST: Final = Permission(
    "application.list", anyone_with(Role.HANDLER, Role.WORKER, Role.ADMINISTRATOR, Role.AUDITOR)
)
OWNER_PRICE_SET: Final = Permission("owner_price.set", _sets_owner_price)
PERMITS_READ: Final = Permission(
    "papers.read", anyone_with(Role.HANDLER, Role.ADMINISTRATOR, Role.AUDITOR)
)
PERMITS_MANAGE: Final = Permission("papers.manage", anyone_with(Role.ADMINISTRATOR))


def allowed_application_step(who: Actor, it: Moving, step: ApplicationStep) -> bool:
    """Tell whether the table lets this actor take this step on this application now."""
    try:
        move = application_move(it.state, step, has_firm=it.unit_code is not None)
    except Conflict:
        return False
    sides = application_sides(who, it)
    if step is ApplicationStep.RESUME and sides == {Side.RIDER}:
        # What others stopped is not the rider's to start again.
        return it.paused_by_id == who.member_id
    return bool(move.by & sides)


def check_application_step(who: Actor, it: Moving, step: ApplicationStep) -> None:
    """Refuse a step to those it is not for, and one that leads nowhere.

    Raises NotFound, IllegalApplicationStep, Forbidden.
    """
    if not _reads(who, it):
        raise NotFound
    application_move(it.state, step, has_firm=it.unit_code is not None)
    if not allowed_application_step(who, it, step):
        raise Forbidden
