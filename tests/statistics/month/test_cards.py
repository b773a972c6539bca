"""The cards at the top of a month: what they compare, and when they say nothing. Pure."""

from __future__ import annotations

import pytest

from grid_report.rates import Rate
from grid_report.statistics.counts.queries import EMPTY, Figures
from grid_report.statistics.measures import RateName
from grid_report.statistics.month.card_queries import Card, cards, light_of

FEW = {"received": 9, "accepted": 9, "should_handle": 9, "handled_in_time": 9}
SOME = {"received": 20, "accepted": 15, "should_handle": 20, "handled_in_time": 14}
MANY = {"received": 50, "accepted": 45, "should_handle": 50, "handled_in_time": 40}


def figures(counts: dict[str, int], lengths: dict[int, int] | None = None) -> Figures:
    found = {("", "", name): n for name, n in counts.items()}
    for minutes, n in (lengths or {}).items():
        found["response", str(minutes), "responded"] = n
    return Figures(found)


def card(name: str, now: Figures, before: Figures, *, is_running: bool = False) -> Card:
    found = cards(now, before, EMPTY, is_running=is_running)
    return next(it for it in found if it.name == name)


def test_a_rate_is_compared_in_points_and_a_better_one_says_so() -> None:
    found = card("filing", figures(MANY), figures(SOME))
    assert found.rate == Rate(45, 50)
    assert (found.before.by, found.before.is_better, found.before.was) == (15.0, True, 75.0)
    assert found.year_before.by is None


def test_a_small_base_is_not_compared() -> None:
    assert card("filing", figures(MANY), figures(FEW)).before.by is None
    assert card("filing", figures(FEW), figures(MANY)).before.by is None


def test_less_overdue_is_better() -> None:
    now = figures({"should_handle": 100, "overdue_open": 3})
    before = figures({"should_handle": 100, "overdue_open": 9})
    found = card("overdue", now, before)
    assert (found.before.by, found.before.is_better) == (-6.0, True)
    assert card("overdue", before, now).before.is_better is False


def test_lengths_are_compared_by_their_medians() -> None:
    now = figures({"responded": 12}, {10: 8, 90: 4})
    before = figures({"responded": 10}, {30: 10})
    found = card("response", now, before)
    assert (found.minutes, found.p90, found.number) == (10, 90, 12)
    assert (found.before.by, found.before.is_better) == (-20, True)


def test_fewer_than_ten_lengths_have_no_median() -> None:
    found = card("response", figures({"responded": 9}, {10: 9}), figures({}))
    assert (found.minutes, found.p90, found.number, found.before.by) == (None, None, 9, None)


def test_a_running_month_is_not_held_against_a_whole_one() -> None:
    """It holds what is due until its end: no light for what is not late, and no arrow."""
    late = figures({**SOME, "handled_in_time": 2, "accepted_in_time": 15})
    found = card("handling_in_time", late, figures(MANY), is_running=True)
    assert (found.is_early, found.light, found.before.was) == (True, None, 80.0)
    assert card("handling_in_time", late, figures(MANY)).light == "red"
    assert card("filing_in_time", late, figures(MANY), is_running=True).light == "green"
    assert card("received", late, figures(MANY), is_running=True).is_early


@pytest.mark.parametrize(
    ("name", "numerator", "light"),
    [
        (RateName.FILING_IN_TIME, 90, "green"),
        (RateName.FILING_IN_TIME, 89, "yellow"),
        (RateName.HANDLING_IN_TIME, 79, "red"),
        (RateName.OVERDUE, 3, "green"),
        (RateName.OVERDUE, 4, "yellow"),
        (RateName.OVERDUE, 11, "red"),
        (RateName.SATISFIED, 1, None),
    ],
)
def test_lights_are_for_lateness_only(name: RateName, numerator: int, light: str | None) -> None:
    assert light_of(name, Rate(numerator, 100)) == light
    assert light_of(name, Rate(0, 9)) is None
