"""Riders who claim a number, and what proves it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from grid_report.access import Actor
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.models import (
    AuditEntry,
    Member,
    SignIn,
    SignInKind,
)
from grid_report.accounts.numbers import usecases as numbers_usecases
from grid_report.accounts.numbers.usecases import Proved
from grid_report.accounts.profile import usecases as profile_usecases
from grid_report.accounts.sign_in import usecases as sign_in_usecases
from grid_report.db import db
from tests.support.builders import Make
from tests.support.present import beginning

PHONE = "13933330001"
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


def other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


MINE = "rain at the station"
