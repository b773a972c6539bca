"""How members are let in, and strangers slowed down.

Failed tries are counted for each number and address, with waits that grow, and for all strangers
of a number together. A browser that signed in as the member before has a count of its own: nobody
else shuts it out, and it uses nobody else's tries up.

Counting a try and taking the step are two transactions: a refused try must stay counted. The slow
password hash is worked out between them, never while other writers wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from grid_report.accounts import entries, failure_metrics, limit_steps, phones, steps
from grid_report.accounts.devices import queries as devices_queries
from grid_report.accounts.devices.queries import Known
from grid_report.accounts.errors import SecondStepNeeded, WrongPassword
from grid_report.accounts.models import Member, SignIn, SignInKind, Standing
from grid_report.accounts.numbers import queries as numbers_queries
from grid_report.accounts.numbers import steps as numbers_steps
from grid_report.accounts.numbers.messenger import CodeMessage
from grid_report.accounts.numbers.usecases import Choice
from grid_report.accounts.policy import Policy
from grid_report.accounts.sign_in import second_step_usecases, wait_steps
from grid_report.accounts.tokens import SignedIn
from grid_report.db import db, transaction, use_case

QUARTER_S: Final = 15 * 60
HOUR_S: Final = 3600
# All strangers of a number together: what many addresses may guess, before they wait as one.
STRANGERS: Final = 5

_Seen = tuple[int, str | None]


def address_name(policy: Policy, purpose: str, address: str) -> str:
    """Return the name under which something is counted for an address."""
    # An address is personal data as well; the counter only needs to know it again.
    return f"{purpose}:at:{policy.vault.blind('address', address)[:32]}"


@failure_metrics.counted("password")
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
    secrets: Sequence[str] = (),
) -> SignedIn:
    """Sign in a browser, or issue an API token, for a number and its password.

    `secrets` are those the browser holds of earlier sign-ins. Raises Invalid, WrongPassword,
    MemberSuspended, TooMany; SecondStepNeeded where a browser that is new to the
    member has to confirm a code first.
    """
    number = phones.normalise(phone)
    with limit_steps.turn(f"sign-in:{policy.vault.lookup(number)}"):
        return _sign_in_with_password(
            number,
            password,
            kind=kind,
            label=label,
            address=address,
            policy=policy,
            now=now,
            secrets=secrets,
        )


def _sign_in_with_password(
    number: str,
    password: str,
    *,
    kind: SignInKind,
    label: str,
    address: str,
    policy: Policy,
    now: datetime,
    secrets: Sequence[str],
) -> SignedIn:
    lookup = policy.vault.lookup(number)
    device = devices_queries.find(lookup, secrets, now)
    known = numbers_queries.list_credentials(lookup, numbers_steps.MOST_CLAIMS + 1)
    # Ends the read: no connection waits on a database transaction while the hash is worked out.
    db.session.rollback()
    seen: _Seen | None = None
    tries: list[wait_steps.Try] = []
    if device is not None:
        tries += _count_device(device, policy, now)
        own = [one for one in known if one[0] == device.member_id]
        seen = _first_right(own, password, policy)
        known = [one for one in known if one[0] != device.member_id]
    if seen is None and (device is None or not device.has_number):
        # Who has proved the number comes first; those who only claim it never keep anybody out.
        tries += _count_stranger(lookup, address, policy, now)
        seen = _first_right(known, password, policy)
    if seen is None:
        raise WrongPassword
    member_id, kept_before = seen
    hasher = policy.hasher
    renewed = hasher.hash(password) if hasher.is_outdated(kept_before or "") else None
    with transaction() as session:
        member = steps.lock_member(session, member_id)
        kept = member.password_hash
        if lookup not in (member.phone_lookup, member.phone_claim):
            raise WrongPassword
        # Changed since we looked? Then it is the new one that counts.
        if kept != kept_before and not hasher.verify(kept, password):
            raise WrongPassword
        if renewed and kept == kept_before:
            member.password_hash = renewed
        for tried in tries:
            wait_steps.give_back(session, tried)
        if device is None or device.member_id != member_id:
            _give_back_to_address(session, policy, address, now)
        step = None
        if kind is SignInKind.BROWSER:
            step = second_step_usecases.begin(
                session, member, number, secrets, policy=policy, now=now
            )
        if step is None:
            return steps.open_sign_in(
                session, member, kind=kind, label=label, by_code=False, policy=policy, now=now
            )
    # Only now: what the right password gave back stays given back.
    raise SecondStepNeeded(step)


def _first_right(known: Sequence[_Seen], password: str, policy: Policy) -> _Seen | None:
    # Verified even when there is nothing to compare with: the answer takes as long either way.
    verify = policy.hasher.verify
    return next((one for one in known or [(0, None)] if verify(one[1], password)), None)


@use_case
def _count_device(device: Known, policy: Policy, now: datetime) -> list[wait_steps.Try]:
    free = policy.limits.sign_ins_per_15_min
    with transaction() as session:
        return [wait_steps.count(session, f"sign-in:device:{device.device_id}", free=free, now=now)]


@use_case
def _count_stranger(
    lookup: str, address: str, policy: Policy, now: datetime
) -> list[wait_steps.Try]:
    free = policy.limits.sign_ins_per_15_min
    at = address_name(policy, f"sign-in:{lookup}", address)
    with transaction() as session:
        tries = [
            wait_steps.count(session, at, free=free, now=now),
            wait_steps.count(session, f"sign-in:{lookup}:all", free=free * STRANGERS, now=now),
        ]
        _count_address(session, policy, address, now)
    return tries


@use_case
def request_code(
    phone: str,
    *,
    address: str,
    policy: Policy,
    now: datetime,
    for_everybody: bool = False,
    secrets: Sequence[str] = (),
    asker: str = "",
) -> CodeMessage | None:
    """Make a one-time code; the caller sends the message after this has committed.

    Only its asker can use it, or replace it by another one. None for numbers without an active
    member, who are told the same, unless it is `for_everybody`. Raises Invalid, TooMany,
    CodesUsedUp.
    """
    number = phones.normalise(phone)
    lookup = policy.vault.lookup(number)
    device = devices_queries.find(lookup, secrets, now)
    with transaction() as session:
        if device is not None and device.has_number:
            most = policy.limits.sms_codes_per_hour
            limit_steps.count(session, f"code:{lookup}:own", window_s=HOUR_S, limit=most, now=now)
            steps.count_code_of_number(session, lookup, policy, now, own=True)
        else:
            most = policy.limits.sms_codes_per_hour
            at = address_name(policy, f"code:{lookup}", address)
            limit_steps.count(session, at, window_s=HOUR_S, limit=most, now=now)
            steps.count_code_of_number(session, lookup, policy, now, own=False)
            limit_steps.count(
                session,
                address_name(policy, "code", address),
                window_s=QUARTER_S,
                limit=policy.limits.sign_ins_per_address_15_min,
                now=now,
            )
        known = session.scalars(
            select(Member.id)
            .where(
                or_(Member.phone_lookup == lookup, Member.phone_claim == lookup),
                Member.standing == Standing.ACTIVE,
            )
            .limit(1)
        ).first()
        is_sent = for_everybody or known is not None
        steps.count_code(session, policy, now, is_sent=is_sent)
        # A row is made for unknown numbers too: the same work, the same answers later on.
        row_id, code = steps.new_code(session, lookup, policy, now, asker=asker)
    return CodeMessage(row_id, now, number, code) if is_sent else None


@failure_metrics.counted("code")
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
    secrets: Sequence[str] = (),
    asker: str = "",
) -> SignedIn | Choice:
    """Sign in with the newest code the asker had sent to a number, where its account is in use.

    An account that slept, or never proved the number, is not opened by a code alone: the answer
    is a choice then. Raises Invalid, WrongCode, TooMany, MemberSuspended.
    """
    number = phones.normalise(phone)
    lookup = policy.vault.lookup(number)
    digits = entries.read_code(code)
    is_own = devices_queries.find(lookup, secrets, now) is not None
    if not is_own:
        _count_code_try(policy, address, now)
    with transaction() as session:
        # A wrong try leaves the block normally: its count has to be committed.
        tried = steps.use_code(session, lookup, digits, policy, now, asker=asker)
        if tried.problem is None:
            if not is_own:
                _give_back_to_address(session, policy, address, now)
            members = numbers_steps.lock_number(session, lookup)
            holder = numbers_steps.holder_of(members, lookup)
            days = policy.number_sleep_days
            if holder is None or numbers_steps.sleeps(session, holder, days=days, now=now):
                return Choice(tried.row_id, number, known=bool(members))
            numbers_steps.open_choice(session, tried.row_id, now)
            return steps.open_sign_in(
                session, holder, kind=kind, label=label, by_code=True, policy=policy, now=now
            )
    raise numbers_steps.refuse_code(tried.problem)


@use_case
def note_seen(sign_in_id: int, *, now: datetime) -> None:
    """Remember that staff did something just now; the caller asks for it every few minutes."""
    with transaction() as session:
        session.execute(
            update(SignIn)
            .where(SignIn.id == sign_in_id, SignIn.revoked_at.is_(None))
            .values(seen_at=now)
            .execution_options(synchronize_session=False)
        )


@use_case
def _count_code_try(policy: Policy, address: str, now: datetime) -> None:
    with transaction() as session:
        _count_address(session, policy, address, now)


def _count_address(session: Session, policy: Policy, address: str, now: datetime) -> None:
    most = policy.limits.sign_ins_per_address_15_min
    name = address_name(policy, "sign-in", address)
    limit_steps.count(session, name, window_s=QUARTER_S, limit=most, now=now)


def _give_back_to_address(session: Session, policy: Policy, address: str, now: datetime) -> None:
    name = address_name(policy, "sign-in", address)
    limit_steps.give_back(session, name, window_s=QUARTER_S, now=now)
