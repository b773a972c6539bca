"""Saved questions: each under a link that shows it within its reader's own permissions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import delete, func, select

from grid_report import access
from grid_report.access import Actor
from grid_report.db import db, insert_of, table_of, transaction, use_case
from grid_report.errors import Conflict, Forbidden
from grid_report.statistics.explorer.rules import MOST_OWN, code_of
from grid_report.statistics.models import StatisticsQuestion
from grid_report.statistics.permissions import STATISTICS_OPEN

_QUESTIONS: Final = table_of(StatisticsQuestion)


@dataclass(eq=False)
class TooManyQuestions(Conflict):
    """Nobody needs more saved questions than can be read."""

    code: ClassVar[str] = "too-many-questions"
    most: int


@use_case
def save_question(title: str, document: Mapping[str, Any], *, actor: Actor, now: datetime) -> str:
    """Save a question under its link; the same one twice is one. Raises TooManyQuestions."""
    access.check(actor, STATISTICS_OPEN)
    code = code_of(actor.member_id, title, document)
    with transaction() as session:
        known = session.scalar(select(_QUESTIONS.c.id).where(_QUESTIONS.c.code == code))
        if known is not None:
            return code
        own = session.scalar(select(func.count()).where(_QUESTIONS.c.owner_id == actor.member_id))
        if (own or 0) >= MOST_OWN:
            raise TooManyQuestions(MOST_OWN)
        session.execute(
            insert_of(session, _QUESTIONS)
            .values(
                code=code,
                owner_id=actor.member_id,
                title=title,
                asked=dict(document),
                created_at=now,
            )
            .on_conflict_do_nothing(index_elements=[_QUESTIONS.c.code])
        )
    return code


@use_case
def delete_question(code: str, *, actor: Actor) -> bool:
    """Delete a question of one's own; tell whether it was there. Raises Forbidden for another's."""
    access.check(actor, STATISTICS_OPEN)
    with transaction() as session:
        owner = session.scalar(select(_QUESTIONS.c.owner_id).where(_QUESTIONS.c.code == code))
        if owner is None:
            return False
        if owner != actor.member_id:
            raise Forbidden
        session.execute(delete(_QUESTIONS).where(_QUESTIONS.c.code == code))
    return True


def find_question(code: str) -> StatisticsQuestion | None:
    """Return the question of a link; None when there is none."""
    return db.session.scalars(
        select(StatisticsQuestion).where(StatisticsQuestion.code == code)
    ).first()


def own_questions(actor: Actor) -> Sequence[StatisticsQuestion]:
    """List somebody's own questions, the newest first."""
    return db.session.scalars(
        select(StatisticsQuestion)
        .where(StatisticsQuestion.owner_id == actor.member_id)
        .order_by(StatisticsQuestion.id.desc())
        .limit(MOST_OWN)
    ).all()
