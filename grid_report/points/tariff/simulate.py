"""A version applied to decisions that were made under another one. Pure: it decides, it pays nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Final

from grid_report.clock import local_day
from grid_report.points.rates import Version
from grid_report.points.rewards.caps import Cut, Earned, Facts, decide

# What no version changes: the rider's account, and what people did.
STAYS: Final = frozenset(
    {
        Cut.STAFF,
        Cut.SUSPENDED,
        Cut.GONE,
        Cut.UNPROVED,
        Cut.SAME_PERSON,
        Cut.SAME_PHOTO,
        Cut.LATER_REPORTER,
    }
)


@dataclass(frozen=True)
class PastDecision:
    """One decision of the past with its facts, and what it came to."""

    rider_id: int
    at: datetime
    community_code: str
    facts: Facts
    points: int


@dataclass(frozen=True)
class Comparison:
    """What a community's decisions of a month came to, and what another version makes of them."""

    community_code: str
    decisions: int = 0
    was: int = 0
    would_be: int = 0

    @property
    def difference(self) -> int:
        """How much more it would have been; negative when it is less."""
        return self.would_be - self.was


def replay(version: Version, past: Iterable[PastDecision], zone: tzinfo) -> dict[str, Comparison]:
    """Decide again on one month's decisions, in the order they were made."""
    months: dict[int, int] = {}
    days: dict[tuple[int, date], int] = {}
    found: dict[str, Comparison] = {}
    for one in past:
        day = one.rider_id, local_day(one.at, zone)
        before = Earned(days.get(day, 0), months.get(one.rider_id, 0))
        decision = decide(version, one.facts, before)
        after = before.plus(one.facts, decision.points)
        days[day], months[one.rider_id] = after.day, after.month
        so_far = found.get(one.community_code, Comparison(one.community_code))
        found[one.community_code] = replace(
            so_far,
            decisions=so_far.decisions + 1,
            was=so_far.was + one.points,
            would_be=so_far.would_be + decision.points,
        )
    return found
