"""When two photos are so alike that they may be one: perceptual hashes, and where to look for them.

A dHash has 64 bits; ten of them may differ. Comparing every photo with every other one grows with
the square. Cut into four keys of 16 bits, two hashes at most ten bits apart share a key but for
two bits: asking for the 137 neighbours of each of four keys finds every such photo by an index.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from itertools import combinations
from typing import Final

MOST_BITS: Final = 10
WINDOW: Final = timedelta(days=90)
BANDS: Final = 4
BAND_BITS: Final = 16
# With ten bits spread over four keys, one key has two of them at most.
BAND_SLACK: Final = MOST_BITS // BANDS
# A wall, the night sky or a finger on the lens has next to no edges: its hash says nothing.
LEAST_EDGES: Final = 6


def bits_apart(a: int, b: int) -> int:
    """Count the bits in which two hashes differ."""
    return (a ^ b).bit_count()


def is_alike(a: int, b: int) -> bool:
    """Tell whether two photos are near-identical."""
    return says_something(a) and says_something(b) and bits_apart(a, b) <= MOST_BITS


def says_something(print_: int) -> bool:
    """Tell whether a photo has enough edges for its hash to be its own."""
    return LEAST_EDGES <= print_.bit_count() <= 64 - LEAST_EDGES


def keys(print_: int) -> list[int]:
    """Return the four keys a hash is filed under; a key carries its band in its upper bits."""
    return [
        band << BAND_BITS | (print_ >> band * BAND_BITS) & ((1 << BAND_BITS) - 1)
        for band in range(BANDS)
    ]


def near_keys(print_: int) -> list[int]:
    """Return every key under which a near-identical photo may be filed."""
    return [key ^ slip for key in keys(print_) for slip in _slips()]


@cache
def _slips() -> tuple[int, ...]:
    """Return every way in which at most two of 16 bits may differ."""
    bits = [1 << bit for bit in range(BAND_BITS)]
    return tuple(
        sum(chosen) for count in range(BAND_SLACK + 1) for chosen in combinations(bits, count)
    )


def read_print(dhash: str) -> int:
    """Read a hash as it is stored: 16 hexadecimal digits."""
    return int(dhash, 16)


def closest(print_: int, others: Iterable[tuple[int, int]], most: int) -> list[tuple[int, int]]:
    """Return (bits, id) of the nearest of `others` (id, hash) that are alike, nearest first."""
    found = [(bits_apart(print_, other), id_) for id_, other in others if is_alike(print_, other)]
    return sorted(found)[:most]
