"""A rider asks for everything, wants to leave, and stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.visits.browser import DEMO_PASSWORD, Person
from tests.support.visits.screens import violations

pytestmark = pytest.mark.browser


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
