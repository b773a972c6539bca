"""The month on paper: two clean pages of A4, whatever it is the month of, nothing cut."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import ViewportSize
from sqlalchemy import text

from grid_report import clock
from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.db import transaction
from grid_report.places.queries import reference
from grid_report.statistics.month import usecases as month_usecases
from tests.support.builders import STATION, STREET, Make
from tests.support.sets import full_month
from tests.support.visits.browser import DESK, Person

pytestmark = pytest.mark.browser

COUNTY = "211282"
# A4 less its margins, in CSS pixels.
PAPER: ViewportSize = {"width": 718, "height": 1062}
# What is wider than where it stands, its card or the paper.
CUT = """() => {
  const right = (it) => it.getBoundingClientRect().right;
  const room = (it) => Math.min(document.documentElement.clientWidth, right(it.closest('.card, .figure-cards') ?? document.body));
  return [...document.querySelectorAll('.figures-page :is(td, th, li, dt, dd, p, h2)')]
    .filter((it) => it.offsetParent !== null)
    .filter((it) => right(it) > room(it) + 1 || it.clientWidth && it.scrollWidth > it.clientWidth + 1)
    .map((it) => it.outerHTML.slice(0, 160));
}"""


@pytest.fixture
def month(make: Make) -> Month:
    """Make thirteen full months, the last frozen twice and changed again since."""
    county, places = make.settings.county, reference()
    last = Month.of(clock.now(), county.tz).plus(-1)
    full_month.put_down([last.plus(n) for n in range(-12, 1)], places, COUNTY, least=2)
    actor = make.administrator()
    for seen, reason in ((0, ""), (1, "两件案件退回更正，一件重开")):
        month_usecases.freeze_month(
            last, actor=actor, seen_version=seen, reason=reason,
            places=places, county=county, now=clock.now(),
        )  # fmt: skip
        with transaction() as session:
            session.execute(
                text(
                    "UPDATE statistics_cells SET n = n - 1"
                    " WHERE month = :month AND version = 0 AND facet = '' AND n > 1"
                ),
                {"month": str(last)},
            )
    return last


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_month_is_two_pages_of_paper(
    app: Flask, make: Make, month: Month, person: Callable[..., Person], shots: Path, language: str
) -> None:
    """The page comes from an app of the test, its files from the site."""
    client = make.signed_in(make.administrator())
    client.set_cookie("language", language)
    reader = person(size=DESK.copy(), reduced_motion="reduce")
    page, bodies = reader.page, dict[str, str]()
    page.route(
        f"**/statistics/{month}?*",
        lambda route: route.fulfill(
            content_type="text/html; charset=utf-8", body=bodies[route.request.url]
        ),
    )
    wrong = []
    for area in (COUNTY, STREET, STATION):
        path = f"/statistics/{month}?area={area}"
        bodies[reader.site.address + path] = client.get(path).text
        page.set_viewport_size(DESK)
        page.emulate_media(media="null")
        reader.go(path)
        page.locator(".chart-box canvas").last.wait_for(state="attached")
        if area == COUNTY:
            # As much to say as there ever is.
            assert page.locator(".month-summary li").count() >= 14
        paper = page.pdf(format="A4", path=shots / f"paper-{area}-{language}.pdf")
        if (pages := len(re.findall(rb"/Type\s*/Page\b", paper))) != 2:
            wrong.append(f"{area} takes {pages} pages")
        # Nothing is cut: what is printed fits where it stands, each community has its line.
        page.set_viewport_size(PAPER)
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        wrong += [f"{area} is cut at {it}" for it in page.evaluate(CUT)]
        places = reference().communities.values()
        printed = " ".join(page.locator("#places, #parts").all_inner_texts())
        inside = [it.name for it in places if area in (COUNTY, it.street_code)]
        wrong += [f"{area} lacks {it}" for it in inside if it not in printed]
    assert wrong == []


# How what may repeat or stand alone on a sheet is printed.
PRINTED = """() => ({
  totals: [...document.querySelectorAll('tfoot')].map((it) => getComputedStyle(it).display),
  headings: [...document.querySelectorAll('main :is(h1, h2, h3), main caption')]
    .map((it) => getComputedStyle(it).breakAfter),
})"""


def test_a_total_is_printed_once_and_no_heading_stands_alone(
    app: Flask, make: Make, person: Callable[..., Person]
) -> None:
    assert app
    month = make.statement(
        make.rider(), make.member(Grant(Role.STATION_STAFF, make.station())), "station-1"
    )
    client = make.signed_in(make.administrator())
    reader = person(size=DESK.copy(), reduced_motion="reduce")
    page, bodies = reader.page, dict[str, str]()
    paths = (
        f"/admin/statements/of-station-1/{month}",
        f"/admin/statements?month={month}",
        "/budgets",
    )
    page.route(
        re.compile(r"/(admin/statements|budgets)"),
        lambda route: route.fulfill(
            content_type="text/html; charset=utf-8", body=bodies[route.request.url]
        ),
    )
    for path in paths:
        answer = client.get(path, follow_redirects=True)
        assert answer.status_code == 200, path
        bodies[reader.site.address + path] = answer.text
        page.emulate_media(media="null")
        reader.go(path)
        page.emulate_media(media="print")
        found = page.evaluate(PRINTED)
        assert found["totals"], path
        assert set(found["totals"]) == {"table-row-group"}, path
        assert set(found["headings"]) <= {"avoid"}, path
