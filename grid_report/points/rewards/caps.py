"""How much of what a rule gives is paid: halving, the place rule, and the caps of a day and a month.

Pure: the same function decides an award and the dry run of a version that is not published yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grid_report.points.rates import Version


class Cut(StrEnum):
    """Why a decision came to less than its rule gives, or to nothing."""

    HALF = "half"
    OVER_DAY_CAP = "over_day_cap"
    OVER_MONTH_CAP = "over_month_cap"
    SAME_PLACE = "same_place"
    LATER_REPORTER = "later_reporter"
    ENOUGH_REPORTERS = "enough_reporters"
    SAME_PERSON = "same_person"
    SAME_PHOTO = "same_photo"
    # The rider's account earned nothing at that time.
    STAFF = "staff"
    SUSPENDED = "suspended"
    GONE = "gone"
    UNPROVED = "unproved"


# The rules whose points the caps count, and those a report of a kind pays by halves.
CAPPED: Final = ("R1", "R2", "R3", "R4", "R5", "R6")
OF_THE_REPORT: Final = ("R1", "R2", "R3")
# Decided without asking the ledger: nothing is owed, and nothing could be.
NEVER_PAID: Final = frozenset(
    {Cut.LATER_REPORTER, Cut.ENOUGH_REPORTERS, Cut.SAME_PERSON, Cut.SAME_PHOTO, Cut.STAFF}
)
# The database counts severity 4 outside the day as well.
OUTSIDE_DAY: Final = 4


@dataclass(frozen=True)
class Facts:
    """What a decision looks at. `rate` is given where a person chose it (R10)."""

    rule: str
    severity: int | None = None
    nth: int = 1
    after_closing_s: int | None = None
    is_quiz: bool = False
    rate: int | None = None
    cut: Cut | None = None


@dataclass(frozen=True)
class Earned:
    """What a rider's decisions came to so far, of that day and of that month."""

    day: int = 0
    month: int = 0

    def plus(self, facts: Facts, points: int) -> Earned:
        """Return the sums with one more decision in them."""
        if facts.rule not in CAPPED:
            return self
        in_day = 0 if facts.severity == OUTSIDE_DAY else points
        return Earned(self.day + in_day, self.month + points)


@dataclass(frozen=True)
class Decision:
    """What the rule gives, what is paid of it, and why it is less."""

    rate: int
    points: int
    halved: bool = False
    cut: Cut | None = None


def rate(version: Version, facts: Facts) -> int:
    """Return what the rule alone gives."""
    if facts.rate is not None:
        return facts.rate
    by_rule: Mapping[str, int] = {
        "R1": version.for_acceptance(facts.severity or 1).points,
        "R2": version.for_evidence().points,
        "R3": version.for_closing().points,
        "R4": version.for_recheck().points,
        "R5": version.for_second(facts.severity or 1).points,
        "R6": 0,
        "R8": (version.for_quiz() if facts.is_quiz else version.for_unit()).points,
    }
    return by_rule[facts.rule]


def decide(version: Version, facts: Facts, earned: Earned) -> Decision:
    """Say what one decision comes to, after what its rider earned before it."""
    full = rate(version, facts)
    limits = version.caps
    if facts.rule == "R6":
        return Decision(0, 0, cut=Cut.LATER_REPORTER)
    if full == 0:
        # The version gives nothing for it: there is nothing to decide.
        return Decision(0, 0)
    if facts.cut is not None:
        return Decision(full, 0, cut=facts.cut)
    if facts.rule == "R5" and facts.nth > version.most_people:
        return Decision(full, 0, cut=Cut.ENOUGH_REPORTERS)
    if (
        facts.rule in (*OF_THE_REPORT, "R5")
        and facts.after_closing_s is not None
        and facts.after_closing_s < limits.same_place_hours * 3600
    ):
        return Decision(full, 0, cut=Cut.SAME_PLACE)
    halved = facts.rule in OF_THE_REPORT and facts.nth >= limits.half_from_report
    points = -(-full // 2) if halved else full
    cut = Cut.HALF if halved else None
    if facts.rule in CAPPED:
        rooms = [(limits.points_a_month - earned.month, Cut.OVER_MONTH_CAP)]
        if facts.severity != OUTSIDE_DAY:
            rooms.append((limits.points_a_day - earned.day, Cut.OVER_DAY_CAP))
        for room, reason in rooms:
            if points > max(room, 0):
                points, cut = max(room, 0), reason
    return Decision(full, points, halved, cut)
