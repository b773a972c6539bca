"""Every page as the person who uses it sees it: light, dark and big, Chinese and English.

`SCREENS` is held against the URL map: a new page that nobody looks at here fails.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import expect

from grid_report.demo.pictures.darkroom import develop_all
from grid_report.demo.pictures.shots import Shot
from grid_report.errors import Busy, Invalid, Stale, TooLarge, TooMany
from grid_report.web.guard import public
from tests.support.visits.browser import DESK, PHONE, ROOT, Person, Site
from tests.support.visits.queued import unlike_others
from tests.support.visits.screens import (
    BIG,
    DARK,
    EVERY_LOOK,
    LIGHT,
    OF_STYLES,
    Variant,
    look,
    too_wide,
    violations,
)
from tests.support.visits.showcase import MOST_BYTES, compose
from tests.support.visits.site_map import NO_PAGES, PHONE_SIDE, PHONES, ROW, SCREENS, Screen

pytestmark = pytest.mark.browser

FIRST_LOAD_BYTES = 60_000

# Pages are looked at without a service worker: in each new browser it would fetch the whole shell.
A_LOOK: dict[str, Any] = {
    "size": PHONE.copy(),
    "reduced_motion": "reduce",
    "service_workers": "block",
}

# Set to 1, the picture test also writes the committed picture of the README.
UPDATE_PICTURE = "GRID_REPORT_UPDATE_SCREENSHOT"
PICTURE = ROOT / "grid_report" / "static" / "screenshot.png"
AT_THE_STATION = {"latitude": 42.5460025, "longitude": 124.0408182, "accuracy": 12}


def test_every_page_of_the_url_map_is_looked_at(app: Flask) -> None:
    looked_at = {screen.endpoint for screens in SCREENS.values() for screen in screens}
    pages = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and not rule.rule.startswith("/api/")
    }
    assert pages - looked_at == NO_PAGES
    assert looked_at - pages == {""}


def test_the_examination_sees_what_is_wrong(person: Callable[..., Person]) -> None:
    page = person(size=PHONE.copy()).page
    page.set_content("<main><h1>A</h1><img src='data:,'><pre>" + "wide " * 200 + "</pre></main>")
    assert any(line.startswith("axe image-alt") for line in violations(page))
    assert too_wide(page)
    page.set_content(
        "<html lang=en><title>A</title><main><h1>A</h1>"
        "<div style='overflow: auto' tabindex=0><pre>" + "wide " * 200 + "</pre></div></main>"
    )
    assert violations(page) == []
    assert too_wide(page) == []
    page.set_content(
        "<html lang=en><title>A</title><style>[data-theme=dark] p { color: #777 }"
        "[data-theme=dark] { background: #666 }</style>"
        "<meta name=color-scheme content=light><main><h1>A</h1><p>Grey</p></main>"
    )
    assert violations(page) == []
    assert DARK.put_on(page)
    assert any("color-contrast" in line for line in violations(page, rules=OF_STYLES))


def visit(
    someone: Person,
    screen: Screen,
    variant: Variant,
    shots: Path,
    *,
    number: str = "",
    desk: bool = False,
    standing: bool = False,
) -> list[str]:
    """Look at a screen in a variant and return what is wrong with it.

    `standing`, it is open already in another variant and was examined whole; it puts this one on,
    or is opened anew where a script has drawn in the other's colours.
    """
    page = someone.page
    variant.wear(someone.context, someone.site.address)
    page.set_viewport_size(PHONE if variant.text == "big" else DESK if desk else PHONE)
    wrong = []
    if not (standing and variant.put_on(page)):
        status = enter(someone, screen, number)
        wrong = [] if status == screen.status else [f"answered {status}"]
    desk = desk and variant.text != "big"
    wrong += look(
        page,
        screen.name,
        variant,
        desk=desk,
        within=screen.within,
        shots=shots,
        restyled=standing,
    )
    return [f"{screen.name} {variant.name}: {line}" for line in wrong]


def enter(someone: Person, screen: Screen, number: str) -> int:
    """Open a screen, do on it what is to be done, and return the status of the last answer."""
    page, statuses = someone.page, []

    def note(answer: Any) -> None:
        if answer.request.is_navigation_request():
            statuses.append(answer.status)

    page.on("response", note)
    someone.go(screen.path.format(number=number))
    if screen.link:
        address = page.locator(screen.link).first.get_attribute("href")
        assert address is not None
        someone.go(address)
    if screen.act:
        screen.act(page)
    page.wait_for_load_state()
    page.remove_listener("response", note)
    return int(statuses[-1])


def visit_all(
    someone: Person,
    screen: Screen,
    shots: Path,
    *,
    number: str = "",
    desk: bool = False,
    anew: bool = False,
) -> list[str]:
    """Look at a screen in every look, opening it once a language; `anew`, once a look.

    A theme is styles alone, and so is the size of the text; but a desk is opened anew, once, on the
    phone it is read on in big text.
    """
    wrong, before = [], None
    for look_of_it in EVERY_LOOK:
        same = before is not None and before.language == look_of_it.language
        standing = same and not anew and not (desk and look_of_it is BIG)
        wrong += visit(
            someone, screen, look_of_it, shots, number=number, desk=desk, standing=standing
        )
        before = look_of_it
    return wrong


# A few screens at a time, so that both workers have something to do until the end.
AT_A_TIME = 8
PARTS = [
    pytest.param(who, screens[at : at + AT_A_TIME], id=f"{who}-{screens[at].name}")
    for who, screens in SCREENS.items()
    for at in range(0, len(screens), AT_A_TIME)
]


@pytest.mark.parametrize("who, screens", PARTS)
def test_pages_are_accessible_and_fit(
    who: str, screens: list[Screen], app: Flask, person: Callable[..., Person], shots: Path
) -> None:
    someone = person(PHONES[who], **A_LOOK)
    desk = who not in PHONE_SIDE
    foreign: list[str] = []
    someone.context.on("request", lambda it: _note_foreign(it.url, someone.site, foreign))
    number = ""
    if who == "rider":
        link = someone.go("/my/reports").locator("main a[href*='/KY-']").first
        number = str(link.get_attribute("href")).rsplit("/", 1)[-1]
    wrong: list[str] = []
    for screen in screens:
        # The switches at the edge of a page name the look it has not: the first shows them all.
        anew = screen is SCREENS[who][0]
        wrong += visit_all(someone, screen, shots, number=number, desk=desk, anew=anew)
        if screen.endpoint and screen.status in (200, 403):
            path = urlsplit(someone.page.url).path
            assert app.url_map.bind("").match(path)[0] == screen.endpoint
    assert not wrong, "\n".join(wrong)
    assert not foreign


def _note_foreign(url: str, site: Site, foreign: list[str]) -> None:
    if not url.startswith((site.address + "/", "data:", "blob:")):
        foreign.append(url)


def test_a_newcomer_finds_kind_empty_pages(person: Callable[..., Person], shots: Path) -> None:
    newcomer = person(**A_LOOK)
    page = newcomer.go("/sign-up")
    page.locator("[name=phone]").fill("13812340001")
    page.locator("[name=name]").fill("阿不都热合曼·买买提江")
    page.locator("[name=password]").fill("three words in a row")
    for box in page.locator("input[type=checkbox]").all():
        box.check()
    page.locator("main form button").last.click()
    page.wait_for_url("**/me/number*")
    wrong = []
    for name in ("me/number", "my/reports", "my/points", "inbox", "me"):
        screen = Screen(f"empty-{name.replace('/', '-')}", "", f"/{name}")
        wrong += visit_all(newcomer, screen, shots)
    assert not wrong, "\n".join(wrong)


REFUSALS: dict[int, Callable[[], Exception]] = {
    409: lambda: Stale(seen=2, current=3),
    413: lambda: TooLarge(limit_mb=12),
    422: lambda: Invalid.field("description", "text-too-long", most=2000),
    429: lambda: TooMany(retry_after_s=120),
    500: lambda: RuntimeError("broken on purpose"),
    503: Busy,
}


def test_error_pages_that_are_hard_to_reach(
    app: Flask, person: Callable[..., Person], shots: Path
) -> None:
    """The page comes from an app of the test with a broken view, its files from the site."""

    @app.get("/broken/<int:status>")
    @public
    def broken(status: int) -> str:
        raise REFUSALS[status]()

    guest = person(**A_LOOK)
    guest.page.route(
        "**/broken/*",
        lambda route: route.fulfill(
            status=200, content_type="text/html; charset=utf-8", body=bodies[route.request.url]
        ),
    )
    bodies: dict[str, str] = {}
    wrong = []
    for status in REFUSALS:
        for variant in EVERY_LOOK:
            client = app.test_client()
            for name in ("theme", "text", "language"):
                client.set_cookie(name, getattr(variant, name))
            answer = client.get(f"/broken/{status}")
            assert answer.status_code == status
            bodies[f"{guest.site.address}/broken/{status}"] = answer.text
            screen = Screen(f"error-{status}", "", f"/broken/{status}")
            wrong += visit(guest, screen, variant, shots)
    assert not wrong, "\n".join(wrong)


def test_the_theme_of_the_device_is_followed(person: Callable[..., Person]) -> None:
    night = person(PHONES["rider"], color_scheme="dark", **A_LOOK)
    page = night.go("/my/reports")
    assert page.locator("html").get_attribute("data-theme") == "auto"
    assert not violations(page)
    ground = "getComputedStyle(document.body).backgroundColor"
    by_device = page.evaluate(ground)
    DARK.wear(night.context, night.site.address)
    page = night.go("/my/reports")
    assert page.evaluate(ground) == by_device


def test_the_report_page_is_light_and_a_second_visit_loads_no_files(
    person: Callable[..., Person],
) -> None:
    signed_in = person(PHONES["rider"]).context.storage_state()
    # A browser that has never been here, but is signed in.
    rider = person(storage_state=signed_in)
    fetched: list[Any] = []

    def keep(request: Any) -> None:  # Playwright takes no method of a built-in
        fetched.append(request)

    rider.page.on("requestfinished", keep)
    rider.go("/report/new").wait_for_load_state("networkidle")
    sizes = {it.url: it.sizes()["responseBodySize"] for it in fetched}
    assert any(url.endswith(".css") for url in sizes)
    assert any(url.endswith(".js") for url in sizes)
    total = sum(sizes.values())
    print(f"first load: {total} bytes in {len(sizes)} requests")
    assert total <= FIRST_LOAD_BYTES, sizes
    rider.go("/report/new").wait_for_load_state("networkidle")
    again = rider.page.evaluate(
        "performance.getEntriesByType('resource').filter(it => it.transferSize > 0).map(it => it.name)"
    )
    assert again == []


def test_the_picture_of_the_readme(
    person: Callable[..., Person], shots: Path, tmp_path: Path
) -> None:
    """A report about to be sent beside the desk with a case open.

    Kept in var/screenshots; `GRID_REPORT_UPDATE_SCREENSHOT=1` also writes the committed picture.
    """
    photo = tmp_path / "IMG_0007.jpg"
    photo.write_bytes(develop_all([Shot("RD04", 1)], (1600, 1200))[0])
    rider = person(
        PHONES["rider"],
        geolocation=AT_THE_STATION,
        permissions=["geolocation"],
        reduced_motion="reduce",
    )
    LIGHT.wear(rider.context, rider.site.address)
    page = rider.go("/report/new")
    unlike_others(page)
    page.locator("input[data-camera]").set_input_files(photo)
    expect(page.locator("[data-shots] img").first).to_be_visible()
    page.locator("input[name=category][value=RD04]").first.check()
    page.locator("[data-here]").tap()
    expect(page.locator("[data-place-words]")).to_contain_text("站前社区")
    page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
    # The line that says this is a demo is for the screen, not for the picture.
    hide_demo_line = "document.querySelector('.demo-line').hidden = true"
    page.evaluate(hide_demo_line)
    of_phone = page.screenshot()

    worker = person(PHONES["worker"], size=DESK, device_scale_factor=2, reduced_motion="reduce")
    LIGHT.wear(worker.context, worker.site.address)
    page = worker.go("/desk")
    page.locator(ROW).first.click()
    page.wait_for_url("**/desk/KY-*")
    page.wait_for_load_state("networkidle")
    page.evaluate(hide_demo_line)
    of_desk = page.screenshot()

    picture = compose(of_desk, of_phone)
    assert len(picture) <= MOST_BYTES
    (shots / "readme.png").write_bytes(picture)
    if os.environ.get(UPDATE_PICTURE):
        PICTURE.write_bytes(picture)
