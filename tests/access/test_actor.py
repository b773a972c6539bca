"""What somebody holds, where, and whether that makes them staff."""

from __future__ import annotations

import pytest

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role


def who(*grants: Grant) -> Actor:
    return Actor(1, "某人", frozenset(grants))


@pytest.mark.parametrize("role", sorted(Role))
def test_every_role_but_the_riders_is_staff(role: Role) -> None:
    assert who(Grant(role, "here")).is_staff is (role is not Role.RIDER)


def test_who_holds_nothing_and_who_is_a_rider_as_well() -> None:
    assert not who().is_staff
    assert who(Grant(Role.RIDER), Grant(Role.WORKER, "here")).is_staff


def test_a_role_is_held_at_its_places_and_at_no_other() -> None:
    both = who(Grant(Role.WORKER, "here"), Grant(Role.HANDLER, "there"), Grant(Role.RIDER))
    assert both.places(Role.WORKER) == {"here"}
    assert both.places(Role.RIDER) == frozenset()
    assert both.holds(Role.WORKER, "here")
    assert not both.holds(Role.WORKER, "there")
    assert not both.holds(Role.WORKER, None)
    assert not both.holds(Role.RIDER, None)
    assert both.holds_any(Role.AUDITOR, Role.HANDLER)
    assert not both.holds_any(Role.AUDITOR, Role.SUPERVISOR)
    assert not both.holds_any()
