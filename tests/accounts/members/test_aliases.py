"""An alias is the same every time and nobody else's."""

from __future__ import annotations

import itertools
import re

import pytest

from grid_report.accounts.aliases import rider_alias


def test_an_alias_looks_like_a37_and_stays_the_same() -> None:
    assert re.fullmatch(r"[A-Z]\d\d", rider_alias(1))
    assert rider_alias(1) == rider_alias(1)


def test_no_two_members_share_an_alias() -> None:
    aliases = {rider_alias(number) for number in range(1, 60_001)}
    assert len(aliases) == 60_000


def test_large_ids_have_aliases_too() -> None:
    assert re.fullmatch(r"[A-Z](\d\d)+", rider_alias(10**12))


def test_neighbours_do_not_look_alike() -> None:
    numbers = [int(rider_alias(number)[1:]) for number in range(1, 200)]
    near = sum(abs(a - b) <= 1 for a, b in itertools.pairwise(numbers))
    assert near < 10


def test_there_is_no_member_zero() -> None:
    with pytest.raises(ValueError):
        rider_alias(0)
