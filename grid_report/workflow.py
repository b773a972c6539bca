"""The way of a thing as one table: from which state a step leads where. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Generic, Protocol, TypeVar

from grid_report.errors import Conflict

State = TypeVar("State", bound=StrEnum)
Step = TypeVar("Step", bound=StrEnum)
Move = TypeVar("Move")


@dataclass(eq=False)
class IllegalStep(Conflict):
    """The step does not lead anywhere from the state the thing is in."""

    code: ClassVar[str] = "illegal-step"
    state: str
    step: str


class Workflow(Generic[State, Step, Move]):
    """A lifecycle: what is not in its table is refused, each with a refusal of its own code.

    What a move holds beside its way (who may take it, what it needs) is the room's to say.
    """

    def __init__(
        self, moves: Mapping[tuple[State, Step], Move], illegal: type[IllegalStep] = IllegalStep
    ) -> None:
        self.moves = moves
        self.illegal = illegal

    @property
    def steps(self) -> frozenset[Step]:
        """Every step that leads somewhere."""
        return frozenset(step for _, step in self.moves)

    def steps_from(self, state: State) -> list[Step]:
        """Return the steps that lead somewhere from a state, in the table's order."""
        return [step for came_from, step in self.moves if came_from == state]

    def move_for(
        self, state: State, step: Step, fits: Callable[[Move], bool] = lambda _: True
    ) -> Move:
        """Return the move a step makes from a state, if it fits. Raises IllegalStep."""
        move = self.moves.get((state, step))
        if move is None or not fits(move):
            raise self.illegal(state.value, step.value)
        return move


class Living(Protocol[State]):
    """A thing with a lifecycle."""

    state: State
    version: int


def enter(it: Living[State], state: State) -> State:
    """Put a thing into a state and count the change; return the state it came from.

    The one place that assigns a state the table leads to.
    """
    came_from, it.state = it.state, state
    it.version += 1
    return came_from
