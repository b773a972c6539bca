"""What every lifecycle must be, whatever it is the life of."""

from __future__ import annotations

from typing import Any

import pytest

from grid_report.offers.permits import lifecycle as permits
from grid_report.offers.redemptions import lifecycle as redemptions
from grid_report.offers.settlements import lifecycle as settlements
from grid_report.points.objections import rules as objections
from grid_report.reports import lifecycle as reports
from grid_report.workflow import IllegalStep, Workflow

# Each with the state it begins in and those in which it is over.
LIVES: dict[str, tuple[Workflow[Any, Any, Any], Any, set[Any]]] = {
    "case": (
        reports.WORKFLOW,
        reports.State.SUBMITTED,
        {reports.State.REJECTED, reports.State.WITHDRAWN},
    ),
    "redemption": (
        redemptions.WORKFLOW,
        redemptions.RedemptionState.RESERVED,
        set(redemptions.OVER),
    ),
    "application": (
        permits.WORKFLOW,
        permits.ApplicationState.SUBMITTED,
        set(permits.ApplicationState) - set(permits.LIVING),
    ),
    "objection": (
        objections.WORKFLOW,
        objections.ObjectionState.OPEN,
        set(objections.ObjectionState) - {objections.ObjectionState.OPEN},
    ),
    "statement": (
        settlements.WORKFLOW,
        settlements.StatementState.OPEN,
        {settlements.StatementState.CLOSED},
    ),
}


@pytest.fixture(params=LIVES)
def life(request: pytest.FixtureRequest) -> tuple[Workflow[Any, Any, Any], Any, set[Any]]:
    """Return a lifecycle, its first state and its last ones."""
    return LIVES[request.param]


def test_every_state_is_reached_and_only_the_last_ones_lead_nowhere(
    life: tuple[Workflow[Any, Any, Any], Any, set[Any]],
) -> None:
    workflow, first, last = life
    seen, todo = {first}, [first]
    while todo:
        state = todo.pop()
        for step in workflow.steps_from(state):
            # None: the state before, which was seen then.
            move = workflow.move_for(state, step)
            to = getattr(move, "to", move)
            if to is not None and to not in seen:
                seen.add(to)
                todo.append(to)
    kind: Any = type(first)
    assert seen == set(kind)
    assert {state for state in seen if not workflow.steps_from(state)} == last


def test_what_is_not_in_the_table_is_refused_with_a_code_of_its_own(
    life: tuple[Workflow[Any, Any, Any], Any, set[Any]],
) -> None:
    workflow, first, _ = life
    refused = {
        (state, step)
        for state in type(first)
        for step in workflow.steps
        if (state, step) not in workflow.moves
    }
    assert refused
    for state, step in refused:
        with pytest.raises(workflow.illegal) as error:
            workflow.move_for(state, step)
        assert (error.value.state, error.value.step) == (state.value, step.value)


def test_no_two_lifecycles_share_a_refusal() -> None:
    codes = [workflow.illegal.code for workflow, _, _ in LIVES.values()]
    assert len(set(codes)) == len(codes)


def test_a_move_that_does_not_fit_is_refused() -> None:
    workflow = redemptions.WORKFLOW
    state, step = next(iter(workflow.moves))
    assert workflow.move_for(state, step, lambda _: True)
    with pytest.raises(IllegalStep):
        workflow.move_for(state, step, lambda _: False)
