"""What is held against what: equal months only, nothing before the first case, no change of a case."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text

from grid_report.clock import Month
from grid_report.db import db, transaction
from grid_report.rates import Rate, change
from grid_report.statistics.comparison import queries as comparison_queries
from grid_report.statistics.comparison import year_queries
from grid_report.statistics.comparison.periods import Period, choices
from grid_report.statistics.counts.areas import Area, AreaKind
from grid_report.statistics.counts.queries import Figures
from grid_report.statistics.explorer.forms import first_form
from grid_report.statistics.measures import Facet
from grid_report.statistics.models import StatisticsFreeze
from grid_report.statistics.month import summary_queries as summary
from tests.statistics.counts.test_rules import old
from tests.statistics.months import MARCH, freeze, get
from tests.support import present
from tests.support.builders import Make

pytestmark = pytest.mark.at(present.USUAL)

THIS = Month(2026, 11)


@pytest.mark.parametrize(
    ("now", "then", "by"),
    [
        # One case of 20 is 5 points: what is less is none.
        (Rate(19, 20), Rate(91, 100), 0.0),
        (Rate(19, 20), Rate(90, 100), 5.0),
        (Rate(18, 20), Rate(19, 20), -5.0),
        (Rate(500, 1000), Rate(501, 1000), -0.1),
        (Rate(5, 10), Rate(5, 10), 0.0),
        (Rate(5, 9), Rate(5, 10), None),
        (Rate(5, 10), Rate(5, 9), None),
    ],
)
def test_a_change_of_less_than_one_case_of_the_smaller_base_is_none(
    now: Rate, then: Rate, by: float | None
) -> None:
    assert change(now, then) == by
    counts = [
        Figures({(Facet.ALL, "", "accepted"): it.numerator, (Facet.ALL, "", "received"): it.denominator})
        for it in (now, then)
    ]  # fmt: skip
    line = next(it for it in comparison_queries.rate_lines(*counts) if it.name == "filing")
    assert line.by == by


def test_nothing_before_the_first_case_is_offered_but_what_was_chosen() -> None:
    first = Month(2026, 5)
    old_one = Period(Month(2025, 1), Month(2025, 1), "2025-01")
    found = choices(THIS, old_one, first=first)
    assert [it.code for it in found["year"]] == ["2026"]
    assert [it.code for it in found["quarter"]] == ["2026-Q4", "2026-Q3", "2026-Q2"]
    assert [it.code for it in found["month"]][-2:] == ["2026-05", "2025-01"]


@pytest.mark.parametrize(
    ("began", "start"),
    [
        (Month(2020, 1), "2025-11"),
        (Month(2026, 3), "2026-03"),
        (Month(2026, 11), "2026-10"),
        (None, "2026-10"),
    ],
)
def test_a_question_begins_with_the_first_case_at_the_earliest(
    began: Month | None, start: str
) -> None:
    form = first_form(THIS, Area("x", AreaKind.COUNTY, ""), began)
    assert (form["from"], form["to"]) == (start, "2026-10")


def test_no_sentence_tells_a_change_of_less_than_one_case() -> None:
    def report(now: Rate, then: Rate) -> list[str]:
        figures = [
            Figures({(Facet.ALL, "", "solved"): it.numerator, (Facet.ALL, "", "answers"): it.denominator})
            for it in (now, then)
        ]  # fmt: skip
        return [it.code for it in summary._moved(*figures)]

    assert report(Rate(20, 20), Rate(96, 100)) == []
    assert report(Rate(20, 20), Rate(94, 100)) == ["rate-rose"]


@pytest.mark.parametrize(
    ("began", "equal"),
    [
        (Month(2024, 1), ["2026-01", "2026-02", "2026-03"]),
        (Month(2025, 2), ["2026-02", "2026-03"]),
        (Month(2025, 4), []),
        (None, []),
    ],
)
def test_compared_are_months_that_are_over_and_known_in_both_years(
    began: Month | None, equal: list[str]
) -> None:
    months = [Month(2026, n) for n in (1, 2, 3, 4)]
    found = year_queries.equal_months(months, this=Month(2026, 4), began=began)
    assert [str(it) for it in found] == equal


def received(make: Make, month: Month, cases: int) -> None:
    for day in range(cases):
        make.report(at=datetime(month.year, month.number, 2 + day % 20, 3, tzinfo=UTC))


def lived(make: Make) -> FlaskClient:
    """Have cases from March of last year on, and some in this month, which still runs."""
    received(make, Month(2025, 3), 1)
    received(make, Month(2025, 11), 4)
    received(make, Month(2026, 1), 2)
    received(make, Month(2026, 3), 3)
    make.report()
    return make.signed_in(make.administrator())


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


@pytest.mark.database
def test_a_year_is_held_against_equal_months_of_the_year_before_and_says_which(make: Make) -> None:
    client = lived(make)
    page = client.get("/statistics/years/2026").text
    said = plain(page.split('id="equal-months">')[1].split("</p>")[0])
    assert "2026年3月 – 2026年10月" in said
    assert "2025年3月之前没有统计" in said
    assert "2026年11月尚未结束" in said
    rows = re.findall(r'<tr><th scope="row">([^<]+)</th><td class="num">(\d+)<', page)
    table = dict(rows)
    # All of this year, and March to October of both: neither January nor November.
    assert table["2026"] == "6"
    assert table["2026年3月 – 2026年10月"] == "3"
    assert table["2025年3月 – 2025年10月"] == "1"
    assert re.search(r"相差</th><td[^>]*><svg.*?\+2<", page, re.DOTALL)
    assert "2025" not in table


@pytest.mark.database
def test_the_first_year_is_held_against_nothing_and_its_months_begin_with_the_first_case(
    make: Make,
) -> None:
    client = lived(make)
    page = client.get("/statistics/years/2025").text
    assert "未与上年比较" in page
    assert "相差" not in page
    months = page[page.index("逐月") :]
    assert "2025年3月</a>" in months
    assert "2025年2月" not in months
    chips = page[page.index('class="chips"', page.index('aria-label="年"')) :].split("</ul>")[0]
    assert re.findall(r">(\d{4})</a>", chips) == ["2026", "2025"]


@pytest.mark.database
def test_months_before_the_first_case_are_not_offered(make: Make) -> None:
    client = lived(make)
    page = client.get("/statistics/2025-03").text
    options = page.split('name="month"')[1].split("</select>")[0]
    assert 'value="2025-03"' in options
    assert 'value="2025-02"' not in options
    steps = page.split('class="month-steps')[1].split("</p>")[0]
    assert 'rel="prev"' not in steps
    assert "2025-04" in steps
    compare = client.get("/statistics/compare?a=2025-03").text
    assert "和去年同期比（同比）" not in compare
    assert 'value="2025-02"' in compare  # the default of the second side: chosen, so it is there
    assert 'value="2025-01"' not in compare


@pytest.mark.database
def test_the_comparison_says_what_of_a_period_is_missing(make: Make) -> None:
    client = lived(make)
    page = plain(client.get("/statistics/compare?a=2026&b=2025").text)
    assert "A的12个月中有2个月尚未结束" in page
    assert "B的12个月中有2个月早于首个案件（2025年3月）" in page
    both = plain(client.get("/statistics/compare?a=2026-03&b=2025-03").text)
    assert "尚未结束" not in both
    assert "早于首个案件" not in both
    query = "a=own&a_from=2024-11&a_to=2024-12&b=own&b_from=2024-09&b_to=2024-10"
    neither = plain(client.get(f"/statistics/compare?{query}").text)
    for letter in "AB":
        assert f"{letter}的2个月中有2个月早于首个案件" in neither
    # The same months of two areas are equally long, whatever they lack.
    same = plain(client.get("/statistics/compare?a=2026&b=2026").text)
    assert "两边时长不等" not in same


@pytest.mark.database
def test_a_month_before_the_first_case_is_unknown_in_every_form(make: Make) -> None:
    received(make, MARCH, 2)
    client = make.signed_in(make.administrator())
    found: Any = client.get("/api/v1/statistics/months/2026-03").json
    assert found["comparison"] == {"before": None, "year_before": None}
    assert [it["month"] for it in found["trend"]] == ["2026-03"]
    rows = csv.DictReader(io.StringIO(get(client, "/statistics/2026-03.csv").text))
    assert {row["key"] for row in rows if row["table"] == "trend"} == {"2026-03"}
    book = openpyxl.load_workbook(io.BytesIO(get(client, "/statistics/2026-03.xlsx").data))
    summary = [[cell.value for cell in row] for row in book["摘要"].iter_rows()]
    (line,) = [row for row in summary if row[0] == "收到上报"]
    assert line[1:6] == [2, None, None, None, None]
    page = client.get("/statistics/2026-03").text
    cards = page[page.index("figure-steps") :].split("</p>")[0]
    assert cards.count("无可比数据") == 2
    # A month later there is one to be held against.
    later: Any = client.get("/api/v1/statistics/months/2026-04").json
    assert later["comparison"]["before"]["received"] == 2


@pytest.mark.database
def test_a_month_that_still_runs_is_held_against_no_whole_one(make: Make) -> None:
    received(make, Month(2026, 10), 12)
    client = lived(make)
    page = client.get("/statistics/2026-11").text
    for steps in re.findall(r'class="figure-steps">(.*?)</p>', page, re.DOTALL):
        assert not re.search(r"升|降|持平", plain(steps))
    assert "整月12" in plain(page)
    book = openpyxl.load_workbook(io.BytesIO(get(client, "/statistics/2026-11.xlsx").data))
    summary = [[cell.value for cell in row] for row in book["摘要"].iter_rows()]
    (line,) = [row for row in summary if row[0] == "收到上报"]
    assert line[1:6] == [1, 12, None, 4, None]
    assert ["尚未结束", "本月尚未结束，不与整月比较增减。"] in [row[:2] for row in summary]


@pytest.mark.database
def test_every_form_says_that_a_month_beside_was_frozen_by_older_rules(make: Make) -> None:
    february = Month(2026, 2)
    received(make, february, 2)
    received(make, MARCH, 3)
    actor = make.administrator()
    freeze(make, actor, month=february)
    db.session.rollback()
    digest = db.session.scalar(select(StatisticsFreeze.digest))
    assert digest
    db.session.rollback()
    old(digest)
    client = make.signed_in(actor)

    def told() -> None:
        page = client.get("/statistics/2026-03").text
        cards = page[page.index("figure-steps") :].split("</p>")[0]
        assert "按第1版规则统计" in cards
        found: Any = client.get("/api/v1/statistics/months/2026-03").json
        assert found["comparison"]["before"]["rules"] == 1
        assert "rules" not in found["trend"][-1]
        trend = trended(client)
        assert trend["2026-02"] == "2026-02（按第1版规则）"
        assert trend["2026-03"] == "2026-03"
        assert "按第1版规则统计" in client.get("/statistics/2026-03/bulletin").text

    told()
    assert "按第1版规则统计" in client.get("/statistics/years/2026").text
    freeze(make, actor)
    db.session.rollback()
    told()
    # A version of before has the bytes it had.
    with transaction() as session:
        document = dict(session.query(StatisticsFreeze).filter_by(month="2026-03").one().document)
        del document["shape"]
        session.query(StatisticsFreeze).filter_by(month="2026-03").update({"document": document})
    assert trended(client)["2026-02"] == "2026-02"
    assert "按第1版规则统计" in client.get("/statistics/2026-03").text
    # Of its own month the page said so before.
    assert 'id="rules"' in client.get("/statistics/2026-02").text
    assert db.session.scalar(text("SELECT count(*) FROM statistics_freezes")) == 2


def trended(client: FlaskClient) -> dict[str, str]:
    rows = csv.DictReader(io.StringIO(get(client, "/statistics/2026-03.csv").text))
    return {row["key"]: row["name"] for row in rows if row["table"] == "trend"}
