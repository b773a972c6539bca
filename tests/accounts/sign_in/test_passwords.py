"""Passwords strangers try first are refused; the others are hashed slowly and renewed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from grid_report.accounts import passwords
from grid_report.accounts.passwords import Hasher, problem_with

CHEAP = Hasher(time_cost=1, memory_kib=8)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password-too-short"),
        ("seven77", "password-too-short"),
        ("x1" * 65, "password-too-long"),
        ("13900000001", "password-is-phone"),
        ("a13900000001", "password-is-phone"),
        ("１３９００００００01", "password-is-phone"),
        ("12345678", "password-common"),
        ("23456789", "password-common"),
        ("hgfedcba", "password-common"),
        ("aaaaaaaa", "password-common"),
        ("12121212", "password-common"),
        ("Woaini1314", "password-common"),
        ("PASSWORD123", "password-common"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password: str, code: str) -> None:
    problem = problem_with(password, "13900000001")
    assert problem is not None
    assert problem.code == code


@pytest.mark.parametrize(
    "password", ["demo-only", "我家的猫叫小花花", "rain at the station", "Tq7#x!9z"]
)
def test_a_password_of_ones_own_is_taken(password: str) -> None:
    assert problem_with(password, "13900000001") is None


def test_a_password_verifies_and_another_does_not() -> None:
    kept = CHEAP.hash("rain at the station")
    assert kept.startswith("$argon2id$")
    assert CHEAP.verify(kept, "rain at the station")
    assert not CHEAP.verify(kept, "rain at the stations")


def test_two_keyboards_type_the_same_password() -> None:
    assert CHEAP.verify(CHEAP.hash("ｒａｉｎ　１２３４"), "rain 1234")


def test_nobody_and_a_damaged_hash_verify_nothing() -> None:
    assert not CHEAP.verify(None, "anything")
    assert not CHEAP.verify("not a hash", "anything")
    assert not CHEAP.verify(CHEAP.hash("x" * 128), "x" * 100_000)


def test_a_hash_of_another_cost_is_outdated() -> None:
    kept = CHEAP.hash("rain at the station")
    assert not CHEAP.is_outdated(kept)
    assert Hasher(time_cost=2, memory_kib=8).is_outdated(kept)


def test_the_cost_in_use_is_not_the_cheap_one() -> None:
    assert "m=19456,t=2,p=1" in Hasher().hash("rain at the station")


class Counted:
    """The real argon2, which notes how many threads are in it at once."""

    def __init__(self, real: Any) -> None:
        self.real = real
        self.lock = threading.Lock()
        self.now = self.most = self.all = 0

    def _through(self, work: Callable[..., Any], *words: str) -> Any:
        with self.lock:
            self.now += 1
            self.all += 1
            self.most = max(self.most, self.now)
        try:
            return work(*words)
        finally:
            with self.lock:
                self.now -= 1

    def hash(self, password: str) -> Any:
        return self._through(self.real.hash, password)

    def verify(self, kept: str, password: str) -> Any:
        return self._through(self.real.verify, kept, password)


def test_no_more_hashes_are_worked_out_at_once_than_there_are_cores(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashers = Hasher(memory_kib=4096), Hasher(memory_kib=4096)
    kept = hashers[0].hash("rain at the station")
    counted = Counted(hashers[0]._argon)
    # A second hasher (a second app in the process, a race at the first use) shares the bound.
    for hasher in hashers:
        monkeypatch.setattr(hasher, "_argon", counted)
    found: list[Any] = [None] * 24
    barrier = threading.Barrier(24)

    def work(number: int) -> None:
        hasher = hashers[number % 2]
        barrier.wait(30)
        if number % 3 == 0:
            found[number] = hasher.verify(kept, "rain at the station")
        elif number % 3 == 1:
            found[number] = hasher.verify(None, "of nobody")
        else:
            found[number] = bool(hasher.hash("another one"))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [n % 3 != 1 for n in range(24)]
    assert counted.all == 24
    assert 1 <= counted.most <= passwords.AT_ONCE
