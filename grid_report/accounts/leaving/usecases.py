"""Asking to leave, calling it back, and the erasure itself: killed anywhere, it goes on.

The member becomes a shell first, in one transaction, so that nothing new comes meanwhile. Then
every room ends what is open and sees to its own tables, a transaction each; last it is done.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from grid_report.access import Actor
from grid_report.accounts import entries, limit_steps, queries, steps
from grid_report.accounts.leaving import erasure, erasure_steps
from grid_report.accounts.leaving.erasing import Leaver, Room
from grid_report.accounts.leaving.errors import RolesHeld
from grid_report.accounts.leaving.models import Departure
from grid_report.accounts.numbers.messenger import CodeMessage
from grid_report.accounts.policy import Policy
from grid_report.db import db, lock_one, transaction, use_case
from grid_report.errors import Conflict, Invalid, NotFound

logger = logging.getLogger(__name__)

QUARTER_S: Final = 15 * 60
HOUR_S: Final = 3600
# Longer than any request takes that began before its member was gone.
LAST_REQUESTS: Final = timedelta(hours=1)


@use_case
def _count_try(member_id: int, policy: Policy, now: datetime) -> None:
    with transaction() as session:
        limit_steps.count(
            session,
            f"leave:{member_id}",
            window_s=QUARTER_S,
            limit=policy.limits.sign_ins_per_15_min,
            now=now,
        )


def _asker(member_id: int) -> str:
    return f"leave:{member_id}"


@use_case
def request_code(*, actor: Actor, policy: Policy, now: datetime) -> CodeMessage:
    """Make a code for the member's own number; the caller sends it after the commit.

    Raises NotFound, TooMany, CodesUsedUp.
    """
    number = queries.phone_of(actor.member_id, policy.vault)
    db.session.rollback()
    if number is None:
        raise NotFound
    lookup = policy.vault.lookup(number)
    with transaction() as session:
        most = policy.limits.sms_codes_per_hour
        by = f"code:by:{actor.member_id}"
        limit_steps.count(session, by, window_s=HOUR_S, limit=most, now=now)
        steps.count_code_of_number(session, lookup, policy, now, own=False)
        steps.count_code(session, policy, now, is_sent=True)
        row_id, code = steps.new_code(session, lookup, policy, now, asker=_asker(actor.member_id))
    return CodeMessage(row_id, now, number, code)


@use_case
def ask(
    *, password: str, code: str, days: int, actor: Actor, policy: Policy, now: datetime
) -> datetime:
    """Ask to be erased after some days; return when. Asked again, the first day counts.

    Raises RolesHeld, Invalid, TooMany.
    """
    _count_try(actor.member_id, policy, now)
    _prove(password=password, code=code, actor=actor, policy=policy, now=now)
    with transaction() as session:
        steps.lock_member(session, actor.member_id)
        erasure_steps.refuse_staff(session, actor.member_id)
        waiting = session.get(Departure, actor.member_id)
        if waiting is not None:
            return waiting.due_at
        due = now + timedelta(days=days)
        session.add(Departure(member_id=actor.member_id, asked_at=now, due_at=due))
        steps.audit(session, actor, "member-leaves", f"member:{actor.member_id}", now)
        return due


def _prove(*, password: str, code: str, actor: Actor, policy: Policy, now: datetime) -> None:
    """Make sure that it is the member: by the password, or by a code to the phone."""
    if code:
        phone = queries.phone_of(actor.member_id, policy.vault)
        db.session.rollback()
        if phone is None:
            raise Invalid.field("code", "sms-code-wrong")
        _use_code(
            policy.vault.lookup(phone), entries.read_code(code), actor=actor, policy=policy, now=now
        )
        return
    seen = queries.find_password_hash(actor.member_id)
    db.session.rollback()
    if not policy.hasher.verify(seen, password):
        raise Invalid.field("password", "password-wrong" if seen else "password-needs-code")


@use_case
def _use_code(lookup: str, code: str, *, actor: Actor, policy: Policy, now: datetime) -> None:
    with transaction() as session:
        # Committed in both cases: a wrong try stays counted.
        tried = steps.use_code(session, lookup, code, policy, now, asker=_asker(actor.member_id))
    if tried.problem:
        raise Invalid.field("code", tried.problem)


@use_case
def call_back(*, actor: Actor, now: datetime) -> bool:
    """Stay after all; say whether that changed anything."""
    with transaction() as session:
        steps.lock_member(session, actor.member_id)
        waiting = session.get(Departure, actor.member_id)
        if waiting is None:
            return False
        session.delete(waiting)
        steps.audit(session, actor, "member-stays", f"member:{actor.member_id}", now)
        return True


def erase_due(
    rooms: Sequence[Room], *, now: datetime, should_continue: Callable[[], bool] = lambda: True
) -> int:
    """Erase whoever asked for it long enough ago; return how many were seen to.

    Each is seen to twice, an hour apart: a request that had begun before may have come in between.
    One that fails keeps nobody else waiting; the failure is raised when all others are done.
    """
    done = 0
    failure: Exception | None = None
    for member_id in _list_due(now):
        if not should_continue():
            break
        try:
            done += _erase(member_id, rooms, now=now)
        except RolesHeld:
            logger.info("erasure waits for a role", extra={"member_id": member_id})
        except Conflict as conflict:
            # The ledger is frozen, or somebody was faster: it goes on next time.
            logger.warning(
                "erasure goes on later", extra={"member_id": member_id, "why": conflict.code}
            )
        except Exception as error:
            logger.exception("erasure failed", extra={"member_id": member_id})
            failure = failure or error
    if failure is not None:
        raise failure
    return done


def _list_due(now: datetime) -> list[int]:
    found = db.session.scalars(
        select(Departure.member_id)
        .where(Departure.done_at.is_(None), Departure.due_at <= now)
        .order_by(Departure.due_at)
    ).all()
    db.session.rollback()
    return list(found)


def _erase(member_id: int, rooms: Sequence[Room], *, now: datetime) -> bool:
    try:
        begun_at = _begin(member_id, now=now)
    except NotFound:
        logger.info("erasure called back", extra={"member_id": member_id})
        return False
    it = Leaver(member_id, now)
    failure: Exception | None = None
    ended: list[Room] = []
    for room in rooms:
        try:
            for end in room.ends:
                end(it)
            ended.append(room)
        except Exception as error:
            # What the others keep of the person goes all the same, however long this one waits.
            db.session.rollback()
            failure = failure or error
    for room in ended:
        _see_to(room, it)
    if failure is not None:
        raise failure
    if now >= begun_at + LAST_REQUESTS:
        _note_done(member_id, now=now)
    return True


@use_case
def _begin(member_id: int, *, now: datetime) -> datetime:
    with transaction() as session:
        # Called back at this very moment, it is over.
        waiting = lock_one(session, Departure, Departure.member_id == member_id)
        erasure_steps.make_shell(session, member_id, erasure.TABLES, now)
        waiting.begun_at = waiting.begun_at or now
        return waiting.begun_at


@use_case
def _see_to(room: Room, it: Leaver) -> None:
    # Tables that have no index by member are looked through first: nobody's writing waits for that.
    # Rows first: no words are emptied here whose quotes are not looked for after that.
    rows = erasure_steps.find(db.session, room.tables, it.member_id)
    works = [write(it) for write in room.writes]
    db.session.rollback()
    with transaction() as session:
        for work in works:
            work(session)
        erasure_steps.see_to(session, rows)


@use_case
def _note_done(member_id: int, *, now: datetime) -> None:
    with transaction() as session:
        waiting = lock_one(session, Departure, Departure.member_id == member_id)
        waiting.done_at = waiting.done_at or now
    logger.info("member erased", extra={"member_id": member_id})
