"""The lifecycle table, without a database."""

from __future__ import annotations

from itertools import product

import pytest

from grid_report.reports.casework.effect_steps import DECISIONS, INTERNAL_REASON, missing
from grid_report.reports.commands import TakeStep
from grid_report.reports.lifecycle import (
    MOVES,
    OPEN,
    STEPS_THAT_MOVE,
    STOPPED,
    Need,
    Part,
    State,
    Step,
    move_for,
)
from grid_report.workflow import IllegalStep

# The table of design.md §3, written down a second time: a change must be made in both. Its
# "handler" of a case is `in_charge` here: a handler is a role of who works for a unit.
DESIGN = """
submitted accept accepted worker
submitted reject rejected worker
needs_info reject rejected worker
submitted ask needs_info worker
needs_info supplement submitted rider
submitted withdraw withdrawn rider
needs_info withdraw withdrawn rider
submitted merge merged worker,street
accepted merge merged worker,street
submitted transfer submitted worker,street
accepted transfer submitted worker,street
accepted dispatch dispatched worker,street
dispatched return accepted unit
accepted start in_progress worker
dispatched start in_progress worker,unit
in_progress control in_progress in_charge
in_progress extend in_progress worker,street
accepted suspend suspended street
dispatched suspend suspended street
in_progress suspend suspended street
suspended resume before worker,street
in_progress handle handled in_charge
handled pass closed checker
handled fail in_progress checker
closed reopen accepted worker,street,rider
dispatched recall accepted worker,street
in_progress recall accepted worker,street
needs_info clarify submitted worker
merged lead before nobody
"""
ROWS = [line.split() for line in DESIGN.strip().splitlines()]


def test_the_table_is_the_one_of_the_design() -> None:
    written = {
        (state.value, step.value, move.to.value if move.to else "before"): {
            p.value for p in move.by
        }
        or {"nobody"}
        for (state, step), move in MOVES.items()
    }
    assert written == {(state, step, to): set(by.split(",")) for state, step, to, by in ROWS}


# What a step needs, wherever it begins.
NEEDS = {
    Step.ACCEPT: (Need.CATEGORY, Need.SEVERITY),
    Step.REJECT: (Need.REASON,),
    Step.ASK: (Need.REASON,),
    Step.SUPPLEMENT: (Need.WORDS_OR_PHOTOS,),
    Step.MERGE: (Need.INTO,),
    Step.TRANSFER: (Need.COMMUNITY, Need.REASON),
    Step.DISPATCH: (Need.UNIT,),
    Step.RETURN: (Need.REASON,),
    Step.CONTROL: (Need.WORDS_OR_PHOTOS,),
    Step.EXTEND: (Need.DEADLINE, Need.REASON),
    Step.SUSPEND: (Need.REASON, Need.REVIEW_ON),
    Step.HANDLE: (Need.PHOTOS, Need.NOTE),
    Step.FAIL: (Need.REASON,),
    Step.RECALL: (Need.REASON,),
    Step.CLARIFY: (Need.NOTE,),
    Step.REOPEN: (Need.REASON,),
}


@pytest.mark.parametrize("key", sorted(MOVES))
def test_a_step_needs_the_same_wherever_it_begins(key: tuple[State, Step]) -> None:
    assert set(MOVES[key].needs) == set(NEEDS.get(key[1], ()))


def test_clocks_stand_still_while_a_case_waits_for_somebody_outside() -> None:
    assert {State.NEEDS_INFO, State.SUSPENDED} == STOPPED
    assert set(State) - OPEN == {State.CLOSED, State.REJECTED, State.WITHDRAWN, State.MERGED}


def test_what_the_unit_and_the_community_say_to_each_other_is_internal() -> None:
    told = {Step.RETURN, Step.FAIL, Step.URGE, Step.NOTE, Step.TRANSFER, Step.RECALL}
    assert told == INTERNAL_REASON


@pytest.mark.parametrize(
    ("state", "step"), sorted(set(product(State, STEPS_THAT_MOVE)) - set(MOVES))
)
def test_a_step_not_in_the_table_is_refused(state: State, step: Step) -> None:
    with pytest.raises(IllegalStep):
        move_for(state, step)


def test_every_step_that_moves_has_its_decision() -> None:
    assert set(DECISIONS) == STEPS_THAT_MOVE


def test_every_open_state_has_a_way_out_to_an_end() -> None:
    ends = set(State) - OPEN
    for state in OPEN:
        reached = {state}
        seen: set[State] = set()
        while reached - seen:
            here = (reached - seen).pop()
            seen.add(here)
            reached |= {move.to or State.ACCEPTED for (s, _), move in MOVES.items() if s is here}
        assert reached & ends, state


@pytest.mark.parametrize("key", sorted(MOVES))
def test_a_step_without_what_it_needs_names_every_missing_field(key: tuple[State, Step]) -> None:
    move = MOVES[key]
    problems = missing(TakeStep(step=key[1]), move.needs).problems
    expected = {"note" if need is Need.WORDS_OR_PHOTOS else need.value for need in move.needs}
    assert set(problems) == expected


def test_only_the_rider_supplements_and_withdraws() -> None:
    for (_, step), move in MOVES.items():
        if step in (Step.SUPPLEMENT, Step.WITHDRAW):
            assert move.by == {Part.RIDER}
