"""A key for the riders: asked for on the phone, agreed by firm and community, shown at the gate."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.support.visits.browser import DESK, PHONE, ROOT, Person

pytestmark = pytest.mark.browser

RIDER, WORKER, FIRM, ADMIN = "13900000001", "13900000101", "13900000301", "13900000901"
HERE, ALONE = "211282001001-02", "211282001001-03"


def ask(rider: Person, compound: str, title: str = "暖心钥匙") -> tuple[Page, str]:
    """Apply for a card and return its page and number."""
    page = rider.go("/services")
    page.locator("a.offer-row", has_text=title).first.click()
    page.locator("main a[href$='/apply']").click()
    page.locator("[name=compound]").select_option(compound)
    if page.locator("[name=plate]").count():
        page.locator("[name=plate]").fill("铁岭12345")
    page.locator("[name=purpose]").fill("每天中午送餐")
    page.locator("[name=bound]").check()
    page.get_by_role("button", name="申请办理").click()
    page.wait_for_url("**/my/cards/R-*")
    return page, page.url.rsplit("/", 1)[-1]


def to_spend(person: Person) -> int:
    return int(person.go("/services").locator(".services-points .figure").inner_text())


def test_a_card_from_the_application_to_the_gate(
    person: Callable[..., Person], shots: Path
) -> None:
    rider = person(RIDER, size=PHONE)
    before = to_spend(rider)
    page, ref = ask(rider, HERE)
    expect(page.locator("main")).to_contain_text("等物业")
    # Six yuan that owners pay are sixty points.
    assert to_spend(rider) == before - 60

    firm = person(FIRM, size=PHONE).go("/cards")
    firm.locator(f"a[href$='{ref}']").click()
    expect(firm.locator("main")).to_contain_text("6.00 元")
    firm.get_by_role("button", name="同意").click()
    expect(firm.locator("main")).to_contain_text("等社区")

    desk = person(WORKER, size=DESK).go("/cards")
    desk.locator(f"a[href$='{ref}']").click()
    desk.get_by_role("button", name="同意").click()
    expect(desk.locator("main")).to_contain_text("等发卡")

    firm.reload()
    firm.locator("[name=card_number]").fill("A-0042")
    firm.get_by_role("button", name="发卡").click()
    expect(firm.locator("main")).to_contain_text("有效")

    page = rider.go(f"/my/cards/{ref}")
    expect(page.locator("[data-card]")).to_contain_text("A-0042")
    expect(page.locator("[data-card] .voucher-code svg")).to_be_visible()
    page.screenshot(path=shots / "story-card.png", full_page=True)
    assert to_spend(rider) == before - 60

    # What the QR code says is read out of the picture, as a guard's phone does.
    page = rider.go(f"/my/cards/{ref}")
    link = read_code(page)
    assert re.search(r"/verify/[\w-]{22}$", link)
    guard = person(size=PHONE)
    gate = guard.go("/verify/" + link.rsplit("/", 1)[-1])
    expect(gate.locator("main")).to_contain_text("此卡有效")
    expect(gate.locator("main")).not_to_contain_text("送餐")
    gate.screenshot(path=shots / "story-card-verified.png", full_page=True)

    page.locator("summary", has_text="暂停使用").click()
    page.locator("[name=words]").fill("卡丢了")
    page.get_by_role("button", name="暂停使用").click()
    expect(page.locator("[data-card]")).to_contain_text("已暂停")
    gate.reload()
    expect(gate.locator("main")).to_contain_text("此卡无效")


def read_code(page: Page) -> str:
    """Decode the QR code on a page from its pixels."""
    picture = page.locator("[data-card] .voucher-code").screenshot()
    with Image.open(io.BytesIO(picture)) as shown:
        pixels = shown.convert("RGBA")
    page.evaluate("() => {" + (ROOT / "node_modules/jsqr/dist/jsQR.js").read_text() + "\n}")
    return str(
        page.evaluate(
            "([all, width, height]) => self.jsQR(new Uint8ClampedArray(all), width, height).data",
            [list(pixels.tobytes()), pixels.width, pixels.height],
        )
    )


def test_a_compound_that_manages_itself_costs_nothing_and_the_county_pays(
    person: Callable[..., Person],
) -> None:
    rider = person(RIDER, size=PHONE, java_script_enabled=False)
    before = to_spend(rider)
    page, ref = ask(rider, ALONE, "车辆通行证")
    expect(page.locator("main")).to_contain_text("等社区")
    expect(page.locator("main")).to_contain_text("县里补贴")
    desk = person(WORKER, size=DESK, java_script_enabled=False).go(f"/cards/{ref}")
    desk.get_by_role("button", name="同意").click()
    desk.get_by_role("button", name="发卡").click()
    expect(desk.locator("main")).to_contain_text("有效")
    assert to_spend(rider) == before
    page = rider.go(f"/my/cards/{ref}")
    expect(page.locator("[data-card]")).to_contain_text("铁岭12345")
    county = person(ADMIN, size=DESK).go("/owner-prices")
    expect(county.locator(f"a[href$='{ref}']")).to_be_visible()
