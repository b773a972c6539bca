"""The circle closes: a meal is handed out, becomes final, and is on the month's statement once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy import select

from grid_report import clock, create_app
from grid_report import settings as settings_module
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.queries import list_member_ids_with
from grid_report.clock import Month
from grid_report.db import db
from grid_report.demo.cast import REST_STATION
from grid_report.offers.catalogue import queries as catalogue_queries
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.counter.commands import Scan
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions import vouchers
from grid_report.offers.redemptions.commands import Redeem
from grid_report.offers.settlements import usecases as settlements_usecases
from grid_report.offers.settlements.models import Statement, StatementLine
from grid_report.points.history.queries import balance
from tests.support.visits.browser import DESK, PHONE, Person, Site

pytestmark = pytest.mark.browser

STAFF, ADMINISTRATOR = "13900000401", "13900000901"
PROVIDER, DRINK = "暖阳服务中心", "热饮一杯"


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory, world: Path) -> Iterator[Site]:
    """Start a site of its own: time passes on it, which others would notice."""
    made = Site(tmp_path_factory.mktemp("later"), world)
    yield made
    made.stop()
    assert not made.errors(), made.errors()[:5]


@pytest.fixture
def somebody(browser: Browser, later: Site) -> Iterator[Callable[..., Person]]:
    """Bring people to that site."""
    people: list[Person] = []

    def bring(phone: str, size: ViewportSize) -> Person:
        people.append(Person(browser, later, phone, size=size))
        return people[-1]

    yield bring
    for one in people:
        one.close()
    assert not [complaint for one in people for complaint in one.complaints]


def member(number: int, role: Role, place: str | None = None) -> Actor:
    return Actor(number, "", frozenset({Grant(role, place)}))


def hand_out_and_let_time_pass(site: Site) -> tuple[str, Month]:
    """Take a drink, hand it out, let 72 hours and the month pass; return its number and month.

    Long enough ago that it is final in the site's present: no page shows a month to come.
    """
    settings = settings_module.load(site.environment)
    app = create_app(settings)
    with app.app_context():
        zone, now = settings.county.tz, clock.now() - timedelta(hours=73)
        offer = next(
            r.offer for r in catalogue_queries.list_offers(now=now) if r.title("zh_CN") == DRINK
        )
        riders = list_member_ids_with(Role.RIDER, None)
        rider = max(riders, key=lambda it: balance(it).available)
        (staff_id,) = list_member_ids_with(Role.STATION_STAFF, REST_STATION)
        db.session.rollback()
        taken = redemptions_usecases.redeem(
            Redeem(key=str(uuid.uuid4()), offer_id=offer.id),
            actor=member(rider, Role.RIDER),
            zone=zone,
            now=now,
        ).redemption
        staff = member(staff_id, Role.STATION_STAFF, REST_STATION)
        ref = taken.ref
        text = vouchers.text_for(ref, taken.secret, vouchers.step_at(now))
        counter_usecases.scan(Scan(qr=text), actor=staff, now=now)
        counter_usecases.confirm(ref, "journey", actor=staff, now=now)
        final = now + timedelta(hours=72)
        redemptions_scheduled.settle_due(now=final)
        settlements_usecases.draw_due(
            zone=zone, fen_per_point=10, now=Month.of(clock.now(), zone).bounds(zone)[1]
        )
        # The first hours of a month: the service was final in the one before, and is on its
        # statement, or on the next where that one was drawn.
        month = Month.parse(
            db.session.execute(
                select(Statement.month)
                .join(StatementLine, StatementLine.statement_id == Statement.id)
                .where(StatementLine.redemption_id == taken.id)
            ).scalar_one()
        )
        db.session.remove()
        db.engine.dispose()
    app.extensions["grid_report"].media.close()
    return ref, month


def confirm(page: Page, words: str) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name=words).click()


def test_a_service_is_on_the_months_statement_once_and_both_sides_confirm(
    later: Site, somebody: Callable[..., Person], shots: Path
) -> None:
    ref, month = hand_out_and_let_time_pass(later)
    staff, county = somebody(STAFF, PHONE.copy()), somebody(ADMINISTRATOR, DESK.copy())

    page = staff.go("/station/statements")
    page.locator("main a", has_text=str(month)).last.click()
    expect(page.locator(".statement-lines li", has_text=ref)).to_have_count(1)
    page.screenshot(path=shots / "statement-to-confirm.png", full_page=True)
    confirm(page, "核对无误，确认")
    expect(page.locator("main .badge").first).to_contain_text("待社会工作部确认")

    page = county.go(f"/admin/statements?month={month}")
    page.locator("main table a", has_text=PROVIDER).click()
    page.locator("summary", has_text="确认并结清").click()
    expect(page.locator("main details[open]")).to_contain_text("不能更改")
    confirm(page, "代表社会工作部确认并结清")
    expect(page.locator(".page-head .badge")).to_contain_text("已结清")
    expect(page.locator("main tr", has_text=ref)).to_have_count(1)
    with page.expect_download() as asked:
        page.get_by_role("link", name="Excel").click()
    book = load_workbook(BytesIO(Path(asked.value.path()).read_bytes()))
    refs: list[Any] = [row[4] for row in book["明细"].iter_rows(min_row=2, values_only=True)]
    assert refs.count(ref) == 1

    # It stays as it is: the page has nothing left to press.
    page = staff.go("/station/statements")
    page.locator("main a", has_text=str(month)).last.click()
    expect(page.locator("main form")).to_have_count(0)
    expect(page.locator("main .badge").first).to_contain_text("已结清")
