"""What the page of a month is put together of: its bars, its days, the months to choose from."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from flask import Flask

from grid_report.clock import Month
from grid_report.statistics.counts.queries import Times
from grid_report.statistics.measures import Measure
from grid_report.statistics.month import page_views


def marks(lengths: dict[int, int]) -> dict[str, list[str]]:
    times = Times(Measure.RESPONDED, sum(lengths.values()), 0, lengths)
    return {key: said for _, _, key, said in page_views._bars("response", times)["bars"] if said}


def test_median_and_p90_are_marked_at_the_bar_that_holds_them() -> None:
    # At its upper edge a length is still in the bar.
    assert marks({15: 10}) == {"15": ["median", "p90"]}
    assert marks({15: 8, 30: 12}) == {"30": ["median", "p90"]}
    assert marks({16: 8, 100: 12}) == {"120": ["median", "p90"]}
    assert marks({1: 19, 30_000: 21}) == {"longer": ["median", "p90"]}
    assert marks({15: 9}) == {}


def test_a_week_begins_on_monday_and_a_day_at_midnight() -> None:
    assert page_views.DAYS == ("1", "2", "3", "4", "5", "6", "7")
    assert (page_views.HOURS[0], page_views.HOURS[9], page_views.HOURS[-1]) == ("00", "09", "23")
    assert len(page_views.HOURS) == 24


def test_the_cases_behind_a_figure_are_those_of_its_area_and_version(app: Flask) -> None:
    report: Any = SimpleNamespace(
        month=Month(2026, 3), area=SimpleNamespace(code="211282001"), versions=[2],
        frozen=SimpleNamespace(version=2),
    )  # fmt: skip
    with app.test_request_context():
        address = page_views.behind(report, measure="handled")
        assert address == "/statistics/2026-03/cases?area=211282001&version=2&measure=handled"
        report.trend = [(Month(2026, 2), "of February"), (Month(2026, 3), "of March")]
        before, own = page_views._trend(report)
        # Another month is shown as it stands by itself, this one by its version.
        assert before["behind"] == "/statistics/2026-02/cases?area=211282001"
        assert own["behind"] == "/statistics/2026-03/cases?area=211282001&version=2"
        assert (own["month"], own["figures"]) == (report.month, "of March")
        report.frozen = None
        # As it is now, beside versions there are; and where there is none nothing has to be said.
        assert "version=0" in page_views.behind(report)
        report.versions = []
        assert "version" not in page_views.behind(report)


def test_only_months_since_the_first_case_can_be_chosen_and_the_one_shown() -> None:
    this, first = Month(2026, 3), Month(2026, 1)
    found = page_views.choices_of(this, this, 12, first)
    assert [str(it) for it in found] == ["2026-03", "2026-02", "2026-01"]
    old = Month(2024, 5)
    assert page_views.choices_of(this, old, 2, first) == [this, Month(2026, 2), old]
    assert page_views.choices_of(this, this, 12, None) == [this]
