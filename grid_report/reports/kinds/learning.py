"""What of a report's words may be counted, and what of the counts may be told. Pure.

Only letters that stand in the reference data are counted, each once a report and without their order:
whatever a person writes, no word, name, number or place can be put together again from the sums.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from grid_report.places.geo.categories import CategoryInfo

# The letter that stands for the reports themselves.
REPORTS: Final = ""
# Below so many reports nothing is told of a kind: two riders' words are not a habit.
LEAST_REPORTS: Final = 5
# A letter in fewer of a hundred reports says nothing of the kind.
LEAST_PERCENT: Final = 10


def is_letter(sign: str) -> bool:
    """Tell whether a sign is a Chinese character: the only ones that say something alone."""
    return "\u4e00" <= sign <= "\u9fff"


def vocabulary(kinds: Iterable[CategoryInfo]) -> frozenset[str]:
    """Return every letter the reference data writes of kinds."""
    texts = [text for it in kinds for text in (*it.words(), *it.safety_tips.values())]
    return frozenset(filter(is_letter, "".join(texts)))


def countable(words: str, known: frozenset[str]) -> frozenset[str]:
    """Return the letters of a report's words that may be counted."""
    return known.intersection(words)


def told(seen: Mapping[str, int]) -> dict[str, int]:
    """Return in how many of a hundred reports of a kind each letter was, where it says something."""
    reports = seen.get(REPORTS, 0)
    if reports < LEAST_REPORTS:
        return {}
    shares = {letter: round(100 * count / reports) for letter, count in seen.items() if letter}
    return {letter: share for letter, share in sorted(shares.items()) if share >= LEAST_PERCENT}
