"""What a rider reports arrives: from a stairwell, after the page was killed, once, and as their own."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Route, expect

from tests.journeys.test_offline import wait_until, wait_until_kept
from tests.support.pictures import camera_jpeg
from tests.support.visits.browser import DESK, Person
from tests.support.visits.queued import (
    OLD_DRAFT,
    fill,
    items,
    numbers_sent,
    report,
    states,
    wait_for_states,
)
from tests.support.visits.screens import violations

pytestmark = pytest.mark.browser

FIRST, SECOND, WORKER = "13900000001", "13900000002", "13900000101"
AT_THE_STATION = {"latitude": 42.5460025, "longitude": 124.0408182, "accuracy": 12}
HERE: dict[str, Any] = {"geolocation": AT_THE_STATION, "permissions": ["geolocation"]}
SHELL = "/report/shell"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "IMG_0001.jpg"
    path.write_bytes(camera_jpeg((1200, 900)))
    return path


def test_three_hazards_in_a_stairwell_and_one_bar(
    person: Callable[..., Person], photo: Path, shots: Path
) -> None:
    rider = person(FIRST, **HERE)
    before = numbers_sent(rider)
    rider.go("/report/new")
    wait_until_kept(rider.page, SHELL)
    rider.context.set_offline(True)
    rider.page.close()

    page = rider.page = rider.context.new_page()
    page.on("pageerror", lambda error: rider.complaints.append(str(error)))
    rider.go("/report/new")
    page.screenshot(path=shots / "outbox-shell.png")
    kinds = ("RD02", "RD03", "UT01")
    for number, kind in enumerate(kinds, start=1):
        report(page, photo, kind, f"第 {number} 处")
        expect(page.locator("[data-outbox-line]")).to_contain_text(f"还有 {number} 条没发出去")
        expect(page.locator("[data-outbox-count]")).to_contain_text(str(number))
        if number < len(kinds):
            page.locator("[data-next]").tap()
            expect(page.locator("[data-shots] img")).to_have_count(0)
    # Where the browser is not let, it does not go by itself.
    expect(page.locator("[data-outbox-reach]")).to_contain_text("下次打开再接着发")
    page.screenshot(path=shots / "outbox-queued.png", full_page=True)
    assert not violations(page)
    assert len(items(page)) == 3

    # Another page without network: the list is there as well.
    rider.go("/my/points")
    expect(page.locator("h1")).to_have_text("现在没有网络")
    expect(page.locator("[data-outbox-list] > li")).to_have_count(3)
    expect(page.locator("[data-shell-here]")).to_be_visible()
    page.screenshot(path=shots / "outbox-offline.png", full_page=True)
    assert not violations(page)

    rider.context.set_offline(False)
    wait_for_states(page, "sent", "sent", "sent")
    sent = [it["number"] for it in items(page)]
    assert len({*sent}) == 3
    assert sorted(set(numbers_sent(rider)) - set(before)) == sorted(sent)
    expect(page.locator("[data-outbox-line]")).to_have_text("都发出去了")
    page.locator("[data-outbox-list] a[data-item-number]").first.tap()
    page.wait_for_url("**/my/reports/KY-*")
    # What was sent stands in the site's own lists from here on.
    rider.go("/my/reports")
    expect(page.locator("main")).to_contain_text("等社区受理")
    expect(page.locator("[data-outbox]")).to_be_hidden()
    expect(page.locator("[data-outbox-count]")).to_be_hidden()


NO_SERVER = "**/session"  # what is asked first of all when something is sent


def cut(route: Route) -> None:
    route.abort("connectionfailed")


def test_a_page_killed_in_mid_upload_goes_on_where_it_was(
    person: Callable[..., Person], tmp_path: Path
) -> None:
    large = tmp_path / "IMG_0002.jpg"
    noise = Image.frombytes("RGB", (640, 480), os.urandom(640 * 480 * 3))
    noise.save(large, "JPEG", quality=85)
    size = large.stat().st_size
    assert 3 * 64 * 1024 < size < 400 * 1024  # sent as it is, in three pieces or more
    # Nor is there a worker: nobody goes on while no page is open, and that is what it says.
    rider = person(SECOND, service_workers="block", **HERE)
    sent: list[tuple[int, int]] = []  # from where, how many bytes
    killed: list[bool] = []

    def first_only(route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
        elif killed or not sent:
            body = route.request.post_data_buffer or b""
            sent.append((int(route.request.headers["upload-offset"]), len(body)))
            route.continue_()
        # All others hang: nobody answers them while the page is there.

    rider.context.route("**/api/v1/uploads/*", first_only)
    page = rider.go("/report/new")
    report(page, large, "RD02", "大图")
    wait_until(page, "() => document.querySelector('[data-item-bar]')?.value > 0")
    expect(page.locator("[data-item-words]")).to_contain_text("%")
    expect(page.locator("[data-outbox-reach]")).to_contain_text("只有这个页面开着才会发")
    page.close()
    killed.append(True)
    page = rider.page = rider.context.new_page()
    rider.go("/my/points")  # any page of a rider sends
    wait_for_states(page, "sent")
    (first, length), (again, _), *_ = sent
    assert (first, length) == (0, 64 * 1024)
    assert again >= length
    assert sum(sent[-1]) == size
    assert sum(count for _, count in sent) <= size


def test_two_members_of_one_phone_neither_see_nor_harm_each_other(
    person: Callable[..., Person], photo: Path
) -> None:
    phone = person(FIRST, **HERE)
    phone.context.route(NO_SERVER, cut)
    page = phone.go("/report/new")
    report(page, photo, "RD03", "第一个人的")
    wait_for_states(page, "waiting")
    page.locator("[data-next]").tap()
    page.locator("[name=description]").fill("第一个人没写完的")
    page.wait_for_timeout(600)
    asked: list[str] = []

    def answer(dialog: Any) -> None:
        asked.append(dialog.message)
        dialog.accept()

    page.once("dialog", answer)
    phone.go("/me").get_by_role("button", name="退出登录").last.click()
    page.wait_for_url("**/sign-in")
    assert ["还有 1 条没发出去" in words for words in asked] == [True]
    # Something waits: the worker stays, with nothing of a person's in its caches.
    assert page.evaluate("navigator.serviceWorker.getRegistrations().then((all) => all.length)")

    phone.sign_in(SECOND)
    phone.go("/my/reports")
    expect(page.locator("[data-outbox]")).to_be_hidden()
    expect(page.locator("[data-outbox-count]")).to_be_hidden()
    phone.context.unroute(NO_SERVER)
    phone.go("/report/new")
    expect(page.locator("[name=description]")).to_have_value("")
    report(page, photo, "RD03", "第二个人的")
    wait_until(page, "() => document.querySelector('[data-item-number]')?.textContent")
    assert states(page) == ["waiting", "sent"]

    phone.context.clear_cookies(name="grid_report")
    phone.sign_in(FIRST)
    phone.go("/report/new")
    expect(page.locator("[name=description]")).to_have_value("第一个人没写完的")
    wait_for_states(page, "sent", "sent")
    first, second = items(page)
    assert first["member"] != second["member"]
    assert first["number"] in numbers_sent(phone)
    assert second["number"] not in numbers_sent(phone)


def test_two_tabs_send_once_and_a_lost_sign_in_keeps_what_waits(
    person: Callable[..., Person], photo: Path
) -> None:
    rider = person(SECOND, **HERE)
    posted: list[str] = []
    rider.context.on(
        "request",
        lambda it: posted.append(it.url) if it.url.endswith("/api/v1/reports") else None,
    )
    rider.context.route(NO_SERVER, cut)
    page = rider.go("/report/new")
    report(page, photo, "UT01", "两个页面")
    other = rider.context.new_page()
    other.goto(rider.site.address + "/my/reports")
    expect(other.locator("[data-outbox-words], [data-item-words]").first).to_contain_text(
        "没有网络"
    )
    rider.context.unroute(NO_SERVER)
    for tab in (page, other):
        tab.locator("[data-outbox-now]").evaluate("button => setTimeout(() => button.click(), 50)")
    wait_for_states(page, "sent")
    expect(other.locator("[data-outbox-line]")).to_have_text("都发出去了")
    assert len(posted) == 1
    other.close()

    # Between two reports the sign-in is gone.
    page.locator("[data-next]").tap()
    rider.context.clear_cookies(name="grid_report")
    report(page, photo, "UT01", "登录没了")
    expect(page.locator("[data-item-words]").first).to_contain_text("重新登录后会自动发出去")
    page.locator("[data-item-sign-in]").first.tap()
    page.wait_for_url(lambda url: "/sign-in?" in url)
    rider.sign_in(SECOND)
    wait_for_states(page, "sent", "sent")


def test_sent_and_the_answer_lost_then_words_added(
    person: Callable[..., Person], photo: Path, shots: Path
) -> None:
    rider = person(FIRST, **HERE)
    before = numbers_sent(rider)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort("connectionfailed")

    rider.context.route("**/api/v1/reports", lose)
    page = rider.go("/report/new")
    report(page, photo, "RD02", "答复丢了")
    expect(page.locator("[data-item-words]").first).to_contain_text("没有网络")
    rider.context.unroute("**/api/v1/reports")
    # The phone brings the form back as it was, and a word is added.
    key = items(page)[0]["id"]
    rider.context.route(NO_SERVER, cut)
    page.locator("[data-next]").tap()
    page.locator("[name=key]").evaluate("(field, key) => { field.value = key; }", key)
    report(page, photo, "RD02", "答复丢了，又写了一句")
    wait_for_states(page, "waiting")
    rider.context.unroute(NO_SERVER)
    page.locator("[data-outbox-now]").tap()
    expect(page.locator("[data-item-words]").first).to_contain_text("之前已经发出去了")
    page.screenshot(path=shots / "outbox-already.png", full_page=True)
    assert not violations(page)
    (there,) = set(numbers_sent(rider)) - set(before)
    expect(page.locator("[data-item-number]").first).to_have_text(there)
    page.locator("[data-item-new]").first.tap()
    wait_for_states(page, "sent")
    assert len(set(numbers_sent(rider)) - set(before)) == 2


def test_an_update_of_the_app_and_a_draft_of_before_lose_nothing(
    person: Callable[..., Person], photo: Path
) -> None:
    rider = person(FIRST, **HERE)
    page = rider.go("/me")  # a page that leaves the store alone
    member = page.locator("html").get_attribute("data-member")
    page.evaluate(OLD_DRAFT, member)
    rider.context.route(NO_SERVER, cut)
    rider.go("/report/new")
    expect(page.locator("[name=description]")).to_have_value("上一版的草稿")
    expect(page.locator("[data-shots] img")).to_have_count(1)
    report(page, photo, "RD02", "更新前")
    wait_for_states(page, "waiting")
    wait_until_kept(page, SHELL)
    # A newer worker takes over, as after an update.
    page.evaluate("navigator.serviceWorker.register('/sw.js?newer').then(() => undefined)")
    wait_until(page, "() => navigator.serviceWorker.controller?.scriptURL.endsWith('?newer')")
    assert states(page) == ["waiting"]
    assert page.evaluate("caches.match('/report/shell').then(Boolean)")
    rider.context.unroute(NO_SERVER)
    page.locator("[data-outbox-now]").tap()
    wait_for_states(page, "sent")


def test_where_nothing_can_be_kept_it_says_so_and_sends_directly(
    person: Callable[..., Person], photo: Path, shots: Path
) -> None:
    rider = person(SECOND, **HERE)
    rider.context.add_init_script(
        "Object.defineProperty(window, 'indexedDB', { value: undefined })"
    )
    page = rider.go("/report/new")
    expect(page.locator("[data-no-store]")).to_be_visible()
    page.screenshot(path=shots / "outbox-no-store.png")
    fill(page, photo, "RD02", "存不了")
    rider.context.set_offline(True)
    page.locator("[data-send]").tap()
    expect(page.locator("[data-send-words]")).to_contain_text("别关这个页面")
    rider.context.set_offline(False)
    page.locator("[data-send]").tap()
    page.wait_for_url("**/report/sent/KY-*")


def test_an_answer_to_a_question_waits_like_a_report(
    person: Callable[..., Person], photo: Path
) -> None:
    rider = person(SECOND, **HERE)
    page = rider.go("/report/new")
    report(page, photo, "UT01", "问一下")
    wait_for_states(page, "sent")
    number = items(page)[0]["number"]

    worker = person(WORKER, size=DESK)
    desk = worker.go(f"/desk/{number}")
    ask = desk.locator("form[data-step=ask]").first
    if not ask.is_visible():
        desk.locator("details", has=ask).last.locator("summary").first.click()
    ask.locator("[name=reason]").fill("在哪一侧？")
    ask.get_by_role("button").last.click()
    expect(desk.locator("form[data-step=ask]")).to_have_count(0)

    rider.go(f"/my/reports/{number}")
    expect(page.locator(".question").first).to_have_text("在哪一侧？")
    rider.context.set_offline(True)
    page.locator("#answer [name=note]").fill("东侧")
    page.locator("#answer input[type=file]").set_input_files(photo)
    page.locator("#answer button[type=submit]").last.tap()
    expect(page.locator("[data-item-words]").first).to_contain_text("没有网络")
    expect(page.locator("[data-outbox-count]")).to_contain_text("1")
    rider.context.set_offline(False)
    # Sent, the page comes anew: the case has moved on.
    expect(page.locator("#answer")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("东侧")
    assert states(page) == ["sent", "sent"]


def test_what_is_refused_says_why_and_opens_again_in_the_form(
    person: Callable[..., Person], photo: Path
) -> None:
    rider = person(SECOND, **HERE)
    refusal = {"code": "invalid", "detail": "x", "errors": {"lat": ["这里不在服务范围内"]}}
    rider.context.route(
        "**/api/v1/reports",
        lambda route: route.fulfill(
            status=422, content_type="application/problem+json", body=json.dumps(refusal)
        ),
        times=1,
    )
    page = rider.go("/report/new")
    report(page, photo, "RD03", "先被退回")
    expect(page.locator("[data-item-words]").first).to_have_text("这里不在服务范围内")
    expect(page.locator("[data-outbox-now]")).to_be_hidden()  # it does not go by itself
    assert not violations(page)
    page.locator("[data-item-edit]").first.tap()
    page.wait_for_url("**/report/new?item=*")
    expect(page.locator("[data-shots] img")).to_have_count(1)
    expect(page.locator("[name=description]")).to_have_value("先被退回")
    assert page.locator("input[name=category]:checked").first.input_value() == "RD03"
    page.locator("[name=description]").fill("改好了")
    page.locator("[data-send]").tap()
    wait_for_states(page, "sent")
    number = items(page)[0]["number"]
    rider.go(f"/my/reports/{number}")
    expect(page.locator("main")).to_contain_text("改好了")


def test_with_the_page_closed_the_browser_itself_goes_on(
    whole_browser: Browser, person: Callable[..., Person], photo: Path
) -> None:
    sync = [*HERE["permissions"], "background-sync"]
    rider = person(SECOND, browser=whole_browser, **{**HERE, "permissions": sync})
    before = numbers_sent(rider)
    page = rider.go("/report/new")
    wait_until_kept(page, SHELL)
    page.reload()  # a page that was asked for before the worker was there is not its own
    page.route(NO_SERVER, cut)  # the page's own request; the worker's goes past us
    report(page, photo, "UT01", "页面关了")
    expect(page.locator("[data-outbox-reach]")).to_contain_text("可以关掉页面")
    page.close()
    for _ in range(100):
        if len(numbers_sent(rider)) > len(before):
            return
        time.sleep(0.1)
    raise AssertionError("nobody sent it")


def test_a_page_older_than_the_app_keeps_what_it_cannot_send(
    person: Callable[..., Person], photo: Path
) -> None:
    rider = person(SECOND, **HERE)
    page = rider.go("/report/new")
    wait_until_kept(page, SHELL)
    page.reload()  # a page that was asked for before the worker was there is not its own
    fill(page, photo, "RD02", "旧页面")
    # A newer build took the place of the files that this page would send with.
    page.evaluate("caches.delete('shell')")
    rider.context.route("**/static/build/chunk-*", lambda route: route.fulfill(status=404))
    page.locator("[data-send]").tap()
    page.wait_for_url("**/my/reports")
    rider.context.unroute("**/static/build/chunk-*")
    page.reload()
    wait_for_states(page, "sent")
