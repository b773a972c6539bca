"""What is under Me: everything asked for, leaving and staying, and which news reach a rider."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.visits.browser import DEMO_PASSWORD, Person, Site
from tests.support.visits.screens import violations

pytestmark = pytest.mark.browser

RIDER = "13900000004"
IN_WECHAT = (
    "Mozilla/5.0 (Linux; Android 12) AppleWebKit/537.36 Chrome/120 Mobile MicroMessenger/8.0.50"
)
SWITCH = "#report_closed-wechat [role=switch]"


def checked(page: Page, is_on: bool) -> None:
    expect(page.locator(SWITCH)).to_have_attribute("aria-checked", "true" if is_on else "false")


def test_whoever_wants_to_leave_reads_what_it_means_and_can_stay(
    person: Callable[..., Person],
) -> None:
    rider = person("13900000003")
    page = rider.go("/me/data")
    page.locator("form[action='/me/data/export'] button").tap()
    expect(page.locator("#export .badge")).to_be_visible()
    page.locator("#leave summary").tap()
    page.locator("#f-password").fill(DEMO_PASSWORD)
    page.locator("form[action='/me/data/leave'] button").tap()
    stay = page.locator("form[action='/me/data/stay'] button")
    expect(stay).to_be_visible()
    assert violations(page) == []
    stay.tap()
    expect(stay).to_have_count(0)
    expect(page.locator("#leave summary")).to_be_visible()


def test_what_reaches_a_rider_is_switched_at_once(
    person: Callable[..., Person], site: Site
) -> None:
    rider = person(RIDER, user_agent=IN_WECHAT)
    page = rider.go("/me")
    page.locator("a[href='/me/notifications']").tap()
    expect(page.locator("[role=switch]")).to_have_count(0)
    site.wechat.next_openid = "o-of-the-journey"
    page.locator("a[href*='oauth2/authorize']").tap()
    page.wait_for_url("**/me/notifications")
    expect(page.locator(".badge.tone-ok")).to_be_visible()
    assert violations(page) == []

    page.evaluate("window.stayed = true")
    checked(page, False)
    page.locator(SWITCH).tap()
    checked(page, True)
    assert page.evaluate("window.stayed")
    page.reload()
    checked(page, True)

    # What could not be kept has not moved, and says so.
    rider.context.set_offline(True)
    page.locator(SWITCH).tap()
    expect(page.locator("[data-switch-said]")).not_to_be_empty()
    checked(page, True)
    rider.context.set_offline(False)
    page.locator(SWITCH).tap()
    checked(page, False)
    expect(page.locator("[data-switch-said]")).to_be_empty()

    plain = person(RIDER, java_script_enabled=False).go("/me/notifications")
    checked(plain, False)
    plain.locator(SWITCH).tap()
    plain.wait_for_url("**/me/notifications#report_closed-wechat")
    checked(plain, True)
    plain.locator("#f-quiet_begins").fill("09:00")
    plain.locator("#f-quiet_ends").fill("17:00")
    plain.locator("form[action$='/quiet'] button").tap()
    expect(plain.locator("#f-quiet_ends")).to_have_value("17:00")
    page.reload()
    checked(page, True)
    expect(page.locator("#f-quiet_begins")).to_have_value("09:00")
    page.locator("form[action='/me/wechat/disconnect'] button").tap()
    expect(page.locator("[role=switch]")).to_have_count(0)
