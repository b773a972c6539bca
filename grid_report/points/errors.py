"""What the ledger refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grid_report.errors import Conflict, Forbidden, GridReportError, TooMany


class OwnAward(Forbidden):
    """Nobody accepts, checks or pays a report of their own."""

    code: ClassVar[str] = "own-award"


class LedgerFrozen(Conflict):
    """A failed audit stopped the ledger; awards wait, manual changes are refused."""

    code: ClassVar[str] = "ledger-frozen"


class SecondPersonNeeded(Forbidden):
    """Somebody else with the same right has to approve it."""

    code: ClassVar[str] = "second-person-needed"


@dataclass(eq=False)
class NotEnoughPoints(Conflict):
    """Fewer points are free, and still in date, than this costs."""

    code: ClassVar[str] = "not-enough-points"
    missing_points: int


class HoldResolved(Conflict):
    """The points held for this service were taken, or given back, before."""

    code: ClassVar[str] = "hold-resolved"


class RedemptionSettled(Conflict):
    """The time to dispute is over: these points are the provider's now."""

    code: ClassVar[str] = "redemption-settled"


class MonthNotOver(Conflict):
    """A pool is closed when nothing can be paid from it any more, not before."""

    code: ClassVar[str] = "month-not-over"


class MonthClosed(Conflict):
    """What this month's pool had left went back; it takes no more points."""

    code: ClassVar[str] = "month-closed"


class VersionRuns(Conflict):
    """Nobody touches a tariff version that has started."""

    code: ClassVar[str] = "version-runs"


class DecidedBefore(Conflict):
    """Somebody approved or declined the proposal meanwhile."""

    code: ClassVar[str] = "decided-before"


class MeritProposed(Conflict):
    """A merit was proposed for the report before."""

    code: ClassVar[str] = "merit-proposed"


@dataclass(eq=False)
class NothingLeftToTake(Conflict):
    """All that this verdict can take of the award was taken, or comes by itself."""

    code: ClassVar[str] = "nothing-left-to-take"
    of: int
    taken: int
    on_hold: int
    debt: int


@dataclass(eq=False)
class ProposalKeyReused(GridReportError):
    """The idempotency key belongs to another proposal that was sent before."""

    code: ClassVar[str] = "idempotency-key-reused"
    status: ClassVar[int] = 422
    number: str


class SentUnproved(Conflict):
    """A report sent before its rider's number was proved is never paid, by no rule."""

    code: ClassVar[str] = "sent-unproved"


@dataclass(eq=False)
class QuizTriesUsed(TooMany):
    """The tries of a day of the county are over; `next_at` begins the next ones."""

    code: ClassVar[str] = "quiz-tries-used"
    most: int
    next_at: str
