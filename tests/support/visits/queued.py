"""A rider who reports by a phone, and what that phone keeps of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.support.visits.browser import Person

# What the phone keeps, oldest first.
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

# The store as the version before made it, with a file in it.
OLD_DRAFT = """async (member) => {
  await new Promise((done) => { indexedDB.deleteDatabase("grid-report").onsuccess = done; });
  const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 30 });
  const file = await new Promise((done) => canvas.toBlob((it) => done(new File([it], "a.jpg", { type: "image/jpeg" })), "image/jpeg"));
  await new Promise((done, fail) => {
    const asked = indexedDB.open("grid-report", 1);
    asked.onerror = fail;
    asked.onupgradeneeded = () => asked.result.createObjectStore("drafts");
    asked.onsuccess = () => {
      const put = asked.result.transaction("drafts", "readwrite").objectStore("drafts").put(
        { member, key: crypto.randomUUID(), values: { description: "上一版的草稿" }, where: "", files: [file], at: Date.now() }, "report");
      put.onsuccess = () => { asked.result.close(); done(); };
    };
  });
}"""


def items(page: Page) -> list[dict[str, Any]]:
    """Return what the phone keeps, oldest first."""
    found: list[dict[str, Any]] = page.evaluate(ITEMS)
    return found


def states(page: Page) -> list[str]:
    """Return the state of each, oldest first."""
    return [it["state"] for it in items(page)]


def wait_for_states(page: Page, *wanted: str) -> None:
    """Wait until each has come to its state."""
    for _ in range(150):
        if states(page) == list(wanted):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{items(page)} instead of {wanted}")


def unlike_others(page: Page) -> None:
    """Say of what others reported at this spot, as other journeys do, that it is another thing."""
    screen, other = page.locator("[data-twins-screen]"), page.locator("[data-twin-other]")

    def answer() -> None:
        while screen.is_visible():
            other.click()

    page.add_locator_handler(screen, answer)


def fill(page: Page, photo: Path, category: str, words: str) -> None:
    """Fill in the form of a new report."""
    unlike_others(page)
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
