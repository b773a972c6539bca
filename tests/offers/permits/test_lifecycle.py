"""The table of moves and the price: pure, and nothing but what they say."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from grid_report.access import Actor, Grant, Permission, allowed, check
from grid_report.access.roles import Role
from grid_report.errors import NotFound
from grid_report.offers.permits.lifecycle import (
    APPLICATION_MOVES,
    LIVING,
    ApplicationState,
    ApplicationStep,
    Firm,
    IllegalApplicationStep,
    Side,
    application_move,
)
from grid_report.offers.permits.permissions import (
    APPLICATION_READ,
    OWNER_PRICE_SET,
    PERMITS_MANAGE,
    allowed_application_step,
)
from grid_report.offers.permits.rules import points_for


@pytest.mark.parametrize(
    ("state", "step", "has_firm"), list(product(ApplicationState, ApplicationStep, (True, False)))
)
def test_what_is_not_in_the_table_is_refused(
    state: ApplicationState, step: ApplicationStep, has_firm: bool
) -> None:
    move = APPLICATION_MOVES.get((state, step))
    fits = move and move.firm in (Firm.EITHER, Firm.NEEDED if has_firm else Firm.NONE)
    if fits:
        assert application_move(state, step, has_firm=has_firm) is move
        assert state in LIVING
        return
    with pytest.raises(IllegalApplicationStep):
        application_move(state, step, has_firm=has_firm)


@pytest.mark.parametrize(("fen", "points"), [(0, 0), (9, 0), (10, 1), (1500, 150), (1555, 155)])
def test_ten_points_a_yuan_and_never_more_than_owners_pay(fen: int, points: int) -> None:
    assert points_for(fen, has_firm=True) == points
    assert points_for(fen, has_firm=False) == 0


HOLDERS: dict[str, Actor] = {
    Side.RIDER: Actor(1, "", frozenset({Grant(Role.RIDER)})),
    Side.PROPERTY: Actor(2, "", frozenset({Grant(Role.HANDLER, "firm")})),
    Side.COMMUNITY: Actor(3, "", frozenset({Grant(Role.WORKER, "here")})),
    Side.ADMINISTRATOR: Actor(4, "", frozenset({Grant(Role.ADMINISTRATOR, "county")})),
}
STRANGERS = [
    Actor(9, "", frozenset({grant}))
    for grant in (
        Grant(Role.RIDER), Grant(Role.HANDLER, "other"), Grant(Role.WORKER, "there"),
        Grant(Role.SUPERVISOR, "street"), Grant(Role.STATION_STAFF, "station"),
        Grant(Role.AUDITOR, "county"),
    )
]  # fmt: skip


@pytest.mark.parametrize("has_firm", [True, False])
@pytest.mark.parametrize(("state", "step"), sorted(APPLICATION_MOVES))
def test_each_step_is_for_those_of_the_table_only(
    state: ApplicationState, step: ApplicationStep, has_firm: bool
) -> None:
    it = SimpleNamespace(
        rider_id=1, state=state, unit_code="firm" if has_firm else None, community_code="here",
        paused_by_id=1, compound_code="a",
    )  # fmt: skip
    try:
        by = application_move(state, step, has_firm=has_firm).by
    except IllegalApplicationStep:
        by = frozenset()
    keeper = Side.PROPERTY if has_firm else Side.COMMUNITY
    expected = {side for side in HOLDERS if side in by or (side is keeper and Side.KEEPER in by)}
    if not has_firm:
        expected.discard(Side.PROPERTY)
    assert {side for side, who in HOLDERS.items() if allowed_application_step(who, it, step)} == (
        expected
    )
    assert not [who for who in STRANGERS if allowed_application_step(who, it, step)]
    # Whoever holds every role decides nothing about an own card.
    everything = frozenset().union(*(who.grants for who in HOLDERS.values()))
    own = Actor(1, "", everything)
    assert allowed_application_step(own, it, step) == (Side.RIDER in by)


def test_what_others_paused_the_rider_cannot_resume() -> None:
    it = SimpleNamespace(
        rider_id=1, state=ApplicationState.PAUSED, unit_code="firm", community_code="here",
        paused_by_id=2, compound_code="a",
    )  # fmt: skip
    resumes = {
        side
        for side, who in HOLDERS.items()
        if allowed_application_step(who, it, ApplicationStep.RESUME)
    }
    assert resumes == {Side.PROPERTY, Side.COMMUNITY, Side.ADMINISTRATOR}


@pytest.mark.parametrize(
    ("action", "readers"),
    [
        (APPLICATION_READ, {*HOLDERS, "auditor"}),
        (OWNER_PRICE_SET, {Side.PROPERTY, Side.ADMINISTRATOR}),
        (PERMITS_MANAGE, {Side.ADMINISTRATOR}),
    ],
)
def test_who_reads_and_who_sets_prices(action: Permission[Any], readers: set[str]) -> None:
    it = SimpleNamespace(
        rider_id=1, unit_code="firm", community_code="here", compound_code="a", firms={"firm"}
    )
    everybody = {**HOLDERS, "auditor": STRANGERS[-1]}
    assert {name for name, who in everybody.items() if allowed(who, action, it)} == readers
    if action is APPLICATION_READ:
        for stranger in STRANGERS[:-1]:
            with pytest.raises(NotFound):
                check(stranger, action, it)
