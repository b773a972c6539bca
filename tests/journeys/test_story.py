"""The whole story through the eyes of four people: photo, desk, unit, check, thanks."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from grid_report import clock
from tests.support.pictures import camera_jpeg
from tests.support.present import COUNTY
from tests.support.visits.browser import DESK, Person
from tests.support.visits.queued import unlike_others

pytestmark = pytest.mark.browser

# Inside the demo's boundary of 站前社区.
AT_THE_STATION = {"latitude": 42.5460025, "longitude": 124.0408182, "accuracy": 12}
RIDER, WORKER, SECOND, HANDLER = "13900000001", "13900000101", "13900000103", "13900000301"
SEVERITIES = {1: 10, 2: 15, 3: 25, 4: 40}


@pytest.fixture
def photo(tmp_path: Path) -> Callable[[str], Path]:
    """Make files as a phone's camera writes them: GPS, time, lying on its side."""

    def take(name: str) -> Path:
        now = clock.now().astimezone(COUNTY).strftime("%Y:%m:%d %H:%M:%S")
        path = tmp_path / name
        path.write_bytes(
            camera_jpeg((1536, 2048), orientation=6, lat=42.546, lng=124.0408, taken_at=now)
        )
        return path

    return take


def press_step(page: Page, step: str, button: str) -> None:
    """Open the step when it is folded away, and press its button."""
    form = page.locator(f"form[data-step={step}]").first
    if not form.is_visible():
        page.locator("details", has=form).last.locator("summary").first.click()
    form.get_by_role("button", name=re.compile(button)).first.click()


def available(page: Page) -> int:
    """Read the balance off the statement."""
    return int(re.sub(r"\D", "", page.locator(".figure.numbers").inner_text()))


# One reward a place and category in 24 hours: the second hazard is of another kind.
@pytest.mark.parametrize(("severity", "category"), [(2, "RD02"), (3, "BD02")])
def test_a_riders_photo_becomes_a_closed_and_thanked_case(
    person: Callable[..., Person],
    photo: Callable[[str], Path],
    severity: int,
    category: str,
    shots: Path,
) -> None:
    rider = person(RIDER, geolocation=AT_THE_STATION, permissions=["geolocation"])
    before = available(rider.go("/my/points"))

    page = rider.go("/report/new")
    unlike_others(page)
    page.locator("input[data-camera]").set_input_files(photo("IMG_0001.jpg"))
    expect(page.locator("[data-shots] img").first).to_be_visible()
    page.locator(f"input[name=category][value={category}]").first.check()
    page.locator("[data-here]").tap()
    expect(page.locator("[data-place-words]")).to_contain_text("站前社区")
    page.locator("[name=description]").fill("路中间有个大坑，晚上看不见")
    page.screenshot(path=shots / f"story-report-{severity}.png", full_page=True)
    page.locator("[data-send]").tap()
    # Kept on the phone at once, and sent by itself.
    page.locator("[data-queued] a[data-item-number]").first.tap()
    page.wait_for_url("**/report/sent/*")
    number = page.url.rsplit("/", 1)[-1].split("?")[0]
    expect(page.locator("main")).to_contain_text(number)
    expect(page.locator("main")).to_contain_text("站前社区")

    worker = person(WORKER, size=DESK)
    page = worker.go("/desk")
    page.locator(f"a[href*='{number}']").first.click()
    expect(page.locator("main")).to_contain_text("路中间有个大坑")
    form = page.locator("form[data-step=accept]")
    form.locator(f"input[name=severity][value='{severity}']").check()
    form.get_by_role("button", name=re.compile("^立案(?!并)")).click()
    expect(page.locator("form[data-step=dispatch]")).to_be_visible()
    page.locator("form[data-step=dispatch] select[name=unit]").select_option("property-01")
    page.screenshot(path=shots / f"story-desk-{severity}.png", full_page=True)
    press_step(page, "dispatch", "派")

    unit = person(HANDLER)
    page = unit.go(f"/unit/{number}")
    assert "骑手 #" not in page.locator("body").inner_text()
    press_step(page, "start", ".")
    form = page.locator("form[data-step=handle]")
    form.locator("input[type=file]").first.set_input_files(photo("after.jpg"))
    form.locator("[name=note]").fill("已填平压实")
    form.get_by_role("button").last.tap()
    expect(page.locator("form[data-step=handle]")).to_have_count(0)

    page = worker.go(f"/desk/{number}")
    expect(page.locator("form[data-step=pass]")).to_be_visible()
    second = person(SECOND, size=DESK)
    page = second.go(f"/desk/{number}")
    press_step(page, "pass", ".")
    expect(page.locator("form[data-step=pass]")).to_have_count(0)

    page = rider.go(f"/my/reports/{number}")
    timeline = page.locator("main").inner_text()
    for told in ("站前社区", "暖阳物业", "已填平压实"):
        assert told in timeline
    assert page.locator("img[src*='/photos/']").count() >= 2
    page.screenshot(path=shots / f"story-solved-{severity}.png", full_page=True)
    page = rider.go("/my/points")
    assert available(page) - before == SEVERITIES[severity] + 5
    statement = page.locator("main").inner_text()
    assert statement.count(number) >= 2
    for points in (SEVERITIES[severity], 5):
        assert f"+{points}" in statement


def test_the_story_without_script(
    person: Callable[..., Person], photo: Callable[[str], Path]
) -> None:
    rider = person(RIDER, java_script_enabled=False)
    page = rider.go("/report/new")
    page.locator("input[data-album]").set_input_files(photo("IMG_0002.jpg"))
    page.locator("input[value=RD04]").first.check()
    if not page.locator("select[name=community]").is_visible():
        page.locator("[data-by-list] summary").click()
    page.locator("select[name=community]").select_option("211282001001")
    page.locator("[name=description]").fill("垃圾满了")
    page.locator("[data-send]").click()
    assert "/report/sent/" in page.url
    number = page.url.rsplit("/", 1)[-1]

    worker = person(WORKER, size=DESK, java_script_enabled=False)
    page = worker.go(f"/desk/{number}")
    page.locator("form[data-step=accept] select[name=unit]").select_option("property-01")
    page.locator("form[data-step=accept] button[name=dispatch]").click()

    unit = person(HANDLER, java_script_enabled=False)
    page = unit.go(f"/unit/{number}")
    press_step(page, "start", ".")
    form = page.locator("form[data-step=handle]")
    form.locator("input[type=file]").first.set_input_files(photo("after2.jpg"))
    form.locator("[name=note]").fill("清运完毕")
    form.get_by_role("button").last.click()

    second = person(SECOND, size=DESK, java_script_enabled=False)
    page = second.go(f"/desk/{number}")
    press_step(page, "pass", ".")
    page = rider.go(f"/my/reports/{number}")
    assert "清运完毕" in page.locator("main").inner_text()


def test_a_refused_form_keeps_everything_with_and_without_script(
    person: Callable[..., Person], photo: Callable[[str], Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(camera_jpeg((800, 600))[:5000])
    rider = person("13900000002", java_script_enabled=False)
    page = rider.go("/report/new")
    page.locator("input[data-album]").set_input_files([photo("good.jpg"), broken])
    page.locator("input[value=UT01]").first.check()
    page.locator("[name=description]").fill("井盖松了 <b>三天了</b>")
    page.locator("[data-send]").click()
    assert page.url.endswith("/report/new")
    assert page.locator("[name=description]").input_value() == "井盖松了 <b>三天了</b>"
    assert page.locator("input[value=UT01]").first.is_checked()
    assert page.locator("input[name=kept_photos]").count() == 1
    if not page.locator("select[name=community]").is_visible():
        page.locator("[data-by-list] summary").click()
    page.locator("select[name=community]").select_option("211282001001")
    page.locator("[data-send]").click()
    assert "/report/sent/" in page.url


def test_an_emergency_shows_the_number_first_and_still_takes_the_report(
    person: Callable[..., Person],
) -> None:
    rider = person(RIDER)
    page = rider.go("/report/new")
    page.locator("[data-more] summary").first.tap()
    page.locator("input[name=category][value=FS07]").first.check()
    expect(page.locator("[data-call-screen]")).to_be_visible()
    expect(page.locator("[data-call-screen] a[href='tel:119']").first).to_be_visible()
    page.locator("[data-call-screen] button").last.tap()
    expect(page.locator("[data-call-screen]")).to_be_hidden()
    assert page.locator("input[value=FS07]:checked").count() >= 1


def test_a_case_changed_meanwhile_is_not_overwritten(
    person: Callable[..., Person], site: Any
) -> None:
    first, second = person(WORKER, size=DESK), person(SECOND, size=DESK)
    page = first.go("/desk?state=submitted")
    page.locator("a[href*='/desk/KY-']").first.click()
    page.wait_for_url("**/desk/KY-*")
    here = page.url.removeprefix(site.address)
    other = second.go(here)
    press = other.locator("form[data-step=ask]").first
    if not press.is_visible():
        other.locator("details", has=press).last.locator("summary").first.click()
    press.locator("[name=reason]").fill("请补一张远景")
    press.get_by_role("button").last.click()
    expect(other.locator("form[data-step=ask]")).to_have_count(0)

    form = page.locator("form[data-step=reject]").first
    if not form.is_visible():
        page.locator("details", has=form).last.locator("summary").first.click()
    form.locator("[name=reason]").fill("看不出隐患")
    form.get_by_role("button").last.click()
    expect(page.locator("main")).to_contain_text("请补一张远景")
    expect(page.locator("main")).to_contain_text("第 1 版")
