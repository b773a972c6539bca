"""The page and the calls under Me: switches that act at once, quiet hours, what is offered to whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from grid_report.access.roles import Role
from grid_report.notify.choices import queries
from grid_report.notify.quiet_hours import USUAL, QuietHours
from tests.accounts.browsing import post_form
from tests.conftest import Browser
from tests.notify.channels.sending import AT, Pigeon, deliver, put, send
from tests.notify.wechat.pretending import wechat_of
from tests.support.builders import STATION, Make
from tests.support.carrier import sms_of

pytestmark = pytest.mark.database

PAGE = "/me/notifications"
API = "/api/v1/me/notifications"


@pytest.fixture
def on(another_app: Callable[..., Flask]) -> Iterator[Make]:
    """Return the builders of an app with both channels."""
    values = wechat_of("http://127.0.0.1:8", channels=["sms", "wechat"])
    app = another_app(sms=sms_of("https://sms.example"), **values)
    app.test_client_class = Browser
    with app.app_context():
        yield Make(app)


def switches(page: str) -> dict[str, bool]:
    """Return the switches of a page, by kind and channel."""
    found = re.findall(
        r'id="([a-z_]+-(?:sms|wechat))">.*?role="switch" aria-checked="(true|false)"',
        page,
        re.DOTALL,
    )
    return {name: checked == "true" for name, checked in found}


def test_a_worker_can_stop_one_kind_and_begin_again(on: Make) -> None:
    worker = on.worker()
    browser = on.signed_in(worker)
    assert switches(browser.get(PAGE).text) == {
        "report_submitted-sms": True, "report_urged-sms": True, "light_red-sms": True,
    }  # fmt: skip
    pigeon = Pigeon("sms")
    for wanted in ("no", "yes"):
        answer = post_form(browser, PAGE, kind="report_urged", channel="sms", wanted=wanted)
        assert (answer.status_code, answer.location) == (303, f"{PAGE}#report_urged-sms")
        now = switches(browser.get(PAGE).text)
        assert (now["report_urged-sms"], now["light_red-sms"]) == (wanted == "yes", True)
        for kind in ("report_urged", "light_red"):
            put(kind, to_role=(Role.WORKER, STATION))
        deliver(pigeon)
        send(pigeon)
    # What was said of one kind is no word about another.
    assert len(pigeon.sent) == 3


def test_a_rider_is_asked_first_and_only_for_the_kinds_with_a_text(on: Make) -> None:
    rider = on.rider()
    browser = on.signed_in(rider)
    before = switches(browser.get(PAGE).text)
    assert set(before) == {
        f"{kind}-sms"
        for kind in (
            "report_asked", "points_expiring", "redemption_called_off", "place_offered",
            "application_expiring",
        )
    }  # fmt: skip
    assert not any(before.values())
    answer = post_form(browser, PAGE, kind="place_offered", channel="sms", wanted="yes")
    assert answer.status_code == 303
    now = switches(browser.get(PAGE).text)
    assert [name for name, is_on in now.items() if is_on] == ["place_offered-sms"]
    # Another one's word is no word of this one.
    assert queries.find_choices(on.rider().member_id) == {}


def test_a_script_is_answered_with_what_stands_now(on: Make) -> None:
    browser = on.signed_in(on.rider())
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(PAGE).text)
    assert token is not None
    answer = browser.post(
        PAGE,
        data={"csrf_token": token[1], "kind": "place_offered", "channel": "sms", "wanted": "yes"},
        headers={"Accept": "application/json"},
    )
    assert (answer.status_code, answer.json) == (200, {"wanted": True})


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "report_urged"},
        {"kind": "report_accepted"},
        {"kind": "report_back"},
        {"channel": "telex"},
        {"wanted": "perhaps"},
        {"kind": "\0"},
        {"kind": ""},
    ],
)
def test_what_is_not_offered_is_refused(on: Make, fields: dict[str, str]) -> None:
    rider = on.rider()
    said = {"kind": "place_offered", "channel": "sms", "wanted": "yes"} | fields
    status = 422 if "wanted" in fields else 404
    assert post_form(on.signed_in(rider), PAGE, **said).status_code == status
    assert queries.find_choices(rider.member_id) == {}


def test_quiet_hours_are_the_members_own_and_wrong_ones_come_back(on: Make) -> None:
    rider = on.rider()
    browser = on.signed_in(rider)
    assert 'value="22:00"' in browser.get(PAGE).text
    good = {"quiet_begins": "09：00", "quiet_ends": "17:30"}
    assert post_form(browser, f"{PAGE}/quiet", PAGE, **good).status_code == 303
    assert queries.find_quiet_hours(rider.member_id) == QuietHours(540, 1050)
    assert 'value="17:30"' in browser.get(PAGE).text
    bad = post_form(browser, f"{PAGE}/quiet", PAGE, quiet_begins="early", quiet_ends="17:00")
    assert bad.status_code == 422
    assert 'value="early"' in bad.text
    assert "请填写时间" in bad.text
    assert queries.find_quiet_hours(on.rider().member_id) == USUAL


def test_programs_read_and_choose_the_same(on: Make) -> None:
    rider = on.rider()
    header, client = on.token(rider), on.app.test_client()
    shown = client.get(API, headers=header).get_json()
    assert shown["quiet"] == {"begins": "22:00", "ends": "07:00"}
    assert shown["channels"] == [
        {"name": "sms", "reaches": True},
        {"name": "wechat", "reaches": False},
    ]
    assert {"kind": "report_closed", "channel": "wechat", "wanted": False} in shown["items"]
    one = {"kind": "report_closed", "channel": "wechat", "wanted": True}
    body: dict[str, Any] = {"quiet": {"begins": "09:00", "ends": "17:00"}, "items": [one, one]}
    answer = client.put(API, json=body, headers=header)
    assert answer.status_code == 200
    assert one in answer.get_json()["items"]
    assert client.get(API, headers=header).json == answer.json
    # What is not named stays.
    assert client.put(API, json={}, headers=header).json == answer.json
    assert queries.find_quiet_hours(rider.member_id) == QuietHours(540, 1020)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"quiet": {"begins": "9:00", "ends": "17:00"}}, 422),
        ({"quiet": {"begins": "25:00", "ends": "17:00"}}, 422),
        ({"quiet": "never"}, 422),
        ({"items": [{"kind": "report_closed", "channel": "wechat", "wanted": "yes"}]}, 422),
        ({"items": [{"kind": "report_urged", "channel": "wechat", "wanted": True}]}, 404),
        ({"items": [{"kind": "report_closed", "channel": "wechat"}]}, 422),
        ({"items": {}}, 422),
    ],
)
def test_what_programs_say_wrongly_changes_nothing(
    on: Make, body: dict[str, Any], status: int
) -> None:
    rider = on.rider()
    good = {"kind": "report_closed", "channel": "wechat", "wanted": True}
    items = body.get("items")
    sent = body | ({"items": [good, *items]} if isinstance(items, list) else {})
    answer = on.app.test_client().put(API, json=sent, headers=on.token(rider))
    assert answer.status_code == status
    assert queries.find_choices(rider.member_id) == {}
    assert queries.find_quiet_hours(rider.member_id) == USUAL


def test_a_number_that_is_not_proved_is_told_nothing_and_not_asked(on: Make) -> None:
    rider = on.unproved()
    browser = on.signed_in(rider)
    page = browser.get(PAGE).text
    assert switches(page) == {}
    assert "短信只发到已验证的手机号" in page
    on.prove(rider, at=AT)
    assert switches(browser.get(PAGE).text) != {}


def test_only_where_a_channel_is_on_it_is_spoken_of(on: Make, make: Make) -> None:
    link = f'href="{PAGE}"'
    for who, page, there in (
        (on, "/me", True),
        (on, "/inbox", True),
        (make, "/me", False),
        (make, "/inbox", False),
    ):
        assert (link in who.signed_in(who.rider()).get(page).text) is there
    for nobody in (on.supervisor(), on.administrator(), on.auditor()):
        assert "目前没有可选的提醒" in on.signed_in(nobody).get(PAGE).text
    assert switches(on.signed_in(on.handler()).get(PAGE).text) != {}
