"""Which of a case's clocks are late: run out while they ran, or met too late. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from grid_report.reports.clocks import ClockKind
from grid_report.reports.lifecycle import State
from grid_report.statistics.counts.cells import UNHANDLED


class Clocked(Protocol):
    """What is known of a case, or of a round of it that is over."""

    @property
    def state(self) -> State: ...
    @property
    def accepted_in_time(self) -> bool | None: ...
    @property
    def accept_due(self) -> datetime: ...
    @property
    def controlled_at(self) -> datetime | None: ...
    @property
    def control_due(self) -> datetime | None: ...
    @property
    def handled_at(self) -> datetime | None: ...
    @property
    def fix_due(self) -> datetime: ...
    @property
    def closed_at(self) -> datetime | None: ...
    @property
    def close_due(self) -> datetime: ...


def late_clocks(case: Clocked, now: datetime) -> list[ClockKind]:
    """Name the clocks of a case that are late at a moment, in the order of its way."""
    return list(_late(case, now))


def _late(case: Clocked, now: datetime) -> Iterator[ClockKind]:
    waits = case.state is State.SUBMITTED and case.accept_due < now
    if case.accepted_in_time is False or waits:
        yield ClockKind.ACCEPT
    # What stands still, or is over without, is late by none of the others.
    works = case.state in UNHANDLED - {State.SUBMITTED}
    if case.control_due is not None and _is_late(case.controlled_at, case.control_due, now, works):
        yield ClockKind.CONTROL
    if _is_late(case.handled_at, case.fix_due, now, case.state in UNHANDLED):
        yield ClockKind.FIX
    if _is_late(case.closed_at, case.close_due, now, case.state in UNHANDLED | {State.HANDLED}):
        yield ClockKind.CLOSE


def _is_late(done: datetime | None, due: datetime, now: datetime, runs: bool) -> bool:
    return done > due if done is not None else runs and due < now
