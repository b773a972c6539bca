"""One real site and one Chromium a worker; each journey brings its own people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ViewportSize

from tests.support.visits import points_story
from tests.support.visits.browser import (
    ARGUMENTS,
    PHONE,
    ROOT,
    Person,
    Site,
    chromium,
    chromium_path,
    shell_path,
)

SHOTS = ROOT / "var" / "screenshots"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Return a Chromium. Without one it is a failure in CI and a loud skip elsewhere."""
    path = shell_path()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: CI must have one")
        pytest.skip("no Chromium on this machine (apt-get install chromium fonts-noto-cjk)")
    with chromium(path) as made:
        yield made


@pytest.fixture
def whole_browser(browser: Browser) -> Iterator[Browser]:
    """Return a Chromium that goes on for pages that were closed, as one without windows does not."""
    path = chromium_path()
    if path in (None, shell_path()):
        yield browser
        return
    made = browser.browser_type.launch(executable_path=path, args=ARGUMENTS)
    yield made
    made.close()


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the demo's world, which all workers of a run share."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "world"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, world: Path) -> Iterator[Site]:
    """Start a site with a small demo world."""
    made = Site(tmp_path_factory.mktemp("site"), world)
    try:
        points_story.tell(made)
        yield made
    finally:
        made.stop()
    assert not made.errors(), made.errors()[:5]


@pytest.fixture
def person(browser: Browser, site: Site) -> Iterator[Callable[..., Person]]:
    """Bring people; at the end none of their pages may have complained."""
    people: list[Person] = []

    def bring(
        phone: str = "",
        *,
        size: ViewportSize = PHONE,
        browser: Browser = browser,
        **context: Any,
    ) -> Person:
        people.append(Person(browser, site, phone, size=size, **context))
        return people[-1]

    yield bring
    for one in people:
        one.close()
    assert not [complaint for one in people for complaint in one.complaints]


@pytest.fixture(scope="session")
def shots() -> Path:
    """Return the folder screenshots are kept in."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    return SHOTS
