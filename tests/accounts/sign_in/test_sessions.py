"""Sign-ins end when they should: at once, everywhere, and for good."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from grid_report.access import Actor
from grid_report.accounts import queries
from grid_report.accounts.devices import queries as devices_queries
from grid_report.accounts.errors import WrongPassword
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import SignInKind
from grid_report.accounts.profile import usecases as profile_usecases
from grid_report.accounts.sign_in import sign_out_usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.accounts.tokens import SignedIn
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid, NotFound
from tests.support.builders import PASSWORD, Make
from tests.support.present import beginning

pytestmark = pytest.mark.database

PHONE = "13944440001"
NOW = beginning()


@pytest.fixture
def rider(make: Make) -> Actor:
    return make.rider(phone=PHONE)


def _sign_in(make: Make, kind: SignInKind = SignInKind.BROWSER, **more: str) -> SignedIn:
    values = {"phone": PHONE, "password": PASSWORD, **more}
    return sign_in_usecases.sign_in_with_password(
        values["phone"],
        values["password"],
        kind=kind,
        label="",
        address="a",
        policy=make.policy,
        now=NOW,
    )


def _browser(signed_in: SignedIn) -> Actor | None:
    return queries.actor_for_browser(signed_in.sign_in_id, signed_in.secret, NOW)


def test_a_cookie_is_good_only_with_its_own_secret(make: Make, rider: Actor) -> None:
    one, other = _sign_in(make), _sign_in(make)
    assert _browser(one) is not None
    assert queries.actor_for_browser(one.sign_in_id, other.secret, NOW) is None
    assert queries.actor_for_browser(one.sign_in_id, "", NOW) is None
    assert queries.actor_for_browser(10**17, one.secret, NOW) is None


def test_a_token_is_no_cookie_and_a_cookie_no_token(make: Make, rider: Actor) -> None:
    browser, token = _sign_in(make), _sign_in(make, SignInKind.TOKEN)
    assert queries.actor_for_token(token.secret, NOW) is not None
    assert queries.actor_for_token(browser.secret, NOW) is None
    assert queries.actor_for_browser(token.sign_in_id, token.secret, NOW) is None


@pytest.mark.parametrize("odd", ["", "x" * 100_000, "\udc80", "gr1_", "' OR 1=1 --", "\x00"])
def test_odd_tokens_sign_nobody_in(make: Make, rider: Actor, odd: str) -> None:
    assert queries.actor_for_token(odd, NOW) is None


def test_who_asks_is_found_in_one_statement_however_many_roles(make: Make) -> None:
    many = make.member(
        *make.worker().grants, *make.auditor().grants, *make.handler().grants, phone=PHONE
    )
    signed_in = _sign_in(make)
    db.session.rollback()
    statements: list[str] = []

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        found = _browser(signed_in)
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert found is not None
    assert found.grants == many.grants
    assert len([one for one in statements if one != "BEGIN"]) == 1


def test_a_sign_in_expires(make: Make, rider: Actor) -> None:
    signed_in = _sign_in(make)
    just_before = signed_in.expires_at - timedelta(seconds=1)
    assert signed_in.expires_at == NOW + timedelta(days=make.settings.security.session_days)
    assert queries.actor_for_browser(signed_in.sign_in_id, signed_in.secret, just_before)
    assert not queries.actor_for_browser(
        signed_in.sign_in_id, signed_in.secret, signed_in.expires_at
    )


def test_a_token_that_was_revoked_is_not_good_again(make: Make, rider: Actor) -> None:
    token = _sign_in(make, SignInKind.TOKEN)
    sign_out_usecases.revoke_sign_in(token.sign_in_id, actor=rider, now=NOW)
    assert queries.actor_for_token(token.secret, NOW) is None
    sign_out_usecases.revoke_sign_in(token.sign_in_id, actor=rider, now=NOW + timedelta(hours=1))
    assert queries.actor_for_token(token.secret, NOW) is None


def test_nobody_ends_the_sign_in_of_somebody_else(make: Make, rider: Actor) -> None:
    signed_in = _sign_in(make)
    with pytest.raises(NotFound):
        sign_out_usecases.revoke_sign_in(signed_in.sign_in_id, actor=make.rider(), now=NOW)
    with pytest.raises(Forbidden):
        sign_out_usecases.sign_out_everywhere(rider.member_id, actor=make.auditor(), now=NOW)
    assert _browser(signed_in)


def test_signing_out_everywhere_ends_browsers_and_tokens_but_nobody_elses(
    make: Make, rider: Actor
) -> None:
    make.rider(phone="13944440002")
    other = _sign_in(make, phone="13944440002")
    mine = [_sign_in(make), _sign_in(make), _sign_in(make, SignInKind.TOKEN)]
    assert sign_out_usecases.sign_out_everywhere(rider.member_id, actor=rider, now=NOW) == 3
    assert [_browser(one) for one in mine] == [None, None, None]
    assert queries.actor_for_token(mine[2].secret, NOW) is None
    assert devices_queries.list_own_sign_ins(rider.member_id, NOW) == []
    assert _browser(other)


def test_an_administrator_signs_a_member_out(make: Make, rider: Actor) -> None:
    signed_in = _sign_in(make)
    sign_out_usecases.sign_out_everywhere(rider.member_id, actor=make.administrator(), now=NOW)
    assert _browser(signed_in) is None


def test_suspension_ends_every_sign_in_and_restoring_revives_none(make: Make, rider: Actor) -> None:
    signed_in, administrator = _sign_in(make), make.administrator()
    members_usecases.suspend_member(rider.member_id, actor=administrator, now=NOW)
    assert _browser(signed_in) is None
    members_usecases.restore_member(rider.member_id, actor=administrator, now=NOW)
    assert _browser(signed_in) is None
    assert _sign_in(make)


def test_a_new_password_ends_every_other_sign_in(make: Make, rider: Actor) -> None:
    here, elsewhere = _sign_in(make), _sign_in(make, SignInKind.TOKEN)
    profile_usecases.change_password(
        current=PASSWORD, new="snow at the station", actor=here.actor, policy=make.policy, now=NOW
    )
    assert _browser(here) is not None
    assert queries.actor_for_token(elsewhere.secret, NOW) is None
    with pytest.raises(WrongPassword):
        _sign_in(make)
    assert _sign_in(make, password="snow at the station")


def test_a_stolen_browser_cannot_change_the_password(make: Make, rider: Actor) -> None:
    here = _sign_in(make)
    for guess in ("", "not the password"):
        with pytest.raises(Invalid) as refused:
            profile_usecases.change_password(
                current=guess, new="snow at the station", actor=here.actor,
                policy=make.policy, now=NOW,
            )  # fmt: skip
        assert refused.value.problems["current"][0].code == "password-wrong"
    assert _sign_in(make)


def test_whoever_forgot_the_password_sets_a_new_one_after_a_code(make: Make, rider: Actor) -> None:
    message = sign_in_usecases.request_code(PHONE, address="a", policy=make.policy, now=NOW)
    assert message is not None
    here = sign_in_usecases.sign_in_with_code(
        PHONE, message.code, kind=SignInKind.BROWSER, label="", address="a",
        policy=make.policy, now=NOW,
    )  # fmt: skip
    assert isinstance(here, SignedIn)
    late = NOW + timedelta(hours=1, seconds=1)
    with pytest.raises(Invalid):
        profile_usecases.change_password(
            current="", new="snow at the station", actor=here.actor, policy=make.policy, now=late
        )
    profile_usecases.change_password(
        current="", new="snow at the station", actor=here.actor, policy=make.policy, now=NOW
    )
    assert _sign_in(make, password="snow at the station")
