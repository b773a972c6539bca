"""The way of a provider's monthly statement, as one table. What is not in it is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Final

from grid_report.errors import Conflict
from grid_report.workflow import IllegalStep, Workflow


class StatementState(StrEnum):
    OPEN = "open"
    DRAWN = "drawn"
    PROVIDER_CONFIRMED = "provider_confirmed"
    COUNTY_CONFIRMED = "county_confirmed"
    CLOSED = "closed"
    DISPUTED = "disputed"


class StatementStep(StrEnum):
    DRAW = "draw"
    CONFIRM = "confirm"
    COUNTERSIGN = "countersign"
    CLOSE = "close"
    DISPUTE = "dispute"
    ANSWER = "answer"


class Side(StrEnum):
    """Who takes a step: the provider's station staff, the county's administrator, or the clock."""

    PROVIDER = "provider"
    COUNTY = "county"
    SYSTEM = "system"


class LineVerdict(StrEnum):
    """What an answer makes of a questioned line. It stays on the statement either way.

    `set_off`: it is wrong. The ledger gives nothing back after 72 hours, so its points are burnt
    with the others, and its yuan come off what is paid.
    """

    STANDS = "stands"
    SET_OFF = "set_off"


# So long a provider has to confirm or to answer before somebody at the county may do it instead.
STAND_IN_AFTER: Final = timedelta(days=7)


@dataclass(frozen=True)
class StatementMove:
    """Where a step leads, and who may take it. An answer is always the other side's."""

    to: StatementState
    by: frozenset[Side]
    needs_words: bool = False


_S, _T = StatementState, StatementStep
_BOTH: Final = frozenset({Side.PROVIDER, Side.COUNTY})
_SYSTEM: Final = frozenset({Side.SYSTEM})

STATEMENT_MOVES: Final[Mapping[tuple[StatementState, StatementStep], StatementMove]] = {
    # Open is the running month: lines are only ever added here.
    (_S.OPEN, _T.DRAW): StatementMove(_S.DRAWN, _SYSTEM),
    # The county only in place of a provider who stays silent, with a reason; another one countersigns.
    (_S.DRAWN, _T.CONFIRM): StatementMove(_S.PROVIDER_CONFIRMED, _BOTH),
    (_S.DRAWN, _T.DISPUTE): StatementMove(_S.DISPUTED, _BOTH, needs_words=True),
    (_S.PROVIDER_CONFIRMED, _T.COUNTERSIGN): StatementMove(
        _S.COUNTY_CONFIRMED, frozenset({Side.COUNTY})
    ),
    # Sent back: both sides have to confirm again.
    (_S.PROVIDER_CONFIRMED, _T.DISPUTE): StatementMove(_S.DISPUTED, _BOTH, needs_words=True),
    (_S.DISPUTED, _T.ANSWER): StatementMove(_S.DRAWN, _BOTH, needs_words=True),
    # At once, or when a frozen ledger is let go: the points are burnt in the same transaction.
    (_S.COUNTY_CONFIRMED, _T.CLOSE): StatementMove(_S.CLOSED, _SYSTEM),
}


class IllegalStatementStep(IllegalStep):
    """The step does not lead anywhere from the state the statement is in."""

    code: ClassVar[str] = "statement-step"


WORKFLOW: Final = Workflow(STATEMENT_MOVES, IllegalStatementStep)
statement_move = WORKFLOW.move_for


@dataclass(eq=False)
class ProviderHasTime(Conflict):
    """Nobody stands in for a provider before the days to answer are over."""

    code: ClassVar[str] = "provider-has-time"
    until: str


def check_silence(since: datetime, now: datetime) -> None:
    """Refuse to stand in for somebody who still has time to answer. Raises ProviderHasTime."""
    if now < since + STAND_IN_AFTER:
        raise ProviderHasTime((since + STAND_IN_AFTER).isoformat())


def last_verdicts(
    answers: Iterable[tuple[str, LineVerdict | None]],
) -> dict[str, LineVerdict]:
    """Return what was said last about each line, from its answers in the order they were given."""
    return {ref: verdict for ref, verdict in answers if verdict is not None}


def statement_key(provider_code: str, month: str) -> str:
    """Return the cause a statement is cleared under, once."""
    return f"{provider_code}:{month}"


def other_side(side: Side) -> Side:
    """Return who answers."""
    return Side.COUNTY if side is Side.PROVIDER else Side.PROVIDER


@dataclass(frozen=True)
class StatementFacts:
    """What the permissions look at: whose statement it is, and who has had a say already."""

    stations: frozenset[str]
    provider_confirmed_by_id: int | None = None
    disputed_side: Side | None = None
    disputed_by_id: int | None = None
