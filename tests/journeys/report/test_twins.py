"""A rider finds the kind by words, sees that somebody reported the same, and joins in one tap."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.support.pictures import camera_jpeg
from tests.support.visits.browser import Person
from tests.support.visits.screens import violations

pytestmark = pytest.mark.browser

# Inside the demo's boundary of 站前社区, a few steps apart.
FIRST = {"latitude": 42.5460025, "longitude": 124.0408182, "accuracy": 8}
SECOND = {"latitude": 42.5460925, "longitude": 124.0408182, "accuracy": 8}
ONE, OTHER = "13900000001", "13900000002"


def begin(rider: Person, photo: Path) -> Page:
    page = rider.go("/report/new")
    page.locator("input[data-camera]").set_input_files(photo)
    expect(page.locator("[data-shots] img").first).to_be_visible()
    page.locator("[data-here]").tap()
    expect(page.locator("[data-place-words]")).to_contain_text("站前社区")
    return page


def follow(page: Page) -> None:
    """Go from what is kept on the phone to what became of it."""
    page.locator("[data-queued] a[data-item-number]").first.tap()
    page.wait_for_url("**/report/sent/*")


def test_a_second_rider_adds_the_photo_in_one_tap(
    person: Callable[..., Person], tmp_path: Path, shots: Path
) -> None:
    photos = []
    for name, size in (("a.jpg", (800, 600)), ("b.jpg", (640, 480))):
        photos.append(tmp_path / name)
        photos[-1].write_bytes(camera_jpeg(size))
    first = person(ONE, geolocation=FIRST, permissions=["geolocation"])
    page = begin(first, photos[0])
    page.locator("[data-more] summary").tap()
    # Looked for by a word that stands on no tile; whatever is not it goes out of the way.
    page.locator("[data-kind-search]").fill("滑梯")
    expect(page.locator(".tile:visible")).to_have_count(1)
    page.locator("[data-kind-search]").press("Enter")
    expect(page.locator("[data-send-note]")).to_be_hidden()
    assert not violations(page, "main")
    page.locator(".tile:visible").tap()
    expect(page.locator("[data-twins-screen]")).to_be_hidden()
    page.locator("[data-send]").tap()
    follow(page)
    number = page.url.rsplit("/", 1)[-1].split("?")[0]

    second = person(OTHER, geolocation=SECOND, permissions=["geolocation"])
    page = begin(second, photos[1])
    words = page.locator("[name=description]")
    words.fill("公园的健身器材坏了")
    chip = page.locator("[data-likely]")
    expect(chip).to_have_text("像是：设施损坏？")
    # It proposes and chooses nothing, and asks nothing by itself.
    assert page.locator("input[name=category]:checked").count() == 0
    chip.tap()
    assert page.locator("input[name=category]:checked").get_attribute("value") == "EN02"
    expect(chip).to_be_hidden()
    # Not over the words that are being typed: with them done it asks.
    expect(page.locator("[data-twins-screen]")).to_be_hidden()
    words.blur()
    screen = page.locator("[data-twins-screen]")
    expect(screen).to_be_visible()
    expect(screen).to_contain_text("相距 10 米")
    expect(screen).to_contain_text(number)
    photo = page.locator("[data-twin-photo]")
    page.wait_for_function("document.querySelector('[data-twin-photo]').naturalWidth > 0")
    assert (photo.bounding_box() or {"height": 0})["height"] > 250
    page.screenshot(path=shots / "twins.png")
    assert not violations(page, "[data-twins-screen]")
    page.locator("[data-twin-same]").tap()
    follow(page)
    expect(page.locator("main")).to_contain_text(f"你的照片已经加到 {number}")
    mine = page.url.rsplit("/", 1)[-1].split("?")[0]
    answer = page.request.get(f"{second.site.address}/api/v1/reports/{mine}").json()
    assert (answer["state"], answer["merged_into"]) == ("merged", number)


def test_what_is_different_and_no_network_hold_nobody_up(
    person: Callable[..., Person], tmp_path: Path
) -> None:
    photo = tmp_path / "a.jpg"
    photo.write_bytes(camera_jpeg((800, 600)))
    one = person(ONE, geolocation=FIRST, permissions=["geolocation"])
    page = begin(one, photo)
    page.route("**/api/v1/reports/nearby?*", lambda route: route.abort())
    page.locator("input[name=category][value=BD02]").first.check()
    page.locator("[data-send]").tap()
    follow(page)
    number = page.url.rsplit("/", 1)[-1].split("?")[0]
    one.complaints.clear()  # that the request was cut off

    second = person(OTHER, geolocation=SECOND, permissions=["geolocation"])
    second.context.add_cookies([{"name": "language", "value": "en", "url": second.site.address}])
    page = begin(second, photo)
    page.locator("input[name=category][value=BD02]").first.check()
    screen = page.locator("[data-twins-screen]")
    # In the language of the page, whatever the browser's is.
    expect(screen).to_contain_text("Icicles or eaves snow about to fall")
    expect(screen).to_contain_text(number)
    while screen.is_visible():
        page.locator("[data-twin-other]").tap()
    # Asked and answered: not a second time for the same spot.
    # Of the other kind others reported here, in journeys beside this one.
    page.route("**/nearby?*category=RD04*", lambda route: route.fulfill(json={"items": []}))
    page.locator("input[name=category][value=RD04]").first.check()
    page.locator("input[name=category][value=BD02]").first.check()
    page.wait_for_load_state("networkidle")
    expect(screen).to_be_hidden()
    page.locator("[data-send]").tap()
    follow(page)
    mine = page.url.rsplit("/", 1)[-1].split("?")[0]
    assert (
        page.request.get(f"{second.site.address}/api/v1/reports/{mine}").json()["state"]
        == "submitted"
    )
