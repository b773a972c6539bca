"""Who may do what to a report, and what nobody may do to the own: written down a second time."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from grid_report.access import Action, Actor, Grant, allowed, allowed_step, parts
from grid_report.accounts.roles import Role
from grid_report.reports.lifecycle import Part, State, Step

AT = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
OWN, OTHER = 1, 2
GRANTS = {
    "rider": Grant(Role.RIDER),
    "worker": Grant(Role.WORKER, "here"),
    "elsewhere": Grant(Role.WORKER, "there"),
    "street": Grant(Role.SUPERVISOR, "north"),
    "other street": Grant(Role.SUPERVISOR, "south"),
    "unit": Grant(Role.HANDLER, "firm"),
    "other unit": Grant(Role.HANDLER, "works"),
    "county": Grant(Role.ADMINISTRATOR, "county"),
    "auditor": Grant(Role.AUDITOR, "county"),
}


def who(*names: str, member: int = OTHER) -> Actor:
    return Actor(member, "", frozenset(GRANTS[name] for name in names))


def report(**more: Any) -> Any:
    facts: dict[str, Any] = {
        "reporter_id": OWN, "community_code": "here", "street_code": "north", "unit_code": "firm",
        "dispatched_at": AT, "self_handled": False, "handled_by_id": None, "started_by_id": None,
        "state": State.IN_PROGRESS, "sensitive": False,
        "transfers": 0, "returns": 0, "extensions": 0,
    }  # fmt: skip
    return SimpleNamespace(**facts | more)


def may(action: Action, it: Any) -> set[str]:
    """Name everybody who may; "own" is the rider whose report it is."""
    own = {"own"} if allowed(who("rider", member=OWN), action, it) else set()
    return own | {name for name in GRANTS if allowed(who(name), action, it)}


BODY = {"worker", "street"}


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (Action.REPORT_READ, {"own", *BODY, "unit", "county", "auditor"}),
        (Action.REPORT_PHOTOS, {"own", *BODY, "unit", "county", "auditor"}),
        (Action.REPORT_SEE_REPORTER, {"own", *BODY}),
        (Action.REPORT_NOTE, {*BODY, "unit"}),
        (Action.REPORT_URGE, {"street"}),
        (Action.REPORT_RATE, set()),
        (Action.REPORT_ASSIGN, {"county"}),
        (Action.MERIT_PROPOSE, BODY),
        (Action.RECHECK_ASK, set()),
        (Action.RECHECK_ANSWER, set()),
    ],
)
def test_each_action_is_for_these_people(action: Action, expected: set[str]) -> None:
    assert may(action, report()) == expected


def test_sensitive_photos_are_for_those_who_have_to_do_with_the_case() -> None:
    assert may(Action.REPORT_PHOTOS, report(sensitive=True)) == {"own", *BODY, "unit"}


def test_only_what_is_closed_is_rated_and_only_what_is_done_is_looked_at_again() -> None:
    closed, handled = report(state=State.CLOSED), report(state=State.HANDLED)
    assert may(Action.REPORT_RATE, closed) == {"own"}
    assert may(Action.REPORT_RATE, handled) == set()
    assert may(Action.RECHECK_ASK, handled) == BODY
    assert may(Action.RECHECK_ASK, closed) == set()
    assert may(Action.RECHECK_ANSWER, closed) == may(Action.RECHECK_ANSWER, handled) == {"own"}


def test_the_unit_never_learns_who_reported_whatever_else_it_is() -> None:
    both = who("worker", "unit")
    assert not allowed(both, Action.REPORT_SEE_REPORTER, report())
    assert allowed(both, Action.REPORT_SEE_REPORTER, report(unit_code="works"))
    assert not allowed(who("unit"), Action.REPORT_SEE_REPORTER, report())


def test_in_an_own_report_every_other_role_is_forgotten() -> None:
    all_of_them = who(*GRANTS, member=OWN)
    assert parts(all_of_them, report()) == {Part.RIDER}
    for action in (Action.REPORT_ASSIGN, Action.REPORT_NOTE, Action.MERIT_PROPOSE):
        assert not allowed(all_of_them, action, report()), action


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {Part.UNIT, Part.HANDLER}),
        ({"dispatched_at": None}, set()),
        ({"unit_code": None}, set()),
        ({"unit_code": "works"}, set()),
        ({"self_handled": True}, {Part.UNIT}),
    ],
)
def test_a_unit_has_a_part_from_its_dispatch(changes: dict[str, Any], expected: set[Part]) -> None:
    assert parts(who("unit"), report(**changes)) == expected


def test_nobody_checks_the_own_work() -> None:
    checker = {Part.WORKER, Part.CHECKER}
    assert parts(who("worker"), report()) == checker
    for name in ("handled_by_id", "started_by_id"):
        assert parts(who("worker"), report(**{name: OTHER})) == {Part.WORKER}
        assert parts(who("worker"), report(**{name: 3})) == checker
    assert Part.CHECKER not in parts(who("worker", "unit"), report())
    assert parts(who("street"), report()) == {Part.STREET, Part.CHECKER}
    by_itself = report(self_handled=True, unit_code=None)
    assert parts(who("worker"), by_itself) == {*checker, Part.HANDLER}


def test_a_place_nobody_knows_is_nobodys() -> None:
    nowhere = report(community_code=None, street_code=None, unit_code=None)
    everybody = Actor(OTHER, "", frozenset({*GRANTS.values(), Grant(Role.WORKER)}))
    assert parts(everybody, nowhere) == set()


@pytest.mark.parametrize(
    ("state", "step", "used"),
    [
        (State.SUBMITTED, Step.TRANSFER, {"transfers": 1}),
        (State.ACCEPTED, Step.DISPATCH, {"returns": 2}),
        (State.IN_PROGRESS, Step.EXTEND, {"extensions": 1}),
    ],
)
def test_a_workers_say_is_used_up_and_the_streets_is_not(
    state: State, step: Step, used: dict[str, int]
) -> None:
    fresh, late = report(state=state), report(state=state, **used)
    nearly = report(state=state, **{name: count - 1 for name, count in used.items()})
    assert allowed_step(who("worker"), fresh, step)
    assert allowed_step(who("worker"), nearly, step)
    assert not allowed_step(who("worker"), late, step)
    assert allowed_step(who("street"), late, step)
    others = report(state=state, transfers=5, returns=5, extensions=5)
    for name in used:
        setattr(others, name, 0)
    assert allowed_step(who("worker"), others, step)


def person(*roles: Role, member: int = OTHER) -> Actor:
    return Actor(member, "", frozenset(Grant(role, "county") for role in roles))


def test_nobody_vouches_for_decides_on_or_countersigns_the_own() -> None:
    county = person(Role.ADMINISTRATOR)
    proposal = SimpleNamespace(proposed_by_id=8, rider_id=9)
    assert allowed(county, Action.PROPOSAL_DECIDE, proposal)
    for name in ("proposed_by_id", "rider_id"):
        own = SimpleNamespace(**vars(proposal) | {name: OTHER})
        assert not allowed(county, Action.PROPOSAL_DECIDE, own), name
    assert not allowed(person(Role.AUDITOR), Action.PROPOSAL_DECIDE, proposal)
    for role in (Role.STATION_STAFF, Role.WORKER, Role.ADMINISTRATOR):
        assert allowed(person(role), Action.NUMBER_CONFIRM)
        assert allowed(person(role), Action.NUMBER_CONFIRM, SimpleNamespace(rider_id=OWN))
        assert not allowed(person(role), Action.NUMBER_CONFIRM, SimpleNamespace(rider_id=OTHER))
    assert not allowed(person(Role.SUPERVISOR), Action.NUMBER_CONFIRM)
    signed = SimpleNamespace(provider_confirmed_by_id=OTHER, stations=frozenset())
    assert not allowed(county, Action.STATEMENT_COUNTERSIGN, signed)
    signed.provider_confirmed_by_id = OWN
    assert allowed(county, Action.STATEMENT_COUNTERSIGN, signed)


def test_an_objection_is_judged_by_neither_its_rider_nor_who_decided() -> None:
    facts = {"rider_id": 7, "decided_by_id": 8, "approved_by_id": 9, "street_code": "north"}
    street, county = who("street"), who("county")
    for actor in (street, county):
        assert allowed(actor, Action.OBJECTION_ANSWER, SimpleNamespace(**facts))
        for name in ("rider_id", "decided_by_id", "approved_by_id"):
            own = SimpleNamespace(**facts | {name: OTHER})
            assert not allowed(actor, Action.OBJECTION_ANSWER, own), name
    assert not allowed(who("other street"), Action.OBJECTION_ANSWER, SimpleNamespace(**facts))


def test_a_budget_is_read_by_its_community_its_street_and_the_county() -> None:
    budget = SimpleNamespace(code="here", street_code="north")
    readers = {name for name in GRANTS if allowed(who(name), Action.BUDGETS_READ, budget)}
    assert readers == {"worker", "street", "county", "auditor"}
    any_of_them = {name for name in GRANTS if allowed(who(name), Action.BUDGETS_READ)}
    assert any_of_them == readers | {"elsewhere", "other street"}


def test_who_only_oversees_says_why_and_who_manages_does_not() -> None:
    assert allowed(person(Role.AUDITOR), Action.MEMBERS_LOOK)
    assert not allowed(person(Role.ADMINISTRATOR), Action.MEMBERS_LOOK)
    assert not allowed(person(Role.ADMINISTRATOR, Role.AUDITOR), Action.MEMBERS_LOOK)
