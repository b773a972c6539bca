"""Reads about members and their sign-ins."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, exists, func, or_, select

from grid_report import access
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts import phones
from grid_report.accounts.aliases import member_of_alias, rider_alias
from grid_report.accounts.models import (
    Member,
    RoleGrant,
    SignIn,
    SignInKind,
    Standing,
)
from grid_report.accounts.permissions import MEMBERS_MANAGE, MEMBERS_READ
from grid_report.accounts.phones import Vault
from grid_report.accounts.tokens import LONGEST_SECRET, hash_secret
from grid_report.db import UtcInstant, db, table_of
from grid_report.errors import Invalid, NotFound
from grid_report.plain_characters import plain
from grid_report.web import context

# How often it is written down that staff did something: not in every request.
SEEN_EVERY: Final = timedelta(minutes=2)

# Asked in every request, so put together once.
_MEMBERS, _SIGN_INS, _GRANTS = table_of(Member), table_of(SignIn), table_of(RoleGrant)
_SIGNED_IN: Final = (
    select(
        _MEMBERS.c.id,
        _MEMBERS.c.name,
        _MEMBERS.c.language,
        _SIGN_INS.c.id,
        _GRANTS.c.role,
        _GRANTS.c.place,
        _SIGN_INS.c.created_at,
        _SIGN_INS.c.seen_at,
    )
    .select_from(_SIGN_INS)
    .join(_MEMBERS, _SIGN_INS.c.member_id == _MEMBERS.c.id)
    .outerjoin(_GRANTS, _GRANTS.c.member_id == _MEMBERS.c.id)
    .where(
        _MEMBERS.c.standing == Standing.ACTIVE,
        _SIGN_INS.c.revoked_at.is_(None),
        _SIGN_INS.c.secret_hash == bindparam("secret_hash"),
        _SIGN_INS.c.expires_at > bindparam("now", type_=UtcInstant()),
    )
)
_BY_COOKIE: Final = _SIGNED_IN.where(
    _SIGN_INS.c.kind == SignInKind.BROWSER, _SIGN_INS.c.id == bindparam("sign_in_id")
)
_BY_TOKEN: Final = _SIGNED_IN.where(_SIGN_INS.c.kind == SignInKind.TOKEN)


def actor_for_browser(sign_in_id: int, secret: str, now: datetime) -> Actor | None:
    """Return who a browser's cookie signs in; None when it does not any more. One statement.

    That of anybody who is more than a rider ends with the shift, and when it is left alone.
    """
    return _actor(_BY_COOKIE, secret, {"now": now, "sign_in_id": sign_in_id}, by_cookie=True)


def actor_for_token(token: str, now: datetime) -> Actor | None:
    """Return who an API token signs in; None when it does not any more. One statement."""
    return _actor(_BY_TOKEN, token, {"now": now})


@functools.lru_cache(maxsize=64)
def _with(which: Select[*tuple[Any, ...]], *columns: ScalarSelect[Any]) -> Select[*tuple[Any, ...]]:
    # Put together once an app, not in every request.
    return which.add_columns(*columns) if columns else which


def _actor(
    which: Select[*tuple[Any, ...]],
    secret: str,
    values: dict[str, Any],
    *,
    by_cookie: bool = False,
) -> Actor | None:
    if not secret or len(secret) > LONGEST_SECRET:
        return None
    along = context.to_carry()
    rows = db.session.execute(
        _with(which, *along.values()), {**values, "secret_hash": hash_secret(secret)}
    ).all()
    if not rows:
        return None
    member_id, name, language, sign_in_id, _, _, made_at, seen_at, *carried = rows[0]
    is_staff = any(row[4] not in (None, Role.RIDER) for row in rows)
    if by_cookie and is_staff:
        if _is_over(made_at, seen_at or made_at, values["now"]):
            return None
        if values["now"] >= (seen_at or made_at) + SEEN_EVERY:
            context.keep_unseen(sign_in_id)
    context.keep_prefetched(dict(zip(along, carried, strict=True)))
    return Actor(
        member_id=member_id,
        name=name,
        grants=frozenset(Grant(row[4], row[5] or None) for row in rows if row[4] is not None),
        sign_in_id=sign_in_id,
        language=language,
    )


def _is_over(made_at: datetime, seen_at: datetime, now: datetime) -> bool:
    security = context.settings().security
    return now >= made_at + timedelta(hours=security.staff_hours) or now >= seen_at + timedelta(
        minutes=security.staff_idle_minutes
    )


def find_password_hash(member_id: int) -> str | None:
    """Return a member's password hash; None for those who sign in by code only."""
    return db.session.scalar(select(Member.password_hash).where(Member.id == member_id))


def signed_in_by_code_since(sign_in_id: int | None, since: datetime) -> bool:
    """Tell whether a sign-in was made by a code sent to the phone, and since when it must be."""
    made = select(SignIn.id).where(
        SignIn.id == sign_in_id, SignIn.by_code, SignIn.created_at >= since
    )
    return db.session.scalar(made) is not None


def phone_of(member_id: int, vault: Vault) -> str:
    """Return a member's number in full. Raises NotFound."""
    member = db.session.get(Member, member_id)
    number = _phone(member, vault) if member is not None else None
    if number is None:
        raise NotFound
    return number


def is_erased(member_id: int) -> bool:
    """Tell whether a member has left for good."""
    standing = db.session.scalar(select(Member.standing).where(Member.id == member_id))
    return standing is Standing.ERASED


def is_active(member_id: int) -> bool:
    """Tell whether a member is neither suspended nor gone."""
    standing = db.session.scalar(select(Member.standing).where(Member.id == member_id))
    return standing is Standing.ACTIVE


def list_member_ids_with(role: Role, place: str | None) -> list[int]:
    """Return the active members who hold a role at a place, oldest first."""
    return list(
        db.session.scalars(
            select(Member.id)
            .join(RoleGrant, RoleGrant.member_id == Member.id)
            .where(
                RoleGrant.role == role,
                RoleGrant.place == (place or ""),
                Member.standing == Standing.ACTIVE,
            )
            .order_by(Member.id)
        )
    )


def names_of(ids: Iterable[int]) -> dict[int, str]:
    """Return the names of members by id. Who may see them is the caller's question."""
    wanted = set(ids)
    if not wanted:
        return {}
    rows = db.session.execute(select(Member.id, Member.name).where(Member.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


@dataclass(frozen=True)
class GrantRow:
    """A role a member holds."""

    id: int
    role: Role
    place: str
    granted_at: datetime


@dataclass(frozen=True)
class MemberRow:
    """A member as administrators and the member see them: the number masked."""

    id: int
    name: str
    # '' without a number; `phone_tail` is the end of the last one then.
    phone: str
    phone_tail: str
    proved_at: datetime | None
    proved_how: str | None
    parted_at: datetime | None
    standing: Standing
    is_demo: bool
    language: str
    has_password: bool
    created_at: datetime
    points_stopped_at: datetime | None
    points_stopped_why: str | None
    grants: tuple[GrantRow, ...]


@dataclass(frozen=True)
class MemberFilter:
    """What to look for: part of a name, the end of a number or all of it, a role, a place."""

    q: str = ""
    role: Role | None = None
    place: str = ""


def list_members(
    wanted: MemberFilter,
    *,
    actor: Actor,
    vault: Vault,
    before_id: int | None = None,
    limit: int = 50,
) -> tuple[list[MemberRow], int | None]:
    """Return members newest first, and the id to go on before if there are more.

    Raises Forbidden. Two statements, whatever the number of rows.
    """
    access.check(actor, MEMBERS_READ)
    named = access.allowed(actor, MEMBERS_MANAGE)
    query = select(Member).where(Member.standing != Standing.ERASED)
    if wanted.q:
        # A name or number that finds an alias would have told whose it is.
        by_alias = Member.id == (member_of_alias(wanted.q.lstrip("#")) or 0)
        query = query.where(_matches(wanted.q, vault) if named else by_alias)
    if wanted.role or wanted.place:
        held = exists().where(RoleGrant.member_id == Member.id)
        if wanted.role:
            held = held.where(RoleGrant.role == wanted.role)
        if wanted.place:
            held = held.where(RoleGrant.place == wanted.place)
        query = query.where(held)
    if before_id is not None:
        query = query.where(Member.id < before_id)
    members = list(db.session.scalars(query.order_by(Member.id.desc()).limit(limit + 1)))
    more, members = len(members) > limit, members[:limit]
    return _rows(members, vault, named=named), members[-1].id if more else None


def list_for_operator(role: Role | None, *, vault: Vault, limit: int) -> list[MemberRow]:
    """Return members newest first to whoever holds the database anyway."""
    query = select(Member).where(Member.standing != Standing.ERASED)
    if role:
        held = exists().where(RoleGrant.member_id == Member.id, RoleGrant.role == role)
        query = query.where(held)
    members = list(db.session.scalars(query.order_by(Member.id.desc()).limit(limit)))
    return _rows(members, vault)


def _matches(q: str, vault: Vault) -> ColumnElement[bool]:
    digits = plain(q).strip()
    if re.fullmatch(r"[0-9]{2,4}", digits):
        return Member.phone_tail.endswith(digits)
    try:
        lookup = vault.lookup(phones.normalise(q))
        return or_(Member.phone_lookup == lookup, Member.phone_claim == lookup)
    except Invalid:
        return Member.name.contains(q, autoescape=True)


def find_member(member_id: int, *, actor: Actor, vault: Vault, looked: bool = False) -> MemberRow:
    """Return one member to its owner or to those who read the member list.

    By alias to those who do not manage members, unless they have `looked` for a reason that is
    kept. Raises NotFound, Forbidden.
    """
    own = actor.member_id == member_id
    if not own:
        access.check(actor, MEMBERS_READ)
    member = db.session.scalar(
        select(Member).where(Member.id == member_id, Member.standing != Standing.ERASED)
    )
    if member is None:
        raise NotFound
    named = own or looked or access.allowed(actor, MEMBERS_MANAGE)
    return _rows([member], vault, named=named)[0]


def why_points_stopped(member_id: int) -> tuple[datetime, str] | None:
    """Return since when and why a rider earns nothing; None while points are paid."""
    row = db.session.execute(
        select(Member.points_stopped_at, Member.points_stopped_why).where(Member.id == member_id)
    ).one_or_none()
    if row is None or row.points_stopped_at is None:
        return None
    return row.points_stopped_at, row.points_stopped_why or ""


def _rows(members: list[Member], vault: Vault, *, named: bool = True) -> list[MemberRow]:
    grants: dict[int, list[GrantRow]] = {member.id: [] for member in members}
    for grant in db.session.scalars(
        select(RoleGrant).where(RoleGrant.member_id.in_(grants)).order_by(RoleGrant.id)
    ):
        grants[grant.member_id].append(
            GrantRow(grant.id, grant.role, grant.place, grant.granted_at)
        )
    return [
        MemberRow(
            id=member.id,
            name=member.name if named else rider_alias(member.id),
            phone=phones.mask(_phone(member, vault) or "") if named else "",
            phone_tail=member.phone_tail if named else "",
            proved_at=member.phone_proved_at,
            proved_how=member.phone_proved_how,
            parted_at=member.phone_parted_at,
            standing=member.standing,
            is_demo=member.is_demo,
            language=member.language,
            has_password=member.password_hash is not None,
            created_at=member.created_at,
            points_stopped_at=member.points_stopped_at,
            points_stopped_why=member.points_stopped_why,
            grants=tuple(grants[member.id]),
        )
        for member in members
    ]


def _phone(member: Member, vault: Vault) -> str | None:
    lookup = member.phone_lookup or member.phone_claim
    if member.phone_sealed is None or lookup is None:
        return None
    return vault.open(member.phone_sealed, lookup)


@dataclass(frozen=True)
class DemoSignIn:
    """A fictional member anybody may try the site as."""

    phone: str
    name: str
    role: Role
    place: str


def list_demo_sign_ins(vault: Vault, *, a_role: int = 3) -> list[DemoSignIn]:
    """Return the first demo members of every role, with their numbers in full: nobody's rings."""
    place_in_role = (
        func.row_number().over(partition_by=RoleGrant.role, order_by=Member.id).label("place")
    )
    first = (
        select(Member.id, RoleGrant.role, RoleGrant.place.label("at"), place_in_role)
        .join(RoleGrant, RoleGrant.member_id == Member.id)
        .where(Member.is_demo, Member.standing == Standing.ACTIVE)
        .subquery()
    )
    rows = db.session.execute(
        select(Member, first.c.role, first.c.at)
        .join(first, first.c.id == Member.id)
        .where(first.c.place <= a_role)
        .order_by(Member.id)
    )
    shown: dict[int, DemoSignIn] = {}
    for member, role, at in rows:
        shown.setdefault(member.id, DemoSignIn(_phone(member, vault) or "", member.name, role, at))
    return list(shown.values())


def find_grant(member_id: int, grant_id: int) -> Grant | None:
    """Return one of a member's roles by its row."""
    row = db.session.execute(
        select(RoleGrant.role, RoleGrant.place).where(
            RoleGrant.id == grant_id, RoleGrant.member_id == member_id
        )
    ).one_or_none()
    return Grant(row[0], row[1] or None) if row else None
