"""Remembering and forgetting browsers that signed in as a member.

Each first sign-in makes a fresh secret, so that one somebody planted in a browser is never proved
by its owner.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from grid_report.access import Actor
from grid_report.accounts import steps
from grid_report.accounts.devices.queries import MOST_MEMBERS, remembered
from grid_report.accounts.models import ProvedDevice
from grid_report.accounts.tokens import hash_secret, new_secret
from grid_report.db import transaction, use_case
from grid_report.errors import NotFound


@use_case
def prove_device(
    secrets: Sequence[str], *, actor: Actor, label: str, now: datetime
) -> tuple[str, ...]:
    """Remember that a browser signed a member in; return the secrets it holds from now on."""
    with transaction() as session:
        steps.lock_member(session, actor.member_id)
        hashes = {hash_secret(one): one for one in secrets}
        row = session.scalar(
            select(ProvedDevice)
            .where(
                ProvedDevice.member_id == actor.member_id,
                *remembered(secrets, now),
            )
            .order_by(ProvedDevice.id.desc())
            .limit(1)
        )
        if row is None:
            secret = new_secret(for_api=False)
            row = ProvedDevice(
                member_id=actor.member_id, secret_hash=hash_secret(secret), first_at=now
            )
            session.add(row)
        else:
            secret = hashes[row.secret_hash]
        row.label, row.last_at, row.sign_in_id = label[:120], now, actor.sign_in_id
    return (secret, *(one for one in secrets if one != secret))[:MOST_MEMBERS]


@use_case
def forget_device(device_id: int, *, actor: Actor, now: datetime) -> None:
    """Make one of one's own browsers a stranger's again. Twice is no error. Raises NotFound."""
    with transaction() as session:
        row = session.get(ProvedDevice, device_id)
        if row is None or row.member_id != actor.member_id:
            raise NotFound
        row.revoked_at = row.revoked_at or now
