"""An objection to a points decision: where it can be, and who may move it there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from grid_report.errors import Conflict
from grid_report.points.kinds import EventKind
from grid_report.workflow import IllegalStep, Workflow

LONGEST_WORDS: Final = 1000


class ObjectionState(StrEnum):
    OPEN = "open"
    UPHELD = "upheld"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ObjectionStep(StrEnum):
    UPHOLD = "uphold"
    REJECT = "reject"
    WITHDRAW = "withdraw"


# What is not here is refused: an answer is final, and so is taking it back.
MOVES: Final[Mapping[tuple[ObjectionState, ObjectionStep], ObjectionState]] = {
    (ObjectionState.OPEN, ObjectionStep.UPHOLD): ObjectionState.UPHELD,
    (ObjectionState.OPEN, ObjectionStep.REJECT): ObjectionState.REJECTED,
    (ObjectionState.OPEN, ObjectionStep.WITHDRAW): ObjectionState.WITHDRAWN,
}
ANSWERS: Final = (ObjectionStep.UPHOLD, ObjectionStep.REJECT)
# The decisions among the entries; the others are what the rider did, or the calendar.
DECIDED: Final = (EventKind.AWARD, EventKind.REVERSAL, EventKind.NOSHOW)


class Subject(StrEnum):
    """What is objected to: an entry, an award that was withheld, a report that earned nothing."""

    ENTRY = "entry"
    UNPAID = "unpaid"
    REPORT = "report"


@dataclass(frozen=True)
class Decision:
    """The decision objected to: an id, or the number of a report."""

    subject: Subject
    key: str


class AlreadyObjected(Conflict):
    """A decision is objected to once; other words do not make it another objection."""

    code: ClassVar[str] = "already-objected"


class ObjectionClosed(IllegalStep):
    """It was answered or withdrawn meanwhile."""

    code: ClassVar[str] = "objection-closed"


class NothingToObject(Conflict):
    """There is no decision to object to: it is still owed, or nobody decided it."""

    code: ClassVar[str] = "nothing-to-object"


WORKFLOW: Final = Workflow(MOVES, ObjectionClosed)
after = WORKFLOW.move_for


def due(raised_at: datetime, days: int) -> datetime:
    """Return until when an answer must be there; natural days."""
    return raised_at + timedelta(days=days)


def is_overdue(state: ObjectionState, due_at: datetime, now: datetime) -> bool:
    """Tell whether the street is late with its answer."""
    return state is ObjectionState.OPEN and due_at <= now
