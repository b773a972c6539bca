"""Strangers slow down strangers: never the owner on a browser that signed in before."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from grid_report.access import Actor
from grid_report.accounts import failure_metrics as failures
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.devices import queries as devices_queries
from grid_report.accounts.devices import usecases as devices_usecases
from grid_report.accounts.errors import WrongCode, WrongPassword
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import FailedTries, ProvedDevice, SignInKind
from grid_report.accounts.numbers.messenger import CodeMessage
from grid_report.accounts.profile import usecases as profile_usecases
from grid_report.accounts.sign_in import sign_out_usecases, wait_steps
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.accounts.tokens import SignedIn
from grid_report.db import db, transaction
from grid_report.errors import NotFound, TooMany
from tests.support.builders import PASSWORD, Make
from tests.support.parallel import InParallel
from tests.support.present import beginning

pytestmark = pytest.mark.database

PHONE, UNKNOWN = "13955550001", "13955559999"
NOW = beginning()
HOME, AWAY = "198.51.100.7", "203.0.113.9"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider(phone=PHONE)


@pytest.fixture
def own(make: Make, rider: Actor) -> tuple[str, ...]:
    """What the rider's browser holds after signing in once."""
    return _prove(sign_in(make))


def _prove(signed_in: SignedIn, held: Sequence[str] = ()) -> tuple[str, ...]:
    return devices_usecases.prove_device(held, actor=signed_in.actor, label="Android", now=NOW)


def sign_in(make: Make, password: str = PASSWORD, **more: Any) -> SignedIn:
    values: dict[str, Any] = {
        "phone": PHONE, "kind": SignInKind.BROWSER, "label": "", "address": HOME,
        "policy": make.policy, "now": NOW, **more,
    }  # fmt: skip
    return sign_in_usecases.sign_in_with_password(values.pop("phone"), password, **values)


def code(make: Make, phone: str = PHONE, **more: Any) -> CodeMessage | None:
    values: dict[str, Any] = {"address": HOME, "policy": make.policy, "now": NOW, **more}
    return sign_in_usecases.request_code(phone, **values)


def claim(make: Make) -> SignedIn:
    """Sign a stranger up with the rider's number, from elsewhere."""
    return profile_usecases.sign_up_rider(
        phone=PHONE, password="another long one", name="骑手", language="zh_CN",
        consents=[ConsentKind.ACCOUNT], notice_version=make.policy.notice_version, is_16=True,
        label="", address=AWAY, policy=make.policy, now=NOW,
    )  # fmt: skip


def use(make: Make, digits: str, **more: Any) -> Any:
    values: dict[str, Any] = {
        "kind": SignInKind.BROWSER, "label": "", "address": HOME, "policy": make.policy,
        "now": NOW, **more,
    }  # fmt: skip
    return sign_in_usecases.sign_in_with_code(PHONE, digits, **values)


def test_waits_are_one_two_four_minutes_and_an_hour_at_most() -> None:
    minutes = [wait_steps.wait_after(failures, 8) / MINUTE for failures in range(7, 17)]
    assert minutes == [0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize("phone", [PHONE, UNKNOWN])
def test_each_further_failure_waits_twice_as_long_for_known_and_unknown_numbers(
    make: Make, rider: Actor, phone: str
) -> None:
    for _ in range(8):
        with pytest.raises(WrongPassword):
            sign_in(make, "wrong", phone=phone)
    now = NOW
    for wait_s in (60, 120, 240, 480):
        with pytest.raises(TooMany) as refused:
            sign_in(make, "wrong", phone=phone, now=now)
        assert refused.value.retry_after_s == wait_s
        with pytest.raises(TooMany):
            sign_in(make, "wrong", phone=phone, now=now + timedelta(seconds=wait_s - 1))
        now += timedelta(seconds=wait_s)
        with pytest.raises(WrongPassword):
            sign_in(make, "wrong", phone=phone, now=now)


def test_a_day_without_a_failure_forgets_them(make: Make, rider: Actor) -> None:
    for _ in range(8):
        with pytest.raises(WrongPassword):
            sign_in(make, "wrong")
    late = NOW + timedelta(days=1, seconds=1)
    for _ in range(8):
        with pytest.raises(WrongPassword):
            sign_in(make, "wrong", now=late)


def test_strangers_of_a_hundred_addresses_wait_as_one(make: Make, rider: Actor) -> None:
    for number in range(40):
        with pytest.raises(WrongPassword):
            sign_in(make, "wrong", address=f"203.0.113.{number}")
    with pytest.raises(TooMany) as refused:
        sign_in(make, "wrong", address="203.0.113.200")
    assert refused.value.retry_after_s == 60


@pytest.mark.parametrize("address", [HOME, AWAY])
def test_no_stranger_shuts_out_a_browser_that_signed_in_before(
    make: Make, rider: Actor, own: tuple[str, ...], address: str
) -> None:
    for number in range(40):
        with pytest.raises(WrongPassword):
            sign_in(make, "wrong", address=f"203.0.113.{number}")
    for _ in range(9):
        with pytest.raises((WrongPassword, TooMany)):
            sign_in(make, "wrong", address=address)
    with pytest.raises(TooMany):
        sign_in(make, address=address)
    assert sign_in(make, address=address, secrets=own).actor.member_id == rider.member_id


def test_nor_do_two_hundred_failures_of_its_address(
    make: Make, rider: Actor, own: tuple[str, ...]
) -> None:
    few = make.settings.limits.model_copy(update={"sign_ins_per_address_15_min": 3})
    make.policy = type(make.policy)(**{**vars(make.policy), "limits": few})
    for number in range(3):
        with pytest.raises(WrongPassword):
            sign_in(make, "wrong", phone=f"1395555100{number}")
    with pytest.raises(TooMany):
        sign_in(make)
    assert sign_in(make, secrets=own)


def test_a_proved_browser_guesses_no_more_often_than_others_and_slows_nobody(
    make: Make, rider: Actor, own: tuple[str, ...]
) -> None:
    for _ in range(8):
        with pytest.raises(WrongPassword):
            sign_in(make, "wrong", secrets=own)
    with pytest.raises(TooMany) as refused:
        sign_in(make, secrets=own)
    assert refused.value.retry_after_s == 60
    assert sign_in(make)


def test_a_browser_of_somebody_else_or_made_up_is_a_strangers(
    make: Make, rider: Actor, own: tuple[str, ...]
) -> None:
    make.rider(phone="13955550002")
    others = _prove(sign_in(make, phone="13955550002"))
    for _ in range(8):
        with pytest.raises(WrongPassword):
            sign_in(make, "wrong", secrets=others)
    for held in (others, ("x" * 43,), ()):
        with pytest.raises(TooMany):
            sign_in(make, secrets=held)
    assert sign_in(make, secrets=(*others, *own))


def test_who_only_claims_a_number_gets_no_tries_at_its_owners_password(
    make: Make, rider: Actor
) -> None:
    claimed = claim(make)
    held = _prove(claimed)
    for _ in range(8):
        with pytest.raises(WrongPassword):
            sign_in(make, "wrong", address=AWAY)
    with pytest.raises(TooMany):
        sign_in(make, address=AWAY, secrets=held)
    own = sign_in(make, "another long one", address=AWAY, secrets=held)
    assert own.actor.member_id == claimed.actor.member_id


def test_a_planted_secret_is_never_proved_by_whoever_signs_in_there(
    make: Make, rider: Actor
) -> None:
    make.rider(phone="13955550002")
    planted = _prove(sign_in(make, phone="13955550002"))
    held = _prove(sign_in(make), planted)
    assert held[0] not in planted
    lookup = make.policy.vault.lookup(PHONE)
    assert devices_queries.find(lookup, planted, NOW) is None
    assert devices_queries.find(lookup, held, NOW) is not None
    assert _prove(sign_in(make), held) == held


def test_only_a_hash_of_the_secret_is_kept_and_it_ends_after_400_days(
    make: Make, rider: Actor, own: tuple[str, ...]
) -> None:
    assert own[0] not in str(db.session.execute(select(ProvedDevice.__table__)).all())
    lookup = make.policy.vault.lookup(PHONE)
    assert devices_queries.find(lookup, own, NOW + timedelta(days=399))
    assert devices_queries.find(lookup, own, NOW + timedelta(days=400)) is None


def test_a_forgotten_browser_is_a_strangers_and_only_its_owner_forgets_it(
    make: Make, rider: Actor, own: tuple[str, ...]
) -> None:
    listed = devices_queries.list_own_devices(rider.member_id, NOW)
    assert [row.label for row in listed] == ["Android"]
    with pytest.raises(NotFound):
        devices_usecases.forget_device(listed[0].id, actor=make.rider(), now=NOW)
    devices_usecases.forget_device(listed[0].id, actor=rider, now=NOW)
    assert devices_queries.list_own_devices(rider.member_id, NOW) == []
    assert devices_queries.find(make.policy.vault.lookup(PHONE), own, NOW) is None


def test_signing_out_everywhere_and_a_new_password_forget_the_other_browsers(
    make: Make, rider: Actor, own: tuple[str, ...]
) -> None:
    here = sign_in(make)
    mine = _prove(here)
    profile_usecases.change_password(
        current=PASSWORD, new="snow at the station", actor=here.actor, policy=make.policy, now=NOW
    )
    lookup = make.policy.vault.lookup(PHONE)
    assert devices_queries.find(lookup, own, NOW) is None
    assert devices_queries.find(lookup, mine, NOW) is not None
    sign_out_usecases.sign_out_everywhere(rider.member_id, actor=rider, now=NOW)
    assert devices_queries.find(lookup, mine, NOW) is None


def test_wrong_tries_at_once_are_counted_once_each(
    make: Make, rider: Actor, in_parallel: InParallel
) -> None:
    def one(number: int) -> wait_steps.Try:
        with transaction() as session:
            return wait_steps.count(session, "door", free=5, now=NOW)

    results = in_parallel(one, 12)
    assert sum(isinstance(result, wait_steps.Try) for result in results) == 5
    assert db.session.scalar(select(func.sum(FailedTries.failures))) == 5


def test_a_try_made_a_moment_before_one_that_was_counted_first_is_not_refused(make: Make) -> None:
    earlier = NOW - timedelta(milliseconds=300)
    with transaction() as session:
        wait_steps.give_back(session, wait_steps.count(session, "door", free=2, now=NOW))
        first = wait_steps.count(session, "door", free=2, now=earlier)
        wait_steps.count(session, "door", free=2, now=earlier)
        wait_steps.give_back(session, first)
    with pytest.raises(TooMany) as refused, transaction() as session:
        wait_steps.count(session, "door", free=2, now=NOW)
    assert refused.value.retry_after_s == 60


def test_old_failures_are_swept(make: Make, rider: Actor) -> None:
    with pytest.raises(WrongPassword):
        sign_in(make, "wrong")
    members_usecases.sweep(now=NOW + timedelta(days=3))
    assert db.session.scalar(select(func.count()).select_from(FailedTries)) == 0


def test_a_strangers_code_requests_leave_the_owners_browser_its_own(
    make: Make, rider: Actor, own: tuple[str, ...]
) -> None:
    for _ in range(5):
        assert code(make, address=AWAY)
    with pytest.raises(TooMany):
        code(make, address=AWAY)
    for _ in range(5):
        assert code(make, secrets=own)
    with pytest.raises(TooMany):
        code(make, secrets=own)


def test_who_only_claims_a_number_asks_for_its_codes_as_a_stranger(
    make: Make, rider: Actor, own: tuple[str, ...]
) -> None:
    claimed = claim(make)
    held = _prove(claimed)
    for _ in range(5):
        assert code(make, address=AWAY, secrets=held)
    with pytest.raises(TooMany):
        code(make, address=AWAY, secrets=held)
    assert code(make, secrets=own)


def test_no_more_than_twenty_codes_a_day_reach_a_number_whoever_asks(
    make: Make, rider: Actor, own: tuple[str, ...]
) -> None:
    start = NOW.replace(hour=1, minute=0)
    sent = 0
    for number in range(60):
        at = start + timedelta(minutes=10 * number)
        for who in ({"address": f"203.0.113.{number}"}, {"secrets": own}):
            try:
                sent += code(make, now=at, **who) is not None
            except TooMany:
                continue
    assert sent == 20


@pytest.mark.parametrize("phone", [PHONE, UNKNOWN])
def test_code_requests_for_known_and_unknown_numbers_are_refused_alike(
    make: Make, rider: Actor, phone: str
) -> None:
    for number in range(10):
        code(make, phone, address=f"203.0.113.{number}")
    with pytest.raises(TooMany) as refused:
        code(make, phone, address="203.0.113.99")
    assert refused.value.code == "too-many"


def test_a_stranger_neither_replaces_a_code_nor_uses_its_tries_up(make: Make, rider: Actor) -> None:
    message = code(make, asker="the owner's browser")
    assert message is not None
    code(make, asker="another one", address=AWAY)
    for _ in range(6):
        with pytest.raises(WrongCode):
            use(make, "000000" if message.code != "000000" else "111111", asker="another one")
    with pytest.raises(WrongCode):
        use(make, message.code, asker="another one")
    assert use(make, message.code, asker="the owner's browser").actor.member_id == rider.member_id


def test_a_failed_sign_in_leaves_a_countable_line_without_the_number(
    make: Make, rider: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    def counted(reason: str) -> float:
        return float(failures.FAILED.labels("password", reason)._value.get())

    before = counted("wrong-password"), counted("too-many")
    with caplog.at_level(logging.WARNING):
        for phone in (PHONE,) * 8 + (UNKNOWN,):
            with pytest.raises(WrongPassword):
                sign_in(make, "wrong", phone=phone)
        with pytest.raises(TooMany):
            sign_in(make, "wrong")
    lines = [it for it in caplog.records if it.name == "grid_report.accounts.failure_metrics"]
    assert [(vars(it)["way"], vars(it)["reason"]) for it in lines] == [
        *[("password", "wrong-password")] * 9,
        ("password", "too-many"),
    ]
    for line in lines:
        said = str(vars(line))
        assert PHONE not in said
        assert PHONE[-4:] not in line.getMessage()
        assert UNKNOWN not in said
        assert HOME not in said
    assert (counted("wrong-password") - before[0], counted("too-many") - before[1]) == (9, 1)


def _form(client: FlaskClient, path: str, page: str, **fields: str) -> Any:
    from tests.accounts.browsing import post_form

    return post_form(client, path, page=page, **fields)


def test_the_page_remembers_its_browser_and_the_member_can_let_it_be_forgotten(
    app: Flask, make: Make, rider: Actor
) -> None:
    owner = app.test_client()
    signed = _form(owner, "/sign-in", "/sign-in", phone=PHONE, password=PASSWORD)
    assert signed.status_code == 303
    [line] = [it for it in signed.headers.getlist("Set-Cookie") if "grid_report_device=" in it]
    assert "HttpOnly" in line
    assert "SameSite=Lax" in line
    assert "Max-Age=34560000" in line
    _form(owner, "/sign-out", "/me")
    stranger = app.test_client()
    for _ in range(9):
        _form(stranger, "/sign-in", "/sign-in", phone=PHONE, password="wrong")
    refused = _form(stranger, "/sign-in", "/sign-in", phone=PHONE, password=PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 60
    again = _form(owner, "/sign-in", "/sign-in", phone=PHONE, password=PASSWORD)
    assert again.status_code == 303
    [row] = devices_queries.list_own_devices(rider.member_id, make.now)
    assert "我们记住的浏览器" in owner.get("/me").text
    assert _form(owner, f"/me/remembered/{row.id}/forget", "/me").status_code == 303
    assert "我们记住的浏览器" not in owner.get("/me").text
