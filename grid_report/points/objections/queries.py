"""Reads of objections: a rider's own, and those a street or the county has to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, false, select, true

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.points.kinds import EventKind, UnpaidReason
from grid_report.points.ledger.models import Journal
from grid_report.points.ledger.pending_models import PendingAward
from grid_report.points.objections.models import Objection
from grid_report.points.objections.rules import (
    Decision,
    ObjectionState,
    Subject,
    is_overdue,
)
from grid_report.points.permissions import OBJECTIONS_READ


@dataclass(frozen=True)
class ObjectionView:
    """An objection with what it is about; kind, rule and reason are the decision's."""

    id: int
    subject: Subject
    key: str
    rider_id: int
    community_code: str
    street_code: str
    report_number: str | None
    decided_by_id: int | None
    approved_by_id: int | None
    words: str
    raised_at: datetime
    due_at: datetime
    state: ObjectionState
    answered_at: datetime | None
    answered_by_id: int | None
    answer: str
    withdrawn_at: datetime | None
    kind: EventKind | None
    rule: str | None
    points: int | None
    reason: UnpaidReason | None
    tariff_version: str | None
    overdue: bool


_ABOUT: Final[tuple[Any, ...]] = (
    Objection,
    Journal.kind,
    Journal.points.label("moved"),
    Journal.rule.label("journal_rule"),
    Journal.tariff_version.label("journal_tariff"),
    PendingAward.reason,
    PendingAward.points.label("withheld"),
    PendingAward.rule.label("unpaid_rule"),
    PendingAward.tariff_version.label("unpaid_tariff"),
)


def _query() -> Select[Any]:
    return (
        select(*_ABOUT)
        .outerjoin(Journal, Journal.id == Objection.journal_id)
        .outerjoin(PendingAward, PendingAward.id == Objection.unpaid_id)
    )


def _views(query: Select[Any], now: datetime) -> list[ObjectionView]:
    found = []
    for row in db.session.execute(query):
        it = row[0]
        subject, key = (
            (Subject.ENTRY, str(it.journal_id))
            if it.journal_id is not None
            else (Subject.UNPAID, str(it.unpaid_id))
            if it.unpaid_id is not None
            else (Subject.REPORT, str(it.refused_report))
        )
        found.append(
            ObjectionView(
                id=it.id,
                subject=subject,
                key=key,
                rider_id=it.rider_id,
                community_code=it.community_code,
                street_code=it.street_code,
                report_number=it.report_number,
                decided_by_id=it.decided_by_id,
                approved_by_id=it.approved_by_id,
                words=it.words,
                raised_at=it.raised_at,
                due_at=it.due_at,
                state=it.state,
                answered_at=it.answered_at,
                answered_by_id=it.answered_by_id,
                answer=it.answer,
                withdrawn_at=it.withdrawn_at,
                kind=row.kind,
                rule=row.journal_rule or row.unpaid_rule,
                points=row.moved if row.moved is not None else row.withheld,
                reason=row.reason,
                tariff_version=row.journal_tariff or row.unpaid_tariff,
                overdue=is_overdue(it.state, it.due_at, now),
            )
        )
    return found


def find_about(decision: Decision, rider_id: int, now: datetime) -> ObjectionView | None:
    """Return a rider's objection to a decision."""
    column: ColumnElement[bool] = {
        Subject.ENTRY: lambda: Objection.journal_id == int(decision.key),
        Subject.UNPAID: lambda: Objection.unpaid_id == int(decision.key),
        Subject.REPORT: lambda: Objection.refused_report == decision.key,
    }[decision.subject]()
    found = _views(_query().where(column, Objection.rider_id == rider_id), now)
    return found[0] if found else None


def list_own(
    rider_id: int, now: datetime, limit: int = 5, before: int | None = None
) -> Sequence[ObjectionView]:
    """List a rider's newest objections, or those before one."""
    query = _query().where(Objection.rider_id == rider_id)
    if before is not None:
        query = query.where(Objection.id < before)
    return _views(query.order_by(Objection.id.desc()).limit(limit), now)


def own(objection_id: int, rider_id: int, now: datetime) -> ObjectionView:
    """Return one of a rider's objections. Raises NotFound."""
    found = _views(
        _query().where(Objection.id == objection_id, Objection.rider_id == rider_id), now
    )
    if not found:
        raise NotFound
    return found[0]


def _scope(actor: Actor) -> ColumnElement[bool]:
    if actor.holds_any(Role.ADMINISTRATOR, Role.AUDITOR):
        return true()
    streets = actor.places(Role.SUPERVISOR)
    return Objection.street_code.in_(sorted(streets)) if streets else false()


def list_waiting(actor: Actor, now: datetime, limit: int = 200) -> Sequence[ObjectionView]:
    """List what waits for an answer in an actor's streets, the most urgent first."""
    return _views(
        _query()
        .where(Objection.state == ObjectionState.OPEN, _scope(actor))
        .order_by(Objection.due_at, Objection.id)
        .limit(limit),
        now,
    )


def list_ended(
    actor: Actor, now: datetime, before: int | None = None, limit: int = 30
) -> tuple[Sequence[ObjectionView], int | None]:
    """List what was answered or withdrawn, newest first, and where the next page starts."""
    query = (
        _query()
        .where(Objection.state != ObjectionState.OPEN, _scope(actor))
        .order_by(Objection.id.desc())
        .limit(limit + 1)
    )
    if before is not None:
        query = query.where(Objection.id < before)
    found = _views(query, now)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def page_of(
    actor: Actor, now: datetime, *, state: ObjectionState | None, before: int | None, limit: int
) -> tuple[Sequence[ObjectionView], int | None]:
    """List an actor's objections of a state or of all, newest first, and where the next starts."""
    query = _query().where(_scope(actor)).order_by(Objection.id.desc()).limit(limit + 1)
    if state is not None:
        query = query.where(Objection.state == state)
    if before is not None:
        query = query.where(Objection.id < before)
    found = _views(query, now)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def one(objection_id: int, actor: Actor, now: datetime) -> ObjectionView:
    """Return an objection to whoever may read it. Raises NotFound, Forbidden."""
    access.check(actor, OBJECTIONS_READ)
    found = _views(_query().where(Objection.id == objection_id, _scope(actor)), now)
    if not found:
        raise NotFound
    return found[0]
