"""The way of a report, as one table. What is not in it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grid_report.workflow import Workflow


class State(StrEnum):
    SUBMITTED = "submitted"
    NEEDS_INFO = "needs_info"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    HANDLED = "handled"
    SUSPENDED = "suspended"
    CLOSED = "closed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


OPEN: Final = frozenset(
    {
        State.SUBMITTED,
        State.NEEDS_INFO,
        State.ACCEPTED,
        State.DISPATCHED,
        State.IN_PROGRESS,
        State.HANDLED,
        State.SUSPENDED,
    }
)

# While a report waits for its rider or for an outside cause, nobody is late.
STOPPED: Final = frozenset({State.NEEDS_INFO, State.SUSPENDED})


class Step(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    ASK = "ask"
    SUPPLEMENT = "supplement"
    WITHDRAW = "withdraw"
    MERGE = "merge"
    TRANSFER = "transfer"
    DISPATCH = "dispatch"
    RETURN = "return"
    START = "start"
    CONTROL = "control"
    EXTEND = "extend"
    SUSPEND = "suspend"
    RESUME = "resume"
    HANDLE = "handle"
    PASS = "pass"  # noqa: S105 - a check that passed, not a password
    FAIL = "fail"
    REOPEN = "reopen"
    RECALL = "recall"
    CLARIFY = "clarify"
    LEAD = "lead"
    # History without a move.
    SUBMIT = "submit"
    URGE = "urge"
    NOTE = "note"
    ASSIGN = "assign"
    RATE = "rate"


class Part(StrEnum):
    """What somebody is to one report; `reports.permissions.parts` finds it out."""

    RIDER = "rider"
    WORKER = "worker"
    STREET = "street"
    UNIT = "unit"
    IN_CHARGE = "in_charge"
    CHECKER = "checker"


class Need(StrEnum):
    """What a step must bring along; the names are the fields of the HTTP contract."""

    CATEGORY = "category"
    SEVERITY = "severity"
    REASON = "reason"
    NOTE = "note"
    UNIT = "unit"
    COMMUNITY = "community"
    INTO = "into"
    DEADLINE = "deadline"
    REVIEW_ON = "review_on"
    PHOTOS = "photos"
    WORDS_OR_PHOTOS = "words_or_photos"


@dataclass(frozen=True)
class Move:
    """Where a step leads, who may take it and what it needs. `to=None`: the state before."""

    to: State | None
    by: frozenset[Part]
    needs: tuple[Need, ...] = ()


def _by(*parts: Part) -> frozenset[Part]:
    return frozenset(parts)


_WORKER = _by(Part.WORKER)
_RIDER = _by(Part.RIDER)
_STREET = _by(Part.STREET)
_BODY = _by(Part.WORKER, Part.STREET)
_NOBODY = _by()
_IN_CHARGE = _by(Part.IN_CHARGE)
_CHECKER = _by(Part.CHECKER)

MOVES: Final[Mapping[tuple[State, Step], Move]] = {
    (State.SUBMITTED, Step.ACCEPT): Move(State.ACCEPTED, _WORKER, (Need.CATEGORY, Need.SEVERITY)),
    (State.SUBMITTED, Step.REJECT): Move(State.REJECTED, _WORKER, (Need.REASON,)),
    (State.NEEDS_INFO, Step.REJECT): Move(State.REJECTED, _WORKER, (Need.REASON,)),
    (State.SUBMITTED, Step.ASK): Move(State.NEEDS_INFO, _WORKER, (Need.REASON,)),
    (State.NEEDS_INFO, Step.SUPPLEMENT): Move(State.SUBMITTED, _RIDER, (Need.WORDS_OR_PHOTOS,)),
    (State.SUBMITTED, Step.WITHDRAW): Move(State.WITHDRAWN, _RIDER),
    (State.NEEDS_INFO, Step.WITHDRAW): Move(State.WITHDRAWN, _RIDER),
    (State.SUBMITTED, Step.MERGE): Move(State.MERGED, _BODY, (Need.INTO,)),
    (State.ACCEPTED, Step.MERGE): Move(State.MERGED, _BODY, (Need.INTO,)),
    (State.SUBMITTED, Step.TRANSFER): Move(State.SUBMITTED, _BODY, (Need.COMMUNITY, Need.REASON)),
    (State.ACCEPTED, Step.TRANSFER): Move(State.SUBMITTED, _BODY, (Need.COMMUNITY, Need.REASON)),
    (State.ACCEPTED, Step.DISPATCH): Move(State.DISPATCHED, _BODY, (Need.UNIT,)),
    (State.DISPATCHED, Step.RETURN): Move(State.ACCEPTED, _by(Part.UNIT), (Need.REASON,)),
    # From accepted this is the community's own handling; from dispatched the unit's, or the
    # community taking over from a unit that does not move.
    (State.ACCEPTED, Step.START): Move(State.IN_PROGRESS, _WORKER),
    (State.DISPATCHED, Step.START): Move(State.IN_PROGRESS, _by(Part.WORKER, Part.UNIT)),
    (State.IN_PROGRESS, Step.CONTROL): Move(State.IN_PROGRESS, _IN_CHARGE, (Need.WORDS_OR_PHOTOS,)),
    (State.IN_PROGRESS, Step.EXTEND): Move(State.IN_PROGRESS, _BODY, (Need.DEADLINE, Need.REASON)),
    (State.ACCEPTED, Step.SUSPEND): Move(State.SUSPENDED, _STREET, (Need.REASON, Need.REVIEW_ON)),
    (State.DISPATCHED, Step.SUSPEND): Move(State.SUSPENDED, _STREET, (Need.REASON, Need.REVIEW_ON)),
    (State.IN_PROGRESS, Step.SUSPEND): Move(
        State.SUSPENDED, _STREET, (Need.REASON, Need.REVIEW_ON)
    ),
    (State.SUSPENDED, Step.RESUME): Move(None, _BODY),
    (State.IN_PROGRESS, Step.HANDLE): Move(State.HANDLED, _IN_CHARGE, (Need.PHOTOS, Need.NOTE)),
    (State.HANDLED, Step.PASS): Move(State.CLOSED, _CHECKER),
    (State.HANDLED, Step.FAIL): Move(State.IN_PROGRESS, _CHECKER, (Need.REASON,)),
    # From a unit that stays silent, or from the own handling: the case must not be stuck there.
    (State.DISPATCHED, Step.RECALL): Move(State.ACCEPTED, _BODY, (Need.REASON,)),
    (State.IN_PROGRESS, Step.RECALL): Move(State.ACCEPTED, _BODY, (Need.REASON,)),
    # A rider may never answer; what the community finds out by itself is an answer too.
    (State.NEEDS_INFO, Step.CLARIFY): Move(State.SUBMITTED, _WORKER, (Need.NOTE,)),
    # Whoever reported first took it back: the case goes on under the oldest of the others. It
    # happens with that withdrawal and is nobody's to ask for.
    (State.MERGED, Step.LEAD): Move(None, _NOBODY),
    # A repair may not hold; reopening pays nothing more and takes nothing away.
    (State.CLOSED, Step.REOPEN): Move(
        State.ACCEPTED, _by(Part.WORKER, Part.STREET, Part.RIDER), (Need.REASON,)
    ),
}

# What the rider of a report merged into a case does to the case, from the own page.
BY_ANY_RIDER: Final = frozenset({Step.SUPPLEMENT, Step.REOPEN})


class KeptState(StrEnum):
    """Where a report stands that waits for its rider's proof, and no community knows of."""

    KEPT = "kept"
    WITHDRAWN = State.WITHDRAWN.value


# The way of a kept report. Sending it on is nobody's to ask for: it happens with the proof, and from
# there on the table above holds.
KEPT_MOVES: Final[Mapping[tuple[KeptState, Step], tuple[State | KeptState, frozenset[Part]]]] = {
    (KeptState.KEPT, Step.SUBMIT): (State.SUBMITTED, _NOBODY),
    (KeptState.KEPT, Step.WITHDRAW): (KeptState.WITHDRAWN, _RIDER),
}

WORKFLOW: Final = Workflow(MOVES)
KEPT_WORKFLOW: Final = Workflow(KEPT_MOVES)
STEPS_THAT_MOVE: Final = WORKFLOW.steps
move_for = WORKFLOW.move_for
steps_from = WORKFLOW.steps_from


def kept_steps_from(state: KeptState) -> list[Step]:
    """Return the steps a rider may take on a kept report in this state."""
    return [
        step
        for (came_from, step), (_, by) in KEPT_MOVES.items()
        if came_from is state and Part.RIDER in by
    ]


def is_open(state: State) -> bool:
    """Tell whether somebody still has to do something about a report in this state."""
    return state in OPEN
