"""Thanks for learning (R8): a unit once, the quiz once an edition."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Action, Actor
from grid_report.accounts.number_queries import is_proved
from grid_report.db import transaction, use_case
from grid_report.errors import NotFound
from grid_report.places import queries as places_queries
from grid_report.points import earning
from grid_report.points.caps import Facts
from grid_report.points.causes import LEARNING_QUIZ, LEARNING_UNIT, Cause
from grid_report.points.earning import Occasion
from grid_report.points.earning_models import ClaimRow
from grid_report.points.handbook import EDITION, UNITS
from grid_report.points.kinds import AccountKind
from grid_report.points.models import Account
from grid_report.points.outcomes import Award
from grid_report.points.terms import Terms


@use_case
def award_learning(
    unit: str | None, *, actor: Actor, terms: Terms, now: datetime, edition: str = EDITION
) -> Award | None:
    """Thank a rider for a unit, or for the quiz of an edition (no unit); None when nothing is due.

    Raises Forbidden, NotFound.
    """
    access.check(actor, Action.POINTS_LEARN)
    if unit is not None and unit not in UNITS:
        raise NotFound
    rider = actor.member_id
    cause = (
        Cause(LEARNING_QUIZ, f"{rider}:{edition}")
        if unit is None
        else Cause(LEARNING_UNIT, f"{rider}:{unit}")
    )
    with transaction() as session:
        if not is_proved(rider):
            # Nothing is written: the same unit is thanked for once the number is proved.
            return None
        earning.lock_riders(session, [rider])
        community = _who_pays(session, rider, terms, now)
        if community is None:
            return None
        occasion = Occasion(
            rider_id=rider,
            cause=cause,
            facts=Facts("R8", is_quiz=unit is None),
            community_code=community,
            since=now,
            actor_id=None,
        )
        thanks = earning.earn(session, [occasion], terms=terms, at=now)
        return thanks[0].award if thanks else None


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
