"""A rider who agrees to the account only, on a phone that would give everything away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.pictures import camera_jpeg
from tests.support.visits.browser import Person

pytestmark = pytest.mark.browser

AT_THE_STATION = {"latitude": 42.5460025, "longitude": 124.0408182, "accuracy": 12}
SPY = """
window.asked = 0;
for (const name of ["watchPosition", "getCurrentPosition"]) {
  const real = navigator.geolocation[name].bind(navigator.geolocation);
  navigator.geolocation[name] = (...given) => { window.asked += 1; return real(...given); };
}
"""


def test_the_phone_is_asked_where_it_is_only_after_one_press(
    person: Callable[..., Person], tmp_path: Path
) -> None:
    shot = tmp_path / "IMG_0002.jpg"
    shot.write_bytes(camera_jpeg((1024, 768), lat=42.546, lng=124.0408))
    rider = person("13900000002", geolocation=AT_THE_STATION, permissions=["geolocation"])
    rider.context.add_init_script(SPY)
    page = rider.go("/me")
    for kind in ("position", "photos"):
        page.locator(f"[name=consent_{kind}]").uncheck()
    page.locator("form[action='/me/consents'] button").tap()
    expect(page.locator("[name=consent_position]")).not_to_be_checked()

    page = rider.go("/report/new")
    expect(page.locator("[data-shots]")).to_be_hidden()
    expect(page.locator("[data-here]")).to_be_hidden()
    expect(page.locator("[data-map]")).to_be_visible()
    page.locator("[data-agree=photos]").tap()
    expect(page.locator("[data-shots]")).to_be_visible()
    page.locator("input[data-album]").set_input_files(shot)
    expect(page.locator(".shot-size")).to_contain_text("KB")
    # Neither the phone nor the photo was asked for a place.
    assert page.evaluate("window.asked") == 0
    assert page.locator("[name=lat]").input_value() == ""

    page.locator("[data-agree=position]").tap()
    expect(page.locator("[data-place-words]")).to_contain_text("站前社区")
    assert page.evaluate("window.asked") == 1
    assert page.locator("[name=source]").input_value() == "phone"
    expect(page.locator("[data-here]")).to_be_visible()
    page = rider.go("/me")
    for kind in ("position", "photos"):
        expect(page.locator(f"[name=consent_{kind}]")).to_be_checked()
