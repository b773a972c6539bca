"""Whose a number is: claimed, proved, taken over, given up. Writes inside an open transaction.

A number is locked by locking everybody who holds or claims it, in the order of their ids; what two
proofs at once leave to decide, the unique `phone_lookup` decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from grid_report.accounts import signals, steps
from grid_report.accounts.errors import ChoiceOver, NumberUnproved, WrongCode
from grid_report.accounts.models import Member, ProvedHow, SignIn, SmsCode, Standing
from grid_report.accounts.numbers import queries
from grid_report.accounts.phones import SealedPhone

# Whoever proves a number is asked about so many of those who claimed it, the newest first.
MOST_CLAIMS: Final = 5
# How long after a right code the account may still be chosen.
CHOICE: Final = timedelta(minutes=15)


def lock_number(session: Session, lookup: str) -> Sequence[Member]:
    """Load everybody who holds or claims a number; none of them changes until the commit."""
    return session.scalars(
        select(Member)
        .where(
            or_(Member.phone_lookup == lookup, Member.phone_claim == lookup),
            Member.standing != Standing.ERASED,
        )
        .order_by(Member.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def holder_of(members: Sequence[Member], lookup: str) -> Member | None:
    """Return who has proved the number."""
    return next((member for member in members if member.phone_lookup == lookup), None)


def sleeps(session: Session, member: Member, *, days: int, now: datetime) -> bool:
    """Tell whether a member was not here for so long that the number may be somebody else's."""
    last = session.scalar(
        select(func.max(SignIn.created_at)).where(
            SignIn.member_id == member.id, SignIn.created_at <= now
        )
    )
    seen = [one for one in (member.created_at, member.phone_proved_at, last) if one is not None]
    return max(seen) < now - timedelta(days=days)


def prove(
    session: Session,
    member: Member,
    phone: SealedPhone,
    *,
    how: ProvedHow,
    among: Sequence[Member],
    now: datetime,
) -> None:
    """Make a number a member's own. Everybody `among` who has or claims it is without one then."""
    for other in among:
        if other.id != member.id:
            part(session, other, now)
    # Theirs first: the number is only once in the column.
    session.flush()
    member.phone_lookup, member.phone_claim = phone.lookup, None
    member.phone_sealed, member.phone_tail = phone.sealed, phone.tail
    member.phone_proved_at, member.phone_proved_how = now, how.value
    member.phone_parted_at = None
    session.flush()
    signals.person_proved.send(
        session, session=session, member_id=member.id, was_id=member.id, now=now
    )


def part(session: Session, member: Member, now: datetime) -> None:
    """Take the number from a member, who stays one: reports and points are kept, sign-ins end."""
    kept = "proved" if member.phone_lookup else "claimed"
    member.phone_lookup = member.phone_claim = None
    member.phone_sealed = None
    member.phone_parted_at = now
    ended = steps.revoke_sign_ins(session, member.id, now)
    steps.audit(session, None, "number.part", f"member:{member.id}", now, number=kept, ended=ended)
    signals.number_taken.send(session, session=session, member_id=member.id, now=now)


def leave(session: Session, member: Member, holder: Member, now: datetime) -> None:
    """Take the number from an account whose person has proved it under another one, and goes there.

    What waited for the proof goes to that one: it is the same person's.
    """
    if member.phone_lookup or member.phone_claim:
        part(session, member, now)
    signals.person_proved.send(
        session, session=session, member_id=holder.id, was_id=member.id, now=now
    )


def waits_for_proof(session: Session, member_id: int) -> bool:
    """Tell whether a member's number was never proved; it stays so until the commit.

    Raises NotFound.
    """
    steps.lock_member_weakly(session, member_id)
    return not queries.is_proved(member_id, session)


def check_proved(session: Session, member_id: int) -> None:
    """Refuse what needs a proved number. Raises NumberUnproved."""
    if not queries.is_proved(member_id, session):
        raise NumberUnproved


def hold_number(session: Session, member_id: int) -> str | None:
    """Return the keyed hash of a member's proved number, which stays the member's until the commit.

    Who the number is, is the person: one, under whichever account. Raises NotFound.
    """
    steps.lock_member_weakly(session, member_id)
    return queries.proved_lookup(member_id, session)


def open_choice(session: Session, code_id: int, now: datetime) -> None:
    """Use up the right to choose an account that a right code gave, once. Raises ChoiceOver."""
    row = session.get(SmsCode, code_id, with_for_update=True, populate_existing=True)
    if row is None or row.used_at is None or row.opened_at or row.used_at < now - CHOICE:
        raise ChoiceOver
    row.opened_at = now


def refuse_code(problem: str) -> WrongCode:
    """Return the refusal of a code, with its reason beside the field."""
    refusal = WrongCode()
    refusal.problems["code"][0] = type(refusal.problems["code"][0])(problem)
    return refusal
