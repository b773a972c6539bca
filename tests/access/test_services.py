"""Who may do what to a redemption, a permit and a provider's month: everybody, at every step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from types import ModuleType
from typing import Any

import pytest

from grid_report.access import Actor, Permission, allowed, check
from grid_report.access.roles import Role
from grid_report.errors import Forbidden, NotFound
from grid_report.offers.permits import permissions as permits
from grid_report.offers.permits.lifecycle import (
    APPLICATION_MOVES,
    ApplicationState,
    ApplicationStep,
    Firm,
)
from grid_report.offers.redemptions import permissions as redemptions
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.settlements import permissions as settlements
from grid_report.offers.settlements.lifecycle import Side, StatementFacts
from tests.access.crowds import crowd, stranger

RIDER, SOMEBODY, OTHER = 1, 2, 3


def names_allowed(who: Actor, permissions: Iterable[Permission[Any]], it: object) -> set[str]:
    return {one.name for one in permissions if allowed(who, one, it)}


def about_one(room: ModuleType) -> list[Permission[Any]]:
    return [
        one for one in vars(room).values() if isinstance(one, Permission) and one.knows is not None
    ]


@dataclass(frozen=True)
class Taken:
    """A redemption."""

    state: RedemptionState = RedemptionState.DELIVERED
    rider_id: int = RIDER
    station_code: str | None = "station"


@pytest.mark.parametrize("state", list(RedemptionState))
@pytest.mark.parametrize("station", ["station", None])
def test_a_redemption_is_its_riders_its_stations_and_the_countys(
    state: RedemptionState, station: str | None
) -> None:
    it = Taken(state, station_code=station)
    delivered = state in {"delivered", "disputed", "settled", "refunded"}
    for who, roles in crowd((RIDER, SOMEBODY)):
        staff = Role.STATION_STAFF in roles and station is not None
        administrator = Role.ADMINISTRATOR in roles
        expected = set()
        if who.member_id == RIDER:
            # Nobody serves oneself, whatever else one is.
            expected |= {"redemption.read", "redemption.cancel", "redemption.dispute"}
            expected |= {"redemption.rate"} if delivered else set()
        else:
            if staff:
                expected |= {"redemption.read", "voucher.confirm"}
            if staff or administrator:
                expected |= {"redemption.read", "redemption.call_off", "redemption.refund"}
            if administrator:
                expected |= {"redemption.decide"}
            if Role.AUDITOR in roles:
                expected |= {"redemption.read"}
        assert names_allowed(who, about_one(redemptions), it) == expected, (who, it)
        calls_off = allowed(who, redemptions.SLOT_CALL_OFF, it)
        assert calls_off is (staff or administrator)
    for one in about_one(redemptions):
        with pytest.raises(NotFound):
            check(stranger(SOMEBODY), one, it)


@dataclass(frozen=True)
class Applied:
    """An application for a permit."""

    state: ApplicationState
    unit_code: str | None
    paused_by_id: int | None = RIDER
    rider_id: int = RIDER
    community_code: str = "community"


WORDS = {
    "property": {ApplicationStep.PROPERTY_APPROVE, ApplicationStep.PROPERTY_DECLINE},
    "community": {ApplicationStep.COMMUNITY_APPROVE, ApplicationStep.COMMUNITY_DECLINE},
    "keeper": {ApplicationStep.ISSUE, ApplicationStep.RETURN},
    "rider": {ApplicationStep.WITHDRAW},
    "county": {ApplicationStep.CALL_OFF},
    "staff": {ApplicationStep.PAUSE, ApplicationStep.RESUME, ApplicationStep.REVOKE},
    "clock": {ApplicationStep.LAPSE, ApplicationStep.RENEW, ApplicationStep.EXPIRE},
}


@pytest.mark.parametrize(("state", "step"), sorted(APPLICATION_MOVES))
def test_a_permits_step_is_for_those_the_design_names(
    state: ApplicationState, step: ApplicationStep
) -> None:
    move = APPLICATION_MOVES[state, step]
    for firm, paused_by in product(("unit", None), (RIDER, OTHER)):
        it = Applied(state, firm, paused_by)
        fits = move.firm in (Firm.EITHER, Firm.NEEDED if firm else Firm.NONE)
        for who, roles in crowd((RIDER, SOMEBODY)):
            if who.member_id == RIDER:
                resumes = step is ApplicationStep.RESUME and paused_by == RIDER
                may = step in WORDS["rider"] | {ApplicationStep.PAUSE} or resumes
            else:
                unit = firm is not None and Role.HANDLER in roles
                community, county = Role.WORKER in roles, Role.ADMINISTRATOR in roles
                keeper = unit if firm else community
                may = (
                    (unit and step in WORDS["property"])
                    or (community and step in WORDS["community"])
                    or (keeper and step in WORDS["keeper"])
                    or (county and step in WORDS["county"])
                    or ((keeper or community or county) and step in WORDS["staff"])
                )
            assert permits.allowed_application_step(who, it, step) is (may and fits), (who, it)
        assert not permits.allowed_application_step(stranger(SOMEBODY), it, step)
        with pytest.raises(NotFound):
            permits.check_application_step(stranger(SOMEBODY), it, step)


@pytest.mark.parametrize("disputed_side", [None, Side.PROVIDER, Side.COUNTY])
@pytest.mark.parametrize(("confirmed_by", "disputed_by"), list(product((None, SOMEBODY), repeat=2)))
def test_a_providers_month_is_said_yes_to_by_two(
    disputed_side: Side | None, confirmed_by: int | None, disputed_by: int | None
) -> None:
    it = StatementFacts(frozenset({"station", "second"}), confirmed_by, disputed_side, disputed_by)
    for who, roles in crowd((SOMEBODY, OTHER)):
        provider, county = Role.STATION_STAFF in roles, Role.ADMINISTRATOR in roles
        objected = who.member_id == disputed_by
        rights = {
            "statement.read": provider or county or Role.AUDITOR in roles,
            "statement.confirm": provider,
            "statement.dispute": provider,
            "statement.query": county,
            "statement.countersign": county and who.member_id != confirmed_by,
            "statement.explain": provider and disputed_side is Side.COUNTY and not objected,
            "statement.decide": county and disputed_side is Side.PROVIDER and not objected,
            "statement.stand_in": county and not provider and not objected,
        }
        expected = {name for name, may in rights.items() if may}
        assert names_allowed(who, about_one(settlements), it) == expected, (who, it)
        for one in about_one(settlements):
            if one.name not in expected:
                with pytest.raises(Forbidden if rights["statement.read"] else NotFound):
                    check(who, one, it)
