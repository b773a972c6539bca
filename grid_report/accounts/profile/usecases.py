"""Public writes about members: signing up and in, what they hold, and how it ends.

Counting a try and taking the step are two transactions: a refused try must stay counted. The slow
password hash is worked out between them, never while other writers wait.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts import entries, limit_steps, queries, steps
from grid_report.accounts.consent_kinds import OPTIONAL_CONSENTS, ConsentKind
from grid_report.accounts.consents.usecases import choose_consents, say_consent
from grid_report.accounts.devices.usecases import forget_device, prove_device
from grid_report.accounts.members.usecases import (
    allow_points,
    create_member,
    grant_role,
    restore_member,
    revoke_role,
    stop_points,
    suspend_member,
    sweep,
)
from grid_report.accounts.models import SignInKind
from grid_report.accounts.numbers.usecases import (
    Choice,
    Proved,
    choose_by_password,
    choose_new,
    confirm_number,
    find_claim,
    give_number,
    prove_with_code,
    request_proof,
    take_by_choice,
)
from grid_report.accounts.policy import Policy
from grid_report.accounts.sign_in.second_step_usecases import (
    code_from_shell,
    confirm_step,
    is_step_over,
    request_step_code,
)
from grid_report.accounts.sign_in.sign_out_usecases import (
    revoke_sign_in,
    sign_out,
    sign_out_everywhere,
)
from grid_report.accounts.sign_in.usecases import (
    address_name,
    note_seen,
    request_code,
    sign_in_with_code,
    sign_in_with_password,
)
from grid_report.accounts.tokens import CODE_MINUTES, SignedIn
from grid_report.db import db, transaction, use_case
from grid_report.errors import Invalid
from grid_report.languages import LANGUAGES

QUARTER_S: Final = 15 * 60
HOUR_S: Final = 3600

# How long after signing in by code a new password needs no old one.
FRESH_CODE: Final = timedelta(hours=1)

__all__ = [
    "CODE_MINUTES",
    "OPTIONAL_CONSENTS",
    "Choice",
    "Proved",
    "SignedIn",
    "allow_points",
    "change_password",
    "change_profile",
    "choose_by_password",
    "choose_consents",
    "choose_new",
    "code_from_shell",
    "confirm_number",
    "confirm_step",
    "create_member",
    "find_claim",
    "forget_device",
    "give_number",
    "grant_role",
    "is_step_over",
    "note_seen",
    "prove_device",
    "prove_with_code",
    "request_code",
    "request_proof",
    "request_step_code",
    "restore_member",
    "revoke_role",
    "revoke_sign_in",
    "say_consent",
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
    choice: Choice | None = None,
) -> SignedIn:
    """Make a rider of a guest and sign the browser in. The number is a claim until it is proved.

    Whoever else has or claims the number changes nothing, and is not told of. `notice_version` is
    the notice the guest was shown; `choice` a right code for the number, which proves it.
    Raises Invalid, TooMany, ChoiceOver.
    """
    problems = Invalid()
    number = entries.read_phone(phone, problems)
    name = entries.read_name(name, problems)
    entries.check_password(password, problems, phone=number)
    if language not in LANGUAGES:
        problems.add("language", "language-unknown")
    if ConsentKind.ACCOUNT not in consents:
        problems.add("consent_account", "account-consent-needed")
    elif notice_version != policy.notice_version:
        problems.add("consent_account", "notice-changed")
    if not is_16:
        problems.add("is_16", "under-16")
    problems.raise_if_any()
    sign_ups = policy.limits.sign_ups_per_address_hour
    _count_tries([(address_name(policy, "sign-up", address), HOUR_S, sign_ups)], now)
    password_hash = policy.hasher.hash(password)
    with transaction() as session:
        member = steps.add_member(
            session,
            phone=policy.vault.seal(number),
            password_hash=password_hash,
            name=name,
            language=language,
            is_demo=False,
            proved=None,
            now=now,
        )
        if choice is not None and choice.phone == number:
            take_by_choice(session, member.id, choice, policy=policy, now=now)
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
        limit_steps.give_back(session, name, window_s=QUARTER_S, now=now)


@use_case
def change_profile(*, name: str, language: str, actor: Actor, now: datetime) -> None:
    """Change one's own name and language. Raises Invalid."""
    problems = Invalid()
    name = entries.read_name(name, problems)
    if language not in LANGUAGES:
        problems.add("language", "language-unknown")
    problems.raise_if_any()
    with transaction() as session:
        member = steps.lock_member(session, actor.member_id)
        member.name, member.language = name, language


@use_case
def _count_tries(tries: Sequence[_Try], now: datetime) -> None:
    with transaction() as session:
        for name, window_s, limit in tries:
            limit_steps.count(session, name, window_s=window_s, limit=limit, now=now)
