"""Signing in: right for members, slow and silent for guessers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import select, update

from grid_report.access import Actor
from grid_report.accounts import queries
from grid_report.accounts.errors import MemberSuspended, WrongCode, WrongPassword
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import Member, SignInKind, SmsCode
from grid_report.accounts.numbers.messenger import CodeMessage
from grid_report.accounts.passwords import Hasher
from grid_report.accounts.policy import policy_of
from grid_report.accounts.profile import usecases as profile_usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.accounts.tokens import SignedIn
from grid_report.db import db, transaction
from grid_report.errors import Invalid, TooMany
from tests.support.builders import PASSWORD, Make
from tests.support.parallel import InParallel, in_threads
from tests.support.present import beginning

pytestmark = pytest.mark.database

PHONE, UNKNOWN = "13922220001", "13922229999"
NOW = beginning()


def _sign_in(
    make: Make,
    password: str = PASSWORD,
    *,
    phone: str = PHONE,
    now: datetime = NOW,
    address: str = "198.51.100.7",
    kind: SignInKind = SignInKind.BROWSER,
) -> SignedIn:
    return sign_in_usecases.sign_in_with_password(
        phone, password, kind=kind, label="", address=address, policy=make.policy, now=now
    )


def _code(make: Make, phone: str = PHONE, now: datetime = NOW) -> CodeMessage | None:
    return sign_in_usecases.request_code(phone, address="198.51.100.7", policy=make.policy, now=now)


def _use(make: Make, code: str, *, phone: str = PHONE, now: datetime = NOW) -> SignedIn:
    signed_in = sign_in_usecases.sign_in_with_code(
        phone,
        code,
        kind=SignInKind.BROWSER,
        label="",
        address="198.51.100.7",
        policy=make.policy,
        now=now,
    )
    assert isinstance(signed_in, SignedIn)
    return signed_in


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider(phone=PHONE)


def test_number_and_password_sign_a_member_in(make: Make, rider: Actor) -> None:
    signed_in = _sign_in(make, phone="+86 139 2222 0001")
    assert signed_in.actor.member_id == rider.member_id
    assert signed_in.actor.grants == rider.grants


@pytest.mark.parametrize("phone", [PHONE, UNKNOWN])
def test_wrong_password_and_unknown_number_get_the_same_refusal(
    make: Make, rider: Actor, phone: str
) -> None:
    with pytest.raises(WrongPassword) as refused:
        _sign_in(make, "not the password", phone=phone)
    assert refused.value.code == "phone-or-password-wrong"
    assert list(refused.value.problems) == ["password"]


def test_an_unknown_number_takes_as_long_as_a_wrong_password(
    make: Make, rider: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hashing each, at the same cost: whoever measures learns nothing."""
    known = make.policy.hasher.hash(PASSWORD)
    with transaction() as session:
        session.execute(update(Member).values(password_hash=known))
    worked: list[tuple[int, int, int]] = []
    for name in ("hash", "verify"):
        plain = getattr(PasswordHasher, name)

        def work(
            argon: PasswordHasher, *given: Any, plain: Callable[..., Any] = plain, **more: Any
        ) -> Any:
            worked.append((argon.time_cost, argon.memory_cost, argon.parallelism))
            return plain(argon, *given, **more)

        monkeypatch.setattr(PasswordHasher, name, work)

    def cost_of(phone: str) -> list[tuple[int, int, int]]:
        worked.clear()
        with pytest.raises(WrongPassword):
            _sign_in(make, "not the password", phone=phone)
        return list(worked)

    assert cost_of(UNKNOWN) == cost_of(PHONE)
    assert len(worked) == 1


def test_a_member_without_password_cannot_be_guessed_into(make: Make, rider: Actor) -> None:
    with transaction() as session:
        session.execute(update(Member).values(password_hash=None))
    for guess in ("", "None", PASSWORD):
        with pytest.raises(WrongPassword):
            _sign_in(make, guess)


def test_eight_wrong_tries_shut_the_number_for_that_address_for_a_minute(
    make: Make, rider: Actor
) -> None:
    for _ in range(8):
        with pytest.raises(WrongPassword):
            _sign_in(make, "not the password")
    with pytest.raises(TooMany) as refused:
        _sign_in(make)
    assert refused.value.retry_after_s == 60
    assert _sign_in(make, address="203.0.113.9")
    assert _sign_in(make, now=NOW + timedelta(minutes=1))


def test_an_unknown_number_is_shut_just_the_same(make: Make) -> None:
    for _ in range(8):
        with pytest.raises(WrongPassword):
            _sign_in(make, phone=UNKNOWN)
    with pytest.raises(TooMany):
        _sign_in(make, phone=UNKNOWN)


def test_right_passwords_are_not_counted_as_tries(make: Make, rider: Actor) -> None:
    for _ in range(12):
        _sign_in(make)


def test_riders_behind_one_address_do_not_shut_each_other_out(make: Make, rider: Actor) -> None:
    for number in range(60):
        with pytest.raises(WrongPassword):
            _sign_in(make, phone=f"139333300{number:02d}")
    assert _sign_in(make)


def test_one_address_cannot_try_every_number(make: Make, rider: Actor) -> None:
    few = make.settings.limits.model_copy(update={"sign_ins_per_address_15_min": 5})
    make.policy = type(make.policy)(**{**vars(make.policy), "limits": few})
    for number in range(5):
        with pytest.raises(WrongPassword):
            _sign_in(make, phone=f"1393333000{number}")
    with pytest.raises(TooMany):
        _sign_in(make)
    assert _sign_in(make, address="203.0.113.9")


def test_one_address_cannot_try_codes_of_every_number(make: Make, rider: Actor) -> None:
    few = make.settings.limits.model_copy(update={"sign_ins_per_address_15_min": 5})
    make.policy = type(make.policy)(**{**vars(make.policy), "limits": few})
    for number in range(5):
        with pytest.raises(WrongCode):
            _use(make, "000000", phone=f"1393333000{number}")
    with pytest.raises(TooMany):
        _use(make, "000000")


def test_a_password_changed_while_the_old_one_was_checked_lets_nobody_in(
    make: Make, rider: Actor
) -> None:
    policy = make.policy

    class Slow(Hasher):
        changed = False

        def verify(self, kept: str | None, password: str) -> bool:
            right = super().verify(kept, password)
            if not self.changed:
                self.changed = True
                profile_usecases.change_password(
                    current=PASSWORD, new="snow at the station", actor=rider, policy=policy, now=NOW
                )
            return right

    make.policy = type(policy)(**{**vars(policy), "hasher": Slow(time_cost=1, memory_kib=8)})
    with pytest.raises(WrongPassword):
        _sign_in(make)


def guess(app: Flask, number: int, arguments: Any) -> dict[str, int]:
    """Guess passwords in a process of its own; tell how often that was answered and refused."""
    make, seen = Make(app), {"wrong": 0, "shut": 0, "other": 0}
    for attempt in range(6):
        try:
            _sign_in(make, f"guess {number} {attempt}", now=make.now)
            seen["other"] += 1
        except WrongPassword:
            seen["wrong"] += 1
        except TooMany:
            seen["shut"] += 1
    return seen


@pytest.mark.slow
def test_guessing_from_many_processes_gets_no_more_tries(
    rider: Actor, in_many_processes: InParallel
) -> None:
    seen = in_many_processes(guess, 4)
    assert sum(one["other"] for one in seen) == 0
    # The quarter hour may end between two guesses; no more than two windows can be met.
    assert sum(one["wrong"] for one in seen) in (8, 16)


def test_guessing_at_once_gets_no_more_tries(
    make: Make, rider: Actor, in_parallel: InParallel
) -> None:
    results = in_parallel(lambda number: _sign_in(make, f"guess {number}"), 14)
    assert sum(isinstance(result, WrongPassword) for result in results) == 8
    assert sum(isinstance(result, TooMany) for result in results) == 6


def test_forty_right_sign_ins_of_one_number_at_once_all_succeed(
    make: Make, rider: Actor, in_parallel: InParallel
) -> None:
    results = in_parallel(lambda number: _sign_in(make), 40)
    assert [result.actor.member_id for result in results] == [rider.member_id] * 40
    # None of them was a failure: eight wrong ones are answered as wrong, not as too many.
    for _ in range(8):
        with pytest.raises(WrongPassword):
            _sign_in(make, "not the password")


def test_forty_wrong_sign_ins_of_one_number_at_once_get_eight_guesses(
    make: Make, rider: Actor, in_parallel: InParallel
) -> None:
    results = in_parallel(lambda number: _sign_in(make, f"guess {number}"), 40)
    assert sum(isinstance(result, WrongPassword) for result in results) == 8
    assert sum(isinstance(result, TooMany) for result in results) == 32


def sign_in_ten_times(app: Flask, number: int, arguments: Any) -> int:
    """Sign in from ten threads of a process of its own; tell how many got in."""
    make = Make(app)
    results = in_threads(app, lambda _: _sign_in(make, now=make.now), 10)
    return sum(isinstance(result, SignedIn) for result in results)


@pytest.mark.slow
def test_right_sign_ins_of_one_number_from_many_processes_all_succeed(
    rider: Actor, in_many_processes: InParallel
) -> None:
    assert in_many_processes(sign_in_ten_times, 4) == [10] * 4


def test_a_password_of_an_older_cost_is_hashed_again(make: Make, rider: Actor) -> None:
    before = queries.find_password_hash(rider.member_id)
    make.policy = policy_of(make.settings, hasher=Hasher(time_cost=2, memory_kib=16))
    _sign_in(make)
    db.session.rollback()
    after = queries.find_password_hash(rider.member_id)
    assert before != after
    assert after is not None
    assert "m=16,t=2" in after
    assert _sign_in(make)


def test_a_suspended_member_learns_it_only_with_the_right_password(
    make: Make, rider: Actor
) -> None:
    members_usecases.suspend_member(rider.member_id, actor=make.administrator(), now=NOW)
    with pytest.raises(WrongPassword):
        _sign_in(make, "not the password")
    with pytest.raises(MemberSuspended):
        _sign_in(make)


def test_a_code_signs_in_once(make: Make, rider: Actor) -> None:
    message = _code(make)
    assert message is not None
    assert len(message.code) == 6
    assert _use(make, f" {message.code[:3]} {message.code[3:]} ").actor.member_id == rider.member_id
    with pytest.raises(WrongCode):
        _use(make, message.code)


def test_a_code_dies_after_five_minutes(make: Make, rider: Actor) -> None:
    message = _code(make)
    assert message is not None
    with pytest.raises(WrongCode):
        _use(make, message.code, now=NOW + timedelta(minutes=5))
    assert _use(make, message.code, now=NOW + timedelta(minutes=4, seconds=59))


def _wrong(code: str, number: int = 1) -> str:
    return f"{(int(code) + number) % 1_000_000:06d}"


def test_five_wrong_tries_use_a_code_up(make: Make, rider: Actor) -> None:
    message = _code(make)
    assert message is not None
    for number in range(1, 6):
        with pytest.raises(WrongCode):
            _use(make, _wrong(message.code, number))
    with pytest.raises(WrongCode):
        _use(make, message.code)


def test_guesses_at_once_get_no_more_than_five_tries(
    make: Make, rider: Actor, in_parallel: InParallel
) -> None:
    message = _code(make)
    assert message is not None
    results = in_parallel(lambda number: _use(make, _wrong(message.code, number + 1)), 12)
    assert {type(result) for result in results} == {WrongCode}
    assert db.session.scalar(select(SmsCode.tries)) == 5


def test_one_code_used_twice_at_once_signs_in_once(
    make: Make, rider: Actor, in_parallel: InParallel
) -> None:
    message = _code(make)
    assert message is not None
    results = in_parallel(lambda number: _use(make, message.code), 6)
    assert sum(isinstance(result, SignedIn) for result in results) == 1


def test_only_the_newest_code_counts(make: Make, rider: Actor) -> None:
    first, second = _code(make), _code(make)
    assert first is not None
    assert second is not None
    if first.code != second.code:
        with pytest.raises(WrongCode):
            _use(make, first.code)
    assert _use(make, second.code)


def test_a_code_is_for_its_own_number(make: Make, rider: Actor) -> None:
    other = make.rider(phone="13922220002")
    message = _code(make)
    assert message is not None
    _code(make, "13922220002")
    with pytest.raises(WrongCode):
        _use(make, message.code, phone="13922220002")
    assert other.member_id != rider.member_id


def test_unknown_and_suspended_numbers_get_no_message_but_the_same_answers(
    make: Make, rider: Actor
) -> None:
    members_usecases.suspend_member(rider.member_id, actor=make.administrator(), now=NOW)
    for phone in (PHONE, UNKNOWN):
        assert _code(make, phone) is None
        with pytest.raises(WrongCode):
            _use(make, "000000", phone=phone)
    for phone in (PHONE, UNKNOWN):
        for _ in range(4):
            _code(make, phone)
        with pytest.raises(TooMany):
            _code(make, phone)


@pytest.mark.parametrize("odd", ["", "12345", "1234567", "abcdef", "１２３４５", "12345\x00"])
def test_an_unreadable_code_costs_no_try(make: Make, rider: Actor, odd: str) -> None:
    _code(make)
    with pytest.raises(Invalid) as refused:
        _use(make, odd)
    assert refused.value.problems["code"][0].code == "sms-code-unreadable"
    assert db.session.scalar(select(SmsCode.tries)) == 0
