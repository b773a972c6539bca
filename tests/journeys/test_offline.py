"""In a stairwell: what a rider holds out is there without a network, and nobody else's ever is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.visits.browser import PHONE, Person

pytestmark = pytest.mark.browser

FIRST, SECOND, STAFF = "13900000001", "13900000002", "13900000401"
KEPT = """async () => {
  const found = {};
  for (const name of await caches.keys()) {
    const requests = await (await caches.open(name)).keys();
    found[name] = requests.map((request) => new URL(request.url).pathname);
  }
  return found;
}"""
WORKERS = "async () => (await navigator.serviceWorker.getRegistrations()).length"
NOTHING = "() => caches.keys().then((names) => !names.some((name) => name.startsWith('kept-')))"
# The empty form and the page without network are the same for everybody, and stay.
NOBODYS = {"/offline", "/report/shell"}


def take(person: Person, name: str) -> str:
    """Take an offer by its name; the voucher's page is open then."""
    page = person.go("/services")
    page.locator("a.offer-row", has_text=name).first.click()
    page.wait_for_url(re.compile(r"/services/\d+$"))
    page.locator("form[data-redeem] button[type=submit]").click()
    page.wait_for_url("**/my/services/R-*")
    return page.url.rsplit("/", 1)[-1]


def give_back(person: Person, number: str) -> None:
    """Cancel a voucher: other journeys take of the same offers, and a day has few."""
    page = person.go(f"/my/services/{number}")
    page.locator("summary", has_text="取消").click()
    page.get_by_role("button", name="确定取消").click()
    expect(page.locator("main")).to_contain_text("你已取消")


def open_one(person: Person) -> str:
    """Open a voucher the rider has already, and return its path."""
    person.go("/my/services").locator("a[data-keep-page][href*='/my/services/']").first.click()
    person.page.wait_for_url("**/my/services/R-*")
    return str(person.page.evaluate("location.pathname"))


def wait_until(page: Page, promise: str, arg: str = "") -> None:
    """Ask a page again until what it promises is true; its own waiting takes a promise for true."""
    for _ in range(100):
        if page.evaluate(promise, arg):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not so after ten seconds: {promise} {arg}")


def wait_until_kept(page: Page, path: str) -> None:
    wait_until(page, "path => caches.match(path).then(Boolean)", path)


def kept(page: Page) -> set[str]:
    """Return the paths of everything this phone keeps, files of the build aside."""
    found = page.evaluate(KEPT)
    return {path for paths in found.values() for path in paths if not path.startswith("/static/")}


def test_a_voucher_survives_reload_and_cold_open_without_network(
    person: Callable[..., Person], shots: Path
) -> None:
    rider, staff = person(SECOND), person(STAFF)
    number = take(rider, "热饮一杯")
    page, path = rider.page, f"/my/services/{number}"
    wait_until_kept(page, path)
    expect(page.locator("[data-kept=today]")).to_be_hidden()

    rider.context.set_offline(True)
    page.reload()
    line = page.locator("[data-kept=today]")
    expect(line).to_be_visible()
    expect(line).to_contain_text(re.compile(r"没有网络，显示的是 \d\d:\d\d 存下的"))
    expect(page.locator("summary", has_text="取消")).to_be_hidden()
    ink = page.locator("[data-voucher-code] svg path")
    page.wait_for_function(
        "was => document.querySelector('[data-voucher-code] svg path').getAttribute('d') !== was",
        arg=ink.get_attribute("d"),
        timeout=40_000,
    )

    # A cold open, at another address than the one wanted.
    page.close()
    page = rider.context.new_page()
    page.goto(rider.site.address + "/services")
    expect(page.locator("h1")).to_have_text("现在没有网络")
    page.screenshot(path=shots / "story-offline.png")
    page.locator("[data-kept-list] a", has_text=number).tap()
    page.wait_for_url(f"**{path}")
    expect(page.locator("[data-voucher-digits]")).to_have_text(re.compile(r"\d{3} \d{3}"))
    digits = page.locator("[data-voucher-digits]").inner_text()
    page.screenshot(path=shots / "story-voucher-offline.png")

    # The station, which has a network, takes what the kept page says.
    desk = staff.go("/station")
    desk.locator("[name=code]").fill(digits)
    desk.get_by_role("button", name="查一下").tap()
    desk.wait_for_url(f"**/station/vouchers/{number}")
    desk.get_by_role("button", name="确认核销").tap()
    expect(desk.locator("main")).to_contain_text("核销成功")
    # As soon as there is a network the page itself asks again, and what is used is let go of.
    rider.context.set_offline(False)
    expect(page.locator("main")).to_contain_text("已领取", timeout=20_000)
    wait_until(page, "path => caches.match(path).then((found) => !found)", path)


def test_only_what_is_held_out_is_kept(person: Callable[..., Person]) -> None:
    rider = person(FIRST)
    wait_until_kept(rider.page, open_one(rider))
    for path in ("/my/points", "/my/reports", "/me", "/inbox", "/report/new", "/services"):
        rider.go(path)
    # The list brings what was not opened yet.
    page = rider.go("/my/services")
    live: set[str] = set(page.locator("a[data-keep-page]").evaluate_all(
        "links => links.map((link) => link.pathname)"
    ))  # fmt: skip
    for path in live:
        wait_until_kept(page, path)
    assert any(path.startswith("/my/cards/") for path in live)
    wait_until_kept(page, "/report/shell")
    assert kept(page) == {*NOBODYS, *live}
    card = next(path for path in live if path.startswith("/my/cards/"))
    rider.context.set_offline(True)
    page.goto(rider.site.address + card)
    expect(page.locator("[data-card] .voucher-code svg")).to_be_visible()
    expect(page.locator("[data-kept=today]")).to_be_visible()
    # What is drawn is all there: style, icons, scripts.
    assert page.evaluate("getComputedStyle(document.querySelector('.voucher')).textAlign") == (
        "center"
    )


def test_a_network_that_does_not_answer_is_not_waited_for(person: Callable[..., Person]) -> None:
    rider = person(FIRST)
    path = open_one(rider)
    wait_until_kept(rider.page, path)
    rider.context.route(f"**{path}", lambda route: None)
    rider.page.goto(rider.site.address + path, wait_until="commit", timeout=8000)
    expect(rider.page.locator("[data-kept=today]")).to_be_visible()


def test_the_sign_out_leaves_nothing_and_the_next_person_sees_nothing(
    person: Callable[..., Person],
) -> None:
    phone = person(FIRST, size=PHONE)
    path = open_one(phone)
    wait_until_kept(phone.page, path)
    phone.go("/me").get_by_role("button", name="退出登录").last.click()
    phone.page.wait_for_url("**/sign-in")
    wait_until(phone.page, NOTHING)
    assert phone.page.evaluate(WORKERS) == 0

    phone.sign_in(SECOND)
    own = take(phone, "热饮一杯")
    wait_until_kept(phone.page, f"/my/services/{own}")
    wait_until_kept(phone.page, "/report/shell")
    assert kept(phone.page) == {*NOBODYS, f"/my/services/{own}"}
    phone.context.set_offline(True)
    phone.page.goto(phone.site.address + path)
    expect(phone.page.locator("h1")).to_have_text("现在没有网络")
    expect(phone.page.locator("body")).not_to_contain_text(path.rsplit("/", 1)[-1])

    # Nobody signed out; the sign-in is simply gone, and somebody else signs in.
    phone.context.set_offline(False)
    phone.context.clear_cookies(name="grid_report")
    phone.sign_in(FIRST)
    wait_until(phone.page, NOTHING)
    give_back(person(SECOND), own)
