"""A rider follows a meal back to its reports, objects, and is answered; charts read by keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.visits.browser import DESK, Person

pytestmark = pytest.mark.browser

RIDER, SUPERVISOR, ADMINISTRATOR = "13900000001", "13900000201", "13900000901"


def test_a_meal_leads_to_what_paid_for_it_and_back(person: Callable[..., Person]) -> None:
    rider = person(RIDER)
    page = rider.go("/my/points")
    page.locator("main a.card-row:has-text('R-3K7MQ9A')").click()
    expect(page.locator("main")).to_contain_text("由哪些上报支付")
    page.locator("main a.point-line").first.click()
    expect(page.locator("main")).to_contain_text("R-3K7MQ9A")


def test_an_objection_goes_to_the_street_and_its_answer_comes_back(
    person: Callable[..., Person],
) -> None:
    rider = person(RIDER)
    page = rider.go("/my/points")
    # The oldest one on the page that may still be objected to: the screens of other tests object to
    # nothing.
    rows, objecting = "main a.card-row:has-text('KY-')", "main a[href*='/my/points/object?']"
    for number in reversed(range(page.locator(rows).count())):
        page.locator(rows).nth(number).click()
        page.wait_for_load_state()
        if page.locator(objecting).count():
            break
        rider.go("/my/points")
    page.locator(objecting).click()
    page.locator("main textarea").fill("当天下雪，坑被盖住了，第二张照片看得清。")
    page.locator("main form button").click()
    expect(page.locator("main")).to_contain_text("等待答复")
    where = page.url
    # Others wait for an answer as well.
    found = re.search(r"KY-\d+-\d+", page.locator("main").inner_text())
    assert found is not None

    for phone in (SUPERVISOR, ADMINISTRATOR):
        street = person(phone, size=DESK)
        desk = street.go("/desk/objections")
        row = desk.locator(f"main tbody tr:has-text('{found[0]}') a[href*='/desk/objections/']")
        if row.count():
            break
    row.first.click()
    desk.locator("main .tile", has_text="骑手说得对").click()
    desk.locator("main textarea").fill("你说得对，我们重新核定。")
    desk.locator("main form button").last.click()
    expect(desk.locator("main")).to_contain_text("下一步：更正积分")

    page.goto(where)
    expect(page.locator("main")).to_contain_text("你说得对，我们重新核定。")
    # The outbox is delivered every two seconds.
    for _ in range(15):
        page.goto(rider.site.address + "/inbox")
        if "你说得对" in page.locator("main").inner_text():
            break
        page.wait_for_timeout(1000)
    expect(page.locator("main")).to_contain_text("你说得对，我们重新核定。")


def test_a_chart_is_read_by_keyboard_and_its_table_is_the_page_without_script(
    person: Callable[..., Person],
) -> None:
    page = person(ADMINISTRATOR, size=DESK).go("/budgets/211282001001")
    box = page.locator(".chart-box").first
    expect(box).to_have_attribute("aria-label", re.compile("十三个月"))
    box.focus()
    page.keyboard.press("End")
    said = page.locator(".chart-said").first
    expect(said).to_contain_text("额度")
    if "额度 0" in said.inner_text():
        # In the first minutes of a month its budgets are not opened yet.
        page.keyboard.press("ArrowLeft")
    expect(said).to_contain_text("额度 3000")
    page.keyboard.press("ArrowLeft")
    expect(said).not_to_be_empty()
    signed_in = page.context.storage_state()
    plain = person(size=DESK, storage_state=signed_in, java_script_enabled=False)
    table = plain.go("/budgets/211282001001").locator("[data-chart] table").first
    expect(table).to_be_visible()
    expect(table.locator("tbody tr")).to_have_count(13)


def test_the_month_prints_on_one_sheet(person: Callable[..., Person], shots: Path) -> None:
    page = person(RIDER).go("/my/points/month")
    page.emulate_media(media="print")
    expect(page.locator(".foot")).to_be_hidden()
    expect(page.locator(".month-form")).to_be_hidden()
    expect(page.locator(".only-print")).to_be_visible()
    page.set_viewport_size({"width": 794, "height": 1123})
    page.screenshot(path=shots / "points-month-print.png", full_page=True)
    sheet = page.pdf(prefer_css_page_size=True)
    assert sheet.startswith(b"%PDF")
    # One page, and another one only for a long month.
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) <= 2
