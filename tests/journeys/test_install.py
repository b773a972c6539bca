"""The site as an app on the home screen, which opens in a stairwell too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.test_offline import wait_until_kept
from tests.support.visits.browser import Person

pytestmark = pytest.mark.browser

RIDER = "13900000001"
# The browsers of tests are incognito ones, which offer to install nothing.
OF_TESTS = {"in-incognito"}


def test_a_phone_may_install_it_and_its_sign_opens_the_form_without_network(
    person: Callable[..., Person],
) -> None:
    rider = person(RIDER)
    page = rider.go("/report/new")
    wait_until_kept(page, "/report/shell")
    devtools = rider.context.new_cdp_session(page)
    told = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
    assert {it["errorId"] for it in told} <= OF_TESTS
    found = devtools.send("Page.getAppManifest")
    assert found["errors"] == []
    assert "/manifest.webmanifest" in found["url"]

    rider.context.set_offline(True)
    rider.go("/")
    expect(page.locator("#report-form input[data-camera]")).to_be_attached()
    rider.context.set_offline(False)


def test_the_sign_speaks_the_language_somebody_chose_on_a_phone_of_another(
    person: Callable[..., Person],
) -> None:
    """A browser asks for a manifest without cookies unless the page says that it needs them."""
    guest = person("")
    page = guest.go("/sign-in")
    guest.context.add_cookies([{"name": "language", "value": "en", "url": page.url}])
    page.reload()
    told = guest.context.new_cdp_session(page).send("Page.getAppManifest")
    assert '"name":"Grid Report"' in told["data"].replace('": "', '":"')
