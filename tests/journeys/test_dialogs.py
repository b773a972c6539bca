"""What opens over a page closes again, any number of times, and never offers what it cannot show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.visits.browser import DESK, Person

pytestmark = pytest.mark.browser

RIDER, WORKER = "13900000002", "13900000101"


def choose(page: Page, category: str) -> None:
    """Choose a kind of hazard, wherever on the page its tile lies."""
    tile = page.locator(f"label.tile:has(input[value={category}])").first
    more = page.locator("[data-more]")
    if not tile.is_visible() and more.get_attribute("open") is None:
        more.locator("summary").tap()
    tile.tap()


def test_the_call_screen_lets_a_rider_go_on_each_time(person: Callable[..., Person]) -> None:
    page = person(RIDER).go("/report/new")
    must = page.locator("input[name=category][data-emergency=must]")
    codes = must.evaluate_all("all => all.map(one => one.value)")
    assert len(codes) > 1
    screen = page.locator("[data-call-screen]")
    for code in [codes[0], codes[1], codes[0]]:
        choose(page, code)
        expect(screen).to_be_visible()
        screen.locator("form button").tap()
        expect(screen).to_be_hidden()


def test_every_dialog_of_the_page_closes_by_its_own_button_twice(
    person: Callable[..., Person],
) -> None:
    page = person(RIDER).go("/report/new")
    screen = page.locator("[data-map-screen]")
    for _ in range(3):
        page.locator("[data-map]").tap()
        expect(screen.locator("[data-map-take]")).to_be_enabled()
        screen.locator("form button").tap()
        expect(screen).to_be_hidden()

    page = person(WORKER, size=DESK).go("/desk")
    for _ in range(2):
        page.keyboard.press("?")
        expect(page.locator("[data-help]")).to_be_visible()
        page.locator("[data-help] button").click()
        expect(page.locator("[data-help]")).to_be_hidden()
    page.locator("[data-row]").first.click()
    for _ in range(2):
        page.locator("a[data-photo]").first.click()
        expect(page.locator("dialog.lightbox")).to_be_visible()
        page.locator("dialog.lightbox button").click()
        expect(page.locator("dialog.lightbox")).to_have_count(0)


def areas_on(screen: Locator) -> int:
    """Count the areas that are drawn where somebody can see them."""
    return int(
        screen.locator("path.map-area").evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().width > 4).length"
        )
    )


def test_a_map_waits_for_its_styles_and_takes_the_spot_it_shows(
    person: Callable[..., Person],
) -> None:
    page = person(RIDER, service_workers="block").go("/report/new")
    held: list[Any] = []
    page.route("**/map-*.css", lambda route: held.append(route))  # noqa: PLW0108
    screen = page.locator("[data-map-screen]")
    take = screen.locator("[data-map-take]")
    with page.expect_response("**/map-*.js"):
        page.locator("[data-map]").tap()
    page.wait_for_timeout(300)
    expect(take).to_be_disabled()
    assert held
    held.pop().continue_()
    expect(take).to_be_enabled()
    assert areas_on(screen) > 3
    expect(screen.locator("[data-map-where]")).to_contain_text("社区")
    take.tap()
    expect(page.locator("[data-place-words]")).to_contain_text("社区")
    assert page.locator("[name=lat]").input_value().startswith("42.5")


def test_a_map_that_cannot_be_loaded_says_so_and_comes_the_next_time(
    person: Callable[..., Person],
) -> None:
    page = person(RIDER, service_workers="block").go("/report/new")
    page.route("**/map-*.css", lambda route: route.abort())
    screen = page.locator("[data-map-screen]")
    page.locator("[data-map]").tap()
    expect(screen.locator("[data-map-where]")).to_contain_text("地图没能打开")
    expect(screen.locator("[data-map-take]")).to_be_disabled()
    screen.locator("form button").tap()
    page.unroute("**/map-*.css")
    page.locator("[data-map]").tap()
    expect(screen.locator("[data-map-take]")).to_be_enabled()
    assert areas_on(screen) > 3


def test_a_spot_outside_the_county_is_not_offered(person: Callable[..., Person]) -> None:
    page = person(RIDER).go("/report/new")
    form = page.locator("#report-form")
    form.evaluate(
        "form => { form.elements.lat.value = '42.5'; form.elements.lng.value = '123.2'; }"
    )
    page.locator("[data-map]").tap()
    screen = page.locator("[data-map-screen]")
    expect(screen.locator("[data-map-where]")).to_contain_text("移出本县")
    expect(screen.locator("[data-map-take]")).to_be_disabled()
