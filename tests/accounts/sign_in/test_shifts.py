"""Staff signs in anew after a shift and where a desk was left alone; riders and programs do not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts import queries
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import SignInKind
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.accounts.tokens import SignedIn
from grid_report.db import db
from tests.support.builders import PASSWORD, STATION, Make
from tests.support.present import beginning

pytestmark = pytest.mark.database

PHONE = "13955560001"
NOW = beginning()
MINUTE = timedelta(minutes=1)


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider(phone=PHONE)


def sign_in(make: Make, *, phone: str = PHONE, kind: Any = SignInKind.BROWSER) -> SignedIn:
    return sign_in_usecases.sign_in_with_password(
        phone, PASSWORD, kind=kind, label="", address="a", policy=make.policy, now=NOW
    )


def test_staff_sessions_end_after_twelve_hours_or_thirty_idle_minutes(make: Make) -> None:
    make.worker(phone=PHONE)
    signed_in = sign_in(make)
    assert signed_in.expires_at == NOW + timedelta(hours=12)

    def is_in(after: timedelta) -> bool:
        found = queries.actor_for_browser(signed_in.sign_in_id, signed_in.secret, NOW + after)
        db.session.rollback()
        return found is not None

    assert is_in(29 * MINUTE)
    assert not is_in(30 * MINUTE)
    for minutes in range(20, 720, 20):
        sign_in_usecases.note_seen(signed_in.sign_in_id, now=NOW + minutes * MINUTE)
        assert is_in((minutes + 10) * MINUTE), minutes
    assert not is_in(720 * MINUTE)


def test_a_rider_and_a_program_of_staff_stay_as_long_as_before(make: Make, rider: Actor) -> None:
    assert sign_in(make).expires_at == NOW + timedelta(days=30)
    make.worker(phone="13955550003")
    token = sign_in(make, phone="13955550003", kind=SignInKind.TOKEN)
    assert token.expires_at == NOW + timedelta(days=90)
    assert queries.actor_for_token(token.secret, NOW + timedelta(days=89))


def test_a_rider_who_becomes_staff_is_held_to_the_shift_from_then_on(
    make: Make, rider: Actor
) -> None:
    signed_in = sign_in(make)
    members_usecases.grant_role(
        rider.member_id, Grant(Role.WORKER, STATION), actor=make.administrator(),
        place_exists=lambda kind, code: True, now=NOW,
    )  # fmt: skip
    late = NOW + timedelta(hours=12)
    assert queries.actor_for_browser(signed_in.sign_in_id, signed_in.secret, NOW)
    assert not queries.actor_for_browser(signed_in.sign_in_id, signed_in.secret, late)
