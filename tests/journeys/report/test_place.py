"""Where it is: said above the button, asked once where photo and phone differ, found by the gate's code."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.test_offline import wait_until_kept
from tests.support.pictures import camera_jpeg
from tests.support.visits.browser import DESK, Person
from tests.support.visits.queued import unlike_others
from tests.support.visits.screens import violations
from tests.support.visits.site_map import PHONES

pytestmark = pytest.mark.browser

RIDER, OTHER = "13900000003", "13900000004"
HERE = {"latitude": 42.5460025, "longitude": 124.0408182, "accuracy": 15}
SHIFTS = """
  window.shifted = 0;
  new PerformanceObserver((list) => {
    for (const it of list.getEntries()) {
      if (!it.hadRecentInput) window.shifted += it.value;
    }
  }).observe({ type: "layout-shift", buffered: true });
"""
# A camera that shows nothing, and a reader that reads what a test says is in front of it.
SCANNER = """
  navigator.mediaDevices.getUserMedia = async () => {
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d");
    setInterval(() => pen.fillRect(0, 0, 9, 9), 100);
    return canvas.captureStream(5);
  };
  window.BarcodeDetector = class {
    static async getSupportedFormats() { return ["qr_code"]; }
    async detect() { return (window.inFront ?? []).map((rawValue) => ({ rawValue })); }
  };
"""


def begin(someone: Person, photo: Path, address: str = "/report/new", by: str = "camera") -> Page:
    page = someone.go(address)
    unlike_others(page)
    page.locator(f"input[data-{by}]").set_input_files(photo)
    expect(page.locator("[data-shots] img").first).to_be_visible()
    return page


def send(page: Page) -> dict[str, object]:
    """Send the report and return what became of it."""
    page.locator("input[name=category][value=RD04]").first.check()
    page.locator("[data-send]").tap()
    link = page.locator("[data-queued] a[data-item-number]").first
    expect(link).to_be_visible()
    number = link.get_attribute("href") or ""
    found = re.search(r"KY-[\d-]+", number)
    assert found, number
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    answer: dict[str, object] = page.request.get(f"{origin}/api/v1/reports/{found[0]}").json()
    return answer


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "a.jpg"
    path.write_bytes(camera_jpeg((640, 480)))
    return path


def test_the_line_over_the_button_says_where_and_the_compound_is_one_tap(
    person: Callable[..., Person], photo: Path, shots: Path
) -> None:
    rider = person(RIDER, geolocation=HERE, permissions=["geolocation"])
    rider.context.add_init_script(SHIFTS)
    page = begin(rider, photo)
    line, near = page.locator("[data-place-line]"), page.locator("[data-near] [data-code]")
    expect(line).to_contain_text("站前社区 · 15 米")
    expect(line).to_contain_text("改")
    expect(near).to_have_count(5)
    expect(near.first).to_contain_text("朝阳花园1期")
    expect(near.first).to_contain_text("310 米")
    box = line.bounding_box()
    # It stands directly over the button and leads to the step.
    button = page.locator("[data-send]").bounding_box()
    assert box
    assert button
    assert 0 <= button["y"] - box["y"] - box["height"] <= 8
    line.tap()
    expect(page.locator("#f-lat")).to_be_focused()
    near.first.tap()
    expect(near.first).to_have_attribute("aria-pressed", "true")
    expect(line).to_contain_text("站前社区 · 朝阳花园1期（演示） · 15 米")
    # Of words, what stands close by, and sides; they are put behind one another.
    for word in ("站前社区居民委员会", "北侧"):
        page.locator("[data-notes] button", has_text=word).first.tap()
    expect(page.locator("[name=place_note]")).to_have_value("站前社区居民委员会（演示）北侧")
    assert line.bounding_box() == box
    assert page.evaluate("window.shifted") <= 0.02
    assert not violations(page, "main")
    page.screenshot(path=shots / "place-line.png")
    sent = send(page)
    assert sent["matched_by"] == "compound"
    assert sent["location"]["source"] == "phone"  # type: ignore[index]
    assert sent["location"]["lat"] == pytest.approx(HERE["latitude"], abs=1e-6)  # type: ignore[index]

    # The next form knows nothing but what was chosen last.
    page.locator("[data-next]").tap()
    expect(line).to_contain_text("还没有地点")
    page.locator("[data-notes] button").first.tap()
    expect(near).to_have_count(1)
    expect(near).to_contain_text("上次：朝阳花园1期（演示）")
    near.tap()
    expect(line).to_contain_text("站前社区 · 朝阳花园1期（演示） · 从列表选的")
    page.locator("[data-by-list] summary").tap()
    page.locator("#f-community").select_option(label="光明社区")
    expect(line).to_contain_text("光明社区 · 从列表选的")
    expect(page.locator("[name=source]")).to_have_value("list")
    # All of it without network: the draft, the phone's own position, the compounds around it.
    wait_until_kept(page, "/report/shell")
    rider.context.set_offline(True)
    rider.go("/report/new")
    expect(line).to_contain_text("光明社区 · 从列表选的")
    page.locator("[data-here]").tap()
    expect(line).to_contain_text("现在的位置 · 15 米")
    expect(near).to_have_count(5)
    near.first.tap()
    expect(line).to_contain_text("站前社区 · 朝阳花园1期（演示） · 15 米")
    rider.complaints.clear()  # that the network was cut off


def test_a_photo_from_elsewhere_asks_which_in_one_tap(
    person: Callable[..., Person], tmp_path: Path, shots: Path
) -> None:
    far, close = tmp_path / "far.jpg", tmp_path / "close.jpg"
    far.write_bytes(camera_jpeg((640, 480), lat=42.5447, lng=124.0706))
    close.write_bytes(camera_jpeg((600, 480), lat=42.5461, lng=124.0409))
    rider = person(RIDER, geolocation=HERE, permissions=["geolocation"])
    rider.context.add_init_script(SHIFTS)
    page = begin(rider, far, by="album")
    card, line = page.locator(".which"), page.locator("[data-place-line]")
    expect(card).to_contain_text("照片和手机相距 2.4 公里。隐患在哪里？ 没选之前按：照片拍摄的位置")
    photo_taken, phone = card.locator("[data-spot=photo]"), card.locator("[data-spot=here]")
    expect(photo_taken).to_contain_text("光明社区 · 2.4 公里")
    expect(phone).to_contain_text("站前社区")
    expect(phone).to_contain_text("15 米")
    expect(line).to_contain_text("光明社区 · 照片拍摄的位置")
    assert page.evaluate("window.shifted") <= 0.02
    assert not violations(page, ".send")
    page.screenshot(path=shots / "place-which.png")
    # By the keyboard, and back to the line.
    phone.focus()
    page.keyboard.press("Enter")
    expect(card).to_be_hidden()
    expect(line).to_be_focused()
    expect(line).to_contain_text("站前社区 · 15 米")
    # Its photo gone, another one of here: nothing is asked.
    page.locator(".shot-drop").first.tap()
    expect(line).to_contain_text("站前社区 · 15 米")
    page.locator("input[data-camera]").set_input_files(close)
    expect(page.locator("[data-shots] img")).to_have_count(1)
    expect(page.locator(".shot-size")).to_contain_text("KB")
    expect(card).to_be_hidden()
    # Just taken, and the photo says elsewhere: the phone counts until somebody says otherwise.
    page.locator(".shot-drop").first.tap()
    page.locator("input[data-camera]").set_input_files(far)
    expect(card).to_contain_text("没选之前按：现在的位置")
    expect(line).to_contain_text("站前社区 · 15 米")
    photo_taken.tap()
    expect(line).to_contain_text("光明社区 · 照片拍摄的位置")
    # What it was taken from is gone, and with it what the photo said.
    page.locator(".shot-drop").first.tap()
    expect(line).to_contain_text("站前社区 · 15 米")


def test_the_code_at_the_gate_chooses_the_compound(
    person: Callable[..., Person], photo: Path, shots: Path
) -> None:
    county = person(PHONES["administrator"], size=DESK)
    desk = county.go("/admin/boundaries")
    desk.get_by_role("link", name="小区门口的码牌").click()
    desk.locator("tr", has_text="松鹤园1期").first.get_by_role("link", name="A4").click()
    address = desk.locator(".gate-address").inner_text()
    assert address.endswith("/report/new?compound=211282001001-03")
    desk.emulate_media(media="print")
    for size in ("a4", "a6"):
        desk.goto(f"{desk.url.split('?')[0]}?size={size}")
        desk.screenshot(path=shots / f"gate-{size}.png", full_page=True)
        assert (
            len(re.findall(rb"/Type\s*/Page\b", desk.pdf(format="A4", print_background=True))) == 1
        )

    rider = person(OTHER, geolocation=HERE, permissions=["geolocation"])
    rider.context.add_init_script(SCANNER)
    page = begin(rider, photo)
    expect(page.locator("[data-place-line]")).to_contain_text("15 米")
    page.locator("[name=description]").fill("墙皮掉落")
    page.wait_for_timeout(800)
    # A draft waits; the code opens the form with its photo and words, and another place.
    page = rider.go(address[address.index("/report") :])
    line = page.locator("[data-place-line]")
    expect(page.locator("[data-shots] img")).to_have_count(1)
    expect(page.locator("[name=description]")).to_have_value("墙皮掉落")
    expect(line).to_contain_text("站前社区 · 松鹤园1期（演示） · 门口扫的码")
    page.locator("[data-here]").tap()
    expect(line).to_contain_text("站前社区 · 15 米")

    # Scanned in the form: what is of no compound is said, what is chooses it.
    page.locator("[data-gate]").tap()
    screen = page.locator("dialog[aria-labelledby=gate-title]")
    page.evaluate("window.inFront = ['https://example.org/']")
    expect(screen).to_contain_text("这个码不是这里的小区")
    assert not violations(page, "dialog[open]")
    page.screenshot(path=shots / "place-scan.png")
    page.evaluate("address => { window.inFront = [address]; }", address)
    expect(screen).to_have_count(0)
    expect(line).to_contain_text("松鹤园1期（演示） · 门口扫的码")
    sent = send(page)
    # Where somebody reported it before is asked of a measured place only: none is sent here.
    assert sent["location"]["lat"] == 42.542692  # type: ignore[index]
    assert (sent["matched_by"], sent["location"]["source"]) == ("compound", "qr")  # type: ignore[index]
    page.locator("[data-next]").tap()
    expect(line).to_contain_text("还没有地点")
    page = rider.go("/report/new?compound=999")
    expect(line).to_contain_text("这个码不是这里的小区")
