"""Words typed into a form that was refused for want of a sign-in: kept sealed, for half an hour."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from grid_report.accounts import limit_steps
from grid_report.accounts.models import CarriedForm, SignIn
from grid_report.accounts.policy import Policy
from grid_report.accounts.tokens import hash_secret, new_secret
from grid_report.db import transaction, use_case

KEPT_FOR: Final = timedelta(minutes=30)
QUARTER_S: Final = 15 * 60
MOST_BYTES: Final = 16 * 1024


@dataclass(frozen=True)
class Carried:
    """A form's words, where it was, and where it was sent."""

    page: str
    action: str
    values: Mapping[str, Sequence[str]]
    had_files: bool


@use_case
def keep_form(
    form: Carried,
    *,
    member_id: int | None,
    sign_in_id: int | None,
    address: str,
    policy: Policy,
    now: datetime,
) -> str | None:
    """Keep a form and return the secret that brings it back; None when it is too long.

    Only the member whose form it was gets it back, where that is known: `sign_in_id` may be over
    long since. Raises TooMany: whoever asks is a guest.
    """
    text = json.dumps([form.page, form.action, dict(form.values), form.had_files])
    if len(text.encode()) > MOST_BYTES:
        return None
    secret = new_secret(for_api=False)
    most = policy.limits.sign_ins_per_address_15_min
    with transaction() as session:
        limit_steps.count(
            session,
            f"carry:at:{policy.vault.blind('address', address)[:32]}",
            window_s=QUARTER_S,
            limit=most,
            now=now,
        )
        session.add(
            CarriedForm(
                secret_hash=hash_secret(secret),
                member_id=member_id or _member_of(session, sign_in_id),
                sealed=policy.vault.wrap(text),
                expires_at=now + KEPT_FOR,
            )
        )
    return secret


def _member_of(session: Session, sign_in_id: int | None) -> int | None:
    return session.scalar(select(SignIn.member_id).where(SignIn.id == sign_in_id))


@use_case
def take_form(
    secret: str, page: str, *, member_id: int, policy: Policy, now: datetime
) -> Carried | None:
    """Give a form back on its page, once; None when there is none, it is old or another's."""
    hashed = hash_secret(secret)
    with transaction() as session:
        row = session.scalar(
            select(CarriedForm).where(
                CarriedForm.secret_hash == hashed, CarriedForm.expires_at > now
            )
        )
        text = policy.vault.unwrap(row.sealed) if row else None
        if row is None or text is None or row.member_id not in (None, member_id):
            return None
        found = Carried(*json.loads(text))
        if found.page != page:
            return None
        session.execute(delete(CarriedForm).where(CarriedForm.id == row.id))
    return found
