"""Stretches of months: what they are called, what comes before them, what a form offers."""

from __future__ import annotations

import pytest

from grid_report.clock import Month
from grid_report.errors import Invalid
from grid_report.statistics.comparison.periods import (
    OWN,
    Period,
    choices,
    earlier,
    earliest,
    is_counted,
    parse_period,
    read_month,
    read_period,
    shifted,
)

THIS = Month(2026, 11)


def period(code: str) -> Period:
    if "/" in code:
        first, last = (Month.parse(it) for it in code.split("/"))
        return Period(first, last, OWN)
    found = parse_period(code)
    assert found is not None
    return found


def said(some: Period) -> str:
    return f"{some.first}/{some.last}" if some.code == OWN else some.code


@pytest.mark.parametrize(
    ("code", "kind", "quarter", "length"),
    [
        ("2026-03", "month", 1, 1), ("2026-04", "month", 2, 1), ("2026-Q4", "quarter", 4, 3),
        ("2026", "year", 1, 12), ("2026-09/2026-10", "own", 3, 2),
    ],
)  # fmt: skip
def test_a_period_knows_what_it_is(code: str, kind: str, quarter: int, length: int) -> None:
    found = period(code)
    assert (found.kind, found.quarter, len(found.months)) == (kind, quarter, length)


@pytest.mark.parametrize(
    ("code", "months", "expected"),
    [
        ("2026-03", -3, "2025-12"), ("2026-Q1", -3, "2025-Q4"), ("2026-Q1", 9, "2026-Q4"),
        ("2026", -12, "2025"), ("2026-02/2026-03", -2, "2025-12/2026-01"),
        # A quarter moved by a month is none any more, and a year moved by six is none.
        ("2026-Q1", 1, "2026-02/2026-04"), ("2026", 6, "2026-07/2027-06"),
    ],
)  # fmt: skip
def test_a_period_moved_keeps_a_name_where_it_has_one(
    code: str, months: int, expected: str
) -> None:
    assert said(shifted(period(code), months)) == expected


@pytest.mark.parametrize(
    ("code", "before", "year_before"),
    [
        ("2026-03", "2026-02", "2025-03"), ("2026-Q2", "2026-Q1", "2025-Q2"),
        ("2026-02/2026-04", "2025-11/2026-01", "2025-02/2025-04"),
        # A year ago is what was before it: said once.
        ("2026", "2025", None),
    ],
)  # fmt: skip
def test_a_period_is_held_against_as_long_a_time_before_and_a_year_before(
    code: str, before: str, year_before: str | None
) -> None:
    found = {name: said(it) for name, it in earlier(period(code)).items()}
    expected = {"before": before} | ({"year_before": year_before} if year_before else {})
    assert found == expected


def test_a_form_offers_the_newest_first() -> None:
    found = {kind: [it.code for it in some] for kind, some in choices(THIS).items()}
    assert found["month"][0] == "2026-11"
    assert (len(found["month"]), found["month"][-1]) == (30, "2024-06")
    assert found["quarter"] == [
        "2026-Q4", "2026-Q3", "2026-Q2", "2026-Q1", "2025-Q4", "2025-Q3", "2025-Q2", "2025-Q1",
    ]  # fmt: skip
    assert found["year"] == ["2026", "2025", "2024", "2023", "2022"]
    assert choices(Month(2026, 9))["quarter"][0].code == "2026-Q3"
    assert choices(Month(2026, 10))["quarter"][0].code == "2026-Q4"


def test_a_form_offers_nothing_before_the_first_case_but_what_was_chosen() -> None:
    old, own = period("2024-05"), period("2026-01/2026-02")
    found = choices(THIS, old, period("2026-10"), own, old, first=Month(2026, 9))
    assert [it.code for it in found["month"]] == ["2026-11", "2026-10", "2026-09", "2024-05"]
    assert [it.code for it in found["quarter"]] == ["2026-Q4", "2026-Q3"]
    assert [it.code for it in found["year"]] == ["2026"]


@pytest.mark.parametrize(
    ("first", "last", "counted"),
    [
        ("2026-11", "2026-11", True), ("2026-12", "2026-12", False), ("2026-11", "2027-03", True),
        ("2021-11", "2021-11", True), ("2021-10", "2021-10", False), ("2021-01", "2021-11", True),
    ],
)  # fmt: skip
def test_figures_are_of_five_years_up_to_this_month(first: str, last: str, counted: bool) -> None:
    assert is_counted(Month.parse(first), Month.parse(last), THIS) is counted
    assert str(earliest(THIS)) == "2021-11"


def test_a_period_of_ones_own_is_read_from_two_fields() -> None:
    problems, default = Invalid(), period("2026-10")

    def read(**values: str) -> str:
        found = read_period(values, "a", default=default, this=THIS, problems=problems)
        return said(found)

    assert read() == "2026-10"
    assert read(a=" ") == "2026-10"
    assert read(a=" 2026-Q3 ") == "2026-Q3"
    assert read(a="own", a_from="2026-08", a_to="2026-08") == "2026-08/2026-08"
    assert read(a="own", a_from=" 2026-01", a_to="2026-11 ") == "2026-01/2026-11"
    assert not problems.problems
    assert read(a="own", a_from="2026-08") == "2026-10"
    assert list(problems.problems) == ["a_to"]


def test_a_month_nobody_counts_says_which_ones_are() -> None:
    problems = Invalid()
    assert read_month({"m": "2026-11"}, "m", this=THIS, problems=problems) == THIS
    assert not problems.problems
    assert read_month({"m": "2021-10"}, "m", this=THIS, problems=problems) is None
    (problem,) = problems.problems["m"]
    assert problem.code == "month-not-counted"
    assert {"2021-11", "2026-11"} <= {str(it) for it in problem.facts.values()}
