"""The rule that ends a benchmark: known well enough, or often enough."""

from __future__ import annotations

import itertools

import pytest

from tests.benchmarks.rounds import interval, is_sure, until_sure


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Tables of the sign test: the 2nd of 9 to the 8th, the 6th of 20 to the 15th.
    [(6, 1, 6), (9, 2, 8), (20, 6, 15), (60, 22, 39)],
)
def test_the_interval_is_the_sign_tests(count: int, low: int, high: int) -> None:
    assert interval([float(n) for n in range(count, 0, -1)]) == (low, high)


def test_one_stall_makes_nothing_unsure() -> None:
    assert is_sure([1.0] * 8 + [400.0])
    assert not is_sure([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0])


def test_it_ends_as_soon_as_it_is_sure_and_at_last() -> None:
    steady = until_sure(lambda: {"a": 1.0}, lambda found: found, least=9, most=60)
    assert len(steady["a"]) == 9
    count = itertools.count(1)
    wild = until_sure(lambda: {"a": 2.0 ** (next(count) % 7)}, lambda found: found, most=30)
    assert len(wild["a"]) == 30
