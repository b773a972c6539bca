"""Where no code comes, the number is confirmed with the person standing there: never one's own."""

from __future__ import annotations

import re

import pytest

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.errors import NoSuchClaim, NotOneself, NumberHeld, NumberUnproved
from grid_report.accounts.numbers import messenger
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.errors import Forbidden, TooMany
from tests.accounts.browsing import post_form
from tests.accounts.numbers.proving import NOW, PHONE, audited, confirm, row, sign_up
from tests.support.builders import PASSWORD, Make

pytestmark = pytest.mark.database


@pytest.mark.parametrize("shown", ["digits", "name"])
@pytest.mark.parametrize("role", ["station_staff", "worker", "administrator"])
def test_a_counter_confirms_a_number_and_it_is_kept_who_did(
    make: Make, role: str, shown: str
) -> None:
    staff = make.member(Grant(Role(role), "somewhere"))
    rider = sign_up(make)
    vault = make.policy.vault
    digits = vault.counter_code(rider.member_id, vault.lookup(PHONE))
    known_by = digits if shown == "digits" else "小李"
    claim = numbers_usecases.find_claim(PHONE, known_by, actor=staff, policy=make.policy, now=NOW)
    assert (claim.rider_id, claim.name, claim.phone) == (rider.member_id, "小李", "139****0001")
    confirm(make, staff, rider)
    confirm(make, staff, rider)
    assert row(rider).phone_proved_how == "staff"
    assert audited("number.confirm") == [(staff.member_id, f"member:{rider.member_id}")]


@pytest.mark.parametrize("role", ["rider", "handler", "supervisor", "auditor"])
def test_nobody_else_confirms_a_number(make: Make, role: str) -> None:
    member = make.member(Grant(Role(role), None if role == "rider" else "somewhere"))
    rider = sign_up(make)
    with pytest.raises(Forbidden):
        numbers_usecases.find_claim(PHONE, "小李", actor=member, policy=make.policy, now=NOW)
    with pytest.raises(Forbidden):
        confirm(make, member, rider)


def test_nobody_confirms_the_own_number_nor_one_while_the_own_is_not_proved(make: Make) -> None:
    rider = sign_up(make)
    both = Actor(rider.member_id, rider.name, rider.grants | {Grant(Role.WORKER, "somewhere")})
    with pytest.raises(Forbidden):
        confirm(make, both, rider)
    someone = sign_up(make, phone="13933330009")
    with pytest.raises(NumberUnproved):
        confirm(make, both, someone, "13933330009")
    assert row(someone).phone_proved_at is None


def test_the_counter_is_told_the_same_for_unknown_known_and_proved_numbers(make: Make) -> None:
    staff = make.worker()
    sign_up(make)
    make.rider(phone="13933330002", name="小王")
    for phone, known_by in ((PHONE, "小王"), ("13933330002", "小王"), ("13933330003", "小王")):
        with pytest.raises(NoSuchClaim) as refused:
            numbers_usecases.find_claim(phone, known_by, actor=staff, policy=make.policy, now=NOW)
        assert refused.value.problems["known_by"][0].code == "claim-not-found"


def test_of_two_of_one_name_only_the_digits_tell_who_stands_there(make: Make) -> None:
    staff = make.worker()
    first, second = sign_up(make), sign_up(make)
    with pytest.raises(NoSuchClaim):
        numbers_usecases.find_claim(PHONE, "小李", actor=staff, policy=make.policy, now=NOW)
    vault = make.policy.vault
    for rider in (first, second):
        digits = vault.counter_code(rider.member_id, vault.lookup(PHONE))
        claim = numbers_usecases.find_claim(PHONE, digits, actor=staff, policy=make.policy, now=NOW)
        assert claim.rider_id == rider.member_id


def test_a_counter_looks_up_a_queue_in_an_hour_and_not_a_list(make: Make) -> None:
    staff = make.worker()
    for _ in range(60):
        with pytest.raises(NoSuchClaim):
            numbers_usecases.find_claim(PHONE, "小李", actor=staff, policy=make.policy, now=NOW)
    with pytest.raises(TooMany):
        numbers_usecases.find_claim(PHONE, "小李", actor=staff, policy=make.policy, now=NOW)


def test_no_administrator_gives_a_number_to_the_own_account(make: Make) -> None:
    administrator = make.administrator()
    with pytest.raises(NotOneself):
        numbers_usecases.give_number(
            administrator.member_id,
            PHONE,
            take=False,
            actor=administrator,
            policy=make.policy,
            now=NOW,
        )


def test_a_counter_moves_no_proved_number(make: Make) -> None:
    make.rider(phone=PHONE)
    with pytest.raises(NumberHeld):
        confirm(make, make.worker(), sign_up(make))


def test_the_page_of_the_counter_finds_shows_and_confirms(make: Make) -> None:
    rider = sign_up(make)
    staff = make.signed_in(make.member(Grant(Role.STATION_STAFF, "station-1")))
    vault = make.policy.vault
    fields = {
        "phone": "１３９ 3333 0001",
        "known_by": vault.counter_code(rider.member_id, vault.lookup(PHONE)),
    }
    wrong = post_form(
        staff, "/confirm-number/find", page="/confirm-number", **fields | {"known_by": "谁"}
    )
    assert wrong.status_code == 422
    assert "１３９ 3333 0001" in wrong.get_data(as_text=True)
    found = post_form(staff, "/confirm-number/find", page="/confirm-number", **fields)
    assert "小李" in found.get_data(as_text=True)
    assert row(rider).phone_proved_at is None
    done = post_form(staff, "/confirm-number", page="/confirm-number", **fields)
    assert done.status_code == 303
    assert row(rider).phone_proved_how == "staff"


def test_a_rider_proves_the_number_on_the_own_page(make: Make) -> None:
    rider = sign_up(make, password=PASSWORD)
    browser = make.signed_in(make.rider())
    assert "/me/number" not in browser.get("/me").get_data(as_text=True)
    browser = make.signed_in(rider)
    page = browser.get("/me/number").get_data(as_text=True)
    vault = make.policy.vault
    assert vault.counter_code(rider.member_id, vault.lookup(PHONE)) in page
    code = numbers_usecases.request_proof(actor=rider, policy=make.policy, now=make.now).code
    refused = post_form(browser, "/me/number", code="12")
    assert refused.status_code == 422
    done = post_form(browser, "/me/number", code=code)
    assert (done.status_code, done.headers["Location"]) == (303, "/me/number")
    assert row(rider).phone_proved_how == "code"


def test_the_demo_shows_the_code_on_the_page_and_says_so(make: Make) -> None:
    messenger.connect(make.app, messenger.ScreenMessenger())
    browser = make.signed_in(sign_up(make, password=PASSWORD))
    post_form(browser, "/me/number/code", page="/me/number")
    page = browser.get("/me/number").get_data(as_text=True)
    shown = re.search(r"演示，不会发送短信。你的验证码：(\d{6})", page)
    assert shown is not None
    assert post_form(browser, "/me/number", code=shown[1]).status_code == 303
    assert "已验证" in browser.get("/me/number").get_data(as_text=True)


def test_the_choice_after_a_code_asks_for_the_password_or_not_me(make: Make) -> None:
    messenger.connect(make.app, messenger.ScreenMessenger())
    sign_up(make, password=PASSWORD)
    guest = make.app.test_client()
    post_form(guest, "/sign-in/code", phone=PHONE)
    shown = re.search(
        r"(?:验证码：|code: )(\d{6})", guest.get("/sign-in/code/enter").get_data(as_text=True)
    )
    assert shown is not None
    asked = post_form(guest, "/sign-in/code/enter", code=shown[1])
    assert asked.headers["Location"] == "/number/choice"
    page = guest.get("/number/choice").get_data(as_text=True)
    assert 'name="password"' in page
    assert 'name="not_me"' in page
    wrong = post_form(guest, "/number/choice", password="not the password")
    assert wrong.status_code == 422
    assert guest.get("/me").status_code == 303
    right = post_form(guest, "/number/choice", password=PASSWORD)
    assert right.status_code == 303
    assert guest.get("/me").status_code == 200
