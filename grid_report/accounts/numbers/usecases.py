"""How a number is proved: by a code, at a counter, by an administrator.

An account that only claims a number keeps nobody out: who proves it takes it over. An account that
slept is opened by no code alone, for numbers are given out again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts import entries, failure_metrics, limit_steps, phones, steps
from grid_report.accounts.errors import (
    ChoiceOver,
    NoSuchClaim,
    NotOneself,
    NumberHeld,
    NumberProvedBefore,
    WrongPassword,
)
from grid_report.accounts.models import Member, ProvedHow, SignInKind, Standing
from grid_report.accounts.numbers import queries
from grid_report.accounts.numbers import steps as numbers
from grid_report.accounts.numbers.messenger import CodeMessage
from grid_report.accounts.permissions import MEMBERS_MANAGE, NUMBER_CONFIRM
from grid_report.accounts.policy import Policy
from grid_report.accounts.tokens import SignedIn
from grid_report.db import db, transaction, use_case
from grid_report.errors import Invalid, NotFound

QUARTER_S: Final = 15 * 60
HOUR_S: Final = 3600
# How many numbers one person at a counter may look up in an hour: a queue, not a list.
LOOKUPS_PER_HOUR: Final = 60


@dataclass(frozen=True)
class Choice:
    """A right code that opens no account by itself: which one it opens is asked.

    `known` tells whether an account has or claims the number at all.
    """

    code_id: int
    phone: str
    known: bool = True


@dataclass(frozen=True)
class Proved:
    """The number is the member's own now."""


@use_case
def request_proof(*, actor: Actor, policy: Policy, now: datetime) -> CodeMessage:
    """Make a code for the member's own claimed number; the caller sends it after the commit.

    Raises NumberProvedBefore, NotFound, TooMany, CodesUsedUp.
    """
    number = _claimed(actor, policy)
    lookup = policy.vault.lookup(number)
    with transaction() as session:
        most = policy.limits.sms_codes_per_hour
        by = f"code:by:{actor.member_id}"
        limit_steps.count(session, by, window_s=HOUR_S, limit=most, now=now)
        # Whoever only claims a number is a stranger to it.
        steps.count_code_of_number(session, lookup, policy, now, own=False)
        steps.count_code(session, policy, now, is_sent=True)
        row_id, code = steps.new_code(session, lookup, policy, now, asker=_asker(actor))
    return CodeMessage(row_id, now, number, code)


@use_case
def prove_with_code(
    code: str, *, actor: Actor, label: str, policy: Policy, now: datetime
) -> Proved | SignedIn | Choice:
    """Prove the own number with the newest code sent to it.

    Where another account has proved it and is in use, that one is signed in: it is the same
    person's. Where it slept, the answer is a choice. Raises Invalid, WrongCode, TooMany,
    NumberProvedBefore, NotFound.
    """
    digits = entries.read_code(code)
    number = _claimed(actor, policy)
    lookup = policy.vault.lookup(number)
    name = f"prove:{actor.member_id}"
    _count(name, QUARTER_S, policy.limits.sign_ins_per_15_min, now)
    done: Proved | SignedIn | Choice
    with transaction() as session:
        tried = steps.use_code(session, lookup, digits, policy, now, asker=_asker(actor))
        if tried.problem is None:
            limit_steps.give_back(session, name, window_s=QUARTER_S, now=now)
            members = numbers.lock_number(session, lookup)
            holder = numbers.holder_of(members, lookup)
            mine = next((one for one in members if one.id == actor.member_id), None)
            if holder is not None and holder is mine:
                numbers.open_choice(session, tried.row_id, now)
                done = Proved()
            elif holder is None:
                if mine is None:
                    raise NotFound
                numbers.open_choice(session, tried.row_id, now)
                numbers.prove(
                    session,
                    mine,
                    policy.vault.seal(number),
                    how=ProvedHow.CODE,
                    among=members,
                    now=now,
                )
                done = Proved()
            elif numbers.sleeps(session, holder, days=policy.number_sleep_days, now=now):
                done = Choice(tried.row_id, number)
            else:
                numbers.open_choice(session, tried.row_id, now)
                if mine is not None:
                    numbers.leave(session, mine, holder, now)
                done = _sign_in(session, holder, label, policy, now)
    if tried.problem is not None:
        raise numbers.refuse_code(tried.problem)
    return done


@failure_metrics.counted("choice")
@use_case
def choose_by_password(
    choice: Choice,
    password: str,
    *,
    label: str,
    policy: Policy,
    now: datetime,
    leaving: Actor | None = None,
) -> SignedIn:
    """Open one of the accounts of a number by its password, after the code.

    One that only claimed the number has it then. `leaving` is the unproved account the code was
    asked from. Raises WrongPassword, ChoiceOver, TooMany, MemberSuspended.
    """
    lookup = policy.vault.lookup(choice.phone)
    # Nobody else has this code: no stranger's guesses count here, and these count for nobody else.
    name = f"choose:{choice.code_id}"
    _count(name, QUARTER_S, policy.limits.sign_ins_per_15_min, now)
    known = queries.list_credentials(lookup, numbers.MOST_CLAIMS + 1)
    db.session.rollback()
    known = [one for one in known if leaving is None or one[0] != leaving.member_id]
    verify = policy.hasher.verify
    right = next(
        ((one, kept) for one, kept in known or [(0, None)] if verify(kept, password)), None
    )
    if right is None:
        raise WrongPassword
    with transaction() as session:
        numbers.open_choice(session, choice.code_id, now)
        members = numbers.lock_number(session, lookup)
        member = next((one for one in members if one.id == right[0]), None)
        if member is None or member.password_hash != right[1]:
            raise WrongPassword
        limit_steps.give_back(session, name, window_s=QUARTER_S, now=now)
        if member.phone_lookup != lookup:
            _prove_chosen(session, member, choice, members, policy=policy, now=now)
        mine = next((one for one in members if leaving and one.id == leaving.member_id), None)
        if mine is not None and mine is not member:
            numbers.leave(session, mine, member, now)
        return _sign_in(session, member, label, policy, now)


@use_case
def choose_new(choice: Choice, *, actor: Actor, policy: Policy, now: datetime) -> None:
    """Say "not me" of the account that slept: the number is this member's own, the other waits.

    Raises ChoiceOver, NotFound.
    """
    with transaction() as session:
        take_by_choice(session, actor.member_id, choice, policy=policy, now=now)


def take_by_choice(
    session: Session, member_id: int, choice: Choice, *, policy: Policy, now: datetime
) -> None:
    """Give a member the number of a right code. Raises ChoiceOver, NotFound."""
    lookup = policy.vault.lookup(choice.phone)
    numbers.open_choice(session, choice.code_id, now)
    members = numbers.lock_number(session, lookup)
    mine = next((one for one in members if one.id == member_id), None)
    if mine is None:
        raise NotFound
    if mine.phone_lookup != lookup:
        _prove_chosen(session, mine, choice, members, policy=policy, now=now)


@use_case
def find_claim(
    phone: str, known_by: str, *, actor: Actor, policy: Policy, now: datetime
) -> queries.Claim:
    """Find whose number is to be confirmed, by the digits or the name the person shows.

    Raises Forbidden, Invalid, NoSuchClaim, TooMany.
    """
    access.check(actor, NUMBER_CONFIRM)
    problems = Invalid()
    number = entries.read_phone(phone, problems)
    if not known_by.strip():
        problems.add("known_by", "known-by-missing")
    problems.raise_if_any()
    _count(f"confirm:{actor.member_id}", HOUR_S, LOOKUPS_PER_HOUR, now)
    claim = queries.find_claim(number, entries.read_known_by(known_by), policy.vault)
    db.session.rollback()
    if claim is None:
        raise NoSuchClaim
    access.check(actor, NUMBER_CONFIRM, claim)
    return claim


@use_case
def confirm_number(
    member_id: int, phone: str, *, actor: Actor, policy: Policy, now: datetime
) -> None:
    """Confirm a number with the person standing there; never one's own. A second time is harmless.

    Raises Forbidden, Invalid, NumberHeld, NotFound, NumberUnproved.
    """
    number = phones.normalise(phone)
    lookup = policy.vault.lookup(number)
    with transaction() as session:
        members = numbers.lock_number(session, lookup)
        member = next((one for one in members if one.id == member_id), None)
        if member is None:
            raise NotFound
        found = queries.Claim(member.id, member.name, phones.mask(number))
        access.check(actor, NUMBER_CONFIRM, found)
        # Who vouches for a number is somebody whose own is known.
        numbers.check_proved(session, actor.member_id)
        if member.phone_lookup == lookup:
            return
        if numbers.holder_of(members, lookup) is not None:
            raise NumberHeld
        numbers.prove(
            session, member, policy.vault.seal(number), how=ProvedHow.STAFF, among=members, now=now
        )
        steps.audit(session, actor, "number.confirm", f"member:{member_id}", now)


@use_case
def give_number(
    member_id: int, phone: str, *, take: bool, actor: Actor, policy: Policy, now: datetime
) -> None:
    """Give a member a number, or the account back to its person, who was identified.

    `take` says to take it from the rider who has it now. Raises NotFound, Forbidden, Invalid,
    NotOneself, NumberHeld.
    """
    access.check(actor, MEMBERS_MANAGE)
    if actor.member_id == member_id:
        raise NotOneself
    number = phones.normalise(phone)
    lookup = policy.vault.lookup(number)
    with transaction() as session:
        members = session.scalars(
            select(Member)
            .where(
                or_(
                    Member.phone_lookup == lookup,
                    Member.phone_claim == lookup,
                    Member.id == member_id,
                ),
                Member.standing != Standing.ERASED,
            )
            .order_by(Member.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        member = next((one for one in members if one.id == member_id), None)
        if member is None:
            raise NotFound
        holder = numbers.holder_of(members, lookup)
        if holder is member:
            return
        if holder is not None and (not take or not _is_only_a_rider(session, holder)):
            raise NumberHeld
        numbers.prove(
            session,
            member,
            policy.vault.seal(number),
            how=ProvedHow.ADMINISTRATOR,
            among=members,
            now=now,
        )
        steps.revoke_sign_ins(session, member_id, now)
        steps.audit(
            session, actor, "number.give", f"member:{member_id}", now,
            taken_from=holder.id if holder else None,
        )  # fmt: skip


def _is_only_a_rider(session: Session, member: Member) -> bool:
    return {grant.role for grant in steps.grants_of(session, member.id)} <= {Role.RIDER}


def _prove_chosen(
    session: Session,
    member: Member,
    choice: Choice,
    members: Sequence[Member],
    *,
    policy: Policy,
    now: datetime,
) -> None:
    """Give a member the number of a choice, unless its holder came back. Raises ChoiceOver."""
    holder = numbers.holder_of(members, policy.vault.lookup(choice.phone))
    days = policy.number_sleep_days
    if holder is not None and not numbers.sleeps(session, holder, days=days, now=now):
        raise ChoiceOver
    sealed = policy.vault.seal(choice.phone)
    numbers.prove(session, member, sealed, how=ProvedHow.CODE, among=members, now=now)


def _sign_in(
    session: Session, member: Member, label: str, policy: Policy, now: datetime
) -> SignedIn:
    return steps.open_sign_in(
        session,
        member,
        kind=SignInKind.BROWSER,
        label=label,
        by_code=True,
        policy=policy,
        now=now,
    )


def _asker(actor: Actor) -> str:
    return f"member:{actor.member_id}"


def _claimed(actor: Actor, policy: Policy) -> str:
    """Return the number a member claims. Raises NumberProvedBefore, NotFound."""
    row = db.session.execute(
        select(Member.phone_claim, Member.phone_sealed, Member.phone_lookup).where(
            Member.id == actor.member_id
        )
    ).one_or_none()
    db.session.rollback()
    if row is not None and row.phone_lookup is not None:
        raise NumberProvedBefore
    if row is None or row.phone_claim is None or row.phone_sealed is None:
        raise NotFound
    return policy.vault.open(row.phone_sealed, row.phone_claim)


@use_case
def _count(name: str, window_s: int, limit: int, now: datetime) -> None:
    with transaction() as session:
        limit_steps.count(session, name, window_s=window_s, limit=limit, now=now)
