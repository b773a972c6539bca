"""Which kinds are offered first: season, habit, and what communities made of reports."""

from __future__ import annotations

import pytest

from grid_report.reports.kinds import learning
from grid_report.reports.kinds.ordering import Tally, first, months_around, worth
from tests.places.test_categories import category

USUAL = [category(f"RD{n:02}", asked_first=n) for n in range(1, 7)]
ICE = category("BD02", season="11-03")


def codes(kinds: list, month: int = 6, tally: Tally | None = None) -> list[str]:  # type: ignore[type-arg]
    return [it.code for it in first(kinds, month, tally)]


def test_without_history_the_season_goes_first_then_the_usual_ones_in_their_order() -> None:
    rain = category("RD10", season="05-09", asked_first=9)
    kinds = [*reversed(USUAL[:3]), category("AA05"), ICE, rain]
    assert codes(kinds, 12) == ["BD02", "RD01", "RD02", "RD03", "RD10"]
    assert codes(kinds, 6) == ["RD10", "RD01", "RD02", "RD03"]


def test_no_more_are_offered_first_than_fit_and_none_for_no_reason() -> None:
    many = [category(f"AB{n:02}", asked_first=n) for n in range(1, 10)]
    assert codes(many) == [f"AB{n:02}" for n in range(1, 7)]
    assert codes([category("AA05")]) == []


def test_a_few_cases_turn_nothing_round_and_a_habit_does() -> None:
    kinds = [*USUAL, category("EN01")]
    usual = [it.code for it in USUAL]
    assert codes(kinds, 6, Tally(here={"EN01": 2}, county={"EN01": 2})) == usual
    assert codes(kinds, 6, Tally(here={"EN01": 60}, county={"EN01": 60}))[0] == "EN01"


def test_what_is_found_here_says_more_than_what_is_found_in_the_county() -> None:
    tally = Tally(here={"EN01": 45}, county={"EN02": 300})
    kinds = [*USUAL, category("EN01"), category("EN02")]
    assert codes(kinds, 6, tally)[:2] == ["RD01", "EN01"]
    assert worth(kinds[-2], 6, tally) > worth(kinds[-1], 6, tally) > 0


def test_the_season_stays_ahead_of_a_mixed_habit() -> None:
    tally = Tally(here={"RD01": 30, "RD02": 30, "RD03": 40})
    assert codes([*USUAL, ICE], 1, tally)[0] == "BD02"


def test_equal_reasons_follow_the_codes_and_one_kind_stands_once() -> None:
    same = [category("ZZ02", season="01-03"), ICE, category("AA09", season="01-12"), ICE]
    assert codes(same, 2) == ["AA09", "BD02", "ZZ02"]


@pytest.mark.parametrize(
    ("month", "around"), [(1, (12, 1, 2)), (6, (5, 6, 7)), (12, (11, 12, 1)), (2, (1, 2, 3))]
)
def test_months_go_round_the_turn_of_the_year(month: int, around: tuple[int, ...]) -> None:
    assert months_around(month) == around


# what may be learned, and told


HOLE = category(
    "RD02",
    names={"zh_CN": "路面坑洼", "en": "Pothole"},
    synonyms={"zh_CN": "坑|破路", "en": "hole"},
    safety_tips={"zh_CN": "停稳", "en": "Stop"},
)


def test_only_letters_of_the_reference_data_are_counted_each_once() -> None:
    known = learning.vocabulary([HOLE])
    assert known == set("路面坑洼破停稳")
    said = "王婧 13900000001 hole：3号楼门口有个坑，坑，路不平 zhang@x"
    assert learning.countable(said, known) == {"坑", "路"}


def test_nothing_is_told_of_a_few_reports_or_of_a_rare_letter() -> None:
    assert learning.told({"": 4, "坑": 4}) == {}
    assert learning.told({"": 20, "坑": 19, "路": 2, "停": 1}) == {"坑": 95, "路": 10}
    assert learning.told({"坑": 9}) == {}
