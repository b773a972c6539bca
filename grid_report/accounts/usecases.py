"""Public writes about members: signing up and in, what they hold, and how it ends.

Counting a try and taking the step are two transactions: a refused try must stay counted. The slow
password hash is worked out between them, never while other writers wait.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from grid_report import access
from grid_report.access import Action, Actor, Grant
from grid_report.accounts import entries, limits, phones, queries, steps
from grid_report.accounts.managing import (
    allow_points,
    create_member,
    grant_role,
    restore_member,
    revoke_role,
    stop_points,
    suspend_member,
    sweep,
)
from grid_report.accounts.messenger import CodeMessage
from grid_report.accounts.models import (
    ConsentKind,
    Member,
    SignIn,
    SignInKind,
    Standing,
)
from grid_report.accounts.policy import Policy
from grid_report.accounts.refusals import WrongCode, WrongPassword
from grid_report.accounts.roles import Role
from grid_report.accounts.steps import CODE_MINUTES, SignedIn
from grid_report.db import db, transaction, use_case
from grid_report.errors import Invalid, NotFound

QUARTER_S: Final = 15 * 60
HOUR_S: Final = 3600

# Consents that may be given and taken back at any time; without the first there is no account.
OPTIONAL_CONSENTS: Final = (ConsentKind.POSITION, ConsentKind.PHOTOS)

# How long after signing in by code a new password needs no old one.
FRESH_CODE: Final = timedelta(hours=1)

__all__ = [
    "CODE_MINUTES",
    "OPTIONAL_CONSENTS",
    "SignedIn",
    "allow_points",
    "change_password",
    "change_profile",
    "choose_consents",
    "create_member",
    "grant_role",
    "request_code",
    "restore_member",
    "revoke_role",
    "revoke_sign_in",
    "sign_in_with_code",
    "sign_in_with_password",
    "sign_out",
    "sign_out_everywhere",
    "sign_up_rider",
    "stop_points",
    "suspend_member",
    "sweep",
]

_Try = tuple[str, int, int]


@use_case
def sign_up_rider(
    *,
    phone: str,
    password: str,
    name: str,
    language: str,
    consents: Collection[ConsentKind],
    notice_version: str,
    is_16: bool,
    label: str,
    address: str,
    policy: Policy,
    now: datetime,
) -> SignedIn:
    """Make a rider of a guest and sign the browser in.

    `notice_version` is the notice the guest was shown. Raises Invalid, TooMany.
    """
    problems = Invalid()
    number = entries.read_phone(phone, problems)
    name = entries.read_name(name, problems)
    entries.check_password(password, problems, phone=number)
    if language not in entries.LANGUAGES:
        problems.add("language", "language-unknown")
    if ConsentKind.ACCOUNT not in consents:
        problems.add("consent_account", "consent-needed")
    elif notice_version != policy.notice_version:
        problems.add("consent_account", "notice-changed")
    if not is_16:
        problems.add("is_16", "under-16")
    problems.raise_if_any()
    sign_ups = policy.limits.sign_ups_per_address_hour
    _count_tries([(_address(policy, "sign-up", address), HOUR_S, sign_ups)], now)
    password_hash = policy.hasher.hash(password)
    with transaction() as session:
        member = steps.add_member(
            session,
            phone=policy.vault.seal(number),
            password_hash=password_hash,
            name=name,
            language=language,
            is_demo=False,
            now=now,
        )
        steps.add_grants(session, member.id, [Grant(Role.RIDER)], None, now)
        steps.set_consents(
            session,
            member.id,
            consents,
            among=tuple(ConsentKind),
            version=policy.notice_version,
            now=now,
        )
        return steps.open_sign_in(
            session,
            member,
            kind=SignInKind.BROWSER,
            label=label,
            by_code=False,
            policy=policy,
            now=now,
        )


@use_case
def sign_in_with_password(
    phone: str,
    password: str,
    *,
    kind: SignInKind,
    label: str,
    address: str,
    policy: Policy,
    now: datetime,
) -> SignedIn:
    """Sign in a browser, or issue an API token, for a number and its password.

    Raises Invalid, WrongPassword, MemberSuspended, TooMany.
    """
    lookup = policy.vault.lookup(phones.normalise(phone))
    with limits.turn(f"sign-in:{lookup}"):
        return _sign_in_with_password(
            lookup, password, kind=kind, label=label, address=address, policy=policy, now=now
        )


def _sign_in_with_password(
    lookup: str,
    password: str,
    *,
    kind: SignInKind,
    label: str,
    address: str,
    policy: Policy,
    now: datetime,
) -> SignedIn:
    tries = _sign_in_tries(policy, lookup, address)
    _count_tries(tries, now)
    known = queries.find_credentials(lookup)
    # Ends the read: no connection waits on a database transaction while the hash is worked out.
    db.session.rollback()
    member_id, seen = known or (0, None)
    # Verified even when there is nothing to compare with: the answer takes as long either way.
    if not policy.hasher.verify(seen, password) or seen is None:
        raise WrongPassword
    renewed = policy.hasher.hash(password) if policy.hasher.is_outdated(seen) else None
    with transaction() as session:
        member = steps.lock_member(session, member_id)
        kept = member.password_hash
        # Changed since we looked? Then it is the new one that counts.
        if kept != seen and not policy.hasher.verify(kept, password):
            raise WrongPassword
        if renewed and kept == seen:
            member.password_hash = renewed
        for name, window_s, _ in tries:
            limits.give_back(session, name, window_s=window_s, now=now)
        return steps.open_sign_in(
            session, member, kind=kind, label=label, by_code=False, policy=policy, now=now
        )


@use_case
def request_code(phone: str, *, address: str, policy: Policy, now: datetime) -> CodeMessage | None:
    """Make a one-time code; the caller sends the message after this has committed.

    None for numbers without an active member, who are told the same. Raises Invalid, TooMany.
    """
    number = phones.normalise(phone)
    lookup = policy.vault.lookup(number)
    most = policy.limits
    with transaction() as session:
        limits.count(
            session, f"code:{lookup}", window_s=HOUR_S, limit=most.sms_codes_per_hour, now=now
        )
        limits.count(
            session,
            _address(policy, "code", address),
            window_s=QUARTER_S,
            limit=most.sign_ins_per_address_15_min,
            now=now,
        )
        # A row is made for unknown numbers too: the same work, the same answers later on.
        row_id, code = steps.new_code(session, lookup, policy, now)
        member_id = session.scalar(
            select(Member.id).where(
                Member.phone_lookup == lookup, Member.standing == Standing.ACTIVE
            )
        )
    return CodeMessage(row_id, number, code) if member_id else None


@use_case
def sign_in_with_code(
    phone: str,
    code: str,
    *,
    kind: SignInKind,
    label: str,
    address: str,
    policy: Policy,
    now: datetime,
) -> SignedIn:
    """Sign in with the newest code sent to a number. Raises Invalid, WrongCode, TooMany."""
    lookup = policy.vault.lookup(phones.normalise(phone))
    digits = re.sub(r"\s", "", unicodedata.normalize("NFKC", code[:32]))
    if not re.fullmatch(r"[0-9]{6}", digits):
        raise Invalid.field("code", "sms-code-unreadable")
    tries: list[_Try] = [_address_try(policy, address)]
    _count_tries(tries, now)
    signed_in = None
    with transaction() as session:
        # A wrong try leaves the block normally: its count has to be committed.
        if steps.use_code(session, lookup, digits, policy, now):
            member = steps.member_for_code(session, lookup)
            for name, window_s, _ in tries:
                limits.give_back(session, name, window_s=window_s, now=now)
            signed_in = steps.open_sign_in(
                session, member, kind=kind, label=label, by_code=True, policy=policy, now=now
            )
    if signed_in is None:
        raise WrongCode
    return signed_in


@use_case
def sign_out(sign_in_id: int, *, now: datetime) -> None:
    """End one sign-in; ending it twice is no error."""
    with transaction() as session:
        row = session.get(SignIn, sign_in_id)
        if row and row.revoked_at is None:
            row.revoked_at = now


@use_case
def revoke_sign_in(sign_in_id: int, *, actor: Actor, now: datetime) -> None:
    """End one of one's own browsers or tokens from another one. Raises NotFound."""
    with transaction() as session:
        row = session.get(SignIn, sign_in_id)
        if row is None or row.member_id != actor.member_id:
            raise NotFound
        row.revoked_at = row.revoked_at or now


@use_case
def sign_out_everywhere(member_id: int, *, actor: Actor, now: datetime) -> int:
    """End every browser and token of a member; return how many. Raises NotFound, Forbidden."""
    if actor.member_id != member_id:
        access.check(actor, Action.MEMBERS_MANAGE)
    with transaction() as session:
        steps.lock_member(session, member_id)
        ended = steps.revoke_sign_ins(session, member_id, now)
        if actor.member_id != member_id:
            steps.audit(session, actor, "member.sign_out", f"member:{member_id}", now, ended=ended)
        return ended


@use_case
def change_password(*, current: str, new: str, actor: Actor, policy: Policy, now: datetime) -> None:
    """Choose a new password and end every other sign-in.

    The present one is needed, unless this sign-in was made by a code within the hour.
    Raises Invalid, TooMany.
    """
    problems = Invalid()
    name = f"password:{actor.member_id}"
    _count_tries([(name, QUARTER_S, policy.limits.sign_ins_per_15_min)], now)
    seen = queries.find_password_hash(actor.member_id)
    proven = queries.signed_in_by_code_since(actor.sign_in_id, now - FRESH_CODE)
    number = queries.phone_of(actor.member_id, policy.vault)
    db.session.rollback()
    if not proven and not policy.hasher.verify(seen, current):
        problems.add("current", "password-wrong" if seen else "password-needs-code")
    entries.check_password(new, problems, phone=number, field="new")
    problems.raise_if_any()
    renewed = policy.hasher.hash(new)
    with transaction() as session:
        member = steps.lock_member(session, actor.member_id)
        if member.password_hash != seen:
            raise Invalid.field("current", "password-wrong")
        member.password_hash = renewed
        steps.revoke_sign_ins(session, member.id, now, keep=actor.sign_in_id)
        limits.give_back(session, name, window_s=QUARTER_S, now=now)


@use_case
def change_profile(*, name: str, language: str, actor: Actor, now: datetime) -> None:
    """Change one's own name and language. Raises Invalid."""
    problems = Invalid()
    name = entries.read_name(name, problems)
    if language not in entries.LANGUAGES:
        problems.add("language", "language-unknown")
    problems.raise_if_any()
    with transaction() as session:
        member = steps.lock_member(session, actor.member_id)
        member.name, member.language = name, language


@use_case
def choose_consents(
    given: Collection[ConsentKind], *, actor: Actor, policy: Policy, now: datetime
) -> None:
    """Give or take back one's own optional consents; each change is kept in the audit."""
    with transaction() as session:
        steps.lock_member(session, actor.member_id)
        changed = steps.set_consents(
            session,
            actor.member_id,
            given,
            among=OPTIONAL_CONSENTS,
            version=policy.notice_version,
            now=now,
        )
        if changed:
            about = f"member:{actor.member_id}"
            steps.audit(
                session, actor, "consent.choose", about, now, version=policy.notice_version,
                **changed,
            )  # fmt: skip


@use_case
def _count_tries(tries: Sequence[_Try], now: datetime) -> None:
    with transaction() as session:
        for name, window_s, limit in tries:
            limits.count(session, name, window_s=window_s, limit=limit, now=now)


def _sign_in_tries(policy: Policy, lookup: str, address: str) -> list[_Try]:
    return [
        (f"sign-in:{lookup}", QUARTER_S, policy.limits.sign_ins_per_15_min),
        _address_try(policy, address),
    ]


def _address_try(policy: Policy, address: str) -> _Try:
    most = policy.limits.sign_ins_per_address_15_min
    return (_address(policy, "sign-in", address), QUARTER_S, most)


def _address(policy: Policy, purpose: str, address: str) -> str:
    # An address is personal data as well; the counter only needs to know it again.
    return f"{purpose}:at:{policy.vault.blind('address', address)[:32]}"
