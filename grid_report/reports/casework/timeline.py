"""How the deadlines of one case stand, to be drawn. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grid_report.reports import clocks
from grid_report.reports.lifecycle import OPEN, State


@dataclass(frozen=True)
class ClockView:
    """One deadline: whether it was met, and how far its time has run (`share`, 0 to 100)."""

    kind: str
    due: datetime
    met_at: datetime | None
    light: str | None
    share: int
    seconds_left: int | None


def clock_views(report: Any, now: datetime) -> list[ClockView]:
    """Describe every deadline of a report: met or not, and how far its time has run."""
    until = report.stopped_at or now
    began = clocks.began(report.created_at, report.reopened_at, report.stopped_s)
    described = []
    for kind, due, met in (
        (clocks.ClockKind.ACCEPT, report.accept_due, report.accepted_at),
        (clocks.ClockKind.CONTROL, report.control_due, report.controlled_at),
        (clocks.ClockKind.FIX, report.fix_due, report.handled_at),
        (clocks.ClockKind.CLOSE, report.close_due, report.closed_at),
    ):
        if due is None or (met is None and not _is_awaited(kind, report.state)):
            continue
        at = met or until
        start = began
        if kind is clocks.ClockKind.ACCEPT:
            # A community is judged from when it got the case; once met, acceptance stays as it was
            # whatever stands still afterwards.
            first = report.reopened_at or report.created_at
            start = report.accept_from or (first if met else began)
        whole = (due - start).total_seconds()
        run = (at - start).total_seconds()
        light = None
        if met is not None:
            light = "green" if met <= due else "red"
        elif kind is report.next_clock:
            turned = clocks.light(report.next_due, report.next_warn, now)
            light = turned.value if turned else None
        elif report.stopped_at is None:
            light = "red" if now >= due else "green"
        described.append(
            ClockView(
                kind=kind.value,
                due=due,
                met_at=met,
                light=light,
                share=max(0, min(100, round(100 * run / whole))) if whole > 0 else 100,
                seconds_left=None if met else int((due - until).total_seconds()),
            )
        )
    return described


def _is_awaited(kind: clocks.ClockKind, state: State) -> bool:
    """Tell whether a deadline not met is one still: what is handled is made safe with it."""
    if state is State.HANDLED:
        return kind is clocks.ClockKind.CLOSE
    return state in OPEN
