"""A map one can find a spot on: streets, the own dot, and the keyboard; a provider's tiles as well."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import asinh, floor, pi, radians, tan
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from werkzeug.serving import make_server

from grid_report.places.geo.datum import to_gcj02
from grid_report.places.geo.points import Point
from tests.journeys.test_offline import wait_until, wait_until_kept
from tests.support.builders import Make
from tests.support.visits.browser import PHONE, Person
from tests.support.visits.screens import violations

pytestmark = pytest.mark.browser

RIDER = "13900000001"
HERE = Point(42.5460025, 124.0408182)
STANDS = {"latitude": HERE.lat, "longitude": HERE.lng, "accuracy": 25}

# How many pixels of the map's painted tiles are no ground.
PAINTED = """() => [...document.querySelectorAll(".map-streets canvas")].reduce((sum, it) => {
  const { data } = it.getContext("2d").getImageData(0, 0, it.width, it.height);
  let painted = 0;
  for (let at = 3; at < data.length; at += 40) if (data[at]) painted += 1;
  return sum + painted;
}, 0)"""
WRITTEN = """() => {
  const it = document.querySelector("canvas.map-words");
  const { data } = it.getContext("2d").getImageData(0, 0, it.width, it.height);
  return data.some((value, at) => at % 4 === 3 && value > 0);
}"""


def open_map(page: Page) -> Any:
    """Open the map and return its screen, once a spot can be taken from it."""
    page.locator("[data-map]").tap()
    screen = page.locator("[data-map-screen]")
    expect(screen.locator("[data-map-take]")).to_be_enabled()
    return screen


def test_a_rider_finds_the_spot_between_streets(person: Callable[..., Person], shots: Path) -> None:
    rider = person(
        RIDER, geolocation=STANDS, permissions=["geolocation"], service_workers="block"
    )  # fmt: skip
    page = rider.go("/report/new")
    asked: list[Any] = []
    page.on("response", lambda it: asked.append((it.status, it.url)))
    page.locator("[data-here]").tap()
    expect(page.locator("[data-place-detail]")).to_contain_text("25")
    # Nothing of the map's weight before it is opened.
    weight = ("/build/map-", "/map/ground", "/map/streets", "/map/boundaries")
    assert not [url for _, url in asked if any(part in url for part in weight)]
    screen = open_map(page)
    wait_until(page, f"() => ({PAINTED})() > 200")
    parts = [status for status, url in asked if url.endswith(".pmtiles")]
    assert parts
    assert set(parts) == {206}
    expect(screen.locator("[data-map-where]")).to_contain_text("站前社区 · 靠近站前社区居民委员会")
    expect(screen.locator(".map-credit")).to_contain_text("虚构的演示街道")
    expect(screen.locator(".map-credit")).to_contain_text("审图号")
    assert screen.locator("path.map-me").count() == 1
    assert screen.locator("path.map-around").bounding_box()["width"] > 10
    wait_until(page, WRITTEN)
    for button in screen.locator(".leaflet-bar a").all():
        box = button.bounding_box()
        assert box["width"] >= 48
        assert box["height"] >= 48
        assert button.get_attribute("aria-label") or button.get_attribute("title")
    page.screenshot(path=shots / "map-streets.png")
    assert not violations(page)

    # By the keyboard alone: away, nearer, and back to the own dot.
    frame = screen.locator(".map-frame")
    assert "方向键" in str(frame.get_attribute("aria-label"))
    frame.focus()
    for _ in range(3):
        page.keyboard.press("ArrowUp")
        page.wait_for_timeout(350)
    expect(screen.locator("[data-map-where]")).not_to_contain_text("居民委员会")
    page.keyboard.press("+")
    expect(screen.locator("[data-map-take]")).to_be_enabled()
    screen.locator(".map-to-me").tap()
    expect(screen.locator("[data-map-where]")).to_contain_text("居民委员会")
    screen.locator("[data-map-take]").tap()
    assert float(page.locator("[name=lat]").input_value()) == pytest.approx(HERE.lat, abs=2e-5)
    assert page.locator("[name=source]").input_value() == "pin"


def test_the_map_opens_without_network_once_it_was_opened(person: Callable[..., Person]) -> None:
    rider = person(RIDER)
    page = rider.go("/report/new")
    wait_until_kept(page, "/report/shell")
    open_map(page)
    for path in ("/map/boundaries.json", "/map/ground.json"):
        wait_until_kept(page, path)
    rider.context.set_offline(True)
    page.goto(rider.site.address + "/report/new")
    screen = open_map(page)
    assert screen.locator("path.map-area").count() > 30
    expect(screen.locator("[data-map-where]")).to_contain_text("社区")


# --- a provider that draws shifted ----------------------------------------------------------------

PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763a8"
    "a9a90100041d01f1d1e1bd2e0000000049454e44ae426082"
)


@dataclass
class Tiles:
    """A provider of tiles on this machine, and what it was asked for."""

    server: ThreadingHTTPServer
    asked: list[tuple[str, int, int, int]] = field(default_factory=list)
    referrers: set[str | None] = field(default_factory=set)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def provider() -> Iterator[Tiles]:
    """Run a provider of tiles."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = re.fullmatch(r"/(\w+)/(\d+)/(\d+)/(\d+)\.png", self.path)
            if found:
                numbers = [int(it) for it in found.groups()[1:]]
                made.asked.append((found[1], *numbers))  # type: ignore[arg-type]
                made.referrers.add(self.headers.get("Referer"))
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.end_headers()
            self.wfile.write(PICTURE)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    made = Tiles(ThreadingHTTPServer(("127.0.0.1", 0), Answers))
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join(5)


@pytest.fixture
def serving() -> Iterator[Callable[[Flask], str]]:
    """Let an app of the test answer a real browser, one request after the other."""
    servers: list[tuple[Any, threading.Thread]] = []

    def begin(app: Flask) -> str:
        server = make_server("127.0.0.1", 0, app)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield begin
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join(5)


def tile_of(spot: Point, zoom: int) -> tuple[int, int]:
    """Return the numbers of the tile a spot lies in."""
    across = (spot.lng + 180) / 360
    down = (1 - asinh(tan(radians(spot.lat))) / pi) / 2
    return floor(across * 2**zoom), floor(down * 2**zoom)


@pytest.mark.database
def test_tiles_of_a_shifted_provider_lie_under_the_true_spot(
    make: Make,
    another_app: Callable[..., Flask],
    serving: Callable[[Flask], str],
    provider: Tiles,
    person: Callable[..., Person],
) -> None:
    app = another_app(
        map={
            "tiles": [f"{provider.address}/{it}/{{z}}/{{x}}/{{y}}.png" for it in ("base", "words")],
            "datum": "gcj02",
            "attribution": "某地图",
            "approval": "GS(2026)1号",
        }
    )
    cookie = make.signed_in(make.rider()).get_cookie("grid_report")
    assert cookie is not None
    origin = serving(app)
    phone = person(size=PHONE, service_workers="block")
    phone.context.add_cookies([{"name": "grid_report", "value": cookie.value, "url": origin}])
    page = phone.page
    page.goto(f"{origin}/report/new")
    page.locator("#report-form").evaluate(
        "(form, [lat, lng]) => { form.elements.lat.value = lat; form.elements.lng.value = lng; }",
        [HERE.lat, HERE.lng],
    )
    screen = open_map(page)
    expect(screen.locator(".map-credit")).to_have_text("某地图 · 审图号：GS(2026)1号")
    expect(screen.locator("[data-map-where]")).to_contain_text("站前社区")
    expect(screen.locator(".leaflet-tile-loaded").first).to_be_attached()
    expect(screen.locator(".leaflet-tile:not(.leaflet-tile-loaded)")).to_have_count(0)
    shifted, plain = tile_of(to_gcj02(HERE), 16), tile_of(HERE, 16)
    assert shifted != plain
    at_16 = {(layer, x, y) for layer, z, x, y in provider.asked if z == 16}
    assert {("base", *shifted), ("words", *shifted)} <= at_16
    # The tile in the middle of the screen is the shifted one: just as many on either side.
    columns = sorted({x for _, x, _ in at_16})
    rows = sorted({y for _, _, y in at_16})
    assert abs((columns[0] + columns[-1]) / 2 - shifted[0]) <= 1
    assert abs((rows[0] + rows[-1]) / 2 - shifted[1]) <= 1
    # The provider learns the site, and nothing of its pages.
    assert provider.referrers == {f"{origin}/"}
    screen.locator("[data-map-take]").tap()
    assert float(page.locator("[name=lat]").input_value()) == pytest.approx(HERE.lat, abs=2e-5)
    assert float(page.locator("[name=lng]").input_value()) == pytest.approx(HERE.lng, abs=2e-5)
