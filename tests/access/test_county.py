"""Who may do what elsewhere: points, figures, signals, accounts, boundaries; everybody."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from grid_report.access import allowed, check
from grid_report.access.roles import STAFF, Role
from grid_report.errors import Forbidden
from grid_report.fairness.permissions import (
    FAIRNESS_JUDGE,
    FAIRNESS_READ,
    FAIRNESS_TRUST,
    Subject,
)
from grid_report.permissions import PERMISSIONS
from grid_report.points.permissions import BUDGETS_READ, OBJECTION_ANSWER, PROPOSAL_DECIDE
from grid_report.statistics.permissions import STATISTICS_READ
from tests.access.crowds import crowd, stranger

RIDER, FIRST, SECOND, SOMEBODY = 1, 2, 3, 4
COUNTY = {Role.ADMINISTRATOR, Role.AUDITOR}

# Whoever holds one of these roles anywhere; without a thing it is asked about.
BY_ROLE = {
    "report.submit": {Role.RIDER},
    "upload.begin": {Role.RIDER, Role.WORKER, Role.SUPERVISOR, Role.HANDLER},
    "desk.open": {Role.WORKER, Role.SUPERVISOR, *COUNTY},
    "unit.open": {Role.HANDLER},
    "unrouted.list": COUNTY,
    "members.read": COUNTY,
    "members.manage": {Role.ADMINISTRATOR},
    "number.confirm": {Role.STATION_STAFF, Role.WORKER, Role.ADMINISTRATOR},
    "audit.read": COUNTY,
    "boundaries.read": COUNTY,
    "boundaries.import": {Role.ADMINISTRATOR},
    "gates.print": {Role.ADMINISTRATOR},
    "categories.read": {Role.WORKER, Role.SUPERVISOR, *COUNTY},
    "units.list": set(STAFF),
    "points.read_own": {Role.RIDER},
    "points.learn": {Role.RIDER},
    "budget.grant": {Role.ADMINISTRATOR},
    "budgets.read": {Role.WORKER, Role.SUPERVISOR, *COUNTY},
    "objections.read": {Role.SUPERVISOR, *COUNTY},
    "proposals.read": COUNTY,
    "tariff.read": COUNTY,
    "tariff.draft": {Role.ADMINISTRATOR},
    "journal.read": COUNTY,
    "offers.read": set(Role),
    "offers.redeem": {Role.RIDER},
    "offers.list": COUNTY,
    "offers.manage": {Role.ADMINISTRATOR},
    "station.open": {Role.STATION_STAFF},
    "statements.list": COUNTY,
    "application.list": {Role.HANDLER, Role.WORKER, *COUNTY},
    "papers.read": {Role.HANDLER, *COUNTY},
    "papers.manage": {Role.ADMINISTRATOR},
    "statistics.open": {Role.WORKER, Role.SUPERVISOR, *COUNTY},
    "statistics.read": {Role.WORKER, Role.SUPERVISOR, *COUNTY},
    "statistics.freeze": {Role.ADMINISTRATOR},
    "statistics.deliver": {Role.ADMINISTRATOR},
    "deliveries.read": COUNTY,
    "fairness.read": {Role.SUPERVISOR, *COUNTY},
    "fairness.judge": {Role.SUPERVISOR, Role.ADMINISTRATOR},
    "fairness.trust": {Role.SUPERVISOR},
}


@pytest.mark.parametrize("name", BY_ROLE)
def test_a_door_opens_to_its_roles_and_to_nobody_else(name: str) -> None:
    for who, roles in crowd((SOMEBODY,)):
        opens = bool(roles & BY_ROLE[name]) or name == "offers.read"
        assert allowed(who, PERMISSIONS[name]) is opens, who
        if not opens:
            with pytest.raises(Forbidden):
                check(who, PERMISSIONS[name])


def test_looking_at_a_person_is_for_who_only_oversees() -> None:
    for who, roles in crowd((SOMEBODY,)):
        looks = Role.AUDITOR in roles and Role.ADMINISTRATOR not in roles
        assert allowed(who, PERMISSIONS["members.look"]) is looks


def test_every_permission_is_walked_here_or_with_its_thing() -> None:
    with_a_thing = {name for name, one in PERMISSIONS.items() if one.knows is not None}
    others = {
        "members.look", "offers.call_off", "objection.answer", "proposal.decide",
        "owner_price.set",
    }  # fmt: skip
    assert BY_ROLE.keys() | with_a_thing | others == PERMISSIONS.keys()


@dataclass(frozen=True)
class Area:
    """A street, a community, or the county."""

    code: str
    parent: str | None = None
    street_code: str = "street"


@pytest.mark.parametrize(
    ("area", "readers"),
    [
        (Area("community", "street"), {Role.WORKER, Role.SUPERVISOR}),
        (Area("sister", "street"), {Role.SUPERVISOR}),
        (Area("street", ""), {Role.SUPERVISOR}),
        (Area("", None), set()),
    ],
)
def test_figures_and_budgets_are_of_the_own_area(area: Area, readers: set[Role]) -> None:
    for who, roles in crowd((SOMEBODY,)):
        assert allowed(who, STATISTICS_READ, area) is bool(roles & (readers | COUNTY))
        if area.parent == "street":
            assert allowed(who, BUDGETS_READ, area) is bool(roles & (readers | COUNTY))
    assert not allowed(stranger(SOMEBODY), STATISTICS_READ, area)
    assert not allowed(stranger(SOMEBODY), BUDGETS_READ, area)


def test_signals_are_judged_by_nobody_they_are_about() -> None:
    it = Subject("street", frozenset({RIDER}), frozenset({FIRST}))
    for who, roles in crowd((RIDER, FIRST, SOMEBODY)):
        of_street, other = Role.SUPERVISOR in roles, who.member_id != RIDER
        assert allowed(who, FAIRNESS_READ, it) is (other and (of_street or bool(roles & COUNTY)))
        assert allowed(who, FAIRNESS_TRUST, it) is (other and of_street)
        judges = who.member_id == SOMEBODY and (of_street or Role.ADMINISTRATOR in roles)
        assert allowed(who, FAIRNESS_JUDGE, it) is judges
    for one in (FAIRNESS_READ, FAIRNESS_TRUST, FAIRNESS_JUDGE):
        assert not allowed(stranger(SOMEBODY), one, it)


@dataclass(frozen=True)
class Contested:
    """An objection."""

    rider_id: int = RIDER
    street_code: str | None = "street"
    decided_by_id: int | None = FIRST
    approved_by_id: int | None = SECOND


def test_an_objection_is_answered_by_who_had_no_part_in_it() -> None:
    for who, roles in crowd((RIDER, FIRST, SECOND, SOMEBODY)):
        answers = who.member_id == SOMEBODY and bool(roles & {Role.SUPERVISOR, Role.ADMINISTRATOR})
        assert allowed(who, OBJECTION_ANSWER, Contested()) is answers
    assert not allowed(stranger(SOMEBODY), OBJECTION_ANSWER, Contested())


@dataclass(frozen=True)
class Proposed:
    """A proposal."""

    proposed_by_id: int | None = FIRST
    rider_id: int | None = RIDER


def test_a_proposal_takes_a_second_administrator() -> None:
    for who, roles in crowd((RIDER, FIRST, SOMEBODY)):
        decides = who.member_id == SOMEBODY and Role.ADMINISTRATOR in roles
        assert allowed(who, PROPOSAL_DECIDE, Proposed()) is decides


@dataclass(frozen=True)
class Claimed:
    """A number somebody claims."""

    rider_id: int = RIDER


def test_nobody_vouches_for_the_own_number() -> None:
    confirms = PERMISSIONS["number.confirm"]
    for who, roles in crowd((RIDER, SOMEBODY)):
        vouches = who.member_id == SOMEBODY and bool(roles & BY_ROLE["number.confirm"])
        assert allowed(who, confirms, Claimed()) is vouches


@dataclass(frozen=True)
class Compound:
    """A compound with its firms."""

    firms: frozenset[str]


def test_the_owners_price_is_set_by_its_own_firm_or_the_county() -> None:
    for firms in (frozenset({"unit", "b"}), frozenset({"b"}), frozenset[str]()):
        for who, roles in crowd((SOMEBODY,)):
            sets = Role.ADMINISTRATOR in roles or (Role.HANDLER in roles and "unit" in firms)
            assert allowed(who, PERMISSIONS["owner_price.set"], Compound(firms)) is sets
