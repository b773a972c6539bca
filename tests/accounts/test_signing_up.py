"""A guest becomes a rider: agreed, old enough, and only once a number."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from grid_report.access import Grant
from grid_report.access.roles import Role
from grid_report.accounts import consent_queries, queries
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.consents import usecases as consents_usecases
from grid_report.accounts.models import Member
from grid_report.accounts.profile import usecases as profile_usecases
from grid_report.accounts.tokens import SignedIn
from grid_report.db import db
from grid_report.errors import Invalid, TooMany
from tests.support.builders import Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

PHONE = "13911110001"


def _sign_up(make: Make, **changes: Any) -> SignedIn:
    values: dict[str, Any] = {
        "phone": PHONE,
        "password": "rain at the station",
        "name": "小李",
        "language": "zh_CN",
        "consents": {ConsentKind.ACCOUNT, ConsentKind.PHOTOS},
        "notice_version": make.policy.notice_version,
        "is_16": True,
        "label": "Android · WeChat",
        "address": "198.51.100.7",
        "policy": make.policy,
        "now": make.now,
    }
    return profile_usecases.sign_up_rider(**{**values, **changes})


def test_a_guest_becomes_a_rider_and_is_signed_in(make: Make) -> None:
    signed_in = _sign_up(make)
    assert signed_in.actor.grants == frozenset({Grant(Role.RIDER)})
    found = queries.actor_for_browser(signed_in.sign_in_id, signed_in.secret, make.now)
    assert found == signed_in.actor


def test_each_consent_is_kept_with_the_version_that_was_shown(make: Make) -> None:
    member_id = _sign_up(make).actor.member_id
    assert consent_queries.consents_of(member_id) == {ConsentKind.ACCOUNT, ConsentKind.PHOTOS}
    versions = {row.notice_version for row in consent_queries.list_consents(member_id)}
    assert versions == {make.policy.notice_version}


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"consents": set()}, "consent_account", "account-consent-needed"),
        ({"consents": {ConsentKind.POSITION}}, "consent_account", "account-consent-needed"),
        ({"notice_version": "2020-01"}, "consent_account", "notice-changed"),
        ({"is_16": False}, "is_16", "under-16"),
        ({"phone": "110"}, "phone", "phone-unreadable"),
        ({"name": " \u200b\x00 "}, "name", "name-missing"),
        ({"name": "长" * 61}, "name", "name-too-long"),
        ({"password": PHONE}, "password", "password-is-phone"),
        ({"language": "tlh"}, "language", "language-unknown"),
    ],
)
def test_what_is_missing_is_named_and_nobody_is_made(
    make: Make, changes: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        _sign_up(make, **changes)
    assert [problem.code for problem in refused.value.problems[field]] == [code]
    assert db.session.scalar(select(func.count(Member.id))) == 0


def test_all_that_is_wrong_is_said_at_once(make: Make) -> None:
    with pytest.raises(Invalid) as refused:
        _sign_up(make, phone="", name="", password="", is_16=False, consents=set())
    assert set(refused.value.problems) == {
        "phone", "name", "password", "is_16", "consent_account",
    }  # fmt: skip


def test_a_number_may_be_claimed_by_several_and_is_nobodys_until_it_is_proved(make: Make) -> None:
    first = _sign_up(make)
    second = _sign_up(make, phone="+86 １３９ 1111 0001")
    assert first.actor.member_id != second.actor.member_id
    db.session.rollback()
    members = db.session.scalars(select(Member)).all()
    assert {(one.phone_lookup, one.phone_proved_at) for one in members} == {(None, None)}
    assert len({one.phone_claim for one in members}) == 1


def test_the_same_number_signing_up_at_once_makes_claims_and_no_error(
    app: Flask, make: Make, in_parallel: InParallel
) -> None:
    results = in_parallel(lambda number: _sign_up(make), 8)
    assert [type(result) for result in results] == [SignedIn] * 8
    assert db.session.scalar(select(func.count(Member.id))) == 8
    assert db.session.scalar(select(func.count(Member.phone_lookup))) == 0


def test_sign_ups_from_one_address_are_limited(make: Make) -> None:
    few = make.settings.limits.model_copy(update={"sign_ups_per_address_hour": 2})
    policy = type(make.policy)(**{**vars(make.policy), "limits": few})
    for number in range(2):
        _sign_up(make, phone=f"1391111000{number}", policy=policy)
    with pytest.raises(TooMany):
        _sign_up(make, phone="13911110009", policy=policy)
    _sign_up(make, phone="13911110009", policy=policy, address="203.0.113.9")


def test_optional_consents_are_taken_back_and_given_again_with_a_trace(make: Make) -> None:
    actor = _sign_up(make).actor
    for given in ({ConsentKind.POSITION}, set(), {ConsentKind.POSITION, ConsentKind.ACCOUNT}):
        consents_usecases.choose_consents(given, actor=actor, policy=make.policy, now=make.now)
    assert consent_queries.consents_of(actor.member_id) == {
        ConsentKind.ACCOUNT,
        ConsentKind.POSITION,
    }
    photos = [
        r for r in consent_queries.list_consents(actor.member_id) if r.kind is ConsentKind.PHOTOS
    ]
    assert photos[0].withdrawn_at is not None
