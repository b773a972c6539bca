"""Who may do what to a report: every set of roles, by everybody concerned, at every step."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product

import pytest

from grid_report.access import Actor, Permission, allowed, check
from grid_report.access.roles import Role
from grid_report.errors import Forbidden, NotFound
from grid_report.reports import permissions
from grid_report.reports.lifecycle import MOVES, State, Step
from grid_report.reports.permissions import Case, allowed_step, check_step
from tests.access.crowds import crowd, stranger

REPORTER, STARTER, HANDLER, SOMEBODY = 1, 2, 3, 4


@dataclass(frozen=True)
class One:
    """A report, dispatched to a unit and handled by it."""

    state: State = State.HANDLED
    reporter_id: int | None = REPORTER
    community_code: str | None = "community"
    street_code: str | None = "street"
    unit_code: str | None = "unit"
    dispatched_at: datetime | None = datetime(2026, 11, 16, tzinfo=UTC)
    self_handled: bool = False
    started_by_id: int | None = STARTER
    handled_by_id: int | None = HANDLER
    sensitive: bool = False
    transfers: int = 0
    returns: int = 0
    extensions: int = 0


RIDERS = {Step.SUPPLEMENT, Step.WITHDRAW, Step.REOPEN}
WORKERS = {
    Step.ACCEPT, Step.REJECT, Step.ASK, Step.MERGE, Step.TRANSFER, Step.DISPATCH, Step.START,
    Step.EXTEND, Step.RESUME, Step.RECALL, Step.CLARIFY, Step.REOPEN,
}  # fmt: skip
STREETS = {
    Step.MERGE, Step.TRANSFER, Step.DISPATCH, Step.EXTEND, Step.SUSPEND, Step.RESUME, Step.RECALL,
    Step.REOPEN,
}  # fmt: skip
ONCE = {Step.TRANSFER: "transfers", Step.DISPATCH: "returns", Step.EXTEND: "extensions"}


def may(who: Actor, roles: frozenset[Role], it: One, step: Step) -> bool:
    """Say it again in the design's words, without the product's tables."""
    if who.member_id == it.reporter_id:
        return step in RIDERS
    worker, street = Role.WORKER in roles, Role.SUPERVISOR in roles
    unit = Role.HANDLER in roles and it.dispatched_at is not None
    if step in (Step.CONTROL, Step.HANDLE):
        return worker if it.self_handled else unit
    if step in (Step.PASS, Step.FAIL):
        took_part = who.member_id in (it.started_by_id, it.handled_by_id) or unit
        return (worker or street) and not took_part
    used_up = step in ONCE and getattr(it, ONCE[step]) >= (2 if step is Step.DISPATCH else 1)
    return (
        (worker and step in WORKERS and not used_up)
        or (street and step in STREETS)
        or (unit and step is Step.RETURN)
        or (unit and step is Step.START and it.state is State.DISPATCHED)
    )


CASES = [
    One(self_handled=own, dispatched_at=One.dispatched_at if sent else None,
        transfers=used // 2, returns=used, extensions=used // 2)
    for own, sent, used in product((False, True), (False, True), (0, 1, 2))
]  # fmt: skip


@pytest.mark.parametrize(("state", "step"), sorted(MOVES))
def test_a_step_is_for_those_the_design_names(state: State, step: Step) -> None:
    for case in CASES:
        it = replace(case, state=state)
        for who, roles in crowd((REPORTER, STARTER, HANDLER, SOMEBODY)):
            assert allowed_step(who, it, step) is may(who, roles, it, step), (who, it)
        assert not allowed_step(stranger(SOMEBODY), it, step)


def test_who_may_not_see_a_report_is_told_there_is_none() -> None:
    it = One(state=State.DISPATCHED)
    for who, roles in crowd((SOMEBODY,)):
        if may(who, roles, it, Step.START):
            check_step(who, it, Step.START)
            continue
        sees = roles & {
            Role.WORKER,
            Role.SUPERVISOR,
            Role.HANDLER,
            Role.ADMINISTRATOR,
            Role.AUDITOR,
        }
        with pytest.raises(Forbidden if sees else NotFound):
            check_step(who, it, Step.START)


def seen(who: Actor, roles: frozenset[Role], it: One) -> dict[str, bool]:
    """Say what each permission lets somebody do with a report, in the design's words."""
    own = who.member_id == it.reporter_id
    body = bool(roles & {Role.WORKER, Role.SUPERVISOR}) and not own
    unit = Role.HANDLER in roles and it.dispatched_at is not None
    part = own or body or unit
    county = bool(roles & {Role.ADMINISTRATOR, Role.AUDITOR})
    return {
        "report.read": part or county,
        "report.photos": part or (county and not it.sensitive),
        # The unit never learns it, whatever else its people are.
        "report.see_reporter": (own or body) and not unit,
        "report.note": (body or unit) and not own,
        "report.urge": Role.SUPERVISOR in roles and not own,
        "report.rate": own and it.state is State.CLOSED,
        "report.assign": Role.ADMINISTRATOR in roles and not own,
        "merit.propose": body,
        "recheck.ask": body and it.state is State.HANDLED,
        "recheck.answer": own and it.state in (State.HANDLED, State.CLOSED),
    }


ABOUT_ONE: dict[str, Permission[Case]] = {
    one.name: one
    for one in vars(permissions).values()
    if isinstance(one, Permission) and one.knows is not None
}


@pytest.mark.parametrize("state", list(State))
def test_a_report_is_seen_by_those_the_design_names(state: State) -> None:
    for case, sensitive in product(CASES, (False, True)):
        it = replace(case, state=state, sensitive=sensitive)
        for who, roles in crowd((REPORTER, SOMEBODY)):
            expected = seen(who, roles, it)
            assert {name: allowed(who, one, it) for name, one in ABOUT_ONE.items()} == expected
    for one in ABOUT_ONE.values():
        with pytest.raises(NotFound):
            check(stranger(SOMEBODY), one, replace(CASES[0], state=state))


def test_nobody_is_at_home_where_a_report_has_no_place() -> None:
    it = One(community_code=None, street_code=None, unit_code=None)
    for who, roles in crowd((SOMEBODY,)):
        county = bool(roles & {Role.ADMINISTRATOR, Role.AUDITOR})
        assert allowed(who, permissions.REPORT_READ, it) is county
