"""The browsers a member signed in on, and the cookie by which they are known later.

A browser holds one secret for each member it signed in, the newest first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, or_, select

from grid_report.accounts.models import Member, ProvedDevice, SignIn, SignInKind
from grid_report.accounts.tokens import LONGEST_SECRET, hash_secret
from grid_report.db import db

# Browsers keep no cookie for longer.
LIVES: Final = timedelta(days=400)
# A family's phone, a street's desk: whoever signed in longest ago is a stranger again.
MOST_MEMBERS: Final = 8
MOST_LISTED: Final = 100
_APART: Final = "~"
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{20,200}")


@dataclass(frozen=True)
class Known:
    """A browser that signed in before as a member who has or claims a number."""

    device_id: int
    member_id: int
    has_number: bool


def read(cookie: str) -> tuple[str, ...]:
    """Return the secrets a browser's cookie holds; none of a cookie that is not ours."""
    secrets = cookie.split(_APART)[:MOST_MEMBERS] if cookie else []
    return tuple(one for one in secrets if _SECRET.fullmatch(one) and len(one) <= LONGEST_SECRET)


def write(secrets: Sequence[str]) -> str:
    """Return the cookie of a browser that holds these secrets."""
    return _APART.join(secrets[:MOST_MEMBERS])


def remembered(secrets: Sequence[str], now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return what makes a row one of a browser's that was not forgotten and did not end."""
    return (
        ProvedDevice.secret_hash.in_([hash_secret(one) for one in secrets]),
        ProvedDevice.revoked_at.is_(None),
        ProvedDevice.last_at > now - LIVES,
    )


def find(lookup: str, secrets: Sequence[str], now: datetime) -> Known | None:
    """Return as whom of those with a number this browser signed in before.

    Whoever proved the number comes before those who only claim it.
    """
    if not secrets:
        return None
    row = db.session.execute(
        select(ProvedDevice.id, Member.id, Member.phone_lookup == lookup)
        .join(Member, Member.id == ProvedDevice.member_id)
        .where(
            *remembered(secrets, now),
            or_(Member.phone_lookup == lookup, Member.phone_claim == lookup),
        )
        .order_by(Member.phone_lookup.is_(None), ProvedDevice.id.desc())
        .limit(1)
    ).first()
    return Known(row[0], row[1], bool(row[2])) if row else None


def is_known(member_id: int, secrets: Sequence[str], now: datetime) -> bool:
    """Tell whether this browser signed in before as one member, who did not forget it since."""
    if not secrets:
        return False
    row = db.session.execute(
        select(ProvedDevice.id)
        .where(
            ProvedDevice.member_id == member_id,
            *remembered(secrets, now),
        )
        .limit(1)
    ).first()
    return row is not None


@dataclass(frozen=True)
class DeviceRow:
    """A remembered browser as its owner sees it."""

    id: int
    label: str
    first_at: datetime
    last_at: datetime


def list_own_devices(member_id: int, now: datetime) -> list[DeviceRow]:
    """Return the browsers a member signed in on, the last used first, a hundred at most."""
    rows = db.session.execute(
        select(ProvedDevice.id, ProvedDevice.label, ProvedDevice.first_at, ProvedDevice.last_at)
        .where(
            ProvedDevice.member_id == member_id,
            ProvedDevice.revoked_at.is_(None),
            ProvedDevice.last_at > now - LIVES,
        )
        .order_by(ProvedDevice.last_at.desc(), ProvedDevice.id.desc())
        .limit(MOST_LISTED)
    )
    return [DeviceRow(*row) for row in rows]


@dataclass(frozen=True)
class SignInRow:
    """A browser or token that is signed in at present."""

    id: int
    kind: SignInKind
    label: str
    created_at: datetime
    expires_at: datetime


def list_own_sign_ins(member_id: int, now: datetime) -> list[SignInRow]:
    """Return where a member is signed in at present, newest first, a hundred at most."""
    rows = db.session.execute(
        select(SignIn.id, SignIn.kind, SignIn.label, SignIn.created_at, SignIn.expires_at)
        .where(SignIn.member_id == member_id, SignIn.revoked_at.is_(None), SignIn.expires_at > now)
        .order_by(SignIn.id.desc())
        .limit(100)
    )
    return [SignInRow(*row) for row in rows]
