"""What administrators and the operator do to members."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete

from grid_report import access
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts import entries, limit_steps, steps
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.entries import PlaceExists
from grid_report.accounts.errors import NotOneself
from grid_report.accounts.models import (
    CarriedForm,
    ProvedHow,
    RoleGrant,
    SignIn,
    SmsCode,
    Standing,
)
from grid_report.accounts.numbers import steps as numbers_steps
from grid_report.accounts.permissions import MEMBERS_MANAGE
from grid_report.accounts.policy import Policy
from grid_report.accounts.sign_in import wait_steps
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid, NotFound
from grid_report.languages import LANGUAGES


@use_case
def create_member(
    *,
    phone: str,
    password: str | None,
    name: str,
    language: str,
    grants: Sequence[Grant],
    policy: Policy,
    place_exists: PlaceExists,
    actor: Actor | None,
    now: datetime,
    is_demo: bool = False,
    consents: Collection[ConsentKind] = (),
) -> int:
    """Create a member for somebody else and return its id; no actor: the operator does it.

    Without a password the member signs in by code. Raises Invalid, Forbidden.
    """
    if actor:
        access.check(actor, MEMBERS_MANAGE)
    problems = Invalid()
    number = entries.read_phone(phone, problems)
    name = entries.read_name(name, problems)
    if password is not None:
        entries.check_password(password, problems, phone=number)
    if language not in LANGUAGES:
        problems.add("language", "language-unknown")
    entries.check_grants(grants, problems, place_exists=place_exists)
    problems.raise_if_any()
    password_hash = policy.hasher.hash(password) if password is not None else None
    with transaction() as session:
        member = steps.add_member(
            session,
            phone=policy.vault.seal(number),
            password_hash=password_hash,
            name=name,
            language=language,
            is_demo=is_demo,
            # Whoever writes an account down for somebody answers for the number.
            proved=ProvedHow.ADMINISTRATOR,
            now=now,
        )
        assert member.phone_lookup is not None
        for other in numbers_steps.lock_number(session, member.phone_lookup):
            if other.id != member.id:
                numbers_steps.part(session, other, now)
        steps.add_grants(session, member.id, dict.fromkeys(grants), actor, now)
        if consents:
            steps.set_consents(
                session,
                member.id,
                consents,
                among=tuple(ConsentKind),
                version=policy.notice_version,
                now=now,
            )
        if not is_demo:
            steps.audit(
                session,
                actor,
                "member.create",
                f"member:{member.id}",
                now,
                grants=[[grant.role.value, grant.place] for grant in grants],
            )
        return member.id


@use_case
def grant_role(
    member_id: int, grant: Grant, *, place_exists: PlaceExists, actor: Actor | None, now: datetime
) -> None:
    """Let a member hold a role at a place. Raises NotFound, Forbidden, Invalid."""
    if actor:
        access.check(actor, MEMBERS_MANAGE)
    problems = Invalid()
    entries.check_grants([grant], problems, place_exists=place_exists)
    problems.raise_if_any()
    with transaction() as session:
        # The member's row is locked, so two administrators at once are one after the other.
        steps.lock_member(session, member_id)
        if grant in steps.grants_of(session, member_id):
            raise Invalid.field("role", "role-already-held")
        steps.add_grants(session, member_id, [grant], actor, now)
        steps.audit(
            session, actor, "role.grant", f"member:{member_id}", now,
            role=grant.role.value, place=grant.place,
        )  # fmt: skip


@use_case
def revoke_role(member_id: int, grant: Grant, *, actor: Actor | None, now: datetime) -> None:
    """Take a role away; it ends with the member's next click.

    Raises NotFound, Forbidden, LastAdministrator.
    """
    if actor:
        access.check(actor, MEMBERS_MANAGE)
    with transaction() as session:
        member = steps.lock_member(session, member_id)
        if grant not in steps.grants_of(session, member_id):
            raise NotFound
        if grant.role is Role.ADMINISTRATOR and member.standing is Standing.ACTIVE:
            steps.keep_an_administrator(session)
        session.execute(
            delete(RoleGrant).where(
                RoleGrant.member_id == member_id,
                RoleGrant.role == grant.role,
                RoleGrant.place == (grant.place or ""),
            )
        )
        steps.audit(
            session, actor, "role.revoke", f"member:{member_id}", now,
            role=grant.role.value, place=grant.place,
        )  # fmt: skip


@use_case
def suspend_member(member_id: int, *, actor: Actor, now: datetime) -> None:
    """Shut a member out and end every sign-in.

    Raises NotFound, Forbidden, NotOneself, LastAdministrator.
    """
    access.check(actor, MEMBERS_MANAGE)
    if actor.member_id == member_id:
        raise NotOneself
    with transaction() as session:
        member = steps.lock_member(session, member_id)
        if member.standing is Standing.SUSPENDED:
            return
        if any(g.role is Role.ADMINISTRATOR for g in steps.grants_of(session, member_id)):
            steps.keep_an_administrator(session)
        member.standing = Standing.SUSPENDED
        ended = steps.revoke_sign_ins(session, member_id, now)
        steps.audit(session, actor, "member.suspend", f"member:{member_id}", now, ended=ended)


@use_case
def restore_member(member_id: int, *, actor: Actor, now: datetime) -> None:
    """Let a suspended member in again. Raises NotFound, Forbidden."""
    access.check(actor, MEMBERS_MANAGE)
    with transaction() as session:
        member = steps.lock_member(session, member_id)
        if member.standing is Standing.ACTIVE:
            return
        member.standing = Standing.ACTIVE
        steps.audit(session, actor, "member.restore", f"member:{member_id}", now)


@use_case
def stop_points(member_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """Let a rider earn nothing from now on; reporting, stations and cards stay open.

    Raises NotFound, Forbidden, NotOneself, Invalid.
    """
    access.check(actor, MEMBERS_MANAGE)
    if actor.member_id == member_id:
        raise NotOneself
    if not reason.strip():
        raise Invalid.field("reason", "reason-missing")
    with transaction() as session:
        member = steps.lock_member(session, member_id)
        if member.points_stopped_at is not None:
            return
        member.points_stopped_at, member.points_stopped_why = now, reason.strip()[:200]
        steps.audit(
            session, actor, "points.stop", f"member:{member_id}", now, reason=reason.strip()[:200]
        )


@use_case
def allow_points(member_id: int, *, actor: Actor, now: datetime) -> None:
    """Let a rider earn again; what was withheld meanwhile stays withheld. Raises NotFound, Forbidden."""
    access.check(actor, MEMBERS_MANAGE)
    with transaction() as session:
        member = steps.lock_member(session, member_id)
        if member.points_stopped_at is None:
            return
        member.points_stopped_at = member.points_stopped_why = None
        steps.audit(session, actor, "points.allow", f"member:{member_id}", now)


@use_case
def sweep(*, now: datetime) -> int:
    """Delete counters, codes and long-dead sign-ins nobody needs any more; return how many."""
    with transaction() as session:
        swept = limit_steps.sweep(session, before=now - timedelta(days=2))
        swept += wait_steps.sweep(session, before=now - timedelta(days=2))
        old_codes = delete(SmsCode).where(SmsCode.expires_at < now - timedelta(days=1))
        # Kept for half a year: "was that me?" is asked late.
        old_sign_ins = delete(SignIn).where(SignIn.expires_at < now - timedelta(days=180))
        old_forms = delete(CarriedForm).where(CarriedForm.expires_at < now)
        swept += len(session.execute(old_forms.returning(CarriedForm.id)).all())
        swept += len(session.execute(old_codes.returning(SmsCode.id)).all())
        return swept + len(session.execute(old_sign_ins.returning(SignIn.id)).all())
