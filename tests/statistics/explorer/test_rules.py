"""Which kept counts answer a question, and what is kept of the question itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from grid_report.clock import Month
from grid_report.reports.lifecycle import State
from grid_report.statistics.counts.areas import Area, AreaKind
from grid_report.statistics.explorer import rules
from grid_report.statistics.explorer.lateness import late_clocks
from grid_report.statistics.explorer.rules import COLUMNS, Asked, Rows, code_of
from grid_report.statistics.measures import CASE_COUNTS, Facet, Measure, RateName

ASKED = Asked(
    first=Month(2026, 4), last=Month(2026, 9), area=Area("211282", AreaKind.COUNTY, ""), kind="",
    kinds=frozenset(), unit="", rows=Rows.MONTH, columns=["m_received"],
)  # fmt: skip


@pytest.mark.parametrize(
    ("more", "facet"),
    [
        ({}, Facet.ALL), ({"rows": Rows.STREET}, Facet.ALL), ({"kind": "RD"}, Facet.CATEGORY),
        ({"rows": Rows.GROUP}, Facet.CATEGORY), ({"rows": Rows.CATEGORY}, Facet.CATEGORY),
        ({"unit": "u1"}, Facet.UNIT), ({"rows": Rows.UNIT}, Facet.UNIT),
        ({"kind": "RD", "rows": Rows.CATEGORY}, Facet.CATEGORY),
        # Nothing is kept by both.
        ({"kind": "RD", "unit": "u1"}, None), ({"kind": "RD", "rows": Rows.UNIT}, None),
        ({"unit": "u1", "rows": Rows.GROUP}, None),
    ],
)  # fmt: skip
def test_a_question_by_kind_or_by_unit_has_its_counts_and_one_by_both_has_none(
    more: dict[str, Any], facet: Facet | None
) -> None:
    assert replace(ASKED, **more).facet is facet


def test_a_rate_needs_what_it_is_made_of() -> None:
    assert ASKED.needs == {Measure.RECEIVED}
    asked = replace(ASKED, columns=["r_closing", "m_handled", "r_closing_in_time"])
    assert asked.needs == {
        Measure.CLOSED, Measure.SHOULD_CLOSE, Measure.HANDLED, Measure.CLOSED_IN_TIME,
    }  # fmt: skip
    assert set(COLUMNS) == {*(f"m_{it}" for it in CASE_COUNTS), *(f"r_{it}" for it in RateName)}


@pytest.mark.parametrize(
    ("more", "facet", "key", "wanted"),
    [
        ({}, Facet.CATEGORY, "RD02", True),
        ({"kind": "RD", "kinds": frozenset({"RD02"})}, Facet.CATEGORY, "RD02", True),
        ({"kind": "RD", "kinds": frozenset({"RD02"})}, Facet.CATEGORY, "HY01", False),
        ({"kind": "RD", "kinds": frozenset({"RD02"})}, Facet.UNIT, "u1", True),
        ({"unit": "u1"}, Facet.UNIT, "u1", True), ({"unit": "u1"}, Facet.UNIT, "u2", False),
        ({"unit": "u1"}, Facet.ALL, "", True), ({}, Facet.UNIT, "u2", True),
    ],
)  # fmt: skip
def test_only_what_was_asked_for_is_meant(
    more: dict[str, Any], facet: Facet, key: str, wanted: bool
) -> None:
    assert replace(ASKED, **more).wants(facet, key) is wanted


def test_a_question_is_kept_under_the_names_of_its_form_and_one_code() -> None:
    asked = replace(ASKED, kind="RD", unit="u1", rows=Rows.UNIT, columns=["m_received", "r_filing"])
    assert asked.document == {
        "from": "2026-04", "to": "2026-09", "area": "211282", "kind": "RD", "unit": "u1",
        "rows": "unit", "columns": ["m_received", "r_filing"],
    }  # fmt: skip
    code = code_of(1, "逐月", asked.document)
    assert len(code) == 10
    assert code == code.lower()
    assert code == code_of(1, "逐月", dict(reversed(list(asked.document.items()))))
    others = {code_of(2, "逐月", asked.document), code_of(1, "另一个", asked.document),
              code_of(1, "逐月", ASKED.document)}  # fmt: skip
    assert len(others | {code}) == 4


def test_what_may_be_asked_has_bounds() -> None:
    assert (rules.MOST_COLUMNS, rules.MOST_MONTHS, rules.MOST_MONTHS_BY_CASE) == (8, 60, 24)


NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def clocked(state: State, **more: Any) -> Any:
    far = NOW + timedelta(days=9)
    known: dict[str, Any] = {
        "state": state, "accepted_in_time": None, "accept_due": far, "controlled_at": None,
        "control_due": None, "handled_at": None, "fix_due": far, "closed_at": None,
        "close_due": far,
    }  # fmt: skip
    return SimpleNamespace(**{**known, **more})


@pytest.mark.parametrize(
    ("state", "clock", "met"),
    [
        (State.SUBMITTED, "accept_due", None), (State.IN_PROGRESS, "control_due", "controlled_at"),
        (State.IN_PROGRESS, "fix_due", "handled_at"), (State.HANDLED, "close_due", "closed_at"),
    ],
)  # fmt: skip
def test_a_clock_is_late_after_its_deadline_and_not_at_it(
    state: State, clock: str, met: str | None
) -> None:
    name = clock.removesuffix("_due")
    assert late_clocks(clocked(state, **{clock: NOW}), NOW) == []
    assert late_clocks(clocked(state, **{clock: NOW - SECOND}), NOW) == [name]
    if met is not None:
        assert late_clocks(clocked(state, **{clock: NOW, met: NOW}), NOW + 9 * SECOND) == []
        late = clocked(state, **{clock: NOW, met: NOW + SECOND})
        assert late_clocks(late, NOW + 9 * SECOND) == [name]


def test_making_safe_is_nobodys_lateness_before_the_case_is_accepted() -> None:
    assert late_clocks(clocked(State.SUBMITTED, control_due=NOW - SECOND), NOW) == []
