"""What one case adds to the figures, fact by fact: to the second, to the day and to the month."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from grid_report.reports.lifecycle import State
from grid_report.statistics.counts.cells import (
    OWN_HANDLING,
    UNROUTED,
    CaseFacts,
    Cell,
    RoundFacts,
    areas_of,
    case_cells,
    difference,
    round_cells,
)
from grid_report.statistics.measures import Facet, Measure
from tests.statistics.counts.test_measures import START, ZONE, case

FULL: dict[str, Any] = {
    "state": State.CLOSED, "accepted_at": START + timedelta(hours=1),
    "first_accepted_at": START + timedelta(minutes=30), "accepted_in_time": True,
    "started_at": START + timedelta(hours=2), "handled_at": START + timedelta(hours=5),
    "closed_at": START + timedelta(hours=9), "self_handled": True,
}  # fmt: skip


def measures_of(one: CaseFacts) -> dict[str, int]:
    """Count one case as a whole, in all months."""
    found: Counter[str] = Counter()
    for cell, n in case_cells(one, ZONE).items():
        if not cell.facet and not cell.also:
            found[cell.measure] += n
    return dict(found)


@pytest.mark.parametrize(
    ("more", "counts", "lacks"),
    [
        ({"severity": 4}, {"urgent": 1}, ()),
        ({"severity": 3}, {}, ("urgent",)),
        ({}, {"accepted": 1, "accepted_in_time": 1, "dispatched": 1, "responded": 1,
              "response_s": 1800, "handling_s": 10_800, "finished": 1, "closings": 1}, ("extended", "reworked")),
        ({"accepted_in_time": False}, {"accepted": 1}, ("accepted_in_time",)),
        # From the dispatch where there was one.
        ({"dispatched_at": START + timedelta(hours=3)}, {"handling_s": 7200}, ()),
        ({"started_at": None}, {"dispatched": 1}, ("finished", "handling_s")),
        ({"reworks": 2, "reworks_before": 1, "extensions": 1}, {"reworked": 1, "extended": 1}, ()),
        ({"reworks": 1, "reworks_before": 1, "extensions": 3, "extensions_before": 3}, {}, ("reworked", "extended")),
        # In time to the very second, and not after it.
        ({"handled_at": START + timedelta(hours=72)}, {"handled_in_time": 1}, ()),
        ({"handled_at": START + timedelta(hours=72, seconds=1)}, {"handled": 1}, ("handled_in_time",)),
        ({"closed_at": START + timedelta(hours=120)}, {"closed_in_time": 1}, ()),
        ({"closed_at": START + timedelta(hours=120, seconds=1)}, {"closed": 1}, ("closed_in_time",)),
    ],
)  # fmt: skip
def test_a_case_counts_for_what_happened_to_it(
    more: dict[str, Any], counts: dict[str, int], lacks: tuple[str, ...]
) -> None:
    found = measures_of(case(**{**FULL, **more}))
    assert {name: found.get(name) for name in counts} == counts
    assert not found.keys() & set(lacks)


@pytest.mark.parametrize(
    "more",
    [
        {"dispatched_at": START}, {"started_at": START}, {"handled_at": START}, {"reopenings": 1},
    ],
)  # fmt: skip
def test_whatever_began_after_the_acceptance_was_sent_out(more: dict[str, Any]) -> None:
    filed: dict[str, Any] = {"state": State.ACCEPTED, "accepted_at": START}
    assert "dispatched" not in measures_of(case(**filed))
    assert measures_of(case(**{**filed, **more}))["dispatched"] == 1


def test_a_clock_set_back_makes_no_length_negative() -> None:
    early = START - timedelta(hours=1)
    found = measures_of(case(**{**FULL, "first_accepted_at": early, "handled_at": START}))
    assert (found["response_s"], found["handling_s"]) == (0, 0)


def test_a_round_that_is_over_is_due_but_never_in_time() -> None:
    over = RoundFacts(
        community=None, street=None, category="RD02", unit="u1", self_handled=False,
        dispatched_at=START, started_at=START, handled_at=START + timedelta(hours=1),
        closed_at=START + timedelta(hours=2), fix_due=START + timedelta(hours=72),
        close_due=START + timedelta(hours=120), extended=True, reworked=True,
        ended_at=START + timedelta(days=40),
    )  # fmt: skip
    cells = round_cells(over, ZONE)
    whole = {(it.month, it.measure): n for it, n in cells.items() if not it.facet and not it.also}
    assert whole == {
        ("2025-06", name): n
        for name, n in {
            "should_handle": 1, "handled": 1, "extended": 1, "should_close": 1, "closed": 1,
            "reworked": 1, "finished": 1, "handling_s": 3600, "closings": 1,
        }.items()
    } | {("2025-07", "reopened"): 1}  # fmt: skip
    assert {it.key for it in cells if it.facet == Facet.UNIT} == {"u1"}
    assert cells[Cell("2025-06", Facet.HANDLING, "60", Measure.FINISHED)] == 1
    own = round_cells(replace(over, self_handled=True), ZONE)
    assert {it.key for it in own if it.facet == Facet.UNIT} == {OWN_HANDLING}


def test_lengths_over_two_hours_are_kept_to_the_minute_beside() -> None:
    def kept(hours: float) -> dict[tuple[str, str], int]:
        more = {**FULL, "first_accepted_at": START + timedelta(hours=hours)}
        return {
            (it.facet, it.key): n
            for it, n in case_cells(case(**more), ZONE).items()
            if it.facet in (Facet.RESPONSE, Facet.RESPONSE_MINUTES)
        }

    assert kept(2) == {(Facet.RESPONSE, "120"): 1}
    assert kept(2.02) == {(Facet.RESPONSE, "125"): 1, (Facet.RESPONSE_MINUTES, "00000122"): 1}


def test_what_waits_is_kept_by_the_day_of_its_deadline_in_the_county() -> None:
    # Twenty in the evening in Greenwich is the next day here, and the next month.
    due = datetime(2025, 6, 30, 20, tzinfo=UTC)
    waiting = case(state=State.DISPATCHED, fix_due=due, unit="u1")
    found = {it for it in case_cells(waiting, ZONE) if it.facet.startswith("due")}
    assert found == {
        Cell("2025-07", facet, key, name)
        for facet, key in ((Facet.DUE, ""), (Facet.DUE_CATEGORY, "RD02"), (Facet.DUE_UNIT, "u1"))
        for name in ("due", "due_01")
    }
    for gone in ({"state": State.HANDLED, "handled_at": START}, {"state": State.SUSPENDED}):
        cells = case_cells(case(**{"fix_due": due, **gone}), ZONE)
        assert not [it for it in cells if it.facet.startswith("due")]


def test_handled_before_the_month_of_its_deadline_is_in_both_and_once_together() -> None:
    due, done = datetime(2025, 7, 10, tzinfo=UTC), datetime(2025, 6, 20, tzinfo=UTC)
    cells = case_cells(case(**{**FULL, "fix_due": due, "handled_at": done}), ZONE)
    where = {(it.month, it.also) for it in cells if it.measure == Measure.HANDLED and not it.facet}
    assert where == {("2025-06", ""), ("2025-07", ""), ("2025-07", "2025-06")}
    late = case(**{**FULL, "fix_due": done, "handled_at": due})
    where = {
        (it.month, it.also)
        for it in case_cells(late, ZONE)
        if it.measure == Measure.HANDLED and not it.facet
    }
    assert where == {("2025-06", "")}


def test_a_difference_holds_what_changed_and_nothing_else() -> None:
    assert difference({"a": 1, "b": 2, "c": 3}, {"b": 2, "c": 5, "d": 1}) == {
        "a": -1,
        "c": 2,
        "d": 1,
    }


def test_a_case_without_a_community_counts_for_the_county_and_for_what_lies_nowhere() -> None:
    assert areas_of("c", "s", "x") == ("c", "s", "x")
    assert areas_of("c", None, "x") == areas_of("c", "s", None) == ("c", UNROUTED)
