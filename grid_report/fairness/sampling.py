"""Which accepted reports of a month are looked at again: drawn so that anybody can draw them anew.

59 looks without a fault mean, with 95 % confidence, that fewer than one in twenty is faulty
(0.95^59 < 0.05). Every community with an acceptance has at least one report in the sample.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from typing import Final

LEAST: Final = 59


def new_seed(month: str) -> str:
    """Make what decides the draw of a month; it is kept and shown with it.

    By chance: whoever accepts must not be able to work out what nobody will look at again.
    """
    return f"{month}:{secrets.token_hex(6)}"


def draw(population: Iterable[tuple[str, str]], *, seed: str) -> list[str]:
    """Draw from (community, report number); return the numbers drawn, sorted.

    The draw depends on the seed and on what there is to draw from, never on its order.
    """
    by_community: dict[str, set[str]] = {}
    for community, number in population:
        by_community.setdefault(community, set()).add(number)
    shares = allot({code: len(numbers) for code, numbers in by_community.items()})
    return sorted(
        number
        for code, share in shares.items()
        for number in sorted(by_community[code], key=lambda it: _rank(seed, it))[:share]
    )


def allot(sizes: Mapping[str, int]) -> dict[str, int]:
    """Say how many each community gives: in proportion, at least one, together at least 59."""
    total = sum(sizes.values())
    if total <= LEAST:
        return dict(sizes)
    shares = {code: max(1, size * LEAST // total) for code, size in sizes.items()}
    # What rounding left over goes to the largest remainders; the code decides between equals.
    by_remainder = sorted(sizes, key=lambda code: (-(sizes[code] * LEAST % total), code))
    while sum(shares.values()) < LEAST:
        for code in by_remainder:
            if sum(shares.values()) < LEAST and shares[code] < sizes[code]:
                shares[code] += 1
    return shares


def _rank(seed: str, number: str) -> str:
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
