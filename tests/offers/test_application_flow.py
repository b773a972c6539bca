"""The table of moves and the price: pure, and nothing but what they say."""

from __future__ import annotations

from itertools import product

import pytest

from grid_report.offers.application_flow import (
    APPLICATION_MOVES,
    LIVING,
    ApplicationState,
    ApplicationStep,
    Firm,
    IllegalApplicationStep,
    application_move,
)
from grid_report.offers.papers import points_for


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
