"""What of a month anybody may have: counts by community and category, none of them small. Pure.

A count under five may point at somebody: it is left out, and so is a count of none, so that what
is left out says nothing. There are no totals from which a count left out could be worked out, and
one measure only: two that nearly agree would give away their difference. What is sensitive, and
what nobody knows, is never in it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

LEAST: Final = 5


class OpenCount(NamedTuple):
    """How many reports of a category a community received in a month."""

    community: str
    category: str
    received: int


def open_counts(
    received: Mapping[tuple[str, str], int],
    *,
    communities: Collection[str],
    categories: Iterable[tuple[str, bool]],
) -> list[OpenCount]:
    """Choose what may be published from counts by (community, category), in the order of codes.

    `categories` are those known, each with whether it is sensitive.
    """
    open_ones = {code for code, is_sensitive in categories if not is_sensitive}
    return [
        OpenCount(community, category, number)
        for (community, category), number in sorted(received.items())
        if number >= LEAST and community in communities and category in open_ones
    ]
