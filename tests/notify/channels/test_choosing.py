"""Who is told beside the inbox is asked, or can stop it, on the page of messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.notify import queries
from tests.accounts.browsing import post_form
from tests.conftest import Browser
from tests.notify.channels.sending import AT, Pigeon, deliver, put, send
from tests.support.builders import STATION, Make
from tests.support.carrier import sms_of

pytestmark = pytest.mark.database


@pytest.fixture
def on(another_app: Callable[..., Flask]) -> Iterator[Make]:
    """Return the builders of an app with text messages."""
    app = another_app(notify={"channels": ["sms"]}, sms=sms_of("https://sms.example"))
    app.test_client_class = Browser
    with app.app_context():
        yield Make(app)


def choose(browser: FlaskClient, wanted: str, name: str = "sms") -> TestResponse:
    """Send the form of the card."""
    return post_form(browser, f"/inbox/channels/{name}", "/me", wanted=wanted)


def card(make: Make, actor: Actor, query: str = "") -> str:
    """Return what the page says of text messages."""
    page = make.signed_in(actor).get(f"/inbox{query}").text
    return page.split("短信提醒")[1].split("</form>")[0] if "短信提醒" in page else ""


def test_a_worker_can_stop_them_and_begin_again(on: Make) -> None:
    worker = on.worker()
    browser = on.signed_in(worker)
    assert "不再接收短信" in card(on, worker)
    assert "22:00 至次日 07:00 只发可能伤人的" in card(on, worker)
    pigeon = Pigeon("sms")
    for wanted, label in (("no", "给我发短信"), ("yes", "不再接收短信")):
        answer = choose(browser, wanted)
        assert (answer.status_code, answer.location) == (303, "/inbox")
        assert label in card(on, worker)
        put(to_role=(Role.WORKER, STATION))
        deliver(pigeon)
        send(pigeon)
    assert len(pigeon.sent) == 1


def test_a_rider_is_asked_first(on: Make) -> None:
    rider = on.rider()
    assert "给我发短信" in card(on, rider)
    assert "为你保留的名额" in card(on, rider)
    assert queries.find_choice(rider.member_id, "sms") is None
    choose(on.signed_in(rider), "yes")
    assert "不再接收短信" in card(on, rider)
    assert queries.find_choice(rider.member_id, "sms") is True
    # Another one's word is no word of this one.
    assert "给我发短信" in card(on, on.rider())


def test_only_those_who_would_be_told_are_asked(on: Make) -> None:
    for nobody in (on.supervisor(), on.administrator(), on.auditor()):
        assert card(on, nobody) == ""
    assert card(on, on.handler()) != ""
    assert card(on, on.worker(), "?cursor=WzFd") == ""


def test_a_number_that_is_not_proved_is_told_nothing_and_not_asked(on: Make) -> None:
    rider = on.unproved()
    assert card(on, rider) == ""
    on.prove(rider, at=AT)
    assert card(on, rider) != ""


def test_where_no_channel_is_on_nothing_is_said_of_one(make: Make) -> None:
    worker = make.worker()
    assert card(make, worker) == ""
    browser = make.signed_in(worker)
    for name in ("sms", "telex", "%00"):
        assert choose(browser, "no", name).status_code == 404


@pytest.mark.parametrize("wanted", ["", "perhaps", "YES", "\0"])
def test_what_is_neither_yes_nor_no_is_refused(on: Make, wanted: str) -> None:
    worker = on.worker()
    assert choose(on.signed_in(worker), wanted).status_code == 422
    assert queries.find_choice(worker.member_id, "sms") is None
