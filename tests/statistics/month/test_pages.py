"""The month page: who sees which area, and that every figure leads to just its cases."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, update

from grid_report.clock import Month
from grid_report.db import db, transaction
from grid_report.places.queries import reference
from grid_report.reports.models import Report
from grid_report.statistics.counts import usecases as counts_usecases
from grid_report.statistics.counts.areas import find_area
from grid_report.statistics.counts.queries import Figures
from grid_report.statistics.measures import RATES, Facet, Measure
from grid_report.statistics.models import StatisticsCell
from grid_report.statistics.month import notable_queries
from grid_report.statistics.month.card_queries import Step
from grid_report.statistics.month.page_views import LIST
from grid_report.statistics.month.queries import read_report
from grid_report.statistics.month.row_queries import AREA_COLUMNS, Line, in_order, read_order
from tests.statistics.histories import (
    BRIGHT,
    COUNTY,
    START,
    county_of,
    lived,
    month_of,
    this_month,
)
from tests.statistics.months import freeze
from tests.support.builders import STATION, STREET, Make

pytestmark = pytest.mark.database


def test_the_way_in_leads_to_the_running_month(make: Make) -> None:
    # Consents are counted too: nobody has agreed to anything in a month without figures.
    client = make.signed_in(make.administrator(consents=()))
    answer = client.get("/statistics")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/statistics/{this_month(make)}")
    page = client.get(answer.location)
    assert "这个月还没有数字" in page.text
    assert client.get(f"/statistics?area={STREET}").location.endswith(f"?area={STREET}")


@pytest.mark.parametrize(
    ("who", "area", "status"),
    [
        ("administrator", "", 200),
        ("auditor", BRIGHT, 200),
        ("supervisor", COUNTY, 404),
        ("supervisor", STREET, 200),
        ("supervisor", STATION, 200),
        ("supervisor", "211282002", 404),
        ("worker", "", 200),
        ("worker", BRIGHT, 404),
        ("worker", STREET, 404),
        ("worker", "unrouted", 404),
        ("rider", "", 403),
        ("handler", STATION, 403),
    ],
)
def test_each_role_reads_its_own_area(make: Make, who: str, area: str, status: int) -> None:
    make.report()
    client = make.signed_in(getattr(make, who)())
    found = client.get(f"/statistics/{this_month(make)}", query_string={"area": area})
    assert found.status_code == status


@pytest.mark.parametrize(
    "month", ["2026-13", "x", "1999-01", "2999-01", "0000-00", "2026-1", "二〇二六-01"]
)
def test_a_month_that_cannot_have_figures_is_not_here(make: Make, month: str) -> None:
    client = make.signed_in(make.administrator())
    for path in ("", "/cases?measure=received", "/freeze"):
        assert client.get(f"/statistics/{month}{path}").status_code == 404


def test_a_small_base_shows_its_fraction_and_no_percentage(make: Make) -> None:
    worker = make.worker()
    make.accepted(worker)
    text = make.signed_in(worker).get(f"/statistics/{this_month(make)}").text
    assert "基数不足十" in text
    # The share of the month's pool is of thousands of points; everything else is of one case.
    shown = re.sub(r"<[^>]+>", "", text)
    assert re.findall(r"([\d.]+) %", shown) == re.findall(r"积分 · ([\d.]+) %", shown)


def test_freezing_on_the_page_and_what_is_shown_then(make: Make) -> None:
    then = make.now - timedelta(days=40)
    report = make.report(at=then)
    month = str(Month.of(then, make.settings.county.tz))
    client = make.signed_in(make.administrator())
    page = client.get(f"/statistics/{month}/freeze")
    assert "第 1 版" in page.text
    answer = post(client, f"/statistics/{month}/freeze", page.text, seen="0")
    assert answer.status_code == 303
    make.step(report, "accept", make.worker(), category="RD02", severity=2)
    text = client.get(f"/statistics/{month}").text
    assert "冻结" in text
    assert report.number in text[text.index("冻结后的变化") :]
    assert "截至" in client.get(f"/statistics/{month}?version=0").text
    # The form of somebody who has not seen the newest version, and one without its reason.
    stale = post(client, f"/statistics/{month}/freeze", page.text, seen="0", reason="再来")
    assert stale.status_code == 409
    empty = post(client, f"/statistics/{month}/freeze", page.text, seen="1")
    assert empty.status_code == 422
    assert client.get(f"/statistics/{month}?version=2").status_code == 404
    # Nobody can mend the words of a version: they are refused rather than cut, and still there.
    long = post(client, f"/statistics/{month}/freeze", page.text, seen="1", reason="补" * 401)
    assert long.status_code == 422
    assert "补" * 401 in long.text
    again = post(client, f"/statistics/{month}/freeze", page.text, seen="1", reason="补录")
    assert again.status_code == 303
    assert client.get(f"/statistics/{month}?version=1").status_code == 200


def post(client: FlaskClient, path: str, page: str, **form: str) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    return client.post(path, data={"csrf_token": token[1], **form})


def test_a_list_says_how_it_stands_to_the_frozen_figure(make: Make) -> None:
    then = make.now - timedelta(days=40)
    report = make.report(at=then)
    month = str(Month.of(then, make.settings.county.tz))
    client = make.signed_in(make.administrator())
    page = client.get(f"/statistics/{month}/freeze")
    post(client, f"/statistics/{month}/freeze", page.text, seen="0")
    make.step(report, "accept", make.worker(), category="RD02", severity=2)
    for path in ("", "&version=1"):
        text = client.get(f"/statistics/{month}/cases?measure=accepted{path}").text
        assert "共1件" in text
        assert "第1版为0件" in text
        assert report.number in text
    live = client.get(f"/statistics/{month}/cases?measure=accepted&version=0").text
    assert "第1版" not in live
    assert client.get(f"/statistics/{month}/cases?measure=accepted&version=2").status_code == 404
    shown = client.get(f"/statistics/{month}").text
    changed = shown[shown.index("冻结后的变化") :]
    assert re.search(r"立案</th><td class=\"num\">0</td><td class=\"num\">1</td>", changed)
    whole = client.get(f"/statistics/{month}/changes")
    assert whole.status_code == 200
    assert report.number in whole.text
    assert client.get(f"/statistics/{month}/changes?version=0").status_code == 404
    assert client.get(f"/statistics/{month}/changes?cursor=x").status_code == 422
    # Of another street nothing is listed.
    other = client.get(f"/statistics/{month}/changes?area=211282002").text
    assert report.number not in other


def test_only_what_its_reader_may_open_is_a_link(make: Make) -> None:
    worker = make.worker()
    report = make.accepted(worker)
    path = f"/statistics/{this_month(make)}/cases?measure=received"
    assert f"/desk/{report.number}" in make.signed_in(worker).get(path).text
    assert f"/desk/{report.number}" in make.signed_in(make.auditor()).get(path).text


@pytest.mark.parametrize(
    ("query", "first", "sorted_as"),
    [
        ("", STATION, "descending"),
        ("sort=received", STATION, "descending"),
        ("sort=received-up", BRIGHT, "ascending"),
        ("sort=name", STATION, "descending"),
        ("sort=name-up", BRIGHT, "ascending"),
        ("sort=nonsense", STATION, "descending"),
    ],
)
def test_tables_are_sorted_by_links(make: Make, query: str, first: str, sorted_as: str) -> None:
    worker = make.worker()
    for _ in range(2):
        make.accepted(worker)
    make.report(community=BRIGHT)
    client = make.signed_in(make.supervisor())
    text = client.get(f"/statistics/{this_month(make)}?{query}").text
    table = text[text.index('id="parts"') :]
    table = table[: table.index("</table>")]
    shown = re.findall(r"/statistics/[0-9-]+\?area=(\d{12})", table.split("<tbody>")[1])
    filled = [code for code in shown if code in (STATION, BRIGHT)]
    assert filled[0] == first
    assert f'aria-sort="{sorted_as}"' in table
    assert "sort=received" in table


def test_an_order_keeps_unknown_values_at_the_end_either_way() -> None:
    def line(code: str, filed: int, of: int) -> Line:
        counts = {("", "", "accepted"): filed, ("", "", "received"): of}
        return Line(code, code, Figures(counts))

    many, few, small = line("a", 9, 10), line("b", 5, 10), line("c", 3, 3)
    down = in_order([small, few, many], read_order("filing", AREA_COLUMNS))
    up = in_order([small, few, many], read_order("filing-up", AREA_COLUMNS))
    assert [it.code for it in down] == ["a", "b", "c"]
    assert [it.code for it in up] == ["b", "a", "c"]


def test_months_before_are_late_as_they_are_now_or_as_they_were_frozen(make: Make) -> None:
    """Nothing is kept of what is overdue: months nobody froze are looked up, each for itself."""
    worker, county = make.worker(), make.settings.county
    months = [Month(2026, number) for number in (5, 6, 7)]
    for month, late in zip(months, (1, 2, 3), strict=True):
        for _ in range(late):
            at = month.bounds(county.tz)[0] + timedelta(days=3)
            make.step(make.report(at=at), "accept", worker, category="RD02", severity=2, at=at)
    freeze(make, make.administrator(), month=months[1])
    report = read_report(
        Month(2026, 8), county_of(make), version=None, places=reference(), county=county,
        now=datetime(2026, 8, 20, tzinfo=UTC),
    )  # fmt: skip
    assert report is not None
    trend = {month: figures.count(Measure.OVERDUE_OPEN) for month, figures in report.trend}
    assert [trend[it] for it in months] == [1, 2, 3]
    assert sum(trend.values()) == 6
    assert report.before.by(Facet.CATEGORY, Measure.RECEIVED) == {"RD02": 3}
    assert report.before.response().lengths == {0: 3}


def test_good_examples_are_grave_quick_and_never_sensitive_or_unsolved(make: Make) -> None:
    worker, handler, checker = make.worker(), make.handler(), make.worker()
    spent = {"slow": 5, "quick": 1, "unsolved": 1, "sensitive": 1, "untold": 3}
    names = {}
    for number, (name, hours) in enumerate(spent.items()):
        at = START + number * timedelta(hours=9)
        report = lived(make, worker, handler, at, handled=timedelta(hours=hours))
        report = make.step(report, "pass", checker, at=at + timedelta(hours=8))
        names[report.number] = name
        with transaction() as session:
            values: dict[str, Any] = {"solved": None if name == "untold" else name != "unsolved"}
            if name == "sensitive":
                values["sensitive"] = True
            session.execute(update(Report).where(Report.id == report.id).values(**values))
    found = notable_queries.typical(Month(2026, 4), county_of(make))
    assert [names[it.row.number] for it in found] == ["quick", "slow", "untold"]
    bright = find_area(BRIGHT, reference(), make.settings.county)
    assert bright is not None
    assert notable_queries.typical(Month(2026, 4), bright) == []


def test_a_page_without_script_has_every_table(make: Make) -> None:
    make.accepted(make.worker())
    text = make.signed_in(make.administrator()).get(f"/statistics/{this_month(make)}").text
    assert text.count("data-chart-table") == text.count("data-chart=") == 7
    assert "<script>" not in text
    # Each number of the hours, the weekdays and the lengths is a way to its cases.
    for facet in ("hour", "weekday", "response", "source", "group"):
        assert f"facet={facet}&amp;key=" in text


def test_a_community_nobody_reported_in_and_a_place_without_one(make: Make) -> None:
    client = make.signed_in(make.administrator())
    make.report()
    month = this_month(make)
    assert "这个月还没有数字" in client.get(f"/statistics/{month}?area={BRIGHT}").text
    unrouted = client.get(f"/statistics/{month}?area=unrouted")
    assert unrouted.status_code == 200
    assert "还没有找到所属社区的上报" in unrouted.text


@pytest.mark.parametrize("who", ["administrator", "auditor", "supervisor", "worker"])
def test_every_figure_is_explained(make: Make, who: str) -> None:
    text = make.signed_in(getattr(make, who)()).get("/statistics/help").text
    for measure in Measure:
        assert f'id="m_{measure}"' in text
    for name, rule in RATES.items():
        assert f'id="r_{name}"' in text
        assert f'href="#m_{rule.numerator}"' in text
        assert f'href="#m_{rule.denominator}"' in text
    assert "<dd>–</dd>" not in text
    assert "变化不到较小基数的一件" in text.split('<li id="equal">')[1].split("</li>")[0]
    # Each says in what it is counted.
    of = re.findall(r'id="m_(\w+)"><dt>.*?<small class="soft">单位：(\w+)</small>', text)
    assert {name for name, _ in of} == set(Measure)
    assert dict(of) | {"received": "件", "liability": "分", "riders": "人"} == dict(of)


@pytest.mark.parametrize("area", [COUNTY, STREET, STATION])
def test_a_month_takes_as_many_statements_for_many_cases_as_for_few(make: Make, area: str) -> None:
    client = make.signed_in(make.administrator())
    path = f"/statistics/{this_month(make)}?area={area}"
    worker = make.worker()
    counts = []
    for more in (1, 12):
        for _ in range(more):
            make.accepted(worker)
        client.get(path)
        statements: list[str] = []

        def note(
            _c: Any, _k: Any, statement: str, *_: Any, statements: list[str] = statements
        ) -> None:
            statements.append(statement)

        event.listen(db.engine, "before_cursor_execute", note)
        try:
            assert client.get(path).status_code == 200
        finally:
            event.remove(db.engine, "before_cursor_execute", note)
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert counts[1] <= 36


def test_places_without_a_case_are_names_below_the_table_and_no_rows_of_noughts(make: Make) -> None:
    make.report(community=STATION)
    path = f"/statistics/{this_month(make)}"
    page = make.signed_in(make.administrator()).get(path).text
    table, below = page.split('id="places"')[1].split("</table>")[:2]
    assert table.split("<tfoot>")[0].count('<th scope="row">') == 1
    assert f"area={STATION}" in table
    names = below.split("</details>")[0]
    assert names.count("area=") == len(reference().communities) - 1
    assert f"area={STATION}" not in names


def test_the_lists_by_name_are_short_and_lead_on_to_the_whole(make: Make) -> None:
    worker = make.worker()
    for _ in range(LIST + 1):
        make.accepted(worker, at=START)
    page = make.signed_in(worker).get(f"/statistics/{month_of(make, START)}").text
    assert len(re.findall(r"<tr><th scope=\"row\">(?:<a[^>]*>)?KY-", page)) == LIST
    assert f"查看全部 ({LIST + 1})" in page.replace("（", "(").replace("）", ")")


def test_the_page_says_when_it_was_counted_anew_and_what_that_found(make: Make) -> None:
    make.report()
    client, month = make.signed_in(make.administrator()), this_month(make)
    county = make.settings.county
    assert 'id="recounted"' not in client.get(f"/statistics/{month}").text

    def recounted() -> str:
        counts_usecases.recount_month(
            Month.parse(month), places=reference(), county=county, now=START
        )
        page = client.get(f"/statistics/{month}").text
        return page.split('id="recounted">')[1].split("<")[0]

    assert "全部一致" in recounted()
    with transaction() as session:
        session.execute(
            update(StatisticsCell)
            .where(StatisticsCell.measure == Measure.RECEIVED, StatisticsCell.area == COUNTY)
            .values(n=StatisticsCell.n + 3)
        )
    # Its total and what it is made of.
    assert re.search(r"其中 \d+ 个不一致，已更正", recounted())
    assert "全部一致" in recounted()


def test_an_equal_rate_says_by_which_rule_and_a_count_needs_none(make: Make) -> None:
    env = make.app.jinja_env
    with make.app.test_request_context():
        parts: Any = env.get_template("statistics/_parts.html").module
        pairs: Any = env.get_template("statistics/_pairs.html").module
        for said in (
            parts.step(step=Step(0.0, was=3.8), words="环比", kind="rate"),
            pairs.difference(0.0, is_rate=True),
        ):
            assert 'href="/statistics/help#equal"' in said
            assert 'title="变化不到较小基数的一件"' in said
        for said in (
            parts.step(step=Step(0, was=3), words="环比", kind="count"),
            pairs.difference(0),
        ):
            assert "持平" in said
            assert "#equal" not in said
