"""Which few kinds a rider is offered first: the season's, the usual ones, and what is found here. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from grid_report.places.geo.categories import MOST_FIRST, CategoryInfo, in_season

# What each reason weighs: the season goes before habit, and habit before a handful of cases.
SEASON: Final = 3.0
USUAL: Final = 2.0
STEP: Final = 0.9
HERE: Final = 4.0
COUNTY: Final = 1.5
# So many cases stand beside those counted, so that the first few turn nothing round.
DAMPING: Final = 50


@dataclass(frozen=True)
class Tally:
    """How often each kind was accepted at this time of the year: in a community, in the county."""

    here: Mapping[str, int] = field(default_factory=dict)
    county: Mapping[str, int] = field(default_factory=dict)


def months_around(month: int) -> tuple[int, int, int]:
    """Return a month (1 to 12) between its neighbours, over the turn of the year too."""
    return (month + 10) % 12 + 1, month, month % 12 + 1


def worth(kind: CategoryInfo, month: int, tally: Tally) -> float:
    """Say how much speaks for offering a kind first; zero: nothing."""
    usual = USUAL * STEP ** (kind.asked_first - 1) if kind.asked_first is not None else 0.0
    return (
        SEASON * in_season(kind.season, month)
        + usual
        + HERE * _share(tally.here, kind.code)
        + COUNTY * _share(tally.county, kind.code)
    )


def first(
    kinds: Iterable[CategoryInfo], month: int, tally: Tally | None = None
) -> tuple[CategoryInfo, ...]:
    """Return the few kinds to offer before all others, best first; equal ones by their codes."""
    known = tally or Tally()
    ranked = sorted((-worth(it, month, known), it.code, it) for it in _distinct(kinds))
    return tuple(it for negative, _, it in ranked if negative < 0)[:MOST_FIRST]


def _distinct(kinds: Iterable[CategoryInfo]) -> Iterable[CategoryInfo]:
    return {it.code: it for it in kinds}.values()


def _share(counts: Mapping[str, int], code: str) -> float:
    return counts.get(code, 0) / (sum(counts.values()) + DAMPING)
