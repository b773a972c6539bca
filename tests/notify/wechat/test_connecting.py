"""Connecting a WeChat: only by a visit this browser began, only in WeChat, and let go of for good."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from grid_report.accounts.models import AuditEntry
from grid_report.db import db
from grid_report.demo.wechat.pretended import PretendedWechat
from grid_report.notify.wechat import queries, usecases
from grid_report.notify.wechat.gateway import Gateway
from grid_report.notify.wechat.models import Refusal
from tests.accounts.browsing import post_form
from tests.conftest import Browser
from tests.notify.channels.sending import AT
from tests.notify.wechat.pretending import pretended, wechat_of
from tests.support.builders import Make

pytestmark = pytest.mark.database

PAGE = "/me/notifications"
IN_WECHAT = {"User-Agent": "Mozilla/5.0 (Linux; Android 12) MicroMessenger/8.0.50"}


@pytest.fixture
def wechat() -> Iterator[PretendedWechat]:
    with pretended() as running:
        yield running


@pytest.fixture
def on(another_app: Callable[..., Flask], wechat: PretendedWechat) -> Iterator[Make]:
    """Return the builders of an app whose WeChat is on loopback."""
    app = another_app(**wechat_of(wechat.endpoint))
    app.test_client_class = Browser
    with app.app_context():
        yield Make(app)


class NoWayOn(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def way(browser: FlaskClient) -> str:
    """Return where the page leads whoever wants to connect."""
    found = re.search(
        r'href="(http[^"]+oauth2/authorize[^"]+)"', browser.get(PAGE, headers=IN_WECHAT).text
    )
    assert found is not None
    return unescape(found[1])


def back(address: str) -> str:
    """Go to WeChat and return the address it leads back to."""
    try:
        urllib.request.build_opener(NoWayOn).open(address.partition("#")[0], timeout=5)
    except urllib.error.HTTPError as led:
        led.close()
        parts = urlsplit(led.headers["Location"])
        assert parts.netloc == "grid.example.org"
        return f"{parts.path}?{parts.query}"
    raise AssertionError("WeChat did not lead back")


def said(browser: FlaskClient) -> str:
    return browser.get(PAGE, headers=IN_WECHAT).text


def test_a_member_connects_the_wechat_they_look_with(on: Make, wechat: PretendedWechat) -> None:
    rider = on.rider()
    browser = on.signed_in(rider)
    address = way(browser)
    asked = parse_qs(urlsplit(address).query)
    assert (asked["scope"], asked["response_type"]) == (["snsapi_base"], ["code"])
    assert asked["redirect_uri"] == ["https://grid.example.org/me/wechat"]
    assert address.endswith("#wechat_redirect")
    led = back(address)
    answer = browser.get(led)
    assert (answer.status_code, answer.location) == (303, PAGE)
    page = said(browser)
    assert "微信已绑定" in page
    assert "report_closed-wechat" in page
    assert queries.openid_to_tell(rider.member_id, on.policy.vault) == wechat.next_openid
    # The same visit once more connects nobody, and neither does another code with its state.
    usecases.disconnect(actor=rider, now=AT)
    wechat.codes["another"] = wechat.next_openid
    state = parse_qs(urlsplit(led).query)["state"][0]
    for again in (led, f"/me/wechat?code=another&state={state}"):
        assert browser.get(again).status_code == 303
    assert "微信没有绑定成功" in said(browser)
    assert queries.find_connected(rider.member_id) is None


@pytest.mark.parametrize(
    "query",
    [
        "?code={code}",
        "?code={code}&state=x",
        "?code={code}&state=é",
        "?state={state}",
        "?code=&state={state}",
        "?code=made-up&state={state}",
        "",
    ],
)
def test_what_this_browser_did_not_begin_connects_nothing(on: Make, query: str) -> None:
    rider = on.rider()
    browser = on.signed_in(rider)
    given = {
        name: values[0] for name, values in parse_qs(urlsplit(back(way(browser))).query).items()
    }
    answer = browser.get("/me/wechat" + query.format(**given))
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert "微信没有绑定成功" in said(browser)
    assert queries.find_connected(rider.member_id) is None


def test_another_ones_visit_connects_nothing_here(on: Make) -> None:
    """Somebody lures a member to an address that carries the lurer's own WeChat."""
    lurer, member = on.signed_in(on.rider()), on.rider()
    browser = on.signed_in(member)
    way(browser)
    browser.get(back(way(lurer)))
    assert queries.find_connected(member.member_id) is None


def test_wechat_is_asked_only_so_often_an_hour(on: Make, wechat: PretendedWechat) -> None:
    browser = on.signed_in(on.rider())
    for turn in range(usecases.TRIES_PER_HOUR + 1):
        state = parse_qs(urlsplit(way(browser)).query)["state"][0]
        status = browser.get(f"/me/wechat?code=made-up-{turn}&state={state}").status_code
    assert (status, len(wechat.asked)) == (429, usecases.TRIES_PER_HOUR)


def test_no_transaction_is_open_while_wechat_is_asked_whose_it_is(
    on: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, open_at = on.signed_in(on.rider()), []
    asks = Gateway.openid_of

    def look(gateway: Gateway, code: str) -> str:
        open_at.append(db.session().in_transaction())
        return asks(gateway, code)

    monkeypatch.setattr(Gateway, "openid_of", look)
    browser.get(back(way(browser)))
    assert open_at == [False]


def test_elsewhere_than_in_wechat_it_is_said_where(on: Make) -> None:
    browser = on.signed_in(on.rider())
    page = browser.get(PAGE).text
    assert "只能在微信里绑定" in page
    assert "oauth2/authorize" not in page


def test_disconnected_it_is_forgotten(on: Make) -> None:
    rider = on.rider()
    browser = on.signed_in(rider)
    browser.get(back(way(browser)))
    answer = post_form(browser, "/me/wechat/disconnect", PAGE)
    assert (answer.status_code, answer.location) == (303, PAGE)
    assert "微信已解绑" in said(browser)
    assert queries.find_connected(rider.member_id) is None
    db.session.rollback()
    acts = db.session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.actor_id == rider.member_id)
        .order_by(AuditEntry.id)
    ).all()
    assert acts == ["wechat.connect", "wechat.disconnect"]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refusal.REFUSED, "你已拒收这类消息"),
        (Refusal.UNFOLLOWED, "你没有关注我们的服务号"),
        (Refusal.UNKNOWN, "微信已不认这次绑定"),
    ],
)
def test_why_nothing_arrives_is_said_under_me(on: Make, refusal: Refusal, words: str) -> None:
    rider = on.rider()
    browser, vault = on.signed_in(rider), on.policy.vault
    usecases.connect("o-1", actor=rider, vault=vault, now=AT)
    usecases.note_refusal("o-1", refusal, vault=vault, now=AT)
    page = said(browser)
    assert words in page
    assert 'role="switch"' not in page
    # It can be connected again from here.
    browser.get(back(way(browser)))
    assert words not in said(browser)
