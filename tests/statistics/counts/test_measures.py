"""The published figures come out of the definitions, and small bases say nothing."""

from __future__ import annotations

import statistics
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grid_report.rates import Rate
from grid_report.reports.lifecycle import State
from grid_report.statistics.counts import durations
from grid_report.statistics.counts.cells import (
    CaseFacts,
    Cells,
    case_cells,
)
from grid_report.statistics.counts.queries import SHOWN, Figures
from grid_report.statistics.measures import (
    COMPOSITE,
    HELP,
    POINTS,
    RATES,
    UNITS,
    Facet,
    Measure,
    RateName,
    Unit,
    composite,
)

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2025, 6, 2, tzinfo=UTC)


def case(**more: Any) -> CaseFacts:
    values: dict[str, Any] = {
        "state": State.SUBMITTED,
        "community": "211282001001",
        "street": "211282001",
        "category": "RD02",
        "severity": 2,
        "source": "page",
        "reporter_id": 1,
        "unit": None,
        "self_handled": False,
        "created_at": START,
        "accepted_at": None,
        "first_accepted_at": None,
        "accepted_in_time": None,
        "dispatched_at": None,
        "started_at": None,
        "handled_at": None,
        "closed_at": None,
        "rated_at": None,
        "fix_due": START + timedelta(hours=72),
        "close_due": START + timedelta(hours=120),
        "reworks": 0,
        "reworks_before": 0,
        "extensions": 0,
        "extensions_before": 0,
        "reopenings": 0,
        "solved": None,
        "satisfied": None,
    }
    return CaseFacts(**{**values, **more})


def counted(*groups: tuple[int, CaseFacts]) -> Figures:
    """Count so many of each case."""
    total: Cells = Cells()
    for number, one in groups:
        for cell, n in case_cells(one, ZONE).items():
            total[cell] += number * n
    return Figures(
        {(it.facet, it.key, it.measure): n for it, n in total.items() if it.month == "2025-06"}
    )


def test_the_published_filing_and_dispatch_rates() -> None:
    filed = {"state": State.ACCEPTED, "accepted_at": START + timedelta(hours=1)}
    sent = {**filed, "state": State.DISPATCHED, "dispatched_at": START + timedelta(hours=1)}
    figures = counted(
        (51_571 - 51_229, case(state=State.REJECTED)),
        (51_229 - 49_151, case(**filed)),
        (49_151, case(**sent, unit="wy-station")),
    )
    assert figures.rate(RateName.FILING) == Rate(51_229, 51_571)
    assert figures.rate(RateName.FILING).percent == 99.34
    assert figures.rate(RateName.DISPATCHING) == Rate(49_151, 51_229)
    assert figures.rate(RateName.DISPATCHING).percent == 95.94


def test_the_published_closing_and_rework_rates() -> None:
    done = {
        "state": State.CLOSED,
        "accepted_at": START,
        "started_at": START,
        "self_handled": True,
        "handled_at": START + timedelta(hours=5),
        "closed_at": START + timedelta(hours=9),
    }
    figures = counted(
        (43_523 - 276, case(**done)),
        (276, case(**done, reworks=1)),
        (52_434 - 43_523, case(state=State.ACCEPTED, accepted_at=START)),
    )
    assert figures.rate(RateName.CLOSING) == Rate(43_523, 52_434)
    assert figures.rate(RateName.CLOSING).percent == 83.01
    assert figures.rate(RateName.REWORK) == Rate(276, 52_434)
    assert figures.rate(RateName.REWORK).percent == 0.53


def test_closed_solved_and_satisfied_stay_three_numbers() -> None:
    done = {
        "state": State.CLOSED,
        "accepted_at": START,
        "started_at": START,
        "handled_at": START,
        "closed_at": START,
        "rated_at": START + timedelta(days=2),
    }
    figures = counted(
        (70, case(**done, solved=True, satisfied=True)),
        (10, case(**done, solved=True, satisfied=False)),
        (20, case(**done, solved=False, satisfied=False)),
    )
    closing, solved, satisfied = (
        figures.rate(name).percent
        for name in (RateName.CLOSING, RateName.SOLVED, RateName.SATISFIED)
    )
    assert (closing, solved, satisfied) == (100, 80, 70)


@given(st.integers(0, 9), st.integers(0, 9))
def test_no_percentage_below_a_base_of_ten(part: int, base: int) -> None:
    assert Rate(min(part, base), base).percent is None


def test_the_composite_weighs_what_less_is_better_the_other_way() -> None:
    rates = {name: Rate(8, 10) for name in RateName}
    # 30·0.8 + 20·0.8 + 20·0.2 + 20·0.2 + 10·0.2
    assert composite(rates, COMPOSITE) == 50.0
    assert composite({**rates, RateName.REWORK: Rate(1, 9)}, COMPOSITE) is None
    assert composite(rates, {RateName.HANDLING: 0}) is None
    assert composite(rates, {RateName.HANDLING: 1}) == 80.0
    assert composite({**rates, RateName.REWORK: Rate(1, 9)}, {RateName.HANDLING: 5}) == 80.0


@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=80), st.floats(0.01, 1))
def test_what_rules_1_called_quantiles_are_those_of_the_rounded_lengths(
    seconds: list[int], share: float
) -> None:
    rounded = sorted(map(durations.rounded_minutes, seconds))
    counts: dict[int, int] = {}
    for it in rounded:
        counts[it] = counts.get(it, 0) + 1
    found = durations.nearest_rank(counts, share)
    below = sum(1 for it in rounded if it <= (found or 0))
    assert found in rounded
    assert below >= share * len(rounded) - 1e-6 * len(rounded)
    assert sum(n for _, n in durations.bars(counts)) == len(rounded)


def of(values: list[int]) -> tuple[dict[int, int], dict[int, int]]:
    """Return lengths in minutes as they are kept: rounded, and those over two hours as they are."""
    rounded = Counter(durations.rounded_minutes(it * 60) for it in values)
    return rounded, Counter(it for it in values if it > 120)


@pytest.mark.parametrize(
    ("values", "median", "p90"),
    [
        # Eleven: the sixth; nine tenths of the way is the tenth.
        (list(range(1, 12)), 6, 10),
        # Ten: between the fifth and the sixth, a tenth of the way from the ninth to the tenth.
        ([1, 2, 3, 4, 5, 8, 9, 10, 20, 70], 6.5, 25),
        # Over two hours the values count, not the five minutes or the hour they are in.
        ([121, 122, 123, 124, 126, 127, 1441, 1442, 1443, 1501], 126.5, 1448.8),
        (list(range(1, 10)), None, None),
        ([], None, None),
    ],
)
def test_median_and_p90_are_those_of_the_textbook(
    values: list[int], median: float | None, p90: float | None
) -> None:
    counts, exact = of(values)
    assert durations.quantile(counts, exact, durations.MEDIAN) == median
    assert durations.quantile(counts, exact, durations.P90) == p90


@given(st.lists(st.integers(0, 60_000), min_size=10, max_size=80))
def test_median_and_p90_are_read_off_the_values_whatever_they_are(values: list[int]) -> None:
    counts, exact = of(values)
    steps = durations.steps_needed(counts)
    looked_up = {
        it: n
        for it, n in exact.items()
        if any(durations.below(step) < it <= step for step in steps)
    }
    found = durations.quantile(counts, looked_up, durations.MEDIAN)
    assert found == statistics.median(values)
    p90 = statistics.quantiles(values, n=10, method="inclusive")[8]
    assert durations.quantile(counts, looked_up, durations.P90) == pytest.approx(p90)
    assert len(steps) <= 4


@given(st.integers(0, 40 * 24 * 3600))
def test_rounding_never_shortens_and_keeps_its_resolution(seconds: int) -> None:
    minutes = durations.rounded_minutes(seconds)
    assert minutes * 60 >= seconds
    step = 1 if minutes <= 120 else 5 if minutes <= 1440 else 60 if minutes <= 43_200 else 1440
    assert (minutes - step) * 60 < max(seconds, 1)


def test_a_case_is_in_as_many_cells_as_it_has_facts() -> None:
    cells = case_cells(case(), ZONE)
    assert {it.measure for it in cells} == {
        Measure.RECEIVED,
        Measure.SHOULD_HANDLE,
        Measure.SHOULD_CLOSE,
        # It waits to be handled, with a deadline on the fifth.
        "due",
        "due_05",
    }
    assert all(n == 1 for n in cells.values())


@pytest.mark.parametrize("state", [State.SUSPENDED, State.NEEDS_INFO, State.REJECTED])
def test_nothing_is_due_while_nobody_can_be_late(state: State) -> None:
    measures = {it.measure for it in case_cells(case(state=state), ZONE)}
    assert not measures & {Measure.SHOULD_HANDLE, Measure.SHOULD_CLOSE}


@pytest.mark.parametrize(
    ("part", "base", "text"),
    [
        # 82.3529…: rounded to two places first, it would come out as 82.3.
        (14, 17, "82.4"), (0, 10, "0.0"), (10, 10, "100.0"), (5, 9, ""), (9, 80, "11.3"),
        (51_229, 51_571, "99.3"),
    ],
)  # fmt: skip
def test_a_percentage_is_rounded_once_from_its_fraction(part: int, base: int, text: str) -> None:
    assert Rate(part, base).text == text


def test_every_figure_is_explained_once_with_what_one_of_it_is() -> None:
    explained = [it for some in HELP.values() for it in some]
    assert sorted(explained) == sorted(Measure)
    units: dict[Unit, set[Measure]] = {}
    for measure, unit in UNITS.items():
        units.setdefault(unit, set()).add(measure)
    assert units[Unit.SECONDS] == {Measure.RESPONSE_S, Measure.HANDLING_S}
    assert units[Unit.TIMES] == {Measure.RECALLED, Measure.CONSENTS, Measure.CONSENTS_WITHDRAWN}
    assert units[Unit.PEOPLE] == {Measure.RIDERS, Measure.ERASURES}
    assert units[Unit.POINTS] == {*POINTS, Measure.DELIVERED_POINTS, Measure.REFUNDED_POINTS}
    assert units[Unit.SERVICES] | units[Unit.POINTS] >= set(HELP["services"])
    assert units[Unit.CASES] >= {*HELP["received"], *HELP["handling"]} - {Measure.RESPONSE_S}


def test_lengths_to_the_minute_are_looked_up_and_never_read_whole() -> None:
    # A month may hold a hundred thousand of them.
    assert not SHOWN & {Facet.RESPONSE_MINUTES, Facet.HANDLING_MINUTES}
    assert {Facet.RESPONSE, Facet.HANDLING} <= SHOWN
    hidden = {Facet.RIDER, Facet.DUE, Facet.DUE_CATEGORY, Facet.DUE_UNIT, Facet.MOVED}
    assert hidden | SHOWN | {Facet.RESPONSE_MINUTES, Facet.HANDLING_MINUTES} == set(Facet)
    assert not hidden & SHOWN


def test_more_is_better_but_of_what_went_wrong_or_came_twice() -> None:
    less = {RateName.REWORK, RateName.EXTENSION, RateName.OVERDUE}
    assert {name for name, rule in RATES.items() if rule.more_is_better is False} == less
    assert [name for name, rule in RATES.items() if rule.more_is_better is None] == [
        RateName.DUPLICATES
    ]
    assert set(RATES) == set(RateName)


@pytest.mark.parametrize(
    ("seconds", "minutes", "rounded"),
    [
        (-5, 0, 0), (0, 0, 0), (1, 1, 1), (60, 1, 1), (61, 2, 2),
        # To the minute up to two hours, to five up to a day, to the hour up to thirty days.
        (7200, 120, 120), (7201, 121, 125), (86_400, 1440, 1440), (86_401, 1441, 1500),
        (2_592_000, 43_200, 43_200), (2_592_001, 43_201, 44_640),
    ],
)  # fmt: skip
def test_a_length_is_rounded_up_the_more_coarsely_the_longer_it_is(
    seconds: int, minutes: int, rounded: int
) -> None:
    assert durations.whole_minutes(seconds) == minutes
    assert durations.rounded_minutes(seconds) == rounded
    assert durations.below(rounded) < max(minutes, 1) <= max(rounded, 1)


def test_a_bar_holds_the_lengths_up_to_its_edge() -> None:
    lengths = {15: 1, 16: 2, 60: 3, 61: 4, 10_080: 5, 10_081: 6, 99_999: 7}
    shown = {edge: n for edge, n in durations.bars(lengths) if n}
    assert shown == {15: 1, 30: 2, 60: 3, 120: 4, 10_080: 5, None: 13}
    assert [edge for edge, _ in durations.bars({})] == [
        15, 30, 60, 120, 240, 480, 1440, 2880, 4320, 10_080, None,
    ]  # fmt: skip


def test_quantiles_need_ten_and_of_nothing_rules_1_knew_none() -> None:
    assert durations.quantile({5: 10}, {}, durations.MEDIAN) == 5
    assert durations.quantile({5: 9}, {}, durations.MEDIAN) is None
    assert durations.steps_needed({500: 9}) == []
    assert durations.steps_needed({500: 10}) == [500]
    # Up to two hours the rounded length is the length.
    assert durations.steps_needed({120: 10}) == []
    assert durations.nearest_rank({}, 0.5) is None
    assert durations.nearest_rank({3: 1, 7: 1}, 0.5) == 3
    assert durations.nearest_rank({3: 1, 7: 1}, 0.51) == 7
    # Without its values the step stands for them.
    assert durations.quantile({125: 10}, {}, durations.MEDIAN) == 125
