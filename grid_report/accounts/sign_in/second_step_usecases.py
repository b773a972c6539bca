"""The code that some roles confirm when they sign in with a password on a new browser.

 A right password opens nothing then: it begins a step, which only the browser
that typed it can finish, with a code sent to the member's phone or printed by the operator. The
step is begun even where no code may be sent, so that the operator can always help.
"""

from __future__ import annotations

import secrets as chance
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from grid_report.access.roles import SECOND_STEP
from grid_report.accounts import entries, failure_metrics, limit_steps, phones, steps
from grid_report.accounts.devices import queries as devices_queries
from grid_report.accounts.errors import SecondStep, SecondStepOver
from grid_report.accounts.models import FailedTries, Member, SignInKind, SmsCode, Standing
from grid_report.accounts.numbers import steps as numbers_steps
from grid_report.accounts.numbers.messenger import CodeMessage
from grid_report.accounts.policy import Policy
from grid_report.accounts.sign_in import wait_steps
from grid_report.accounts.tokens import SignedIn
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid, NotFound

# How long after the right password the code may still be confirmed.
LASTS: Final = timedelta(minutes=15)
HOUR_S: Final = 3600
# Codes are printed for so many browsers that wait at once, the newest first.
MOST_WAITING: Final = 20
_ASKER: Final = "second:"


def begin(
    session: Session,
    member: Member,
    phone: str,
    secrets: Sequence[str],
    *,
    policy: Policy,
    now: datetime,
) -> SecondStep | None:
    """Begin the step for a member whose password was right; None where none is asked for.

    Takes a normalised number, inside the transaction of the sign-in that holds the member's lock.
    """
    # Somebody suspended is told so instead.
    if not policy.second_step or member.standing is not Standing.ACTIVE:
        return None
    if not any(grant.role in SECOND_STEP for grant in steps.grants_of(session, member.id)):
        return None
    if devices_queries.is_known(member.id, secrets, now):
        return None
    # Nobody else can use this code, and the operator finds by it who waits for one.
    asker = f"{_ASKER}{member.id}:{chance.token_urlsafe(16)}"
    steps.new_code(session, policy.vault.lookup(phone), policy, now, asker=asker)
    return SecondStep(member.id, phone, asker, _mark(member, policy), now)


@use_case
def request_step_code(step: SecondStep, *, policy: Policy, now: datetime) -> CodeMessage:
    """Make a code for a step; the caller sends it after the commit.

    Counted with those of the member's own browsers: the password was right, and strangers who use
    up theirs keep nobody out. Raises SecondStepOver, TooMany, CodesUsedUp.
    """
    _check_time(step, now)
    lookup = policy.vault.lookup(step.phone)
    with transaction() as session:
        most = policy.limits.sms_codes_per_hour
        limit_steps.count(session, f"code:{_tries(step)}", window_s=HOUR_S, limit=most, now=now)
        steps.count_code_of_number(session, lookup, policy, now, own=True)
        steps.count_code(session, policy, now, is_sent=True)
        row_id, code = steps.new_code(session, lookup, policy, now, asker=step.asker)
    return CodeMessage(row_id, now, step.phone, code)


@failure_metrics.counted("second")
@use_case
def confirm_step(
    step: SecondStep, code: str, *, label: str, policy: Policy, now: datetime
) -> SignedIn:
    """Sign the browser in with the newest code of its step.

    Wrong tries make the next ones wait, whichever browser they come from, until the password is
    changed. Raises Invalid, WrongCode, TooMany, SecondStepOver, MemberSuspended.
    """
    _check_time(step, now)
    digits = entries.read_code(code)
    tried_now = _count_try(step, policy, now)
    lookup = policy.vault.lookup(step.phone)
    with transaction() as session:
        member = _lock(session, step)
        if (
            lookup not in (member.phone_lookup, member.phone_claim)
            or _mark(member, policy) != step.mark
        ):
            raise SecondStepOver
        # A wrong try leaves the block normally: its count has to be committed.
        tried = steps.use_code(session, lookup, digits, policy, now, asker=step.asker)
        if tried.problem is None:
            wait_steps.give_back(session, tried_now)
            done = steps.open_sign_in(
                session,
                member,
                kind=SignInKind.BROWSER,
                label=label,
                by_code=False,
                policy=policy,
                now=now,
            )
            about = f"member:{member.id}"
            steps.audit(session, done.actor, "second-step-passed", about, now)
            return done
    raise numbers_steps.refuse_code(tried.problem)


@use_case
def code_from_shell(phone: str, *, policy: Policy, now: datetime) -> list[tuple[int, str]]:
    """Make one code for each member of a number whose browsers wait for one: ids and codes.

    It works in every browser that waits, and ends the waits that wrong tries began. Whoever runs
    a command on the server was let in there. Raises Invalid.
    """
    lookup = policy.vault.lookup(phones.normalise(phone))
    made: dict[int, str] = {}
    with transaction() as session:
        askers = session.scalars(
            select(SmsCode.asker)
            .where(
                SmsCode.phone_lookup == lookup,
                SmsCode.asker.startswith(_ASKER, autoescape=True),
                SmsCode.created_at > now - LASTS,
            )
            .order_by(SmsCode.id.desc())
        )
        for asker in list(dict.fromkeys(askers))[:MOST_WAITING]:
            member_id = int(asker.split(":")[1])
            told = made.get(member_id, "")
            _, made[member_id] = steps.new_code(
                session, lookup, policy, now, asker=asker, code=told
            )
        for member_id in made:
            session.execute(
                delete(FailedTries)
                .where(FailedTries.name.startswith(f"{_ASKER}{member_id}:", autoescape=True))
                .execution_options(synchronize_session=False)
            )
            steps.audit(session, None, "second-step-code", f"member:{member_id}", now)
    if not made:
        raise Invalid.field("phone", "no-step-waits")
    return list(made.items())


def is_step_over(step: SecondStep, now: datetime) -> bool:
    """Tell whether a step was begun too long ago."""
    return now >= step.at + LASTS


def _check_time(step: SecondStep, now: datetime) -> None:
    if is_step_over(step, now):
        raise SecondStepOver


def _lock(session: Session, step: SecondStep) -> Member:
    try:
        return steps.lock_member(session, step.member_id)
    except NotFound:
        raise SecondStepOver from None


def _mark(member: Member, policy: Policy) -> str:
    """Return what changes with the member's password."""
    return policy.vault.blind("second-step", str(member.id), member.password_hash or "")[:32]


def _tries(step: SecondStep) -> str:
    # With the mark: who guesses behind a stolen password is left behind when it is changed.
    return f"{_ASKER}{step.member_id}:{step.mark}"


@use_case
def _count_try(step: SecondStep, policy: Policy, now: datetime) -> wait_steps.Try:
    with transaction() as session:
        free = policy.limits.sign_ins_per_15_min
        return wait_steps.count(session, _tries(step), free=free, now=now)
