"""The same definitions as `counts/cells.py`, as SQL over reports, rounds that are over, and redemptions.

For the recount, which must not share a mistake with the kept counts, and for the list of cases
behind a figure. A measure is counted in parts, each a range of one indexed instant, over the
reports (`OF_CASES`) and over the rounds that ended before (`OF_ROUNDS`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, and_, case, literal, literal_column, or_, true

from grid_report.offers.permits.place_queries import SERVICES
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.reports.desk.statistics_queries import CASES, ROUNDS
from grid_report.reports.lifecycle import State
from grid_report.statistics.counts.areas import Area, AreaKind
from grid_report.statistics.counts.cells import NEVER_DUE, OWN_HANDLING, STANDING, UNHANDLED, URGENT
from grid_report.statistics.measures import Measure

Clause = ColumnElement[bool]
C, R, S = CASES.c, ROUNDS.c, SERVICES.c


def _handler(of: Any) -> Any:
    return case((of.self_handled, literal(OWN_HANDLING)), else_=of.unit_code)


def _has_length(of: Any) -> Clause:
    return or_(of.dispatched_at.is_not(None), of.started_at.is_not(None))


HANDLER: Final = _handler(C)
IS_DUE: Final = C.state.not_in(sorted(NEVER_DUE | STANDING))
# Written out like the indexes of what waits: SQLite does not use one for a condition with parameters.
IS_UNHANDLED: Final = and_(
    C.handled_at.is_(None), C.state.in_([literal_column(f"'{it}'") for it in sorted(UNHANDLED)])
)
IS_SUSPENDED: Final = C.state == literal_column(f"'{State.SUSPENDED}'")
EARLY_HANDLING: Final = and_(C.handled_at.is_not(None), C.handled_at <= C.fix_due)
EARLY_CLOSING: Final = and_(C.closed_at.is_not(None), C.closed_at <= C.close_due)
SENT_OUT: Final = or_(
    C.dispatched_at.is_not(None),
    C.started_at.is_not(None),
    C.handled_at.is_not(None),
    C.reopenings > 0,
)


@dataclass(frozen=True)
class Part:
    """A range of one instant, and what else must hold. `other`: an instant that must lie outside."""

    instant: Any
    holds: Clause
    other: Any = None

    def within(self, start: datetime, end: datetime) -> Clause:
        """The clause for everything of this part in a half-open stretch of time."""
        found = and_(self.instant >= start, self.instant < end, self.holds)
        if self.other is None:
            return found
        # What lies in the other part already is not counted twice.
        return and_(found, or_(self.other < start, self.other >= end))


_RECEIVED: Final = (Part(C.created_at, true()),)
_HANDLING: Final = (
    Part(C.fix_due, IS_DUE),
    Part(C.handled_at, and_(IS_DUE, EARLY_HANDLING), other=C.fix_due),
)
_CLOSING: Final = (
    Part(C.close_due, IS_DUE),
    Part(C.closed_at, and_(IS_DUE, EARLY_CLOSING), other=C.close_due),
)
_ANSWERED: Final = (Part(C.rated_at, true()),)


@dataclass(frozen=True)
class Definition:
    """Where a measure's cases are found, and which of them it counts."""

    parts: tuple[Part, ...]
    holds: Clause

    def within(self, start: datetime, end: datetime) -> Clause:
        """The clause for everything this measure counts in a half-open stretch of time."""
        return and_(or_(*(part.within(start, end) for part in self.parts)), self.holds)


OF_CASES: Final[Mapping[Measure, Definition]] = {
    Measure.RECEIVED: Definition(_RECEIVED, true()),
    Measure.URGENT: Definition(_RECEIVED, C.severity >= URGENT),
    Measure.ACCEPTED: Definition(_RECEIVED, C.accepted_at.is_not(None)),
    Measure.ACCEPTED_IN_TIME: Definition(
        _RECEIVED, and_(C.accepted_at.is_not(None), C.accepted_in_time.is_(True))
    ),
    Measure.RESPONDED: Definition(_RECEIVED, C.first_accepted_at.is_not(None)),
    Measure.DISPATCHED: Definition(_RECEIVED, and_(C.accepted_at.is_not(None), SENT_OUT)),
    Measure.REJECTED: Definition(_RECEIVED, C.state == State.REJECTED),
    Measure.WITHDRAWN: Definition(_RECEIVED, C.state == State.WITHDRAWN),
    Measure.MERGED: Definition(_RECEIVED, C.state == State.MERGED),
    Measure.SHOULD_HANDLE: Definition(_HANDLING, true()),
    Measure.HANDLED: Definition(_HANDLING, C.handled_at.is_not(None)),
    Measure.HANDLED_IN_TIME: Definition(_HANDLING, C.handled_at <= C.fix_due),
    Measure.EXTENDED: Definition(_HANDLING, C.extensions > C.extensions_before),
    Measure.SUSPENDED: Definition((Part(C.fix_due, IS_SUSPENDED),), true()),
    Measure.SHOULD_CLOSE: Definition(_CLOSING, true()),
    Measure.CLOSED: Definition(_CLOSING, C.closed_at.is_not(None)),
    Measure.CLOSED_IN_TIME: Definition(_CLOSING, C.closed_at <= C.close_due),
    Measure.REWORKED: Definition(_CLOSING, C.reworks > C.reworks_before),
    Measure.FINISHED: Definition((Part(C.handled_at, _has_length(C)),), true()),
    Measure.CLOSINGS: Definition((Part(C.closed_at, true()),), true()),
    Measure.ANSWERS: Definition(_ANSWERED, true()),
    Measure.SOLVED: Definition(_ANSWERED, C.solved.is_(True)),
    Measure.SATISFIED: Definition(_ANSWERED, C.satisfied.is_(True)),
    Measure.OVERDUE_OPEN: Definition((Part(C.fix_due, IS_UNHANDLED),), true()),
}

_ROUND_HANDLING: Final = (
    Part(R.fix_due, true()),
    Part(R.handled_at, R.handled_at <= R.fix_due, other=R.fix_due),
)
_ROUND_CLOSING: Final = (
    Part(R.close_due, true()),
    Part(R.closed_at, R.closed_at <= R.close_due, other=R.close_due),
)
# A round that is over was handled and closed; neither was in time, for it did not hold.
OF_ROUNDS: Final[Mapping[Measure, Definition]] = {
    Measure.SHOULD_HANDLE: Definition(_ROUND_HANDLING, true()),
    Measure.HANDLED: Definition(_ROUND_HANDLING, true()),
    Measure.EXTENDED: Definition(_ROUND_HANDLING, R.extended),
    Measure.SHOULD_CLOSE: Definition(_ROUND_CLOSING, true()),
    Measure.CLOSED: Definition(_ROUND_CLOSING, true()),
    Measure.REWORKED: Definition(_ROUND_CLOSING, R.reworked),
    Measure.FINISHED: Definition((Part(R.handled_at, _has_length(R)),), true()),
    Measure.CLOSINGS: Definition((Part(R.closed_at, true()),), true()),
    Measure.REOPENED: Definition((Part(R.ended_at, true()),), true()),
}


@dataclass(frozen=True)
class Source:
    """A kind of row that measures are counted over: its columns, its handler, its definitions."""

    c: Any
    handler: Any
    of: Mapping[Measure, Definition]


REPORTS: Final = Source(C, HANDLER, OF_CASES)
PAST: Final = Source(R, _handler(R), OF_ROUNDS)
# Every measure cases are listed of.
LISTED: Final = frozenset({*OF_CASES, *OF_ROUNDS})


def sources(measure: Measure) -> list[Source]:
    """Return the kinds of rows a measure is counted over, in the order of their lists."""
    return [it for it in (REPORTS, PAST) if measure in it.of]


OF_SERVICES: Final[Mapping[Measure, Definition]] = {
    Measure.RESERVED: Definition((Part(S.created_at, true()),), true()),
    Measure.APPLICATIONS: Definition((Part(S.created_at, true()),), S.is_permit),
    Measure.DELIVERED: Definition((Part(S.delivered_at, true()),), true()),
    Measure.CARDS_ISSUED: Definition((Part(S.delivered_at, true()),), S.is_permit),
    Measure.REFUNDED: Definition((Part(S.ended_at, S.state == RedemptionState.REFUNDED),), true()),
    Measure.NO_SHOWS: Definition((Part(S.ended_at, S.state == RedemptionState.NO_SHOW),), true()),
}
# Points rather than services: the same redemptions, each with its price.
POINTS_OF: Final[Mapping[Measure, Measure]] = {
    Measure.DELIVERED_POINTS: Measure.DELIVERED,
    Measure.REFUNDED_POINTS: Measure.REFUNDED,
}


def in_area(area: Area, of: Any = C) -> Clause:
    """The clause for the cases of an area, over the columns of a source."""
    if area.kind is AreaKind.COUNTY:
        return true()
    if area.kind is AreaKind.STREET:
        return cast(Clause, of.street_code == area.code)
    if area.kind is AreaKind.COMMUNITY:
        return cast(Clause, of.community_code == area.code)
    return cast(Clause, of.community_code.is_(None))
