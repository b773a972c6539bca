"""Two periods or areas in one scale: differences, scores, an order; the year; the bulletin."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Invalid
from grid_report.places.queries import reference
from grid_report.statistics.comparison import queries as comparison_queries
from grid_report.statistics.comparison import year_queries
from grid_report.statistics.comparison.periods import Period, choices, parse_period
from grid_report.statistics.comparison.periods import read_period as read_form
from grid_report.statistics.counts.areas import find_area
from grid_report.statistics.counts.queries import EMPTY, Figures, Key, read_period
from grid_report.statistics.measures import COMPOSITE, Facet, Measure, RateName
from grid_report.statistics.month import usecases as month_usecases
from tests.statistics.histories import World
from tests.support.builders import BRIGHT, PROPERTY, STATION, STREET, Make

COUNTY = "211282"
THIS = Month(2026, 11)
NEWEST = Period(Month(2026, 10), Month(2026, 10), "2026-10")


def whole(**counts: int) -> Figures:
    return Figures({(Facet.ALL, "", name): n for name, n in counts.items()})


@pytest.mark.parametrize(
    ("code", "first", "last"),
    [
        ("2026-03", "2026-03", "2026-03"),
        ("2026-Q1", "2026-01", "2026-03"),
        ("2025-Q4", "2025-10", "2025-12"),
        ("2026", "2026-01", "2026-12"),
    ],
)
def test_a_period_is_a_month_a_quarter_or_a_year(code: str, first: str, last: str) -> None:
    found = parse_period(code)
    assert found is not None
    assert (str(found.first), str(found.last)) == (first, last)


@pytest.mark.parametrize(
    "code",
    ["", "x", "2026-13", "2026-Q5", "2026-Q0", "26", "20261", "٢٠٢٦-Q1", "2026-03 x"],
)
def test_nothing_else_is_a_period(code: str) -> None:
    assert parse_period(code) is None


def test_what_a_form_offers_can_be_read_back() -> None:
    for some in choices(THIS).values():
        for one in some:
            assert parse_period(one.code) == one


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"a": "x"}, {"a": "period-unknown"}),
        ({"a": "1999"}, {"a": "period-unknown"}),
        ({"a": "2027"}, {"a": "period-unknown"}),
        ({"a": "own"}, {"a_from": "field-needed", "a_to": "field-needed"}),
        ({"a": "own", "a_from": "2026-9", "a_to": "2026-10"}, {"a_from": "month-unreadable"}),
        ({"a": "own", "a_from": "2026-09", "a_to": "2027-01"}, {"a_to": "month-not-counted"}),
        ({"a": "own", "a_from": "2026-09", "a_to": "2026-08"}, {"a_to": "months-backwards"}),
    ],
)
def test_a_wrong_period_names_its_field(values: dict[str, str], wrong: dict[str, str]) -> None:
    problems = Invalid()
    assert read_form(values, "a", default=NEWEST, this=THIS, problems=problems) == NEWEST
    assert {name: found[0].code for name, found in problems.problems.items()} == wrong


def test_a_score_is_hidden_where_any_base_is_below_ten() -> None:
    counts = {"should_handle": 10, "handled": 9, "handled_in_time": 8, "should_close": 10, "reworked": 1}  # fmt: skip
    value, n = comparison_queries.score(whole(**counts), COMPOSITE)
    # 30·0.9 + 20·0.8 + 20·0.9 + 20·1 + 10·1
    assert (value, n) == (91.0, 10)
    counts["should_close"] = 9
    assert comparison_queries.score(whole(**counts), COMPOSITE) == (None, 9)
    # What weighs nothing needs no base.
    only = {**COMPOSITE, RateName.REWORK: 0}
    assert comparison_queries.score(whole(**counts), only)[0] == 91.2
    assert comparison_queries.score(EMPTY, COMPOSITE) == (None, 0)


def side(n: int, in_time: int) -> Figures:
    return whole(should_handle=n, handled=n, handled_in_time=in_time, should_close=n)


def test_only_who_has_a_base_of_ten_is_ranked_and_equals_share_a_rank() -> None:
    found = comparison_queries.order_communities(
        {"a": side(10, 5), "b": side(9, 9), "c": side(20, 20), "d": side(20, 20), "e": EMPTY},
        {"a": side(10, 9)},
        COMPOSITE,
    )
    assert [(it.code, it.rank, it.n) for it in found] == [
        ("c", 1, 20), ("d", 1, 20), ("a", 3, 10), ("b", None, 9)
    ]  # fmt: skip
    assert found[3].score is None
    assert (found[2].n_before, found[2].score_before) == (10, 98.0)


def test_what_a_community_does_itself_is_shown_without_a_rank() -> None:
    counts: dict[Key, int] = {
        (Facet.UNIT, key, name): n
        for key, n in (("self", 30), ("u1", 20))
        for name in ("should_handle", "handled", "handled_in_time", "should_close")
    }
    found = comparison_queries.order_units(Figures(counts), EMPTY, COMPOSITE)
    assert [(it.code, it.rank, it.score) for it in found] == [
        ("u1", 1, 100.0),
        ("self", None, 100.0),
    ]


def test_a_difference_of_rates_needs_both_bases() -> None:
    few, many = whole(should_handle=9, handled=9), whole(should_handle=20, handled=10)
    by_name = {it.name: it for it in comparison_queries.rate_lines(few, many)}
    assert by_name["handling"].by is None
    assert {it.name: it for it in comparison_queries.rate_lines(many, many)}["handling"].by == 0
    counts = {it.name: it for it in comparison_queries.count_lines(few, many)}
    assert counts["should_handle"].by == -11


@pytest.mark.database
def test_a_side_is_the_period_as_it_is_counted_elsewhere(make: Make) -> None:
    world = World(make, 4, datetime(2026, 4, 20, 3, tzinfo=UTC))
    world.play(80)
    county, places = make.settings.county, reference()
    period = Period(Month(2026, 4), Month(2026, 6), "own")
    area = find_area(STREET, places, county)
    assert area is not None
    inside = [it for code in (STATION, BRIGHT) if (it := find_area(code, places, county))]
    found = comparison_queries.read_side(period, area, inside, county=county, now=world.now)
    kept = read_period(period.first, period.last, [STREET, STATION])
    for measure in (Measure.RECEIVED, Measure.SHOULD_HANDLE, Measure.HANDLED_IN_TIME):
        assert found.figures.count(measure) == kept[STREET].count(measure)
        assert found.below[STATION].count(measure) == kept[STATION].count(measure)
    assert found.figures.count(Measure.RECEIVED) > 5
    months = sum(it.count(Measure.SHOULD_HANDLE) for _, it in found.by_month)
    assert months >= found.figures.count(Measure.SHOULD_HANDLE)


def page(client: FlaskClient, query: str = "") -> str:
    answer = client.get(f"/statistics/compare?{query}")
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


@pytest.mark.database
def test_no_percentage_is_printed_below_a_base_of_ten(make: Make) -> None:
    worker, street = make.worker(), make.supervisor()
    handler = make.handler()
    closed = make.handled(worker, handler)
    make.step(closed, "pass", street)
    this = Month.of(make.now, make.settings.county.tz)
    text = page(make.signed_in(make.administrator()), f"a={this}&b={this.plus(-1)}")
    plain = re.sub(r"<[^>]+>", "", text)
    assert "基数不足十" in plain
    assert " %" not in plain
    assert PROPERTY not in plain
    # The score as well.
    assert "n = 1" in plain
    assert "100.0" not in plain


@pytest.mark.database
def test_what_is_wrong_is_named_and_what_was_typed_is_kept(make: Make) -> None:
    client = make.signed_in(make.administrator())
    query = "a=own&a_from=2026-09&a_to=2026-xx&w_handling=101&w_rework=many&area_b=nowhere"
    answer = client.get(f"/statistics/compare?{query}")
    assert answer.status_code == 422
    for kept in ("2026-xx", 'value="101"', 'value="many"'):
        assert kept in answer.text
    for name in ("a_to", "w_handling", "w_rework", "area_b"):
        assert f'href="#f-{name}"' in answer.text
    zeros = "&".join(f"w_{it}=0" for it in COMPOSITE)
    answer = client.get(f"/statistics/compare?{zeros}")
    assert answer.status_code == 422
    assert "至少一项权重要大于 0" in answer.text


@pytest.mark.database
def test_nobody_compares_an_area_they_do_not_read(make: Make) -> None:
    client = make.signed_in(make.worker())
    assert "站前社区" in page(client)
    for code in (BRIGHT, STREET, COUNTY, "nowhere"):
        answer = client.get(f"/statistics/compare?area_b={code}")
        assert answer.status_code == 422
        assert "光明社区" not in answer.text
    assert make.signed_in(make.rider()).get("/statistics/compare").status_code == 403


@pytest.mark.database
def test_periods_of_different_length_are_told_apart(make: Make) -> None:
    text = page(make.signed_in(make.administrator()), "a=2026&b=2026-03")
    assert "两个时段长短不同（12 个月与 1 个月）" in text


# The year.


@pytest.mark.database
def test_a_year_counts_each_case_once_and_its_months_as_they_stand(make: Make) -> None:
    worker, handler = make.worker(), make.handler()
    at = datetime(2026, 4, 30, 8, tzinfo=UTC)
    report = make.report(at=at)
    make.step(report, "accept", worker, category="RD02", severity=2, at=at + timedelta(minutes=5))
    make.step(report, "dispatch", worker, unit=PROPERTY, at=at + timedelta(minutes=6))
    make.step(report, "start", handler, at=at + timedelta(minutes=9))
    hand_in: dict[str, Any] = {
        "note": "好了",
        "photos": (make.photo(),),
        "at": at + timedelta(hours=2),
    }
    make.step(report, "handle", handler, **hand_in)
    county, places = make.settings.county, reference()
    area = find_area("", places, county)
    assert area is not None
    now = datetime(2026, 11, 5, tzinfo=UTC)
    found = year_queries.read_year(
        2026, area, this=Month(2026, 11), began=Month(2026, 4), places=places, county=county,
        now=now,
    )  # fmt: skip
    by_month = {str(it): figures.count(Measure.SHOULD_HANDLE) for it, figures in found.months}
    assert (by_month["2026-04"], by_month["2026-05"]) == (1, 1)
    assert found.whole.count(Measure.SHOULD_HANDLE) == 1
    assert (len(found.months), found.is_over, str(found.last)) == (11, False, "2026-11")
    assert [str(it) for it, _ in found.before][-1] == "2025-11"
    street = next(figures for it, figures in found.parts if it.code == STREET)
    assert street.count(Measure.RECEIVED) == 1
    db.session.rollback()


@pytest.mark.database
def test_a_year_is_shown_to_who_may_read_the_area(make: Make) -> None:
    year = Month.of(make.now, make.settings.county.tz).year
    make.report()
    worker = make.signed_in(make.worker())
    assert worker.get(f"/statistics/years/{year}").status_code == 200
    assert worker.get(f"/statistics/years/{year}?area={STREET}").status_code == 404
    for odd in ("x", "1999", str(year + 1), "٢٠٢٦", "20266"):
        assert worker.get(f"/statistics/years/{odd}").status_code == 404


# The bulletin.


@pytest.mark.database
def test_a_bulletin_carries_the_version_and_digest_of_its_month(make: Make) -> None:
    admin, zone = make.administrator(), make.settings.county.tz
    make.report()
    month, later = Month.of(make.now, zone), make.now + timedelta(days=40)
    client = make.signed_in(admin)
    live = client.get(f"/statistics/{month}/bulletin").text
    assert "本月尚未冻结" in live
    assert "摘要码" not in live
    assert "收到上报 1 件" in live
    # A month with one case has no score.
    assert "综合评分" not in re.sub(r"<[^>]+>", "", live)
    assert not re.search(r"\d %", re.sub(r"<[^>]+>", "", live))
    version = month_usecases.freeze_month(
        month, actor=admin, seen_version=0, reason="", places=reference(),
        county=make.settings.county, now=later,
    )  # fmt: skip
    frozen = client.get(f"/statistics/{month}/bulletin").text
    assert re.search(rf"第 {version} 版，摘要码 [0-9a-f]{{64}}", frozen)
    # The month as it is now is not the frozen one, and does not say that nobody froze it.
    now = client.get(f"/statistics/{month}/bulletin?version=0").text
    assert "尚未冻结" not in now
    assert f"最新冻结的是第{version}版" in now
    assert client.get(f"/statistics/{month}/bulletin?version=7").status_code == 404
    assert date.fromisoformat(f"{month}-01")


@pytest.mark.database
@pytest.mark.parametrize("who", ["worker", "supervisor", "auditor"])
def test_each_role_prints_its_own_bulletin(make: Make, who: str) -> None:
    month = Month.of(make.now, make.settings.county.tz)
    client = make.signed_in(getattr(make, who)())
    assert client.get(f"/statistics/{month}/bulletin").status_code == 200
    if who != "auditor":
        assert client.get(f"/statistics/{month}/bulletin?area={COUNTY}").status_code == 404
