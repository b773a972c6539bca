"""Passwords strangers try first are refused; the others are hashed slowly and renewed."""

from __future__ import annotations

import pytest

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
