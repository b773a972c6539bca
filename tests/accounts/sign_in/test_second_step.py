"""On a browser that is new to them, some roles confirm a code after the right password."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from grid_report import settings
from grid_report.access import Actor
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.members.cli import accounts_cli
from grid_report.accounts.models import Member, SignIn
from grid_report.accounts.numbers import messenger
from grid_report.accounts.policy import policy_of
from grid_report.accounts.sign_in import second_step_usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.db import db, transaction
from tests.accounts.browsing import post_form
from tests.accounts.numbers.proving import audited
from tests.accounts.test_pages import Pocket
from tests.support.builders import PASSWORD, Make

pytestmark = pytest.mark.database

PHONE, OTHER = "13955550001", "13955550002"


@pytest.fixture
def pocket(app: Flask, make: Make) -> Pocket:
    """Turn the step on, and catch the codes."""
    make.policy = replace(make.policy, second_step=True)
    app.extensions["grid_report_accounts_policy"] = make.policy
    caught = Pocket()
    messenger.connect(app, caught)
    return caught


@pytest.fixture
def admin(make: Make) -> Actor:
    return make.administrator(phone=PHONE)


def password(client: FlaskClient, phone: str = PHONE, **more: str) -> TestResponse:
    answer = post_form(client, "/sign-in", phone=phone, password=PASSWORD, **more)
    answer.close()
    return answer


def confirm(client: FlaskClient, code: str, **more: str) -> TestResponse:
    return post_form(client, "/sign-in/second", code=code, **more)


def is_in(client: FlaskClient) -> bool:
    return client.get("/me").status_code == 200


def sign_ins() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(SignIn.id))) or 0


def other_than(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.mark.parametrize("role", ["administrator", "supervisor", "auditor"])
def test_a_new_browser_asks_for_a_code_once_and_is_known_the_next_time(
    client: FlaskClient, make: Make, pocket: Pocket, role: str
) -> None:
    member = getattr(make, role)(phone=PHONE)
    asked = password(client, next="/me/number")
    assert asked.headers["Location"] == "/sign-in/second?next=/me/number"
    # Nobody is signed in before the code: no row, no page.
    assert (sign_ins(), client.get("/me").status_code) == (0, 303)
    page = client.get(asked.headers["Location"]).get_data(as_text=True)
    assert "139****0001" in page
    assert PHONE not in page
    assert [message.phone for message in pocket.sent] == [PHONE]
    done = confirm(client, pocket.sent[0].code, next="/me/number")
    assert (done.status_code, done.headers["Location"]) == (303, "/me/number")
    assert is_in(client)
    assert audited("second-step-passed") == [(member.member_id, f"member:{member.member_id}")]
    post_form(client, "/sign-out", "/me")
    assert password(client, next="/me/number").headers["Location"] == "/me/number"
    assert is_in(client)
    assert len(pocket.sent) == 1


@pytest.mark.parametrize("role", ["rider", "worker", "handler"])
def test_nobody_else_is_asked(client: FlaskClient, make: Make, pocket: Pocket, role: str) -> None:
    getattr(make, role)(phone=PHONE)
    assert "second" not in password(client).headers["Location"]
    assert is_in(client)
    assert pocket.sent == []


def test_a_program_is_not_asked(make: Make, admin: Actor, pocket: Pocket) -> None:
    assert make.token(admin)["Authorization"].startswith("Bearer ")
    assert (sign_ins(), pocket.sent) == (1, [])


def test_where_the_step_is_off_a_password_is_enough(client: FlaskClient, admin: Actor) -> None:
    assert "second" not in password(client).headers["Location"]
    assert is_in(client)


def test_the_step_is_on_unless_said_otherwise_and_never_in_the_demo() -> None:
    demo = {"demo": {"enabled": True}}
    assert policy_of(settings.load({}, {"demo": {"enabled": False}})).second_step
    assert not policy_of(settings.load({}, demo)).second_step


def test_a_browser_of_somebody_else_is_new_to_the_member(
    client: FlaskClient, make: Make, admin: Actor, pocket: Pocket
) -> None:
    make.rider(phone=OTHER)
    password(client, OTHER)
    post_form(client, "/sign-out", "/me")
    assert password(client).headers["Location"] == "/sign-in/second"


def test_wrong_codes_are_refused_and_wait_longer_and_longer_on_every_browser(
    app: Flask, client: FlaskClient, admin: Actor, pocket: Pocket
) -> None:
    password(client)
    wrong = other_than(pocket.sent[-1].code)
    for _ in range(5):
        assert confirm(client, wrong).status_code == 422
    # Five tries use a code up; the right one is none any more.
    assert confirm(client, pocket.sent[-1].code).status_code == 422
    second = app.test_client()
    password(second)
    for _ in range(2):
        assert confirm(second, other_than(pocket.sent[-1].code)).status_code == 422
    refused = confirm(second, pocket.sent[-1].code)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert sign_ins() == 0


def test_a_code_works_only_in_the_browser_and_for_the_member_it_was_made_for(
    app: Flask, client: FlaskClient, make: Make, admin: Actor, pocket: Pocket
) -> None:
    make.auditor(phone=OTHER)
    password(client)
    mine = pocket.sent[-1].code
    again, auditor, guest = app.test_client(), app.test_client(), app.test_client()
    password(again)
    # The newest code of the number does not replace that of another browser.
    assert confirm(again, mine).status_code == 422 or mine == pocket.sent[-1].code
    password(auditor, OTHER)
    assert confirm(auditor, mine).status_code == 422 or mine == pocket.sent[-1].code
    post = post_form(guest, "/sign-in/second", "/sign-in", code=mine)
    assert post.headers["Location"] == "/sign-in"
    post_form(guest, "/sign-in/code", phone=PHONE).close()
    # A code to sign in with, and one to confirm with, are two.
    assert confirm(client, pocket.sent[-1].code).status_code == 422 or mine == pocket.sent[-1].code
    assert sign_ins() == 0
    assert confirm(client, mine).status_code == 303


def test_another_code_replaces_the_first(client: FlaskClient, admin: Actor, pocket: Pocket) -> None:
    password(client)
    first = pocket.sent[0].code
    sent = post_form(client, "/sign-in/second/code", "/sign-in/second", next="/me")
    sent.close()
    assert sent.headers["Location"] == "/sign-in/second?next=/me"
    assert confirm(client, first).status_code == 422 or first == pocket.sent[1].code
    assert confirm(client, pocket.sent[1].code).status_code == 303


def test_no_more_codes_an_hour_than_others_and_the_page_says_so(
    client: FlaskClient, admin: Actor, pocket: Pocket
) -> None:
    password(client)
    for _ in range(5):
        post_form(client, "/sign-in/second/code", "/sign-in/second").close()
    assert len(pocket.sent) == 5
    assert "flash" in client.get("/sign-in/second").get_data(as_text=True)


def test_after_a_quarter_of_an_hour_it_begins_anew_and_says_so(
    client: FlaskClient, make: Make, admin: Actor, pocket: Pocket, monkeypatch: pytest.MonkeyPatch
) -> None:
    password(client)
    late = make.now + timedelta(minutes=16)
    token = client.get("/sign-in/second").get_data(as_text=True)
    monkeypatch.setattr("grid_report.accounts.sign_in.second_step_routes.clock.now", lambda: late)
    found = re.search(r'name="csrf_token" value="([^"]+)"', token)
    assert found is not None
    form = {"csrf_token": found[1], "code": pocket.sent[0].code, "next": "/me"}
    over = client.post("/sign-in/second", data=form)
    assert (over.status_code, over.headers["Location"]) == (303, "/sign-in?next=/me")
    assert "一刻钟" in client.get("/sign-in").get_data(as_text=True)
    # Forgotten: the page asks for nothing any more.
    assert client.get("/sign-in/second").headers["Location"] == "/sign-in"
    assert sign_ins() == 0


def test_a_password_changed_between_ends_the_step(
    client: FlaskClient, make: Make, admin: Actor, pocket: Pocket
) -> None:
    password(client)
    with transaction() as session:
        member = session.get_one(Member, admin.member_id)
        member.password_hash = make.policy.hasher.hash("another one altogether")
    over = confirm(client, pocket.sent[0].code)
    assert (over.status_code, over.headers["Location"]) == (303, "/sign-in")
    assert sign_ins() == 0


def test_without_messages_the_operator_prints_a_code_and_it_is_kept_who_for(
    app: Flask, client: FlaskClient, admin: Actor, pocket: Pocket
) -> None:
    messenger.connect(app, None)
    nobody = app.test_cli_runner().invoke(accounts_cli, ["code", PHONE])
    assert (nobody.exit_code, "phone:" in nobody.output) == (1, True)
    second = app.test_client()
    password(client)
    password(second)
    assert "grid-report members code" in client.get("/sign-in/second").get_data(as_text=True)
    for number in range(8):
        assert confirm(client, f"{number:06d}").status_code == 422
    assert confirm(client, "000009").status_code == 429
    printed = app.test_cli_runner().invoke(accounts_cli, ["code", PHONE])
    assert printed.exit_code == 0, printed.output
    found = re.fullmatch(r"member (\d+): (\d{6}), 5 min\n", printed.output)
    assert found is not None
    assert int(found[1]) == admin.member_id
    assert audited("second-step-code") == [(None, f"member:{admin.member_id}")]
    # Waits are over, and whichever browser is the member's takes the code.
    assert confirm(client, found[2]).status_code == 303
    assert confirm(second, found[2]).status_code == 303
    assert is_in(client)


def test_a_printed_code_is_good_for_five_minutes(
    client: FlaskClient, make: Make, admin: Actor, pocket: Pocket
) -> None:
    password(client)
    early = make.now - timedelta(minutes=5)
    second_step_usecases.code_from_shell(PHONE, policy=make.policy, now=make.now)
    (_, code) = second_step_usecases.code_from_shell(PHONE, policy=make.policy, now=early)[0]
    assert confirm(client, code).status_code == 422


def test_strangers_who_use_up_the_codes_of_a_number_keep_nobody_out(
    app: Flask, client: FlaskClient, make: Make, admin: Actor, pocket: Pocket
) -> None:
    for number in range(10):
        sign_in_usecases.request_code(PHONE, address=str(number), policy=make.policy, now=make.now)
    password(client)
    assert confirm(client, pocket.sent[-1].code).status_code == 303


def test_somebody_suspended_is_told_so_and_gets_no_code(
    client: FlaskClient, make: Make, admin: Actor, pocket: Pocket
) -> None:
    boss = make.administrator()
    members_usecases.suspend_member(admin.member_id, actor=boss, now=make.now)
    assert password(client).status_code == 403
    assert pocket.sent == []
