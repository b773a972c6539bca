"""What a rider reports arrives: from a stairwell, after the page was killed, once, and as their own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_offline import wait_until_kept
from tests.support.pictures import camera_jpeg
from tests.support.visits.browser import Person

pytestmark = pytest.mark.browser

FIRST, SECOND = "13900000001", "13900000002"
AT_THE_STATION = {"latitude": 42.5460025, "longitude": 124.0408182, "accuracy": 12}
HERE: dict[str, Any] = {"geolocation": AT_THE_STATION, "permissions": ["geolocation"]}
SHELL = "/report/shell"
# What the phone keeps: [state, why, number] of each, oldest first.
ITEMS = """() => new Promise((done, fail) => {
  const asked = indexedDB.open("grid-report");
  asked.onerror = fail;
  asked.onsuccess = () => {
    const all = asked.result.transaction("items").objectStore("items").getAll();
    all.onsuccess = () => {
      asked.result.close();
      done(all.result.sort((a, b) => a.at - b.at).map((it) => ({
        state: it.state, why: it.why, number: it.number, member: it.member, id: it.id,
        gone: it.photos.reduce((sum, one) => sum + one.offset, 0),
      })));
    };
  };
})"""


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "IMG_0001.jpg"
    path.write_bytes(camera_jpeg((1200, 900)))
    return path


def items(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate(ITEMS)
    return found


def states(page: Page) -> list[str]:
    return [it["state"] for it in items(page)]


def wait_for_states(page: Page, *wanted: str) -> None:
    for _ in range(150):
        if states(page) == list(wanted):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{items(page)} instead of {wanted}")


def fill(page: Page, photo: Path, category: str, words: str) -> None:
    page.locator("input[data-camera]").set_input_files(photo)
    expect(page.locator("[data-shots] img").first).to_be_visible()
    kind = page.locator(f"input[name=category][value={category}]").first
    if not kind.is_visible():
        page.locator("[data-more] summary").tap()
    kind.check()
    page.locator("[data-here]").tap()
    expect(page.locator("[data-place-detail]")).to_contain_text("12")
    page.locator("[name=description]").fill(words)


def report(page: Page, photo: Path, category: str, words: str) -> None:
    """Report a hazard; it is kept on the phone then."""
    fill(page, photo, category, words)
    page.locator("[data-send]").tap()
    expect(page.locator("[data-queued]")).to_be_visible()


def numbers_sent(person: Person) -> list[str]:
    """Return the numbers of this rider's reports, by the site itself."""
    answer = person.context.request.get(f"{person.site.address}/api/v1/reports?mine=1&limit=200")
    return [it["number"] for it in answer.json()["items"]]


def test_three_hazards_in_a_stairwell_and_one_bar(
    person: Callable[..., Person], photo: Path, shots: Path
) -> None:
    rider = person(FIRST, **HERE)
    before = numbers_sent(rider)
    rider.go("/report/new")
    wait_until_kept(rider.page, SHELL)
    rider.context.set_offline(True)
    rider.page.close()

    page = rider.page = rider.context.new_page()
    page.on("pageerror", lambda error: rider.complaints.append(str(error)))
    rider.go("/report/new")
    page.screenshot(path=shots / "outbox-shell.png")
    kinds = ("RD02", "RD03", "UT01")
    for number, kind in enumerate(kinds, start=1):
        report(page, photo, kind, f"第 {number} 处")
        expect(page.locator("[data-outbox-line]")).to_contain_text(f"还有 {number} 条没发出去")
        expect(page.locator("[data-outbox-count]")).to_contain_text(str(number))
        if number < len(kinds):
            page.locator("[data-next]").tap()
            expect(page.locator("[data-shots] img")).to_have_count(0)
    page.screenshot(path=shots / "outbox-queued.png", full_page=True)
    assert len(items(page)) == 3

    # Another page without network: the list is there as well.
    rider.go("/my/points")
    expect(page.locator("h1")).to_have_text("现在没有网络")
    expect(page.locator("[data-outbox-list] > li")).to_have_count(3)
    expect(page.locator("[data-shell-here]")).to_be_visible()
    page.screenshot(path=shots / "outbox-offline.png", full_page=True)

    rider.context.set_offline(False)
    wait_for_states(page, "sent", "sent", "sent")
    sent = [it["number"] for it in items(page)]
    assert len({*sent}) == 3
    assert sorted(set(numbers_sent(rider)) - set(before)) == sorted(sent)
    expect(page.locator("[data-outbox-line]")).to_have_text("都发出去了")
    page.locator("[data-outbox-list] a[data-item-number]").first.tap()
    page.wait_for_url("**/my/reports/KY-*")
    # What was sent stands in the site's own lists from here on.
    rider.go("/my/reports")
    expect(page.locator("main")).to_contain_text("等社区受理")
    expect(page.locator("[data-outbox]")).to_be_hidden()
    expect(page.locator("[data-outbox-count]")).to_be_hidden()
