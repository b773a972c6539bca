"""The month in words: every number stands in the report, nothing is made up of too little."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from grid_report.clock import Month
from grid_report.places.queries import reference
from grid_report.rates import LEAST_BASE
from grid_report.statistics.counts.areas import Area, AreaKind, communities, find_area
from grid_report.statistics.counts.queries import EMPTY, Figures, Key
from grid_report.statistics.measures import Facet, Measure
from grid_report.statistics.month import summary_queries, summary_views
from grid_report.statistics.month.queries import MonthReport, read_report
from grid_report.statistics.month.summary_queries import Told
from tests.conventions.test_words import macros
from tests.statistics.histories import World
from tests.support.builders import Make

MONTH = Month(2026, 9)
AT = datetime(2026, 10, 3, tzinfo=UTC)
COUNTY = Area("211282", AreaKind.COUNTY, "")
KINDS = ("RD01", "RD02", "RD03")
PLACES = ("211282001001", "211282001003", "211282001005")


def whole(**counts: int) -> Figures:
    return Figures({(Facet.ALL, "", name): n for name, n in counts.items()})


def report(
    figures: Figures = EMPTY,
    *,
    before: Figures = EMPTY,
    year_before: Figures = EMPTY,
    places: Mapping[str, Figures] | None = None,
    is_running: bool = False,
) -> MonthReport:
    trend = [(MONTH.plus(n - 12), EMPTY) for n in range(13)]
    trend[0], trend[-2], trend[-1] = (
        (MONTH.plus(-12), year_before), (MONTH.plus(-1), before), (MONTH, figures)
    )  # fmt: skip
    below = [(Area(c, AreaKind.COMMUNITY, c), it) for c, it in (places or {}).items()]
    return MonthReport(
        month=MONTH, area=COUNTY, at=AT, is_running=is_running, figures=figures, trend=trend,
        parts=[], places=below, frozen=None, versions=[],
    )  # fmt: skip


def codes(told: MonthReport) -> list[str]:
    return [it.code for it in summary_queries.tell(told)]


def test_a_month_without_a_case_says_so_and_nothing_else() -> None:
    assert codes(report()) == ["nothing"]
    assert codes(report(before=whole(received=40))) == ["nothing"]


def test_one_case_is_told_as_a_fraction_without_a_percentage() -> None:
    one = report(whole(received=1, accepted=1, should_handle=1, handled=1, handled_in_time=1))
    assert codes(one) == ["received", "closings", "overdue-none", "in-time-few"]
    assert not any("percent" in it.facts for it in summary_queries.tell(one))


def test_what_rose_and_fell_is_told_with_both_its_numbers() -> None:
    now = whole(received=52, closings=30, should_handle=50, handled_in_time=45, answers=20, solved=11)  # fmt: skip
    then = whole(received=40, closings=30, should_handle=50, handled_in_time=40, answers=20, solved=15)  # fmt: skip
    told = {
        it.code: it.facts for it in summary_queries.tell(report(now, before=then, year_before=then))
    }
    assert told["received-more"] == {"n": 52, "before": 40}
    assert told["received-year"] == {"n": 40}
    assert told["closings-same"] == {"n": 30, "before": 30}
    rose, fell = told["rate-rose"], told["rate-fell"]
    assert (rose["rate"], rose["before_percent"], rose["percent"]) == ("handling_in_time", "80.0", "90.0")  # fmt: skip
    assert (fell["rate"], fell["before_part"], fell["part"]) == ("solved", 15, 11)
    # What was told already is not told again.
    assert "in-time" not in told


def test_no_rate_moves_on_a_base_below_ten() -> None:
    now = whole(received=9, should_handle=9, handled_in_time=9)
    then = whole(received=90, should_handle=90, handled_in_time=10)
    for first, second in ((now, then), (then, now)):
        assert not {"rate-rose", "rate-fell"} & set(codes(report(first, before=second)))


def test_a_month_that_still_runs_is_compared_with_nothing() -> None:
    now = whole(received=52, should_handle=50, handled_in_time=10)
    then = whole(received=400, should_handle=50, handled_in_time=40)
    told = codes(report(now, before=then, year_before=then, is_running=True))
    assert told == ["so-far", "received", "closings", "overdue-none", "in-time"]


def test_kinds_and_places_stand_out_alone_and_from_ten_on() -> None:
    kinds: dict[Key, int] = {
        (Facet.CATEGORY, "RD01", "received"): 30, (Facet.CATEGORY, "RD02", "received"): 9,
        (Facet.CATEGORY, "RD01", "should_handle"): 20, (Facet.CATEGORY, "RD01", "handled_in_time"): 10,
        # Worse still, but of nine only.
        (Facet.CATEGORY, "RD02", "should_handle"): 9, (Facet.CATEGORY, "RD02", "handled_in_time"): 0,
    }  # fmt: skip
    figures = Figures({**whole(received=39, should_handle=60, handled_in_time=48).counts, **kinds})
    places = {
        "a": whole(received=20, should_handle=20, handled_in_time=10),
        "b": whole(received=19, should_handle=20, handled_in_time=20),
        "c": whole(should_handle=9),
    }
    told = {it.code: it.facts for it in summary_queries.tell(report(figures, places=places))}
    assert told["kind-most"] == {"kind": "RD01", "n": 30, "all": 39}
    assert (told["kind-behind"]["kind"], told["kind-behind"]["percent"]) == ("RD01", "50.0")
    assert told["place-most"] == {"place": "a", "n": 20, "all": 39}
    assert told["place-behind"]["place"] == "a"
    assert told["place-ahead"]["place"] == "b"
    # Two that share the most: neither stands out.
    places["b"] = whole(received=20, should_handle=20, handled_in_time=10)
    again = {it.code for it in summary_queries.tell(report(figures, places=places))}
    assert not {"place-most", "place-behind"} & again


def received_of(**kinds: int) -> Figures:
    counts: dict[Key, int] = {(Facet.CATEGORY, kind, "received"): n for kind, n in kinds.items()}
    return Figures({**whole(received=sum(kinds.values())).counts, **counts})


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        # The furthest up and the furthest down, by how many; not by how many percent.
        (
            {"RD01": 40, "RD02": 10, "RD03": 50, "BD01": 20},
            {"RD01": 60, "RD02": 20, "RD03": 20, "BD01": 10},
            {"kind-rose": ("RD01", 60, 40), "kind-fell": ("RD03", 20, 50)},
        ),
        # What was reported less than ten times before says nothing, however much it is now.
        ({"RD01": 9, "RD02": 9}, {"RD01": 90, "RD02": 0}, {}),
        ({"RD01": 12}, {"RD02": 80}, {"kind-fell": ("RD01", 0, 12)}),
        # Less than a tenth is no news, and of two that moved as far none moved most.
        ({"RD01": 100, "RD02": 100}, {"RD01": 109, "RD02": 91}, {}),
        ({"RD01": 20, "RD02": 20}, {"RD01": 30, "RD02": 30}, {}),
        ({}, {"RD01": 30}, {}),
    ],
)
def test_the_kinds_that_rose_and_fell_most_are_named_with_both_their_numbers(
    before: dict[str, int], now: dict[str, int], told: dict[str, tuple[str, int, int]]
) -> None:
    month = report(received_of(**now), before=received_of(**before))
    found = {
        it.code: it.facts
        for it in summary_queries.tell(month)
        if it.code in ("kind-rose", "kind-fell")
    }
    assert {k: (it["kind"], it["n"], it["before"]) for k, it in found.items()} == told
    running = report(received_of(**now), before=received_of(**before), is_running=True)
    assert not {"kind-rose", "kind-fell"} & set(codes(running))


def test_what_is_overdue_names_the_one_place_with_most_of_it() -> None:
    figures = whole(received=40, should_handle=40, overdue_open=7)
    places = {
        "a": whole(should_handle=20, overdue_open=5),
        "b": whole(should_handle=20, overdue_open=2),
    }
    told = {it.code: it.facts for it in summary_queries.tell(report(figures, places=places))}
    assert told["overdue"] == {"n": 7, "due": 40}
    assert told["overdue-most"] == {"place": "a", "n": 5, "due": 20}


# Random months, and every number of their sentences looked for in them.

SOME = st.sampled_from([0, 0, 1, 2, 9, 10, 11, 40, 377])


@st.composite
def figures_of(draw: st.DrawFn) -> Figures:
    counts: dict[tuple[str, str, str], int] = {}

    def fill(facet: Facet, key: str) -> None:
        for base, parts in (
            ("received", ("accepted", "accepted_in_time", "merged")),
            ("should_handle", ("handled", "handled_in_time", "overdue_open", "extended")),
            ("should_close", ("closed", "closed_in_time", "reworked")),
            ("answers", ("solved", "satisfied")),
        ):
            n = draw(SOME)
            counts[facet, key, base] = n
            for part in parts:
                counts[facet, key, part] = draw(st.integers(0, n))
        for name in ("closings", "suspended", "reopened"):
            counts[facet, key, name] = draw(SOME)

    fill(Facet.ALL, "")
    for kind in KINDS:
        fill(Facet.CATEGORY, kind)
    counts[Facet.POINTS, "", Measure.AWARDED] = draw(SOME)
    counts[Facet.SERVICES, "", Measure.DELIVERED_POINTS] = draw(SOME)
    return Figures(counts)


@st.composite
def reports(draw: st.DrawFn) -> MonthReport:
    return report(
        draw(figures_of()),
        before=draw(st.one_of(st.just(EMPTY), figures_of())),
        year_before=draw(st.one_of(st.just(EMPTY), figures_of())),
        places={code: draw(figures_of()) for code in PLACES},
        is_running=draw(st.booleans()),
    )


def numbers_in(told: MonthReport) -> set[str]:
    """Return every number of a report as it may be printed: counts, and percentages of rates."""
    every = [told.figures, *(it for _, it in told.trend), *(it for _, it in told.places)]
    found = {str(n) for it in every for n in it.counts.values()} | {"0"}
    for figures in every:
        for facet, key in {(it[0], it[1]) for it in figures.counts}:
            for rate in figures.rates(Facet(facet), key).values():
                if rate.text:
                    found.add(rate.text)
    return found


def each_language(app: Flask, told: MonthReport) -> Iterator[list[str]]:
    for language in ("zh_CN", "en"):
        with app.test_request_context(headers={"Cookie": f"language={language}"}):
            yield summary_views.sentences(told, language)


def check(app: Flask, told: MonthReport) -> None:
    known = numbers_in(told)
    lengths = []
    for sentences in each_language(app, told):
        lengths.append(len(sentences))
        for sentence in sentences:
            numbers = re.findall(r"\d+(?:\.\d+)?", sentence)
            assert set(numbers) <= known, sentence
            assert sentence.strip()
            assert "%(" not in sentence
    # Both languages say the same, and as much.
    assert lengths[0] == lengths[1] == len(summary_queries.tell(told))


@hypothesis_settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told=reports())
def test_every_number_of_the_text_stands_in_the_report(app: Flask, told: MonthReport) -> None:
    check(app, told)
    for it in summary_queries.tell(told):
        if "percent" in it.facts:
            assert it.facts["base"] >= LEAST_BASE


@pytest.mark.parametrize("n", [0, 1, 2, 9, 10])
def test_small_months_are_told_too(app: Flask, n: int) -> None:
    counts = dict.fromkeys(
        ("received", "accepted", "should_handle", "handled", "handled_in_time", "closings"), n
    )
    told = report(whole(**counts), before=whole(**counts))
    check(app, told)
    for sentences in each_language(app, told):
        assert ("%" in " ".join(sentences)) == (n >= LEAST_BASE)


def test_every_code_has_its_words_and_every_word_its_code() -> None:
    found: dict[str, set[str]] = {}
    chance = random.Random(5)

    def some(high: int) -> Figures:
        counts: dict[tuple[str, str, str], int] = {}
        for facet, keys in ((Facet.ALL, [""]), (Facet.CATEGORY, list(KINDS))):
            for key in keys:
                for name in Measure:
                    counts[facet, key, name] = chance.randint(0, high)
        counts[Facet.POINTS, "", Measure.AWARDED] = chance.randint(0, high)
        return Figures(counts)

    def note(told: list[Told]) -> None:
        for it in told:
            found.setdefault(it.code.replace("-", "_"), set()).update(it.facts)

    for _ in range(400):
        high = chance.choice([0, 1, 3, 30])
        note(list(summary_queries.tell(report(
            some(high), before=chance.choice([EMPTY, some(high)]),
            year_before=chance.choice([EMPTY, some(high)]),
            places={code: some(high) for code in PLACES}, is_running=chance.random() < 0.2,
        ))))  # fmt: skip
    words = macros("summary")
    assert set(found) == set(words)
    assert {code: facts for code, facts in found.items() if facts != words[code][0]} == {}


@pytest.mark.database
def test_the_month_page_tells_a_real_month_in_its_own_numbers(make: Make, app: Flask) -> None:
    world = World(make, 11, datetime(2026, 4, 20, 3, tzinfo=UTC))
    world.play(60)
    county = make.settings.county
    area = find_area("", reference(), county)
    assert area is not None
    assert communities(reference())
    told = read_report(
        Month(2026, 5), area, version=None, places=reference(), county=county,
        now=world.now + timedelta(days=1),
    )  # fmt: skip
    assert told is not None
    check(app, told)
    page = make.signed_in(make.administrator()).get("/statistics/2026-05").text
    assert "本月小结" in page
