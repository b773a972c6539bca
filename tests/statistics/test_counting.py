"""Every count is what a recount in plain SQL finds, at each moment, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.statistics.histories import World
from tests.support.builders import Make

pytestmark = pytest.mark.database

START = datetime(2025, 10, 20, 3, tzinfo=UTC)


@pytest.mark.parametrize("seed", range(6))
def test_random_histories_are_counted_as_a_recount_counts_them(make: Make, seed: int) -> None:
    world = World(make, seed, START)
    for _ in range(8):
        world.play(12)
        assert world.differences() == {}
    assert len({report.state for report in map(make.fresh, world.reports)}) >= 4
