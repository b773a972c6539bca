"""What a thief of the database, a reader of the logs or a tampering insider would get."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Table, delete, select, text, update
from sqlalchemy.exc import DBAPIError

from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.members import usecases as members_usecases
from grid_report.accounts.models import AuditEntry, SignInKind
from grid_report.accounts.profile import usecases as profile_usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.db import Base, db
from tests.accounts.browsing import post_form
from tests.support.builders import PASSWORD, Make

pytestmark = pytest.mark.database

PHONE = "13988880001"


def _everything_stored() -> str:
    tables: list[Table] = Base.metadata.sorted_tables
    rows: list[Any] = []
    for table in tables:
        rows += [tuple(row) for row in db.session.execute(select(table))]
    return repr(rows)


def test_no_number_password_code_or_secret_is_in_the_database_or_the_logs(
    make: Make, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    now = make.now
    signed_up = profile_usecases.sign_up_rider(
        phone=PHONE, password=PASSWORD, name="小李", language="zh_CN",
        consents={ConsentKind.ACCOUNT}, notice_version=make.policy.notice_version, is_16=True,
        label="", address="198.51.100.77", policy=make.policy, now=now,
    )  # fmt: skip
    token = sign_in_usecases.sign_in_with_password(
        PHONE, PASSWORD, kind=SignInKind.TOKEN, label="", address="198.51.100.77",
        policy=make.policy, now=now,
    )  # fmt: skip
    message = sign_in_usecases.request_code(
        PHONE, address="198.51.100.77", policy=make.policy, now=now
    )
    assert message is not None
    for password in ("wrong one", PASSWORD):
        post_form(client, "/sign-in", phone=PHONE, password=password)
    members_usecases.suspend_member(signed_up.actor.member_id, actor=make.administrator(), now=now)
    db.session.rollback()
    stored = _everything_stored()
    for secret in (PHONE, PASSWORD, message.code, signed_up.secret, token.secret, "198.51.100.77"):
        assert secret not in stored
        assert secret not in caplog.text
    assert "小李" not in caplog.text
    for thing in (message, signed_up, token):
        assert not {PHONE, message.code, signed_up.secret, token.secret} & set(
            repr(thing).split("'")
        )


def test_the_audit_says_who_and_what_but_no_name_or_number(make: Make) -> None:
    member = make.rider(phone=PHONE, name="小李")
    members_usecases.suspend_member(member.member_id, actor=make.administrator(), now=make.now)
    entries = db.session.scalars(select(AuditEntry)).all()
    assert {entry.action for entry in entries} == {"member.create", "member.suspend"}
    written = repr([(entry.about, entry.details) for entry in entries])
    assert "小李" not in written
    assert PHONE[-4:] not in written


@pytest.mark.parametrize(
    "change",
    [
        update(AuditEntry).values(action="nothing happened"),
        delete(AuditEntry),
        text("INSERT OR REPLACE INTO audit_entries SELECT * FROM audit_entries"),
        text("TRUNCATE audit_entries"),
    ],
)
def test_nobody_rewrites_the_audit(make: Make, change: Any) -> None:
    make.administrator()
    before = [tuple(row) for row in db.session.execute(select(AuditEntry.__table__))]
    assert before
    with pytest.raises(DBAPIError):
        db.session.execute(change)
    db.session.rollback()
    assert [tuple(row) for row in db.session.execute(select(AuditEntry.__table__))] == before
