"""Service for service: a rider books, holds the code out, the station scans and hands out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.visits.browser import ARGUMENTS, PHONE, Person, Site, chromium_path
from tests.support.visits.camera import film

pytestmark = pytest.mark.browser

# The third has points for all that is taken here, whoever else ran on this site before.
SECOND, THIRD, STAFF = "13900000002", "13900000003", "13900000401"


@pytest.fixture
def scanner(browser: Browser, site: Site, tmp_path: Path) -> Iterator[tuple[Person, Path]]:
    """Bring the station's staff with a phone whose camera plays a film."""
    reel = tmp_path / "camera.y4m"
    film_flags = [
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-video-capture={reel}",
    ]
    own = browser.browser_type.launch(
        executable_path=chromium_path(), args=[*ARGUMENTS, *film_flags]
    )
    person = Person(own, site, STAFF, size=PHONE, permissions=["camera"])
    yield person, reel
    person.close()
    own.close()
    assert not person.complaints


def choose(person: Person, name: str) -> Page:
    """Open an offer of the catalogue by its name."""
    page = person.go("/services")
    page.locator("a.offer-row", has_text=name).first.click()
    page.wait_for_url(re.compile(r"/services/\d+$"))
    return page


def take(page: Page) -> str:
    """Press the button of the offer and return the voucher's number."""
    page.locator("form[data-redeem] button[type=submit]").click()
    page.wait_for_url("**/my/services/R-*")
    return page.url.rsplit("/", 1)[-1]


def to_spend(person: Person) -> int:
    return int(person.go("/services").locator(".services-points .figure").inner_text())


def test_a_meal_and_a_clinic_are_booked_and_scanned_by_camera(
    person: Callable[..., Person], scanner: tuple[Person, Path], shots: Path
) -> None:
    rider = person(SECOND, size=PHONE)
    before = to_spend(rider)
    page = choose(rider, "社区义诊")
    page.locator("input[name=slot]:not([disabled])").first.check(force=True)
    clinic = take(page)
    expect(page.locator("main")).to_contain_text(clinic)
    page = choose(rider, "爱心热饭")
    meal = take(page)
    assert to_spend(rider) == before - 80
    page = rider.go(f"/my/services/{meal}")
    code = page.locator("[data-voucher-code] svg")
    expect(code).to_be_visible()

    staff, reel = scanner
    desk = staff.go("/station")
    film(page.locator("[data-voucher-code]").screenshot(), reel)
    desk.locator("[data-scanner-open]").tap()
    desk.wait_for_url(f"**/station/vouchers/{meal}")
    expect(desk.locator("main")).to_contain_text("爱心热饭")
    desk.screenshot(path=shots / "story-scan-preview.png", full_page=True)
    # Nothing has changed yet.
    page.reload()
    expect(code).to_be_visible()
    desk.get_by_role("button", name="确认核销").tap()
    expect(desk.locator("main")).to_contain_text("核销成功")

    page.reload()
    expect(page.locator("main")).to_contain_text("已领取")
    page.locator("form[action$=rating] label", has_text="5").click()
    page.locator("form[action$=rating] button").click()
    expect(page.locator("main")).to_contain_text("5 星")
    # The code that was filmed is worth nothing any more.
    desk = staff.go("/station")
    desk.locator("[data-scanner-open]").tap()
    expect(desk.locator("[data-scanner-form] .form-error")).to_contain_text(
        re.compile("已核销|已更换")
    )


def test_six_digits_will_do_and_the_code_turns_without_network(
    person: Callable[..., Person],
) -> None:
    rider, staff = person(THIRD, size=PHONE), person(STAFF, size=PHONE)
    page = choose(rider, "热饮一杯")
    number = take(page)
    rider.context.set_offline(True)
    svg = page.locator("[data-voucher-code] svg path")
    shown = svg.get_attribute("d")
    page.wait_for_function(
        "was => document.querySelector('[data-voucher-code] svg path').getAttribute('d') !== was",
        arg=shown,
        timeout=40_000,
    )
    digits = page.locator("[data-voucher-digits]").inner_text()
    rider.context.set_offline(False)
    desk = staff.go("/station")
    desk.locator("[name=code]").fill(digits)
    desk.get_by_role("button", name="查一下").tap()
    desk.wait_for_url(f"**/station/vouchers/{number}")
    desk.get_by_role("button", name="确认核销").tap()
    expect(desk.locator("main")).to_contain_text("核销成功")


def test_a_day_without_network_is_written_down_and_uploaded_later(
    person: Callable[..., Person],
) -> None:
    rider, staff = person(THIRD, size=PHONE), person(STAFF, size=PHONE)
    page = choose(rider, "充电宝")
    number = take(page)
    digits = page.locator("[data-voucher-digits]").inner_text()
    desk = staff.go("/station")
    staff.context.set_offline(True)
    desk.locator("[name=code]").fill(digits)
    desk.get_by_role("button", name="查一下").tap()
    kept = desk.locator("[data-scanner-kept]")
    expect(kept).to_contain_text("已记下 1 条")
    staff.context.set_offline(False)
    expect(kept).to_contain_text("已上传")
    desk = staff.go("/station/book")
    expect(desk.locator("main li", has_text=number)).to_contain_text("已核销")
    page.reload()
    expect(page.locator("main")).to_contain_text("已领取")


def test_everything_works_without_script(person: Callable[..., Person]) -> None:
    bare: dict[str, Any] = {"size": PHONE.copy(), "java_script_enabled": False}
    rider, staff = person(THIRD, **bare), person(STAFF, **bare)
    page = choose(rider, "充电宝")
    number = take(page)
    digits = page.locator("[data-voucher-digits]").inner_text()
    expect(page.locator("[data-voucher-code] svg")).to_be_visible()
    desk = staff.go("/station")
    desk.locator("[name=code]").fill("12 34")
    desk.get_by_role("button", name="查一下").click()
    expect(desk.locator("[data-scanner-form] .form-error")).to_be_visible()
    desk.locator("[name=code]").fill(digits)
    desk.get_by_role("button", name="查一下").click()
    desk.wait_for_url(f"**/station/vouchers/{number}")
    desk.get_by_role("button", name="确认核销").click()
    expect(desk.locator("main")).to_contain_text("核销成功")
    page = choose(rider, "社区义诊")
    # Of another day: it can be cancelled for long.
    tomorrow = page.locator(".slot-pills").nth(1)
    tomorrow.locator("input[name=slot]:not([disabled])").first.check(force=True)
    number = take(page)
    page.locator("summary", has_text="取消").click()
    page.get_by_role("button", name="确定取消").click()
    expect(page.locator("main")).to_contain_text("你已取消")
