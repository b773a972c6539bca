"""A number is proved by its owner, once, and nothing is earned or redeemed before."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from grid_report.access import Actor
from grid_report.accounts import queries
from grid_report.accounts.errors import (
    ChoiceOver,
    NumberHeld,
    NumberProvedBefore,
    NumberUnproved,
    WrongCode,
    WrongPassword,
)
from grid_report.accounts.models import (
    AuditEntry,
    ConsentKind,
    Member,
    SignIn,
    SignInKind,
    Standing,
)
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.accounts.numbers.usecases import Choice, Proved
from grid_report.accounts.profile import usecases as profile_usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.accounts.steps import SignedIn
from grid_report.db import db
from grid_report.errors import Forbidden, NotFound, TooMany
from grid_report.points.kinds import UnpaidReason
from grid_report.points.learning.handbook import UNITS
from grid_report.points.learning.usecases import award_learning
from grid_report.points.ledger.award_requests import why_not
from grid_report.points.policy import terms_of
from grid_report.points.statement.queries import balance
from tests.support.builders import PASSWORD, Make
from tests.support.present import beginning

pytestmark = pytest.mark.database

PHONE = "13933330001"
MINE = "rain at the station"
NOW = beginning()


def sign_up(make: Make, phone: str = PHONE, now: datetime = NOW, **more: Any) -> Actor:
    """Make an account that only claims its number."""
    values: dict[str, Any] = {"name": "小李", "password": MINE, **more}
    return profile_usecases.sign_up_rider(
        phone=phone,
        language="zh_CN",
        consents=frozenset(ConsentKind),
        notice_version=make.policy.notice_version,
        is_16=True,
        label="",
        address="198.51.100.7",
        policy=make.policy,
        now=now,
        **values,
    ).actor


def sent(make: Make, actor: Actor, now: datetime = NOW) -> str:
    return numbers_usecases.request_proof(actor=actor, policy=make.policy, now=now).code


def prove(make: Make, actor: Actor, code: str, now: datetime = NOW) -> Any:
    return numbers_usecases.prove_with_code(
        code, actor=actor, label="", policy=make.policy, now=now
    )


def proved(make: Make, actor: Actor, now: datetime = NOW) -> None:
    assert prove(make, actor, sent(make, actor, now), now) == Proved()


def by_code(make: Make, phone: str = PHONE, now: datetime = NOW) -> Any:
    message = sign_in_usecases.request_code(
        phone, address="198.51.100.7", policy=make.policy, now=now, for_everybody=True
    )
    assert message is not None
    return sign_in_usecases.sign_in_with_code(
        phone,
        message.code,
        kind=SignInKind.BROWSER,
        label="",
        address="198.51.100.7",
        policy=make.policy,
        now=now,
    )


def row(actor: Actor) -> Member:
    db.session.rollback()
    found = db.session.get(Member, actor.member_id, populate_existing=True)
    assert found is not None
    return found


def audited(action: str) -> list[tuple[int | None, str]]:
    db.session.rollback()
    rows = db.session.execute(
        select(AuditEntry.actor_id, AuditEntry.about).where(AuditEntry.action == action)
    )
    return [(entry.actor_id, entry.about) for entry in rows]


def live_sign_ins(actor: Actor) -> int:
    db.session.rollback()
    live = select(func.count(SignIn.id)).where(
        SignIn.member_id == actor.member_id, SignIn.revoked_at.is_(None)
    )
    return db.session.scalar(live) or 0


def confirm(make: Make, staff: Actor, member: Actor, phone: str = PHONE) -> None:
    numbers_usecases.confirm_number(
        member.member_id, phone, actor=staff, policy=make.policy, now=NOW
    )


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


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


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


# nothing before the proof


def test_nothing_is_earned_before_the_number_is_proved_and_something_after(make: Make) -> None:
    rider, worker = sign_up(make), make.worker()
    make.accepted(worker, rider, category="RD01")
    assert balance(rider.member_id).available == 0
    proved(make, rider)
    make.accepted(worker, rider)
    assert balance(rider.member_id).available > 0


def test_what_was_sent_unproved_is_never_paid_also_when_accepted_after_the_proof(
    make: Make,
) -> None:
    rider, worker = sign_up(make), make.worker()
    report = make.report(rider, category="RD01")
    assert report.sent_unproved
    proved(make, rider)
    make.step(report, "accept", worker, category="RD02", severity=2)
    assert balance(rider.member_id).available == 0
    assert not make.report(rider).sent_unproved


def test_the_ledger_pays_no_cause_of_a_member_whose_number_was_never_proved() -> None:
    known = SimpleNamespace(
        is_staff=False,
        standing=Standing.ACTIVE,
        points_stopped_at=None,
        phone_proved_at=None,
        frozen_at=None,
    )
    assert why_not(known) is UnpaidReason.UNPROVED
    known.phone_proved_at = NOW
    assert why_not(known) is None


def test_learning_waits_for_the_proof_and_is_thanked_for_then(make: Make) -> None:
    rider, terms = sign_up(make), terms_of(make.settings)
    unit = next(iter(UNITS))
    assert award_learning(unit, actor=rider, terms=terms, now=NOW) is None
    proved(make, rider)
    assert award_learning(unit, actor=rider, terms=terms, now=NOW) is not None


def test_nothing_is_redeemed_and_no_queue_joined_before_the_proof(make: Make) -> None:
    rider = sign_up(make)
    offer = make.offer(make.station())
    with pytest.raises(NumberUnproved):
        make.redemption(rider, offer)
    proved(make, rider)
    assert make.redemption(rider, offer).rider_id == rider.member_id


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
    app: Flask, make: Make, in_parallel: Any
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
    app: Flask, make: Make, in_parallel: Any
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
