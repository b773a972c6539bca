"""The ways between the pages of figures: what one looks at goes along."""

from __future__ import annotations

import html
import re
from datetime import UTC, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.places.queries import reference
from grid_report.statistics.comparison.periods import Period, earlier, earliest, parse_period
from grid_report.statistics.month import usecases as month_usecases
from tests.support import present
from tests.support.builders import STATION, STREET, Make
from tests.support.lengths import Length

COUNTY = "211282"


def page(client: FlaskClient, query: str) -> str:
    answer = client.get(f"/statistics/compare?{query}")
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


@pytest.mark.parametrize(
    ("code", "before", "year_before"),
    [
        ("2026-03", "2026-02", "2025-03"),
        ("2026-Q1", "2025-Q4", "2025-Q1"),
        ("2026", "2025", None),
    ],
)
def test_a_period_is_held_against_the_one_before_and_the_year_before(
    code: str, before: str, year_before: str | None
) -> None:
    period = parse_period(code)
    assert period is not None
    found = {name: it.code for name, it in earlier(period).items()}
    assert found == {"before": before} | ({"year_before": year_before} if year_before else {})


def test_months_of_ones_own_are_held_against_as_many_before() -> None:
    found = earlier(Period(Month(2026, 3), Month(2026, 4), "own"))
    assert found["before"] == Period(Month(2026, 1), Month(2026, 2), "own")
    assert found["year_before"] == Period(Month(2025, 3), Month(2025, 4), "own")


@pytest.mark.database
def test_the_month_and_area_shown_are_those_compared_and_the_year_before_is_a_step_away(
    make: Make,
) -> None:
    client = make.signed_in(make.administrator())
    make.report(at=make.now - timedelta(days=500))
    this = Month.of(make.now, make.settings.county.tz)
    month = this.plus(-2)
    shown = client.get(f"/statistics/{month}?area={STREET}").text
    (way,) = re.findall(r'href="/statistics/compare\?([^"]+)"', shown)
    first = page(client, html.unescape(way))
    assert selected(first) == [STREET, str(month), STREET, str(month.plus(-1))]
    links = [html.unescape(it) for it in re.findall(r'href="/statistics/compare\?([^"]+)"', first)]
    (year,) = [it for it in links if f"b={month.plus(-12)}" in it]
    assert selected(page(client, year)) == [STREET, str(month), STREET, str(month.plus(-12))]
    # And back to the same month and area.
    assert f'href="/statistics/{month}?area={STREET}"' in first


def selected(text: str) -> list[str]:
    form = text[text.index('class="card compare-form"') :]
    return re.findall(r'<option value="([^"]+)" selected', form[: form.index("</form>")])


@pytest.mark.at(present.USUAL)
@pytest.mark.database
def test_weights_of_ones_own_go_along_to_the_year_before(make: Make) -> None:
    client = make.signed_in(make.administrator())
    make.report(at=make.now - timedelta(days=700))
    text = page(client, "a=own&a_from=2026-01&a_to=2026-02&w_rework=0&endpoint=x&_external=1")
    links = [html.unescape(it) for it in re.findall(r'href="/statistics/compare\?([^"]+)"', text)]
    (year,) = [it for it in links if "b_from=2025-01" in it]
    assert {"a=own", "a_from=2026-01", "b=own", "b_to=2025-02", "w_rework=0"} <= {*year.split("&")}
    page(client, year)


@pytest.mark.database
def test_a_form_shows_what_is_answered_however_old_or_apart_it_is(make: Make) -> None:
    client = make.signed_in(make.administrator())
    old = str(Month.of(make.now, make.settings.county.tz).plus(-50))
    text = page(client, f"a={old}&area_b=unrouted")
    assert selected(text)[1] == old
    assert selected(text)[2] == "unrouted"
    on_map = client.get(f"/statistics/{old}/map").text
    assert f'<option value="{old}" selected' in on_map


@pytest.mark.database
def test_the_bulletin_is_of_the_version_one_looks_at(make: Make) -> None:
    make.report(at=make.now - timedelta(days=40))
    month = Month.of(make.now - timedelta(days=40), make.settings.county.tz)
    admin = make.administrator()
    people: dict[str, Any] = {
        "places": reference(),
        "county": make.settings.county,
        "now": make.now,
    }
    for seen, reason in enumerate(("", "补录")):
        month_usecases.freeze_month(
            month,
            actor=admin,
            seen_version=seen,
            reason=reason,
            **people,
        )
    client = make.signed_in(admin)
    for version, said in (("1", "第 1 版，"), ("2", "第 2 版，"), ("0", "即时数字")):
        shown = client.get(f"/statistics/{month}?version={version}").text
        (way,) = re.findall(rf'href="(/statistics/{month}/bulletin\?[^"]+)"', shown)
        assert f"version={version}" in way
        printed = client.get(html.unescape(way)).text
        assert said in printed
        # And back again.
        assert f"/statistics/{month}?area={COUNTY}&amp;version={version}" in printed


@pytest.mark.database
@pytest.mark.parametrize("is_frozen", [True, False])
def test_an_old_month_is_there_for_good_and_leads_nowhere_that_is_not(
    make: Make, is_frozen: bool
) -> None:
    zone = make.settings.county.tz
    then = make.now - timedelta(days=365 * 6)
    month, client = Month.of(then, zone), make.signed_in(make.administrator())
    assert client.get(f"/statistics/{month}").status_code == 404
    for days in (40, 0):
        make.report(at=then - timedelta(days=days))
    if is_frozen:
        month_usecases.freeze_month(
            month, actor=make.administrator(), seen_version=0, reason="", places=reference(),
            county=make.settings.county, now=make.now,
        )  # fmt: skip
    shown = client.get(f"/statistics/{month}")
    assert shown.status_code == 200
    assert ("第 1 版" in shown.text) == is_frozen
    # The ways, the months of the trend, the cases: all of them lead somewhere.
    links = set(re.findall(r'href="(/statistics/[^"#]+)"', shown.text))
    assert len(links) > 20
    for link in links:
        assert client.get(html.unescape(link)).status_code == 200, link


STEP = re.compile(r'href="/statistics/(\d{4}-\d{2})\?[^"]*" rel="(prev|next)"')


@pytest.mark.database
def test_a_step_to_the_next_month_leads_to_the_nearest_that_has_a_page(make: Make) -> None:
    client, this = make.signed_in(make.administrator()), Month.of(make.now, make.settings.county.tz)
    oldest = earliest(this)
    # In the middle of each, so that nothing of it falls due in another.
    counted = [oldest.plus(-14), oldest.plus(-9), oldest.plus(-8)]
    for month in counted:
        make.report(at=month.bounds(UTC)[0] + timedelta(days=9))
    steps = {
        month: {way: found for found, way in STEP.findall(client.get(f"/statistics/{month}").text)}
        for month in (*counted, oldest, oldest.plus(1), this.plus(-1), this)
    }
    assert steps == {
        counted[0]: {"next": str(counted[1])},
        counted[1]: {"prev": str(counted[0]), "next": str(counted[2])},
        counted[2]: {"prev": str(counted[1]), "next": str(oldest)},
        oldest: {"prev": str(counted[2]), "next": str(oldest.plus(1))},
        oldest.plus(1): {"prev": str(oldest), "next": str(oldest.plus(2))},
        this.plus(-1): {"prev": str(this.plus(-2)), "next": str(this)},
        this: {"prev": str(this.plus(-1))},
    }


MONTHS = re.compile(r'href="(/[^"#]*\b(?:19|20)\d{2}(?:-\d{2}|-Q\d)?\b[^"#]*)"')


def test_no_page_of_months_leads_to_one_that_is_not_there(make: Make, length: Length) -> None:
    """From the first and the last month there is of everything; at full length every link."""
    zone = make.settings.county.tz
    this = Month.of(make.now, zone)
    oldest = earliest(this)
    old, rider = oldest.plus(-9), make.rider()
    staff = make.member(Grant(Role.STATION_STAFF, "station-1"))
    statement = make.statement(rider, staff, make.station("station-1"))
    admin = make.administrator()
    for month in (old, oldest, this.plus(-1)):
        make.report(rider, at=month.bounds(UTC)[0] + timedelta(days=9))
    month_usecases.freeze_month(
        old, actor=admin, seen_version=0, reason="", places=reference(),
        county=make.settings.county, now=make.now,
    )  # fmt: skip
    starts = {
        admin: [
            *(f"/statistics/{month}{page}" for month in (old, oldest, this) for page in PAGES),
            *(f"/statistics/years/{year}" for year in (oldest.year, this.year)),
            *(f"/statistics/compare?a={month}" for month in (oldest, this)),
            f"/statistics/compare?a={this.year}", f"/statistics/compare?a={oldest.year + 1}-Q1",
            "/statistics/ask", "/open-data", "/admin/statements",
            f"/admin/statements?month={statement}", f"/admin/statements?month={this}",
            "/budgets", f"/budgets?month={this.plus(-35)}", f"/budgets/{STATION}",
            "/admin/tariff", "/fairness/rates", "/fairness/sample",
        ],
        staff: ["/station/statements", f"/station/statements/of-station-1/{statement}"],
        rider: ["/my/points", "/my/points/month", f"/my/points/month?month={this}"],
    }  # fmt: skip
    dead, followed = {}, 0
    for who, pages in starts.items():
        client = make.signed_in(who)
        links: dict[str, str] = {}
        for start in pages:
            answer = client.get(start)
            assert answer.status_code == 200, start
            links |= {html.unescape(it): start for it in MONTHS.findall(answer.text)}
        followed += len(links)
        for link, start in list(links.items())[:: length(4, 1)]:
            answer = client.get(link)
            if answer.status_code not in (200, 303):
                dead[link] = start, answer.status_code
            answer.close()
    assert dead == {}
    assert followed > 200


PAGES = ("", "/map", "/bulletin")
