"""Thanks for learning (R8): a unit once, the quiz once an edition, and both once a person."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts import limit_steps
from grid_report.accounts.numbers import steps as numbers_steps
from grid_report.clock import day_bounds
from grid_report.db import db, transaction, use_case
from grid_report.errors import NotFound, TooMany
from grid_report.places import queries as places_queries
from grid_report.points.causes import LEARNING_QUIZ, LEARNING_UNIT, Cause
from grid_report.points.errors import QuizTriesUsed
from grid_report.points.kinds import AccountKind
from grid_report.points.learning import handbook
from grid_report.points.learning.handbook import EDITION, UNITS
from grid_report.points.ledger import accounts
from grid_report.points.ledger.models import Account
from grid_report.points.outcomes import Award
from grid_report.points.permissions import POINTS_LEARN
from grid_report.points.policy import Terms
from grid_report.points.rewards import queries as rewards_queries
from grid_report.points.rewards import steps as rewards_steps
from grid_report.points.rewards.caps import Cut, Facts
from grid_report.points.rewards.models import ClaimRow, LearningMark
from grid_report.points.rewards.steps import Occasion


@dataclass(frozen=True)
class Answered:
    """What came of answers to the quiz: the questions not answered rightly, or the thanks."""

    wrong: list[str]
    award: Award | None = None


@use_case
def award_learning(
    unit: str | None, *, actor: Actor, terms: Terms, now: datetime, edition: str = EDITION
) -> Award | None:
    """Thank a rider for a unit, or for the quiz of an edition (no unit); None when nothing is due.

    Raises Forbidden, NotFound.
    """
    access.check(actor, POINTS_LEARN)
    if unit is not None and unit not in UNITS:
        raise NotFound
    with transaction() as session:
        return _thank(session, actor.member_id, unit, edition, terms=terms, now=now)


@use_case
def answer_quiz(
    answers: Mapping[str, str],
    *,
    actor: Actor,
    terms: Terms,
    most_tries: int,
    now: datetime,
    edition: str = EDITION,
) -> Answered:
    """Look at answers to the quiz; all right are thanked for once. Until then tries are counted.

    Raises Forbidden, QuizTriesUsed.
    """
    access.check(actor, POINTS_LEARN)
    rider = actor.member_id
    wrong = handbook.wrong_answers(answers)
    with transaction() as session:
        # Whoever passed may go on practising: there is nothing to guess for any more.
        if not _is_decided(session, _cause(rider, None, edition)):
            _count_try(session, rider, most_tries, terms, now)
        if wrong:
            return Answered(wrong)
        return Answered([], _thank(session, rider, None, edition, terms=terms, now=now))


def next_try(
    rider_id: int, *, most_tries: int, terms: Terms, now: datetime, edition: str = EDITION
) -> datetime | None:
    """Return when a rider may try the quiz again; None: now."""
    session = db.session()
    start, end = day_bounds(now, terms.zone)
    if _is_decided(session, _cause(rider_id, None, edition)):
        return None
    used = limit_steps.counted_since(session, _tries_of(rider_id), start)
    return end if used >= most_tries else None


def _count_try(
    session: Session, rider_id: int, most_tries: int, terms: Terms, now: datetime
) -> None:
    start, end = day_bounds(now, terms.zone)
    try:
        limit_steps.count_between(
            session, _tries_of(rider_id), start=start, end=end, limit=most_tries, now=now
        )
    except TooMany as error:
        raise QuizTriesUsed(error.retry_after_s, most_tries, end.isoformat()) from None


def _tries_of(rider_id: int) -> str:
    return f"quiz:{rider_id}/day"


def _cause(rider_id: int, unit: str | None, edition: str) -> Cause:
    if unit is None:
        return Cause(LEARNING_QUIZ, f"{rider_id}:{edition}")
    return Cause(LEARNING_UNIT, f"{rider_id}:{unit}")


def _is_decided(session: Session, cause: Cause) -> bool:
    return bool(rewards_queries.decided(session, [cause.type], [cause.id]))


def _thank(
    session: Session, rider: int, unit: str | None, edition: str, *, terms: Terms, now: datetime
) -> Award | None:
    """Thank a person once, whichever of the person's accounts asks."""
    lookup = numbers_steps.hold_number(session, rider)
    if lookup is None:
        # Nothing is written: the same unit is thanked for once the number is proved.
        return None
    rewards_steps.lock_riders(session, [rider])
    community = _who_pays(session, rider, terms, now)
    if community is None:
        return None
    cause = _cause(rider, unit, edition)
    mark = learning_mark(lookup, cause.type, unit or edition)
    thanked_before = session.get(LearningMark, mark) is not None and not _is_decided(session, cause)
    occasion = Occasion(
        rider_id=rider,
        cause=cause,
        facts=Facts("R8", is_quiz=unit is None, cut=Cut.SAME_PERSON if thanked_before else None),
        community_code=community,
        since=now,
        actor_id=None,
    )
    thanks = rewards_steps.earn(session, [occasion], terms=terms, at=now)
    if thanks:
        session.execute(accounts.insert_once(session, LearningMark).values(mark=mark, at=now))
    return thanks[0].award if thanks else None


def learning_mark(lookup: str, cause_type: str, topic: str) -> str:
    """Return what a person is known by who was thanked for a topic: nobody reads a number off it."""
    return hashlib.sha256(f"{cause_type}:{topic}:{lookup}".encode()).hexdigest()


def _who_pays(session: Session, rider_id: int, terms: Terms, now: datetime) -> str | None:
    """Choose the community a rider helped last, else the one with most left this month."""
    last = session.scalar(
        select(ClaimRow.community_code)
        .where(ClaimRow.rider_id == rider_id)
        .order_by(ClaimRow.id.desc())
        .limit(1)
    )
    if last is not None:
        return last
    left = Account.credits - Account.debits - Account.pending_debits
    richest = session.scalar(
        select(Account.community_code)
        .where(
            Account.kind == AccountKind.BUDGET,
            Account.month == str(terms.month(now)),
            Account.community_code.is_not(None),
        )
        .order_by(left.desc(), Account.community_code)
        .limit(1)
    )
    return richest or next(iter(sorted(places_queries.reference().communities)), None)
