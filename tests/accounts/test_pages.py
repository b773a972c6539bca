"""The account pages as a browser meets them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts import queries
from grid_report.accounts.devices import queries as devices_queries
from grid_report.accounts.models import Member, SignIn
from grid_report.accounts.numbers import messenger
from grid_report.accounts.numbers.messenger import CodeMessage
from grid_report.accounts.policy import NOTICE_VERSION
from grid_report.db import db
from tests.accounts.browsing import PHONE, post_form
from tests.support.builders import PASSWORD, Make

pytestmark = pytest.mark.database


class Pocket:
    """A messenger that keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[CodeMessage] = []

    def send_code(self, message: CodeMessage) -> None:
        self.sent.append(message)


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider(phone=PHONE, name="小李")


def _sign_in(client: FlaskClient, **fields: Any) -> TestResponse:
    return post_form(client, "/sign-in", **{"phone": PHONE, "password": PASSWORD, **fields})


def test_a_member_signs_in_and_goes_on_where_wanted(client: FlaskClient, rider: Actor) -> None:
    refused = client.get("/me")
    assert refused.status_code == 303
    assert refused.headers["Location"] == "/sign-in?next=/me"
    answer = _sign_in(client, next="/me")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me")
    page = client.get("/me").get_data(as_text=True)
    assert "小李" in page
    assert "139****0001" in page
    assert PHONE not in page


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        " //evil.example",
        "http:evil.example",
    ],
)
def test_signing_in_never_leads_to_another_site(
    client: FlaskClient, rider: Actor, address: str
) -> None:
    assert _sign_in(client, next=address).headers["Location"] == "/"
    assert client.get("/sign-in", query_string={"next": address}).headers["Location"] == "/"


def test_a_refused_sign_in_keeps_the_number_and_not_the_password(
    client: FlaskClient, rider: Actor
) -> None:
    answer = _sign_in(client, password="not the password", next="/me")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert PHONE in page
    assert "not the password" not in page
    assert 'name="next" value="/me"' in page
    assert "Set-Cookie" not in answer.headers or "_user_id" not in answer.headers["Set-Cookie"]


def test_pages_for_a_known_and_an_unknown_number_are_the_same(app: Flask, rider: Actor) -> None:
    pages = []
    for phone in (PHONE, "13977779999"):
        answer = _sign_in(app.test_client(), phone=phone, password="not the password")
        text = re.sub(r'value="[^"]*"', "", answer.get_data(as_text=True))
        pages.append((answer.status_code, text))
    assert pages[0] == pages[1]


def test_too_many_tries_say_when_to_come_back(client: FlaskClient, rider: Actor) -> None:
    for _ in range(8):
        assert _sign_in(client, password="not the password").status_code == 422
    answer = _sign_in(client)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_what_a_stranger_planted_in_the_session_does_not_survive_the_sign_in(
    client: FlaskClient, rider: Actor
) -> None:
    with client.session_transaction() as session:
        session["planted"] = "by a stranger"
    client.get("/sign-in")
    with client.session_transaction() as session:
        before = dict(session)
    _sign_in(client)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"]
        assert session.get("csrf_token") != before["csrf_token"]


def test_a_kept_cookie_is_worth_nothing_after_signing_out(
    app: Flask, client: FlaskClient, rider: Actor
) -> None:
    _sign_in(client)
    kept = client.get_cookie("grid_report")
    assert kept is not None
    assert post_form(client, "/sign-out", page="/me").headers["Location"] == "/sign-in"
    thief = app.test_client()
    thief.set_cookie("grid_report", kept.value)
    assert thief.get("/me").status_code == 303


def test_signing_in_again_ends_the_sign_in_before(client: FlaskClient, rider: Actor) -> None:
    _sign_in(client)
    post_form(client, "/sign-in", page="/me", phone=PHONE, password=PASSWORD)
    db.session.rollback()
    ended = [row.revoked_at is not None for row in db.session.scalars(select(SignIn))]
    assert sorted(ended) == [False, True]


def test_a_form_without_its_token_is_refused(client: FlaskClient, rider: Actor) -> None:
    answer = client.post("/sign-in", data={"phone": PHONE, "password": PASSWORD})
    assert answer.status_code == 400
    assert client.get("/me").status_code == 303


def _sign_up_fields(**changes: Any) -> dict[str, Any]:
    fields = {
        "phone": "13977770002",
        "name": "新骑手",
        "password": "rain at the station",
        "consent_account": "1",
        "consent_position": "1",
        "notice_version": NOTICE_VERSION,
        "is_16": "1",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def test_a_guest_signs_up_and_is_in(client: FlaskClient, make: Make) -> None:
    answer = post_form(client, "/sign-up", **_sign_up_fields(next="/me"))
    assert (answer.status_code, answer.headers["Location"]) == (303, "/me/number?next=/me")
    assert "新骑手" in client.get("/me").get_data(as_text=True)


def test_a_refused_sign_up_keeps_words_and_ticks(client: FlaskClient, make: Make) -> None:
    answer = post_form(client, "/sign-up", **_sign_up_fields(is_16=None, name="<b>我</b>"))
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "&lt;b&gt;我&lt;/b&gt;" in page
    assert "rain at the station" not in page
    ticked = re.findall(r'name="((?:consent_|is_)\w+)"[^>]* checked', page)
    assert ticked == ["consent_account", "consent_position"]


def test_extra_fields_make_nobody_more_than_a_rider(client: FlaskClient, make: Make) -> None:
    extra = {
        "role": "administrator", "grants": "administrator", "place": "211282", "is_demo": "1",
        "standing": "active", "id": "1", "language": "en", "member_id": "1",
    }  # fmt: skip
    post_form(client, "/sign-up", **_sign_up_fields(**extra))
    db.session.rollback()
    member = db.session.scalars(select(Member)).one()
    row = queries.find_member(member.id, actor=make.administrator(), vault=make.policy.vault)
    assert [(grant.role, grant.place) for grant in row.grants] == [(Role.RIDER, "")]
    assert not member.is_demo


def test_signing_up_looks_the_same_for_a_known_and_an_unknown_number(
    app: Flask, rider: Actor
) -> None:
    pocket = Pocket()
    messenger.connect(app, pocket)
    pages = []
    for phone in (PHONE, "13977779999"):
        browser = app.test_client()
        answer = post_form(browser, "/sign-up", **_sign_up_fields(phone=phone))
        answer.close()
        shown = browser.get(answer.headers["Location"]).get_data(as_text=True)
        shown = re.sub(
            r'value="[^"]*"|data-(?:keeper|member)="\d+"|<strong class="numbers">\d{6}|139\*{4}\d{4}',
            "",
            shown,
        )
        pages.append((answer.status_code, answer.headers["Location"], shown))
    assert pages[0] == pages[1]
    assert [message.phone for message in pocket.sent] == [PHONE, "13977779999"]


def test_a_code_signs_in_and_is_sent_after_the_answer(
    app: Flask, client: FlaskClient, rider: Actor
) -> None:
    pocket = Pocket()
    messenger.connect(app, pocket)
    answer = post_form(client, "/sign-in/code", phone=PHONE, next="/me")
    assert answer.headers["Location"] == "/sign-in/code/enter?next=/me"
    answer.close()
    code = pocket.sent[0].code
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    assert post_form(client, "/sign-in/code/enter", code=wrong).status_code == 422
    answer = post_form(client, "/sign-in/code/enter", code=code, next="/me")
    assert answer.headers["Location"] == "/me"
    assert client.get("/me").status_code == 200


def test_asking_a_code_for_an_unknown_number_looks_the_same_and_sends_nothing(
    app: Flask, rider: Actor
) -> None:
    pocket = Pocket()
    messenger.connect(app, pocket)
    pages = []
    for phone in (PHONE, "13977779999"):
        browser = app.test_client()
        answer = post_form(browser, "/sign-in/code", phone=phone)
        answer.close()
        entered = browser.get("/sign-in/code/enter").get_data(as_text=True)
        page = re.sub(r'value="[^"]*"', "", entered)
        pages.append((answer.status_code, answer.headers["Location"], page))
    assert pages[0] == pages[1]
    assert len(pocket.sent) == 1


def test_a_gateway_that_fails_changes_nothing_for_the_reader(
    app: Flask, client: FlaskClient, rider: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def send_code(self, message: CodeMessage) -> None:
            raise RuntimeError(f"cannot reach {message.phone}")

    messenger.connect(app, Broken())
    answer = post_form(client, "/sign-in/code", phone=PHONE)
    answer.close()
    assert answer.status_code == 303
    assert "code not sent" in caplog.text
    assert PHONE not in caplog.text


def test_without_a_messenger_signing_in_by_code_is_not_offered(
    app: Flask, client: FlaskClient, rider: Actor
) -> None:
    messenger.connect(app, None)
    assert "/sign-in/code" not in client.get("/sign-in").get_data(as_text=True)
    assert client.get("/sign-in/code").status_code == 404


def test_the_number_a_code_went_to_is_not_readable_in_the_cookie(
    client: FlaskClient, rider: Actor
) -> None:
    post_form(client, "/sign-in/code", phone=PHONE)
    with client.session_transaction() as session:
        assert PHONE not in str(dict(session))


def test_name_and_language_are_kept(client: FlaskClient, rider: Actor) -> None:
    _sign_in(client)
    assert (
        post_form(client, "/me/profile", page="/me", name="老李", language="en").status_code == 303
    )
    assert "Where I am signed in" in client.get("/me").get_data(as_text=True)
    answer = post_form(client, "/me/profile", page="/me", name="", language="en")
    assert answer.status_code == 422


def test_a_new_password_is_asked_for_with_the_old_one(client: FlaskClient, rider: Actor) -> None:
    _sign_in(client)
    refused = post_form(client, "/me/password", page="/me", current="no", new="snow at the station")
    assert refused.status_code == 422
    assert "snow at the station" not in refused.get_data(as_text=True)
    fields = {"current": PASSWORD, "new": "snow at the station"}
    assert post_form(client, "/me/password", page="/me", **fields).status_code == 303
    assert client.get("/me").status_code == 200


def test_devices_are_listed_and_ended(app: Flask, client: FlaskClient, rider: Actor) -> None:
    phone = app.test_client()
    _sign_in(phone)
    _sign_in(client)
    db.session.rollback()
    first = db.session.scalars(select(SignIn.id).order_by(SignIn.id)).first()
    page = client.get("/me").get_data(as_text=True)
    assert f"/me/devices/{first}/revoke" in page
    assert post_form(client, f"/me/devices/{first}/revoke", page="/me").status_code == 303
    assert phone.get("/me").status_code == 303
    assert client.get("/me").status_code == 200


def test_a_stranger_cannot_end_somebodys_device(make: Make, rider: Actor) -> None:
    mine, stranger = make.signed_in(rider), make.signed_in(make.rider())
    sign_in_id = devices_queries.list_own_sign_ins(rider.member_id, make.now)[0].id
    assert post_form(stranger, f"/me/devices/{sign_in_id}/revoke", page="/me").status_code == 404
    assert mine.get("/me").status_code == 200


def test_signing_out_everywhere_ends_every_browser(
    app: Flask, client: FlaskClient, rider: Actor
) -> None:
    other = app.test_client()
    _sign_in(other)
    _sign_in(client)
    assert (
        post_form(client, "/me/sign-out-everywhere", page="/me").headers["Location"] == "/sign-in"
    )
    assert (client.get("/me").status_code, other.get("/me").status_code) == (303, 303)


def test_consents_are_chosen_on_the_page(make: Make, rider: Actor) -> None:
    browser = make.signed_in(rider)
    assert post_form(browser, "/me/consents", page="/me", consent_photos="1").status_code == 303
    page = browser.get("/me").get_data(as_text=True)
    assert re.findall(r'name="(consent_\w+)"[^>]* checked', page) == ["consent_photos"]


def test_guests_and_members_read_the_notice(client: FlaskClient, make: Make) -> None:
    for browser in (client, make.signed_in(make.rider())):
        answer = browser.get("/privacy")
        assert answer.status_code == 200
        assert NOTICE_VERSION in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/code", "/sign-up", "/privacy"])
def test_open_pages_speak_english_too(client: FlaskClient, make: Make, path: str) -> None:
    client.set_cookie("language", "en")
    page = client.get(path).get_data(as_text=True)
    body = page.split("<main")[1]
    assert not re.search(r"[\u4e00-\u9fff]", re.sub(r"开原市", "", body))


# administrators


def test_a_proved_number_says_since_when_it_is(make: Make) -> None:
    page = make.signed_in(make.rider()).get("/me/number").text
    assert "验证于" in page
    assert "登录于" not in page
