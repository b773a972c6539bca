"""The administrator's month: seen, drilled into, compared, frozen, downloaded, asked, told of."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Download, Locator, Page, expect

from tests.support.visits.browser import DESK, Person
from tests.support.visits.screens import violations

pytestmark = pytest.mark.browser

ADMINISTRATOR, AUDITOR = "13900000901", "13900000902"
STREETS = {"新城街道": "13900000201", "老城街道": "13900000202", "开原街道": "13900000203"}
Rows = list[list[str]]


@pytest.fixture
def figures(person: Callable[..., Person]) -> Page:
    """Come to 统计 as the administrator does: by the bar of the desk."""
    page = person(ADMINISTRATOR, size=DESK.copy(), reduced_motion="reduce").go("/desk")
    page.get_by_role("link", name="统计", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("开原市")
    return page


def rows_of(where: Page | Locator, name: str) -> Rows:
    """Read a table by its name, folded away or not: the words of each cell of its body."""
    table = where.get_by_role("region", name=name, exact=True, include_hidden=True).first
    return [
        [" ".join(it.split()) for it in row]
        for row in table.locator("tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"
        )
    ]


def card(page: Page, name: str) -> Locator:
    return page.locator(".figure-card", has=page.get_by_role("heading", name=name)).first


def value(page: Page, name: str) -> int:
    return int(card(page, name).locator(".figure-value").inner_text())


def busiest(page: Page) -> tuple[str, Rows]:
    """Show the month with the most reports of those the calendar leaves alone; return its name."""
    trend = rows_of(page, "十三个月")
    # A past month's name may be followed by a mark, in its cell and in no choice.
    month = max(trend[:-2], key=lambda row: int(row[1]))[0].split()[0]
    show(page, 月份=month)
    return month, trend


def show(page: Page, **chosen: str) -> None:
    for label, words in chosen.items():
        page.locator(".month-form").get_by_label(label, exact=True).select_option(label=words)
    with page.expect_navigation():
        page.locator(".month-form").get_by_role("button", name="查看").click()


def follow(link: Locator) -> None:
    with link.page.expect_navigation():
        link.click()


def fetch(page: Page, link: Locator) -> bytes:
    with page.expect_download() as asked:
        link.click()
    got: Download = asked.value
    return Path(got.path()).read_bytes()


def test_every_number_leads_down_to_its_cases(figures: Page, shots: Path) -> None:
    page = figures
    month, _ = busiest(page)
    for table in ("按街道", "按社区"):
        # One where something was due: the sixth column is what of it was handled in time.
        first = next(row for row in rows_of(page, table) if "/" in row[5])
        follow(page.locator("main").get_by_role("link", name=first[0], exact=True).last)
        expect(page.get_by_role("heading", level=1)).to_have_text(f"{first[0]} · {month}")
        assert value(page, "收到上报") == int(first[1])
        # The way back up stands above.
        expect(page.get_by_role("navigation", name="区域")).to_contain_text("开原市")
    assert not violations(page)
    page.screenshot(path=shots / "figures-community.png", full_page=True)
    page.evaluate("window.print = () => { document.title = '到打印机' }")
    page.get_by_role("button", name="打印").click()
    expect(page).to_have_title("到打印机")

    # Whose hands it was in, and the cases behind that number: as many as it says.
    unit = next(row for row in rows_of(page, "按处置单位") if int(row[1]))
    row = page.get_by_role("region", name="按处置单位").locator("tr", has_text=unit[0])
    follow(row.get_by_role("link", name=unit[1], exact=True).first)
    expect(page.locator(".figure-count")).to_have_text(f"共{unit[1]}件")
    cases = rows_of(page, "案件列表")
    assert len(cases) == int(unit[1])
    assert all(unit[0] in it[2] for it in cases)
    assert not violations(page)
    page.screenshot(path=shots / "figures-behind.png", full_page=True)

    # So it is with every other number of the page.
    follow(page.get_by_role("link", name="回到本月"))
    links = page.locator(".figures-page a[href*='/cases?']").evaluate_all(
        "all => all.map(it => [it.href, it.textContent.trim()])"
    )
    this = page.url.split("?")[0] + "/cases?"
    numbers = {href: int(n) for href, n in links if n.isdigit() and href.startswith(this)}
    assert len(numbers) >= 6
    for href in list(numbers)[:10]:
        page.goto(href)
        assert len(rows_of(page, "案件列表")) == numbers[href], href


def test_a_month_stands_beside_the_month_and_the_year_before(figures: Page, shots: Path) -> None:
    page = figures
    month, _ = busiest(page)
    trend = rows_of(page, "十三个月")
    (name, now), before, year_before = trend[-1][:2], trend[-2], trend[0]
    assert name == month
    steps = card(page, "收到上报").locator(".figure-step").all_inner_texts()
    for said, words, other in zip(steps, ("环比", "同比"), (before, year_before), strict=True):
        if other[1] == "–":
            # Before the first case there is nothing to be held against.
            assert " ".join(said.split()) == f"{words} 无可比数据"
            continue
        by = int(now) - int(other[1])
        way = "升" if by > 0 else "降" if by < 0 else "持平"
        assert " ".join(said.split()) == f"{words} {way}{abs(by) or ''}".strip()

    follow(page.get_by_role("link", name="对比", exact=True))
    for other in (before, year_before):
        if other[1] == "–":
            assert other[0] not in page.get_by_label("时段 B", exact=True).inner_text()
            continue
        page.get_by_label("时段 A", exact=True).select_option(label=month)
        page.get_by_label("时段 B", exact=True).select_option(label=other[0])
        with page.expect_navigation():
            page.get_by_role("button", name="对比").click()
        line = next(row for row in rows_of(page, "计数") if row[0] == "收到上报")
        assert line[1:3] == [now, other[1]]
        by = int(now) - int(other[1])
        assert line[4] == (f"{by:+d}" if by else "持平")
        rates = rows_of(page, "比率")
        # A percentage stands where the base is ten or more, and nowhere else.
        for cell in [cell for row in rates for cell in row[1:3]]:
            found = re.search(r"(\d+)/(\d+)", cell)
            assert ("%" in cell) == (found is not None and int(found[2]) >= 10)
    assert not violations(page)
    page.screenshot(path=shots / "figures-compared.png", full_page=True)


def test_a_frozen_month_stays_and_what_changes_is_listed_beside_it(
    figures: Page, person: Callable[..., Person], shots: Path
) -> None:
    page = figures
    busiest(page)
    closed = value(page, "结案数")
    follow(page.get_by_role("link", name="冻结本月"))
    with page.expect_navigation():
        page.get_by_role("button", name="冻结为第 1 版").click()
    expect(page.locator(".frozen-line")).to_contain_text("第 1 版")
    (kept,) = rows_of(page, "本月的版本")
    expect(page.locator("#versions")).to_contain_text("没有变化")

    # Somebody of the street opens a case again that was closed in that month.
    streets = dict(
        page.locator(".month-form optgroup option").evaluate_all(
            "all => all.map(it => [it.label, it.parentElement.label])"
        )
    )
    follow(card(page, "结案数").locator(".figure-value a"))
    case = rows_of(page, "案件列表")[0]
    street = next(it for place, it in streets.items() if case[2].startswith(place))
    number = reopened(case[0], person(STREETS[street], size=DESK.copy(), reduced_motion="reduce"))
    follow(page.get_by_role("link", name="回到本月"))
    assert value(page, "结案数") == closed
    changed = {row[0]: row[1:] for row in rows_of(page, "与现在的差别")}
    # A closing is an event and stays; what is spoilt is that it was in time.
    assert "结案数" not in changed
    assert changed["按期结案"][-1] == "-1"
    (line,) = rows_of(page, "逐件变化")
    assert line[1] == number
    assert "按期结案 -1" in line[2]
    assert not violations(page)
    page.screenshot(path=shots / "figures-changed.png", full_page=True)

    # Frozen again: a second version with its reason, and the first as it was.
    follow(page.get_by_role("link", name="再次冻结"))
    page.get_by_label("为什么要新的一版").fill("一件案件重开")
    with page.expect_navigation():
        page.get_by_role("button", name="冻结为第 2 版").click()
    expect(page.locator(".frozen-line")).to_contain_text("第 2 版")
    expect(page.locator(".frozen-line")).to_contain_text("一件案件重开")
    assert value(page, "结案数") == closed
    second, first = rows_of(page, "本月的版本")
    assert first == kept
    assert second[4] != first[4]
    follow(page.locator("#versions").get_by_role("link", name="第 1 版"))
    assert value(page, "结案数") == closed
    expect(page.locator(".frozen-line")).to_contain_text("有更新的版本")


def reopened(number: str, street: Person) -> str:
    """Open a closed case again, with a reason."""
    page = street.go(f"/desk/{number}")
    page.get_by_role("link", name="重开").first.click()
    step = page.locator("#step-reopen")
    step.get_by_label("理由").fill("又塌了")
    with page.expect_navigation():
        step.get_by_role("button", name="重开").click()
    return number


def test_the_workbook_says_what_the_page_says(figures: Page) -> None:
    page = figures
    busiest(page)
    book = load_workbook(io.BytesIO(fetch(page, page.get_by_role("link", name="Excel表"))))
    for table in ("按社区", "按处置单位"):
        sheet: Any = book["按责任单位" if table == "按处置单位" else table]
        heads, *lines = sheet.iter_rows(values_only=True)
        by_name = {line[1]: dict(zip(heads, line, strict=True)) for line in lines}
        head = [
            " ".join(it.split())
            for it in page.get_by_role("region", name=table).locator("thead th").all_inner_texts()
        ]
        seen = 0
        for row in rows_of(page, table):
            line = by_name[row[0]]
            for name, cell in zip(head, row, strict=True):
                if cell.isdigit():
                    assert line[name] == int(cell), (row[0], name)
                    seen += 1
                elif "%" in cell:
                    assert f"{line[name]:.1%}" == cell.split("%")[0].strip() + "%"
                elif "/" in cell:
                    # The base is below ten: the workbook has no percentage either.
                    assert line[name] is None
        assert seen >= len(rows_of(page, table))


def test_a_question_is_kept_and_answers_whoever_opens_its_link(
    figures: Page, person: Callable[..., Person], shots: Path
) -> None:
    page = figures
    trend = rows_of(page, "十三个月")
    follow(page.get_by_role("link", name="查询", exact=True))
    page.get_by_label("行", exact=True).select_option(label="月份")
    for tile in page.locator(".ask-columns label").all():
        wanted = tile.inner_text() in ("收到上报", "立案", "结案率")
        if tile.locator("input").is_checked() != wanted:
            tile.click()
    with page.expect_navigation():
        page.locator(".ask-form").get_by_role("button", name="查询").click()
    answer = rows_of(page, "答复")
    heads = page.get_by_role("region", name="答复").locator("thead th").all_inner_texts()
    at = heads.index("收到上报")
    known = {row[0]: row[1] for row in trend[:-1]}
    assert {row[0]: row[at] for row in answer if row[0] in known}.items() <= known.items()
    page.get_by_label("标题").fill("逐月收到与结案")
    with page.expect_navigation():
        page.get_by_role("button", name="保存").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("逐月收到与结案")
    assert not violations(page)
    page.screenshot(path=shots / "figures-question.png", full_page=True)

    link = page.url.removeprefix(page.url.split("/statistics")[0])
    auditor = person(AUDITOR, size=DESK.copy(), reduced_motion="reduce").go(link)
    assert rows_of(auditor, "答复") == answer
    text = fetch(auditor, auditor.get_by_role("link", name="表格（CSV）")).decode("utf-8-sig")
    lines = list(csv.DictReader(io.StringIO(text)))
    assert [it["收到上报"] for it in lines[:-1]] == [row[at] for row in answer]
    assert int(lines[-1]["收到上报"]) == sum(int(row[at]) for row in answer)

    # The street sees its own part of it, and is told so.
    street = person(STREETS["新城街道"], size=DESK.copy(), reduced_motion="reduce").go(link)
    expect(street.locator("main")).to_contain_text("新城街道")
    assert sum(int(row[at]) for row in rows_of(street, "答复")) < sum(
        int(row[at]) for row in answer
    )


def test_the_year_and_the_bulletin_have_the_same_month(figures: Page, shots: Path) -> None:
    page = figures
    month, _ = busiest(page)
    received, closings = value(page, "收到上报"), value(page, "结案数")
    follow(page.get_by_role("link", name="年度", exact=True))
    line = next(row for row in rows_of(page, "逐月") if row[0].startswith(month))
    assert line[1:3] == [str(received), str(closings)]
    assert not violations(page)
    page.screenshot(path=shots / "figures-year.png", full_page=True)
    # On paper too: two pages, each chart with its numbers under it.
    paper = page.pdf(format="A4", path=shots / "paper-year.pdf")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 2
    follow(page.get_by_role("region", name="逐月").get_by_role("link", name=month, exact=True))
    follow(page.get_by_role("link", name="通报", exact=True))
    expect(page.get_by_role("heading", level=1)).to_contain_text("开原市")
    text = page.locator("article").inner_text()
    assert f"收到上报 {received} 件" in text
    assert f"结案 {closings} 件" in text
    assert not violations(page)
    page.screenshot(path=shots / "figures-bulletin.png", full_page=True)
