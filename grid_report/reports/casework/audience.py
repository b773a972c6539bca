"""Who is told what when a report moves: one table, every step with every person concerned. Pure.

`casework/notification_steps.py` writes the messages, the README prints the table, and a test walks all of it. A person
without a cell is not told. Whoever took the step is never told of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from grid_report.reports.clocks import ClockKind
from grid_report.reports.lifecycle import Step


class Person(StrEnum):
    """Those a step can concern. `before`: who had the case and has it no longer."""

    RIDER = "rider"
    MERGED = "merged riders"
    WORKER = "worker"
    WORKER_BEFORE = "worker before"
    UNIT = "unit"
    UNIT_BEFORE = "unit before"
    STREET = "street"
    STREET_BEFORE = "street before"
    COUNTY = "county"


RIDERS: Final = frozenset({Person.RIDER, Person.MERGED})


class Event(StrEnum):
    """What is told of without a step."""

    YELLOW = "light turns yellow"
    RED = "light turns red"
    REVIEW = "review day comes"
    FLOOD = "a flood begins"
    SENT_ON = "a kept report goes"


class Clock(StrEnum):
    """Which clock a message names: one, with its own instant."""

    NONE = ""
    ACCEPT = "accept"
    FIX = "fix"
    # The one that runs now: of a unit first the control deadline, then the fix deadline.
    RUNNING = "running"


class When(StrEnum):
    """What must hold besides for a cell to be told."""

    ALWAYS = ""
    HOLDER = "while it has the case"
    OWN_HANDLING = "if it handled the case"
    NOBODY_ELSE = "if the community has nobody else to check"
    STREETS_TURN = "when only the street may dispatch"
    ELSEWHERE = "if the other case is another community's"


@dataclass(frozen=True)
class Cell:
    """What one person is told: the message, the clock it names, and when."""

    kind: str
    clock: Clock = Clock.NONE
    when: When = When.ALWAYS


def _riders(kind: str, clock: Clock = Clock.NONE) -> dict[Person, Cell]:
    return dict.fromkeys((Person.RIDER, Person.MERGED), Cell(kind, clock))


_LIGHT_HOLDERS: Final = (Person.WORKER, Person.UNIT, Person.COUNTY)
P, C = Person, Clock

TELLING: Final[Mapping[Step | Event, Mapping[Person, Cell]]] = {
    Step.SUBMIT: {
        P.WORKER: Cell("report_submitted", C.ACCEPT),
        P.COUNTY: Cell("report_unrouted"),
    },
    Step.ASSIGN: {
        **_riders("report_transferred", C.ACCEPT),
        P.WORKER: Cell("report_submitted", C.ACCEPT),
    },
    Step.ACCEPT: _riders("report_accepted", C.FIX),
    Step.REJECT: _riders("report_rejected"),
    Step.ASK: _riders("report_asked"),
    Step.SUPPLEMENT: {
        **_riders("report_answered"),
        P.WORKER: Cell("report_supplemented", C.ACCEPT),
    },
    Step.CLARIFY: _riders("report_clarified"),
    # Where others reported it too, the case goes on: `lead` says so to everybody instead.
    Step.WITHDRAW: {P.WORKER: Cell("report_withdrawn")},
    Step.LEAD: {
        P.RIDER: Cell("report_leads"),
        P.MERGED: Cell("report_goes_on"),
        P.WORKER: Cell("report_goes_on"),
    },
    Step.MERGE: {
        **_riders("report_merged"),
        P.WORKER: Cell("report_merged", when=When.ELSEWHERE),
    },
    Step.TRANSFER: {
        **_riders("report_transferred", C.ACCEPT),
        P.WORKER: Cell("report_transferred", C.ACCEPT),
        P.WORKER_BEFORE: Cell("report_went"),
        P.STREET_BEFORE: Cell("report_went"),
    },
    Step.DISPATCH: {
        **_riders("report_dispatched", C.FIX),
        P.UNIT: Cell("report_assigned_to_unit", C.RUNNING),
    },
    Step.RETURN: {
        **_riders("report_back", C.FIX),
        P.WORKER: Cell("report_returned"),
        P.UNIT_BEFORE: Cell("report_went"),
        P.STREET: Cell("report_returned", when=When.STREETS_TURN),
    },
    Step.RECALL: {
        **_riders("report_back", C.FIX),
        P.WORKER: Cell("report_recalled"),
        P.UNIT_BEFORE: Cell("report_recalled"),
    },
    Step.START: {
        **_riders("report_started", C.FIX),
        P.UNIT_BEFORE: Cell("report_went"),
    },
    Step.CONTROL: _riders("report_controlled"),
    Step.EXTEND: {
        **_riders("report_extended", C.FIX),
        P.WORKER: Cell("report_extended", C.FIX),
        P.UNIT: Cell("report_extended", C.FIX),
    },
    Step.SUSPEND: {
        **_riders("report_suspended"),
        P.WORKER: Cell("report_suspended"),
        P.UNIT: Cell("report_suspended"),
    },
    Step.RESUME: {
        **_riders("report_resumed", C.FIX),
        P.WORKER: Cell("report_resumed", C.RUNNING),
        P.UNIT: Cell("report_resumed", C.RUNNING),
    },
    Step.HANDLE: {
        **_riders("report_handled"),
        P.WORKER: Cell("report_handled"),
        P.STREET: Cell("report_handled", when=When.NOBODY_ELSE),
    },
    Step.PASS: {
        **_riders("report_closed"),
        P.WORKER: Cell("report_closed", when=When.OWN_HANDLING),
        P.UNIT: Cell("report_closed"),
    },
    Step.FAIL: {
        **_riders("report_failed", C.FIX),
        P.WORKER: Cell("report_failed", C.RUNNING, When.OWN_HANDLING),
        P.UNIT: Cell("report_failed", C.RUNNING),
    },
    Step.REOPEN: {
        **_riders("report_reopened", C.FIX),
        P.WORKER: Cell("report_reopened", C.RUNNING),
        P.UNIT_BEFORE: Cell("report_went"),
    },
    Step.URGE: dict.fromkeys(
        _LIGHT_HOLDERS, Cell("report_urged", C.RUNNING, When.HOLDER)
    ),
    Step.NOTE: {},
    Step.RATE: {},
    Event.YELLOW: dict.fromkeys(
        _LIGHT_HOLDERS, Cell("light_yellow", C.RUNNING, When.HOLDER)
    ),
    Event.RED: {
        **dict.fromkeys(_LIGHT_HOLDERS, Cell("light_red", C.RUNNING, When.HOLDER)),
        P.STREET: Cell("light_red", C.RUNNING),
    },
    Event.REVIEW: {P.STREET: Cell("review_due")},
    # The tenth urgent one of a rider in an hour, and the last of them that anybody is told of.
    Event.FLOOD: {P.WORKER: Cell("reports_folded"), P.STREET: Cell("reports_folded")},
    # Its rider's number is proved: a new report for everybody else.
    Event.SENT_ON: {
        P.RIDER: Cell("report_sent_on", C.ACCEPT),
        P.WORKER: Cell("report_submitted", C.ACCEPT),
        P.COUNTY: Cell("report_unrouted"),
    },
}  # fmt: skip


def named(clock: Clock, report: Any) -> tuple[ClockKind | None, datetime | None]:
    """Return the clock a message names and its instant; neither where no clock is named or runs."""
    if clock is Clock.ACCEPT:
        return ClockKind.ACCEPT, report.accept_due
    if clock is Clock.FIX:
        return ClockKind.FIX, report.fix_due
    if clock is Clock.RUNNING and report.next_due is not None:
        return report.next_clock, report.next_due
    return None, None


def has_the_case(report: Any) -> Person:
    """Return whose turn it is while a clock runs: the unit's, the community's, the county's."""
    if report.community_code is None:
        return Person.COUNTY
    at_the_unit = report.unit_code is not None and report.dispatched_at is not None
    if at_the_unit and report.next_clock in (ClockKind.CONTROL, ClockKind.FIX):
        return Person.UNIT
    return Person.WORKER


def holds(
    when: When, person: Person, report: Any, *, others_check: bool, target: Any = None
) -> bool:
    """Tell whether what a cell asks for besides is so. `others_check`: somebody else could.

    `target` is the case the report was merged into.
    """
    if when is When.HOLDER:
        return has_the_case(report) is person
    if when is When.OWN_HANDLING:
        return bool(report.self_handled)
    if when is When.NOBODY_ELSE:
        return bool(report.self_handled) and not others_check
    if when is When.STREETS_TURN:
        return bool(report.returns >= 2)
    if when is When.ELSEWHERE:
        return target is not None and target.community_code != report.community_code
    return True
