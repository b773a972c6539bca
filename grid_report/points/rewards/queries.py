"""Reads of what was decided about points: by cause, and the lines that say why there was nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from grid_report.db import db
from grid_report.points.causes import (
    AWARD_REVERSED,
    LEARNING_QUIZ,
    LEARNING_UNIT,
    REPORT_ACCEPTED,
    REPORT_JOINED,
    Cause,
)
from grid_report.points.kinds import EventKind, Verdict
from grid_report.points.ledger.models import Journal
from grid_report.points.rewards.caps import NEVER_PAID, Cut
from grid_report.points.rewards.models import ClaimRow


@dataclass(frozen=True)
class Decided:
    """One decision, as it was written down."""

    cause_type: str
    cause_id: str
    at: datetime
    rule: str
    severity: int | None
    report_number: str | None
    nth: int
    after_closing_s: int | None
    rate: int
    halved: bool
    points: int
    cut: Cut | None


_COLUMNS: Final[tuple[Any, ...]] = (
    ClaimRow.cause_type,
    ClaimRow.cause_id,
    ClaimRow.at,
    ClaimRow.rule,
    ClaimRow.severity,
    ClaimRow.report_number,
    ClaimRow.nth,
    ClaimRow.after_closing_s,
    ClaimRow.rate,
    ClaimRow.halved,
    ClaimRow.points,
    ClaimRow.cut,
)


def decided(
    session: Session, cause_types: Iterable[str], cause_ids: Iterable[str]
) -> dict[Cause, Decided]:
    """Return what was decided about causes of some types with some ids."""
    rows = session.execute(
        select(*_COLUMNS).where(
            ClaimRow.cause_type.in_(list(cause_types)), ClaimRow.cause_id.in_(list(cause_ids))
        )
    )
    return {Cause(row.cause_type, row.cause_id): Decided(*row) for row in rows}


def behind_entry(cause_type: str, cause_id: str) -> Decided | None:
    """Return the decision an entry was paid by; None for older and other entries."""
    return decided(db.session(), [cause_type], [cause_id]).get(Cause(cause_type, cause_id))


def was_sent_unproved(session: Session, number: str) -> bool:
    """Tell whether a report was decided on as one sent before the number was proved."""
    found = decided(session, [REPORT_ACCEPTED, REPORT_JOINED], [number]).values()
    return any(one.cut is Cut.UNPROVED for one in found)


def has_accepted_report(session: Session, rider_id: int) -> bool:
    """Tell whether a report of a rider was ever accepted, or joined one before it was accepted.

    What a verdict of fraud took back is none. Awards of before decisions were kept count as well.
    """
    fraud, of = aliased(Journal), aliased(Journal)
    untrue = (
        select(of.report_number)
        .join(fraud, fraud.reverses_id == of.id)
        .where(
            of.rider_id == rider_id,
            of.report_number.is_not(None),
            fraud.cause_type == f"{AWARD_REVERSED}-{Verdict.FRAUD}",
        )
    )
    claimed = exists().where(
        ClaimRow.rider_id == rider_id,
        or_(
            ClaimRow.cause_type == REPORT_ACCEPTED,
            and_(
                ClaimRow.cause_type == REPORT_JOINED,
                ClaimRow.rule == "R5",
                or_(ClaimRow.cut.is_(None), ClaimRow.cut.not_in(sorted(NEVER_PAID))),
            ),
        ),
        ClaimRow.report_number.not_in(untrue),
    )
    paid = exists().where(
        Journal.rider_id == rider_id,
        Journal.kind == EventKind.AWARD,
        Journal.cause_type.in_([REPORT_ACCEPTED, REPORT_JOINED]),
        Journal.report_number.not_in(untrue),
    )
    return bool(session.scalar(select(or_(claimed, paid))))


def list_nothing(rider_id: int, limit: int = 20) -> Sequence[Decided]:
    """List, newest first, what a rule alone said no to; caps and accounts are in `list_waiting`."""
    rows = db.session.execute(
        select(*_COLUMNS)
        .where(
            ClaimRow.rider_id == rider_id,
            ClaimRow.points == 0,
            ClaimRow.cut.in_(sorted(NEVER_PAID - {Cut.STAFF})),
        )
        .order_by(ClaimRow.id.desc())
        .limit(limit)
    )
    return [Decided(*row) for row in rows]


def learned(rider_id: int, edition: str) -> tuple[frozenset[str], bool]:
    """Return the units a rider has finished, and whether the quiz of an edition is passed."""
    rows = db.session.execute(
        select(ClaimRow.cause_type, ClaimRow.cause_id).where(
            ClaimRow.rider_id == rider_id,
            ClaimRow.cause_type.in_([LEARNING_UNIT, LEARNING_QUIZ]),
        )
    ).all()
    units = {row.cause_id.partition(":")[2] for row in rows if row.cause_type == LEARNING_UNIT}
    quizzes = {row.cause_id for row in rows if row.cause_type == LEARNING_QUIZ}
    return frozenset(units), f"{rider_id}:{edition}" in quizzes
