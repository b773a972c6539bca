"""Writes about members inside an open transaction. Nothing here commits."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts import consent_queries, limit_steps, signals
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.accounts.errors import CodesUsedUp, LastAdministrator, MemberSuspended
from grid_report.accounts.models import (
    AuditEntry,
    ConsentAct,
    Member,
    ProvedDevice,
    ProvedHow,
    RoleGrant,
    SignIn,
    SignInKind,
    SmsCode,
    Standing,
)
from grid_report.accounts.phones import SealedPhone
from grid_report.accounts.policy import Policy
from grid_report.accounts.tokens import CODE_MINUTES, SignedIn, hash_secret, new_secret
from grid_report.db import lock_one
from grid_report.errors import Invalid, NotFound, TooMany

CODE_TRIES: Final = 5
DAY_S: Final = 24 * 3600
# What a day of the county counts: codes, notices, and both together in the first.
CODES: Final = "codes-of-the-day"
NOTICES: Final = "notices-of-the-day"


def audit(
    session: Session, actor: Actor | None, action: str, about: str, now: datetime, **details: Any
) -> None:
    """Note what staff did. Details hold ids and codes, never names, numbers or positions."""
    session.add(
        AuditEntry(
            at=now,
            actor_id=actor.member_id if actor else None,
            action=action,
            about=about,
            details=details,
        )
    )


def lock_member(session: Session, member_id: int) -> Member:
    """Load a member nobody else may change until the commit. Raises NotFound."""
    return lock_one(session, Member, Member.id == member_id, Member.standing != Standing.ERASED)


def lock_member_weakly(session: Session, member_id: int) -> None:
    """Make everything that counts what a member has wait in line until the commit.

    Rows that only name the member are written meanwhile. Raises NotFound.
    """
    found = session.scalar(
        select(Member.id)
        .where(Member.id == member_id, Member.standing != Standing.ERASED)
        .with_for_update(key_share=True)
    )
    if found is None:
        raise NotFound


def add_member(
    session: Session,
    *,
    phone: SealedPhone,
    password_hash: str | None,
    name: str,
    language: str,
    is_demo: bool,
    proved: ProvedHow | None,
    now: datetime,
) -> Member:
    """Add a member with a proved number, or one that only claims its number (`proved` None).

    Raises Invalid when the number is proved by another one, also if that was just now.
    """
    member = Member(
        phone_lookup=phone.lookup if proved else None,
        phone_claim=None if proved else phone.lookup,
        phone_proved_at=now if proved else None,
        phone_proved_how=proved.value if proved else None,
        phone_sealed=phone.sealed,
        phone_tail=phone.tail,
        password_hash=password_hash,
        name=name,
        language=language,
        standing=Standing.ACTIVE,
        is_demo=is_demo,
        created_at=now,
    )
    session.add(member)
    try:
        session.flush()
    except IntegrityError as error:
        if "phone_lookup" not in str(error.orig):
            raise
        raise Invalid.field("phone", "phone-taken") from None
    return member


def add_grants(
    session: Session, member_id: int, grants: Iterable[Grant], actor: Actor | None, now: datetime
) -> None:
    """Let a member hold roles."""
    session.add_all(
        RoleGrant(
            member_id=member_id,
            role=grant.role,
            place=grant.place or "",
            granted_by_id=actor.member_id if actor else None,
            granted_at=now,
        )
        for grant in grants
    )
    session.flush()


def set_consents(
    session: Session,
    member_id: int,
    given: Collection[ConsentKind],
    *,
    among: Sequence[ConsentKind],
    version: str,
    now: datetime,
) -> dict[str, bool]:
    """Write the acts that make the consents `among` exactly those given; return what changed.

    The caller holds the member's lock, so that acts follow one another.
    """
    stands = consent_queries.versions_of(member_id, session)
    changed: dict[str, bool] = {}
    for kind in among:
        agreed = kind in given
        # Agreeing twice to one text is one act; a new text is agreed to anew.
        if agreed == (kind in stands) and (not agreed or stands[kind] == version):
            continue
        session.add(
            ConsentAct(
                member_id=member_id,
                kind=kind,
                agreed=agreed,
                notice_version=version if agreed else stands[kind],
                at=now,
            )
        )
        changed[kind.value] = agreed
    session.flush()
    return changed


def say_consents(
    session: Session,
    given: Collection[ConsentKind],
    *,
    among: Sequence[ConsentKind],
    actor: Actor,
    version: str,
    now: datetime,
) -> dict[str, bool]:
    """Make one's own consents `among` be exactly those given; return what changed."""
    lock_member(session, actor.member_id)
    changed = set_consents(session, actor.member_id, given, among=among, version=version, now=now)
    if changed:
        about = f"member:{actor.member_id}"
        audit(session, actor, "consent.choose", about, now, version=version, **changed)
    return changed


def grants_of(session: Session, member_id: int) -> frozenset[Grant]:
    """Return the roles a member holds."""
    rows = session.execute(
        select(RoleGrant.role, RoleGrant.place).where(RoleGrant.member_id == member_id)
    )
    return frozenset(Grant(role, place or None) for role, place in rows)


def open_sign_in(
    session: Session,
    member: Member,
    *,
    kind: SignInKind,
    label: str,
    by_code: bool,
    policy: Policy,
    now: datetime,
) -> SignedIn:
    """Sign a member in. Raises MemberSuspended."""
    if member.standing is not Standing.ACTIVE:
        raise MemberSuspended
    for_api = kind is SignInKind.TOKEN
    secret = new_secret(for_api=for_api)
    grants = grants_of(session, member.id)
    lives = timedelta(days=policy.token_days if for_api else policy.session_days)
    if not for_api and any(grant.role is not Role.RIDER for grant in grants):
        lives = min(lives, timedelta(hours=policy.staff_hours))
    row = SignIn(
        member_id=member.id,
        kind=kind,
        secret_hash=hash_secret(secret),
        label=label[:120],
        by_code=by_code,
        created_at=now,
        expires_at=now + lives,
    )
    session.add(row)
    session.flush()
    actor = Actor(
        member_id=member.id,
        name=member.name,
        grants=grants,
        sign_in_id=row.id,
        language=member.language,
    )
    return SignedIn(secret, row.id, actor, row.expires_at)


def revoke_sign_ins(
    session: Session, member_id: int, now: datetime, *, keep: int | None = None
) -> int:
    """End a member's browsers and tokens, all but one if told so; return how many.

    The devices proved by them are as unknown as any stranger's from then on.
    """
    ended = session.execute(
        update(SignIn)
        .where(
            SignIn.member_id == member_id,
            SignIn.revoked_at.is_(None),
            SignIn.expires_at > now,
            SignIn.id != (keep or 0),
        )
        .values(revoked_at=now)
        .returning(SignIn.id)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(ProvedDevice)
        .where(
            ProvedDevice.member_id == member_id,
            ProvedDevice.revoked_at.is_(None),
            func.coalesce(ProvedDevice.sign_in_id, 0) != (keep or -1),
        )
        .values(revoked_at=now)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def count_code_of_number(
    session: Session, lookup: str, policy: Policy, now: datetime, *, own: bool
) -> None:
    """Count a code of a number's day: half for strangers, half kept for its own devices.

    Nobody is sent more, whoever asks. Raises TooMany.
    """
    most = policy.limits.sms_codes_per_day
    for_strangers = most // 2
    name, limit = ("own", most - for_strangers) if own else ("all", for_strangers)
    limit_steps.count(session, f"code:{lookup}:{name}", window_s=DAY_S, limit=limit, now=now)


def count_code(session: Session, policy: Policy, now: datetime, *, is_sent: bool) -> None:
    """Count a code of the county's day, which all workers share. Raises CodesUsedUp.

    One that is not sent costs nothing, and is refused with the others: it tells no numbers apart.
    """
    most = policy.codes_per_day
    if most is None:
        return
    # Days begin at midnight in the county; windows are counted from midnight in UTC.
    local = now.astimezone(policy.zone).replace(tzinfo=UTC)
    try:
        sent = limit_steps.count(session, CODES, window_s=DAY_S, limit=most, now=local)
    except TooMany:
        raise CodesUsedUp from None
    if not is_sent:
        limit_steps.give_back(session, CODES, window_s=DAY_S, now=local)
    elif sent == most:
        signals.codes_used_up.send(
            session, session=session, county=policy.county, most=most, now=now
        )


def count_notice(session: Session, policy: Policy, now: datetime, *, most: int) -> None:
    """Count a notice of the county's day, which it shares with the codes. Raises TooMany.

    No more than `most` of a day are notices, and its last `most` are for codes alone: whoever
    cannot sign in is worse off than whoever hears late.
    """
    if policy.codes_per_day is None:
        return
    local = now.astimezone(policy.zone).replace(tzinfo=UTC)
    limits = {NOTICES: most, CODES: policy.codes_per_day - most}
    for name, limit in limits.items():
        limit_steps.count(session, name, window_s=DAY_S, limit=limit, now=local)


def give_notice_back(session: Session, policy: Policy, now: datetime) -> None:
    """Take a counted notice back: the gateway refused it, and it cost nothing."""
    if policy.codes_per_day is None:
        return
    local = now.astimezone(policy.zone).replace(tzinfo=UTC)
    for name in (NOTICES, CODES):
        limit_steps.give_back(session, name, window_s=DAY_S, now=local)


def new_code(
    session: Session, lookup: str, policy: Policy, now: datetime, *, asker: str = "", code: str = ""
) -> tuple[int, str]:
    """Keep a fresh six-digit code for a number; only the newest one of its asker counts."""
    code = code or f"{secrets.randbelow(1_000_000):06d}"
    row = SmsCode(
        phone_lookup=lookup,
        asker=asker,
        code_hash=policy.vault.blind("sms-code", lookup, code),
        tries=0,
        created_at=now,
        expires_at=now + timedelta(minutes=CODE_MINUTES),
    )
    session.add(row)
    session.flush()
    return row.id, code


@dataclass(frozen=True)
class CodeTried:
    """What became of a try: the code's row, or why it does not count."""

    row_id: int = 0
    problem: str | None = None


def use_code(
    session: Session, lookup: str, code: str, policy: Policy, now: datetime, *, asker: str = ""
) -> CodeTried:
    """Try the newest code of an asker: every try is counted, the right one uses it up.

    The caller commits in both cases, or the count of wrong tries would be rolled back.
    """
    row = session.scalar(
        select(SmsCode)
        .where(SmsCode.phone_lookup == lookup, SmsCode.asker == asker)
        .order_by(SmsCode.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        return CodeTried(problem="sms-code-wrong")
    if row.used_at:
        return CodeTried(problem="sms-code-used")
    if row.expires_at <= now:
        return CodeTried(problem="sms-code-expired")
    if row.tries >= CODE_TRIES:
        return CodeTried(problem="sms-code-tries")
    row.tries += 1
    expected = policy.vault.blind("sms-code", lookup, code)
    if not secrets.compare_digest(row.code_hash, expected):
        return CodeTried(problem="sms-code-wrong")
    row.used_at = now
    return CodeTried(row.id)


def keep_an_administrator(session: Session) -> None:
    """Check that taking one more away leaves an administrator who can sign in.

    Call before the removal. Raises LastAdministrator.
    """
    administrators = RoleGrant.role == Role.ADMINISTRATOR
    # First wait for whoever is removing another one, then count what that left.
    session.execute(
        select(RoleGrant.id).where(administrators).order_by(RoleGrant.id).with_for_update()
    ).all()
    active = session.scalar(
        select(func.count(func.distinct(RoleGrant.member_id)))
        .join(Member, Member.id == RoleGrant.member_id)
        .where(administrators, Member.standing == Standing.ACTIVE)
    )
    if (active or 0) <= 1:
        raise LastAdministrator
