"""Whoever had a case is told where it went, and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.places.geo.reference import CommunityInfo, Reference
from grid_report.reports.casework.departures import Left, left
from grid_report.reports.lifecycle import Step

BEGAN = datetime(2026, 11, 16, 2, tzinfo=UTC)
STREET_OF = {"a": "north", "b": "north", "c": "south"}


@pytest.fixture
def places() -> Reference:
    """Return two communities of one street and one of another."""
    found = Reference.__new__(Reference)
    communities = {
        code: CommunityInfo(code, code, street, street, None, None)
        for code, street in STREET_OF.items()
    }
    object.__setattr__(found, "communities", communities)
    return found


def history(*steps: tuple[Step, dict[str, Any]]) -> list[Any]:
    return [
        SimpleNamespace(step=step, changes=changes, at=BEGAN + timedelta(hours=at))
        for at, (step, changes) in enumerate(steps)
    ]


def moved(was: str | None, now: str) -> tuple[Step, dict[str, Any]]:
    return Step.TRANSFER, {"community": [was, now]}


def holding(role: Role, place: str) -> Actor:
    return Actor(7, "", frozenset({Grant(role, place)}))


WORKER, SUPERVISOR = Role.WORKER, Role.SUPERVISOR


def test_a_worker_is_told_when_and_where_to_a_case_was_transferred(places: Reference) -> None:
    told = history((Step.ASK, {}), moved("a", "c"), (Step.ACCEPT, {"severity": [1, 2]}))
    found = left(holding(WORKER, "a"), told, "c", places)
    assert found == Left("transfer", BEGAN + timedelta(hours=1), "c")
    assert left(holding(WORKER, "b"), told, "c", places) is None
    assert left(holding(WORKER, "c"), told, "c", places) is None


def test_of_several_transfers_each_names_the_place_it_went_to_then(places: Reference) -> None:
    told = history(moved("a", "b"), moved("b", "c"))
    assert left(holding(WORKER, "a"), told, "c", places) == Left("transfer", BEGAN, "b")
    later = Left("transfer", BEGAN + timedelta(hours=1), "c")
    assert left(holding(WORKER, "b"), told, "c", places) == later


def test_who_lost_a_case_twice_is_told_of_the_last_time(places: Reference) -> None:
    told = history(moved("a", "b"), moved("b", "a"), moved("a", "c"))
    found = left(holding(WORKER, "a"), told, "c", places)
    assert found == Left("transfer", BEGAN + timedelta(hours=2), "c")


def test_a_street_has_lost_a_case_only_to_another_street(places: Reference) -> None:
    within, away = history(moved("a", "b")), history(moved("a", "c"))
    assert left(holding(SUPERVISOR, "north"), within, "b", places) is None
    assert left(holding(SUPERVISOR, "north"), away, "c", places) == Left("transfer", BEGAN, "c")
    assert left(holding(SUPERVISOR, "south"), away, "c", places) is None


def test_a_street_is_told_also_of_a_community_that_is_no_more(places: Reference) -> None:
    told = history(moved("a", "gone"))
    found = left(holding(SUPERVISOR, "north"), told, "gone", places)
    assert found == Left("transfer", BEGAN, "gone")
    # Whose street nobody knows was nobody's.
    assert left(holding(SUPERVISOR, "north"), history(moved("gone", "c")), "c", places) is None


@pytest.mark.parametrize("step", [Step.RETURN, Step.START, Step.RECALL, Step.REOPEN])
def test_a_unit_is_told_by_which_step_it_lost_a_case(step: Step, places: Reference) -> None:
    told = history((Step.DISPATCH, {"unit": [None, "firm"]}), (step, {"unit": ["firm", None]}))
    found = left(holding(Role.HANDLER, "firm"), told, "a", places)
    assert found == Left(step.value, BEGAN + timedelta(hours=1), "a")
    assert left(holding(Role.HANDLER, "other"), told, "a", places) is None


def test_a_unit_that_has_it_still_has_not_lost_it(places: Reference) -> None:
    told = history((Step.DISPATCH, {"unit": ["firm", "other"]}))
    assert left(holding(Role.HANDLER, "firm"), told, "a", places) is None


def test_a_case_that_is_nowhere_left_to_nowhere(places: Reference) -> None:
    assert left(holding(WORKER, "a"), history(moved("a", "b")), None, places) is None
