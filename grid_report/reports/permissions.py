"""What somebody is to a report, and so what they may see of it and do to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from grid_report.access import Actor, Permission, anyone_with
from grid_report.access.roles import Role
from grid_report.errors import Forbidden, NotFound
from grid_report.reports.lifecycle import MOVES, KeptState, Part, State, Step


class Placed(Protocol):
    """Where a report is and who had it; `reporter_id` None where nobody may look at that."""

    @property
    def reporter_id(self) -> int | None: ...
    @property
    def community_code(self) -> str | None: ...
    @property
    def street_code(self) -> str | None: ...
    @property
    def unit_code(self) -> str | None: ...
    @property
    def dispatched_at(self) -> datetime | None: ...
    @property
    def self_handled(self) -> bool: ...
    @property
    def started_by_id(self) -> int | None: ...
    @property
    def handled_by_id(self) -> int | None: ...


class Case(Placed, Protocol):
    """A report, as a row or as a list's columns."""

    @property
    def state(self) -> State | KeptState: ...
    @property
    def sensitive(self) -> bool: ...


class CaseOfSteps(Case, Protocol):
    """A report, with how often each say was used."""

    @property
    def transfers(self) -> int: ...
    @property
    def returns(self) -> int: ...
    @property
    def extensions(self) -> int: ...


# The public body of a place: those who triage and decide.
BODY: Final = frozenset({Part.WORKER, Part.STREET})


def parts(who: Actor, it: Placed) -> frozenset[Part]:
    """Return everything this actor is to a report. Own reports leave only the rider's part."""
    if it.reporter_id == who.member_id:
        return frozenset({Part.RIDER})
    return frozenset(part for part, holds in PARTS.items() if holds(who, it))


def _works_for_community(who: Actor, it: Placed) -> bool:
    return who.holds(Role.WORKER, it.community_code)


def _supervises(who: Actor, it: Placed) -> bool:
    return who.holds(Role.SUPERVISOR, it.street_code)


def _is_of_the_unit(who: Actor, it: Placed) -> bool:
    # A unit named at acceptance learns nothing before the dispatch.
    return it.dispatched_at is not None and who.holds(Role.HANDLER, it.unit_code)


def _is_in_charge(who: Actor, it: Placed) -> bool:
    return _works_for_community(who, it) if it.self_handled else _is_of_the_unit(who, it)


def _may_check(who: Actor, it: Placed) -> bool:
    return (
        (_works_for_community(who, it) or _supervises(who, it))
        and who.member_id not in (it.handled_by_id, it.started_by_id)
        and not _is_of_the_unit(who, it)
    )


PARTS: Final[Mapping[Part, Callable[[Actor, Placed], bool]]] = {
    Part.WORKER: _works_for_community,
    Part.STREET: _supervises,
    Part.UNIT: _is_of_the_unit,
    Part.IN_CHARGE: _is_in_charge,
    Part.CHECKER: _may_check,
}


def _reads(who: Actor, it: Placed) -> bool:
    return bool(parts(who, it)) or who.holds_any(Role.ADMINISTRATOR, Role.AUDITOR)


def _sees_photos(who: Actor, it: Case) -> bool:
    return bool(parts(who, it)) if it.sensitive else _reads(who, it)


def _knows_who_reported(who: Actor, it: Placed) -> bool:
    # The unit and the party complained about never learn it.
    mine = parts(who, it)
    return bool(mine & {Part.RIDER, *BODY}) and not _is_of_the_unit(who, it)


def _is_body(who: Actor, it: Placed) -> bool:
    return bool(parts(who, it) & BODY)


def _is_rider(who: Actor, it: Placed) -> bool:
    return Part.RIDER in parts(who, it)


REPORT_SUBMIT: Final = Permission("report.submit", anyone_with(Role.RIDER))


def _about_one(name: str, rule: Callable[[Actor, Case], bool]) -> Permission[Case]:
    return Permission(name, rule, knows=_reads)


REPORT_READ: Final = Permission("report.read", _reads, knows=_reads)
REPORT_PHOTOS: Final = _about_one("report.photos", _sees_photos)
REPORT_SEE_REPORTER: Final = _about_one("report.see_reporter", _knows_who_reported)
REPORT_NOTE: Final = _about_one("report.note", lambda who, it: bool(parts(who, it) - {Part.RIDER}))
REPORT_URGE: Final = _about_one("report.urge", lambda who, it: Part.STREET in parts(who, it))
REPORT_RATE: Final = _about_one(
    "report.rate", lambda who, it: _is_rider(who, it) and it.state is State.CLOSED
)
REPORT_ASSIGN: Final = _about_one(
    "report.assign",
    lambda who, it: who.holds_any(Role.ADMINISTRATOR) and it.reporter_id != who.member_id,
)
MERIT_PROPOSE: Final = _about_one("merit.propose", _is_body)
RECHECK_ASK: Final = _about_one(
    "recheck.ask", lambda who, it: _is_body(who, it) and it.state is State.HANDLED
)
RECHECK_ANSWER: Final = _about_one(
    "recheck.answer",
    lambda who, it: _is_rider(who, it) and it.state in (State.HANDLED, State.CLOSED),
)
DESK_OPEN: Final = Permission(
    "desk.open", anyone_with(Role.WORKER, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.AUDITOR)
)
UNIT_OPEN: Final = Permission("unit.open", anyone_with(Role.HANDLER))
UNROUTED_LIST: Final = Permission("unrouted.list", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR))


def allowed_step(who: Actor, it: CaseOfSteps, step: Step) -> bool:
    """Tell whether the lifecycle lets this actor take this step on this report now."""
    move = MOVES.get((it.state, step)) if isinstance(it.state, State) else None
    return move is not None and bool(move.by & _parts_for(who, it, step))


def check_step(who: Actor, it: CaseOfSteps, step: Step) -> None:
    """Refuse a step to those it is not for. The state was checked before. Raises as `check`."""
    if not allowed_step(who, it, step):
        raise Forbidden if _reads(who, it) else NotFound


def _parts_for(who: Actor, it: CaseOfSteps, step: Step) -> frozenset[Part]:
    """Leave out the parts that have used up their say: the rest goes to the street."""
    mine = parts(who, it)
    used_up = {
        Step.TRANSFER: it.transfers >= 1,
        Step.DISPATCH: it.returns >= 2,
        Step.EXTEND: it.extensions >= 1,
    }
    return mine - {Part.WORKER} if used_up.get(step) else mine
