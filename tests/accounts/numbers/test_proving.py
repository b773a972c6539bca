"""A number is proved by its owner, once, and nothing is earned or redeemed before."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from grid_report.access import Actor
from grid_report.accounts import queries
from grid_report.accounts.errors import (
    ChoiceOver,
    NumberHeld,
    NumberProvedBefore,
    WrongCode,
    WrongPassword,
)
from grid_report.accounts.models import (
    Member,
    SignInKind,
)
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.accounts.numbers.usecases import Choice, Proved
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.accounts.tokens import SignedIn
from grid_report.db import db
from grid_report.errors import Forbidden, NotFound, TooMany
from tests.accounts.numbers.proving import (
    MINE,
    NOW,
    PHONE,
    audited,
    by_code,
    confirm,
    live_sign_ins,
    other,
    prove,
    proved,
    row,
    sent,
    sign_up,
)
from tests.support.builders import PASSWORD, Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database


# by a code


def test_the_code_sent_at_sign_up_proves_the_number(make: Make) -> None:
    rider = sign_up(make)
    assert row(rider).phone_proved_at is None
    proved(make, rider)
    it = row(rider)
    assert (it.phone_proved_at, it.phone_proved_how) == (NOW, "code")
    assert (it.phone_lookup, it.phone_claim) == (make.policy.vault.lookup(PHONE), None)
    with pytest.raises(NumberProvedBefore):
        sent(make, rider)


def test_each_way_a_code_fails_has_words_of_its_own(make: Make) -> None:
    rider = sign_up(make)

    def problem(code: str, now: datetime = NOW) -> str:
        with pytest.raises(WrongCode) as refused:
            prove(make, rider, code, now)
        return refused.value.problems["code"][0].code

    code = sent(make, rider)
    assert problem(other(code)) == "sms-code-wrong"
    assert problem(code, NOW + timedelta(minutes=5)) == "sms-code-expired"
    for _ in range(4):
        assert problem(other(code)) == "sms-code-wrong"
    assert problem(code) == "sms-code-tries"
    assert row(rider).phone_proved_at is None


def test_a_used_code_proves_nothing_again(make: Make) -> None:
    first, second = sign_up(make), sign_up(make)
    code = sent(make, first)
    assert prove(make, first, code) == Proved()
    with pytest.raises(NotFound):
        prove(make, second, code)
    with pytest.raises(WrongCode) as refused:
        sign_in_usecases.sign_in_with_code(
            PHONE,
            code,
            kind=SignInKind.BROWSER,
            label="",
            address="198.51.100.7",
            policy=make.policy,
            now=NOW,
            asker=f"member:{first.member_id}",
        )
    assert refused.value.problems["code"][0].code == "sms-code-used"
    assert row(second).phone_proved_at is None


def test_codes_asked_for_a_number_are_limited_an_hour(make: Make) -> None:
    rider = sign_up(make)
    for _ in range(make.settings.limits.sms_codes_per_hour):
        sent(make, rider)
    with pytest.raises(TooMany):
        sent(make, rider)


# taking over


def test_a_proved_owner_takes_the_number_over_and_the_stranger_stays_without(make: Make) -> None:
    stranger, owner = sign_up(make, password="a stranger was here"), sign_up(make)
    report = make.report(stranger, category="RD01")
    proved(make, owner)
    it = row(stranger)
    assert (it.phone_lookup, it.phone_claim, it.phone_sealed) == (None, None, None)
    assert it.phone_parted_at == NOW
    assert live_sign_ins(stranger) == 0
    assert make.fresh(report).reporter_id == stranger.member_id
    assert audited("number.part") == [(None, f"member:{stranger.member_id}")]


def test_a_stranger_who_signed_up_first_locks_nobody_out(make: Make) -> None:
    sign_up(make, password="a stranger was here")
    choice = by_code(make)
    assert isinstance(choice, Choice)
    owner = sign_up(make, choice=choice)
    assert row(owner).phone_proved_how == "code"


def test_a_code_and_the_password_prove_the_account_that_claimed_the_number(make: Make) -> None:
    rider = sign_up(make)
    choice = by_code(make)
    with pytest.raises(WrongPassword):
        numbers_usecases.choose_by_password(choice, "wrong", label="", policy=make.policy, now=NOW)
    done = numbers_usecases.choose_by_password(choice, MINE, label="", policy=make.policy, now=NOW)
    assert done.actor.member_id == rider.member_id
    assert row(rider).phone_proved_how == "code"
    with pytest.raises(ChoiceOver):
        numbers_usecases.choose_by_password(choice, MINE, label="", policy=make.policy, now=NOW)


def test_a_choice_is_open_for_a_quarter_of_an_hour(make: Make) -> None:
    sign_up(make)
    choice = by_code(make)
    late = NOW + timedelta(minutes=16)
    with pytest.raises(ChoiceOver):
        numbers_usecases.choose_by_password(choice, MINE, label="", policy=make.policy, now=late)


def test_whoever_has_a_proved_account_is_led_back_to_it(make: Make) -> None:
    before = make.rider(phone=PHONE)
    again = sign_up(make)
    done = prove(make, again, sent(make, again))
    assert isinstance(done, SignedIn)
    assert done.actor.member_id == before.member_id
    assert row(again).phone_parted_at == NOW


LATER = NOW + timedelta(days=91)


def test_an_account_that_slept_is_opened_by_no_code_alone(make: Make) -> None:
    old = make.rider(phone=PHONE)
    assert isinstance(by_code(make, now=NOW + timedelta(days=89)), SignedIn)
    choice = by_code(make, now=LATER + timedelta(days=89))
    assert isinstance(choice, Choice)
    now = LATER + timedelta(days=89)
    done = numbers_usecases.choose_by_password(
        choice, PASSWORD, label="", policy=make.policy, now=now
    )
    assert done.actor.member_id == old.member_id


def test_not_me_makes_a_new_account_and_the_old_one_waits_for_an_administrator(
    make: Make,
) -> None:
    old, admin = make.rider(phone=PHONE), make.administrator()
    new = sign_up(make, now=LATER)
    choice = prove(make, new, sent(make, new, LATER), LATER)
    assert isinstance(choice, Choice)
    assert row(old).phone_lookup is not None
    numbers_usecases.choose_new(choice, actor=new, policy=make.policy, now=LATER)
    assert row(new).phone_lookup == make.policy.vault.lookup(PHONE)
    assert row(old).phone_parted_at == LATER
    assert row(old).phone_proved_at is not None

    def give(phone: str, take: bool, actor: Actor = admin, member: Actor = old) -> None:
        numbers_usecases.give_number(
            member.member_id, phone, take=take, actor=actor, policy=make.policy, now=LATER
        )

    with pytest.raises(NumberHeld):
        give(PHONE, take=False)
    with pytest.raises(Forbidden):
        give(PHONE, take=True, actor=make.worker())
    give(PHONE, take=True)
    assert row(old).phone_proved_how == "administrator"
    assert row(new).phone_parted_at == LATER
    assert audited("number.give") == [(admin.member_id, f"member:{old.member_id}")]


def test_an_administrator_never_takes_a_number_from_staff(make: Make) -> None:
    worker, admin, rider = make.worker(phone=PHONE), make.administrator(), make.rider()
    with pytest.raises(NumberHeld):
        numbers_usecases.give_number(
            rider.member_id, PHONE, take=True, actor=admin, policy=make.policy, now=NOW
        )
    assert row(worker).phone_lookup is not None


# races


def test_two_proofs_of_a_number_at_once_leave_one_owner(
    app: Flask, make: Make, in_parallel: InParallel
) -> None:
    first, second = sign_up(make), sign_up(make)
    staff, code = make.worker(), sent(make, first)

    def one(number: int) -> object:
        if number % 2:
            return prove(make, first, code)
        confirm(make, staff, second)
        return None

    in_parallel(one, 4)
    owners = [it for it in (row(first), row(second)) if it.phone_lookup is not None]
    assert len(owners) == 1
    assert sum(it.phone_parted_at is not None for it in (row(first), row(second))) == 1
    assert db.session.scalar(select(func.count(Member.phone_claim))) == 0


def test_a_proof_and_coming_back_at_once_leave_one_owner(
    app: Flask, make: Make, in_parallel: InParallel
) -> None:
    old = make.rider(phone=PHONE)
    new = sign_up(make, now=LATER)
    choice = prove(make, new, sent(make, new, LATER), LATER)

    def one(number: int) -> object:
        if number % 2:
            return numbers_usecases.choose_new(choice, actor=new, policy=make.policy, now=LATER)
        return numbers_usecases.choose_by_password(
            choice, PASSWORD, label="", policy=make.policy, now=LATER, leaving=new
        )

    results = in_parallel(one, 4)
    refused = [it for it in results if isinstance(it, Exception)]
    assert len(refused) == 3
    assert {type(it) for it in refused} <= {ChoiceOver, WrongPassword}
    holds = [it.phone_lookup is not None for it in (row(old), row(new))]
    assert sorted(holds) == [False, True]


def test_an_administrator_makes_a_member_of_a_number_a_stranger_claimed(make: Make) -> None:
    stranger = sign_up(make)
    rider = make.rider(phone=PHONE)
    assert row(rider).phone_proved_how == "administrator"
    assert row(stranger).phone_parted_at is not None
    assert (
        queries.find_member(
            stranger.member_id, actor=make.administrator(), vault=make.policy.vault
        ).phone
        == ""
    )
