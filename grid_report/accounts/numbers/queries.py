"""Reads about whose a number is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, or_, select
from sqlalchemy.orm import Session

from grid_report.accounts import phones
from grid_report.accounts.models import Member, Standing
from grid_report.accounts.phones import Vault
from grid_report.db import db


def list_credentials(lookup: str, most: int) -> list[tuple[int, str | None]]:
    """Return ids and password hashes: who has proved a number, then who claims it, newest first."""
    rows = db.session.execute(
        select(Member.id, Member.password_hash)
        .where(or_(Member.phone_lookup == lookup, Member.phone_claim == lookup))
        .order_by(Member.phone_lookup.is_(None), Member.id.desc())
        .limit(most)
    )
    return [(row[0], row[1]) for row in rows]


def unproved_of(member_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return a column that tells whether a member's number was never proved, to be read along."""
    return select(Member.phone_proved_at.is_(None)).where(Member.id == member_id).scalar_subquery()


def is_proved(member_id: int, session: Session | None = None) -> bool:
    """Tell whether a member's number was ever proved."""
    proved = select(Member.phone_proved_at).where(Member.id == member_id)
    return (session or db.session()).scalar(proved) is not None


def has_none(member_id: int, session: Session) -> bool:
    """Tell whether a member neither has nor claims a number: it was taken over, or given up."""
    row = session.execute(
        select(Member.phone_lookup, Member.phone_claim).where(Member.id == member_id)
    ).one()
    return row.phone_lookup is None and row.phone_claim is None


def proved_lookup(member_id: int, session: Session | None = None) -> str | None:
    """Return the keyed hash of the number a member has proved and still has."""
    lookup = select(Member.phone_lookup).where(Member.id == member_id)
    return (session or db.session()).scalar(lookup)


def number_to_tell(member_id: int, vault: Vault, session: Session) -> str | None:
    """Return the proved number of an active member, to tell them something; None without one.

    Numbers of the demo's members are nobody's and never told anything.
    """
    row = session.execute(
        select(Member.phone_sealed, Member.phone_lookup).where(
            Member.id == member_id,
            Member.standing == Standing.ACTIVE,
            Member.is_demo.is_(False),
        )
    ).one_or_none()
    if row is None or row.phone_sealed is None or row.phone_lookup is None:
        return None
    return vault.open(row.phone_sealed, row.phone_lookup)


@dataclass(frozen=True)
class OwnNumber:
    """A member's own number: masked, proved or not, and what to show at a counter."""

    phone: str
    proved_at: datetime | None
    counter_code: str


def own_number(member_id: int, vault: Vault) -> OwnNumber | None:
    """Return what a member reads about the own number; None without one."""
    member = db.session.get(Member, member_id)
    if member is None or member.phone_sealed is None:
        return None
    lookup = member.phone_lookup or member.phone_claim
    if lookup is None:
        return None
    number = vault.open(member.phone_sealed, lookup)
    return OwnNumber(
        phones.mask(number), member.phone_proved_at, vault.counter_code(member_id, lookup)
    )


@dataclass(frozen=True)
class Claim:
    """A member whose number waits to be confirmed, as the one at the counter sees it."""

    rider_id: int
    name: str
    phone: str


def find_claim(phone: str, known_by: str, vault: Vault) -> Claim | None:
    """Find who claims a number by what the person shows: the six digits, or the name of the account.

    Takes a normalised number.
    """
    lookup = vault.lookup(phone)
    members = db.session.execute(
        select(Member.id, Member.name)
        .where(Member.phone_claim == lookup, Member.standing == Standing.ACTIVE)
        .order_by(Member.id.desc())
    ).all()
    found = [row for row in members if known_by in (row.name, vault.counter_code(row.id, lookup))]
    # Two of one name: only the digits tell them apart.
    if len(found) != 1:
        return None
    return Claim(found[0].id, found[0].name, phones.mask(phone))
