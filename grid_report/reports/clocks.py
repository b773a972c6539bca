"""Deadlines, the clock that runs now, and its light. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from grid_report.reports.lifecycle import State

# Where a list by time left puts what has no clock running.
NEVER: Final = datetime(9999, 12, 31, tzinfo=UTC)


# Who asks and then finds out alone has stopped the clock of the own community: that counts so long
# at most, however often it is done before the case moves on.
CLARIFIED_MOST: Final = timedelta(hours=24)


class ClockKind(StrEnum):
    ACCEPT = "accept"
    CONTROL = "control"
    FIX = "fix"
    CLOSE = "close"


class Light(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True)
class Hours:
    """How long a category gives, in natural hours; `close` counts from the fix deadline."""

    accept: float
    control: float | None
    fix: float
    close: float


@dataclass(frozen=True)
class Deadlines:
    accept: datetime
    control: datetime | None
    fix: datetime
    close: datetime


def deadlines(start: datetime, hours: Hours) -> Deadlines:
    """Set every deadline of a report from the instant its clocks started."""
    fix = start + timedelta(hours=hours.fix)
    return Deadlines(
        accept=start + timedelta(hours=hours.accept),
        control=None if hours.control is None else start + timedelta(hours=hours.control),
        fix=fix,
        close=fix + timedelta(hours=hours.close),
    )


def shifted(
    due: Deadlines, by: timedelta, *, accepted: bool, controlled: bool, handled: bool
) -> Deadlines:
    """Move every deadline not yet met: while the clocks stood still nobody was late."""
    return Deadlines(
        accept=due.accept if accepted else due.accept + by,
        control=due.control if controlled or due.control is None else due.control + by,
        fix=due.fix if handled else due.fix + by,
        close=due.close + by,
    )


def counted_stop(stood: timedelta, *, by_own_finding: bool, counted_s: int) -> timedelta:
    """Return how much of a stop moves the deadlines.

    A stop that the community ends by its own finding counts up to `CLARIFIED_MOST` together with
    those before it (`counted_s`, in seconds).
    """
    if not by_own_finding:
        return stood
    return min(stood, max(CLARIFIED_MOST - timedelta(seconds=counted_s), timedelta(0)))


def taken_over(due: Deadlines, hours: Hours, now: datetime) -> Deadlines:
    """Begin the acceptance clock anew for a community that gets a case from elsewhere.

    What the rider was promised stays, and nobody has longer to accept than to repair.
    """
    return replace(due, accept=min(now + timedelta(hours=hours.accept), due.fix))


def extended(due: Deadlines, fix: datetime) -> Deadlines:
    """Give the repair a later deadline; closing keeps its distance to it."""
    return replace(due, fix=fix, close=fix + (due.close - due.fix))


@dataclass(frozen=True)
class Running:
    """The clock that runs now: since when, until when, and when its light turns yellow."""

    kind: ClockKind
    due: datetime
    warn: datetime


def running(
    state: State,
    due: Deadlines,
    *,
    since: datetime,
    controlled: bool,
    yellow_share: float,
    yellow_min: timedelta,
) -> Running | None:
    """Find the clock that runs in a state; None when none does."""
    if state is State.SUBMITTED:
        kind, until = ClockKind.ACCEPT, due.accept
    elif state in (State.ACCEPTED, State.DISPATCHED, State.IN_PROGRESS):
        kind, until = ClockKind.FIX, due.fix
        if due.control is not None and not controlled and due.control <= due.fix:
            kind, until = ClockKind.CONTROL, due.control
    elif state is State.HANDLED:
        kind, until = ClockKind.CLOSE, due.close
    else:
        return None
    return Running(kind, until, warn_at(since, until, share=yellow_share, least=yellow_min))


def began(created_at: datetime, reopened_at: datetime | None, stopped_s: int) -> datetime:
    """Return the instant a report's clocks would have begun at, had they never stood still.

    What a category gives is the time from here to the deadline; time spent waiting is in neither.
    """
    return (reopened_at or created_at) + timedelta(seconds=stopped_s)


def warn_at(since: datetime, due: datetime, *, share: float, least: timedelta) -> datetime:
    """Return when the light turns yellow: in the last share of the time, or the least before."""
    return due - max((due - since) * share, least)


def light(due: datetime | None, warn: datetime | None, now: datetime) -> Light | None:
    """Return the light of the running clock; None when no clock runs."""
    if due is None:
        return None
    if now >= due:
        return Light.RED
    return Light.YELLOW if warn is not None and now >= warn else Light.GREEN
