"""What a decision comes to: the examples of the rules, halving, the place rule and the caps."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from grid_report.points import rates
from grid_report.points.rewards import caps
from grid_report.points.rewards.caps import Cut, Decision, Earned, Facts, decide

VERSION = rates.from_file().at(datetime(2026, 11, 23, tzinfo=UTC))
HOUR = 3600


def paid(*facts: Facts, before: Earned | None = None) -> list[int]:
    """Decide in turn, as one rider's day."""
    earned, points = before or Earned(), []
    for one in facts:
        decision = decide(VERSION, one, earned)
        earned = earned.plus(one, decision.points)
        points.append(decision.points)
    return points


@pytest.mark.parametrize(
    ("severity", "points"),
    [(2, [15, 3, 5]), (3, [25, 3, 5]), (4, [40, 3, 5])],
    ids=["pothole", "blocked fire lane", "manhole raised to 4"],
)
def test_the_examples_of_the_rules(severity: int, points: list[int]) -> None:
    case = [Facts(rule, severity) for rule in ("R1", "R2", "R3")]
    assert paid(*case) == points
    assert sum(points) == {2: 23, 3: 33, 4: 48}[severity]


@pytest.mark.parametrize(("severity", "points"), [(1, 3), (2, 5), (3, 8), (4, 12)])
def test_a_second_reporter_gets_a_share_rounded_up(severity: int, points: int) -> None:
    assert paid(Facts("R5", severity)) == [points]


def test_only_two_more_people_are_thanked_for_one_hazard() -> None:
    assert paid(*(Facts("R5", 4, nth=nth) for nth in (1, 2, 3))) == [12, 12, 0]
    assert decide(VERSION, Facts("R5", 4, nth=3), Earned()).cut is Cut.ENOUGH_REPORTERS


def test_who_comes_later_gets_nothing_and_a_reason() -> None:
    assert decide(VERSION, Facts("R6", 2), Earned()) == Decision(0, 0, cut=Cut.LATER_REPORTER)


def test_the_fourth_report_of_a_kind_a_day_is_paid_half_rounded_up() -> None:
    fourth = Facts("R1", 2, nth=4)
    assert paid(*(Facts("R1", 2, nth=nth) for nth in (1, 2, 3, 4, 5))) == [15, 15, 15, 8, 8]
    assert decide(VERSION, fourth, Earned()) == Decision(15, 8, halved=True, cut=Cut.HALF)
    assert paid(Facts("R2", 2, nth=4), Facts("R3", 2, nth=4)) == [2, 3]
    # The number of a photo is no number of reports.
    assert paid(Facts("R4", 2, nth=3)) == [5]


def test_a_day_pays_a_hundred_points_and_says_so() -> None:
    assert paid(*[Facts("R1", 3)] * 5) == [25, 25, 25, 25, 0]
    over = decide(VERSION, Facts("R1", 3), Earned(day=100, month=100))
    assert over == Decision(25, 0, cut=Cut.OVER_DAY_CAP)


def test_what_fits_under_a_cap_is_paid() -> None:
    assert decide(VERSION, Facts("R1", 3), Earned(90, 90)) == Decision(25, 10, cut=Cut.OVER_DAY_CAP)
    assert decide(VERSION, Facts("R1", 3), Earned(0, 595)) == Decision(
        25, 5, cut=Cut.OVER_MONTH_CAP
    )


def test_severity_four_is_outside_the_day_but_not_outside_the_month() -> None:
    assert paid(*[Facts("R1", 4)] * 4, Facts("R1", 3)) == [40, 40, 40, 40, 25]
    assert paid(Facts("R1", 4), before=Earned(100, 100)) == [40]
    assert decide(VERSION, Facts("R1", 4), Earned(0, 600)).cut is Cut.OVER_MONTH_CAP


def test_the_month_ends_at_six_hundred() -> None:
    assert sum(paid(*[Facts("R1", 4)] * 20)) == 600


def test_learning_and_merit_are_outside_the_caps() -> None:
    full = Earned(100, 600)
    assert paid(Facts("R8"), Facts("R8", is_quiz=True), before=full) == [5, 10]
    assert paid(Facts("R10", 4, rate=300), before=full) == [300]
    assert Earned().plus(Facts("R8"), 5) == Earned()


@pytest.mark.parametrize("rule", ["R1", "R2", "R3", "R5"])
def test_a_place_is_thanked_for_once_in_a_day_after_closing(rule: str) -> None:
    again = decide(VERSION, Facts(rule, 4, after_closing_s=24 * HOUR - 1), Earned())
    assert (again.points, again.cut) == (0, Cut.SAME_PLACE)
    assert paid(Facts(rule, 4, after_closing_s=24 * HOUR))[0] > 0


def test_a_version_without_a_rule_decides_nothing() -> None:
    bare = rates.Version("bare", VERSION.starts_at, {"R1": VERSION.rules["R1"]})
    assert decide(bare, Facts("R2", 2), Earned()) == Decision(0, 0)
    # Not even a place or a full month makes a line of nothing.
    assert decide(bare, Facts("R2", 2, after_closing_s=5), Earned(999, 999)) == Decision(0, 0)
    assert decide(bare, Facts("R1", 3, nth=99), Earned(10_000, 10_000)).points == 25


def test_no_sum_of_a_day_passes_a_cap_whatever_comes() -> None:
    for severity in (1, 2, 3):
        assert sum(paid(*[Facts("R1", severity, nth=n) for n in range(1, 40)])) <= 100
    assert caps.rate(VERSION, Facts("R1", 4)) == 40
