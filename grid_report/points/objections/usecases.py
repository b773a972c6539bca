"""Objecting to a points decision, answering, and taking it back: one transaction each."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.leaving.erasing import Leaver
from grid_report.accounts.steps import audit
from grid_report.db import db, lock_one, transaction, use_case
from grid_report.errors import Invalid, NotFound
from grid_report.places.geo.reference import Reference
from grid_report.points import signals
from grid_report.points.kinds import OWED
from grid_report.points.ledger.accounts import insert_once
from grid_report.points.ledger.models import Journal
from grid_report.points.ledger.pending_models import PendingAward
from grid_report.points.objections.models import Objection
from grid_report.points.objections.rules import (
    ANSWERS,
    DECIDED,
    LONGEST_WORDS,
    AlreadyObjected,
    Decision,
    NothingToObject,
    ObjectionClosed,
    ObjectionState,
    ObjectionStep,
    Subject,
    after,
    due,
)
from grid_report.points.permissions import OBJECTION_ANSWER, POINTS_READ_OWN


@dataclass(frozen=True)
class _Facts:
    """The decision as it stands, as columns of the objection."""

    column: str
    value: int | str
    community_code: str | None
    report_number: str | None
    decided_by_id: int | None
    approved_by_id: int | None


@use_case
def raise_objection(
    decision: Decision, *, words: str, days: int, actor: Actor, places: Reference, now: datetime
) -> int:
    """Object to a decision, once; the same words again find the same objection.

    Returns its id. Raises NotFound, Forbidden, Invalid, AlreadyObjected, NothingToObject.
    """
    access.check(actor, POINTS_READ_OWN)
    words = _read(words)
    with transaction() as session:
        facts = _facts(session, decision, actor.member_id)
        known = {facts.column: facts.value}
        community = places.community(facts.community_code)
        if community is None:  # nobody would have to answer
            raise NothingToObject
        new_id = session.execute(
            insert_once(session, Objection)
            .values(
                **known,
                rider_id=actor.member_id,
                community_code=community.code,
                street_code=community.street_code,
                report_number=facts.report_number,
                decided_by_id=facts.decided_by_id,
                approved_by_id=facts.approved_by_id,
                words=words,
                raised_at=now,
                due_at=due(now, days),
                state=ObjectionState.OPEN,
                answer="",
            )
            .returning(Objection.id)
        ).scalar_one_or_none()
        if new_id is None:
            before = session.execute(select(Objection).filter_by(**known)).scalar_one()
            if before.words != words:
                raise AlreadyObjected
            return before.id
        objection = session.get_one(Objection, new_id)
        audit(session, actor, "objection-raised", str(new_id), now, decision=str(facts.value))
        signals.objection_raised.send(session, session=session, objection=objection, now=now)
        return new_id


@use_case
def answer_objection(
    objection_id: int, step: ObjectionStep, *, words: str, actor: Actor, now: datetime
) -> None:
    """Uphold or reject an objection, in words; sent twice by the same person it is one answer.

    What an upheld one changes is proposed and approved by people afterwards.
    Raises NotFound, Forbidden, Invalid, ObjectionClosed.
    """
    if step not in ANSWERS:
        raise Invalid.field("step", "value-unknown")
    words = _read(words)
    with transaction() as session:
        objection = lock_one(session, Objection, Objection.id == objection_id)
        access.check(actor, OBJECTION_ANSWER, objection)
        same = (objection.answered_by_id, objection.answer) == (actor.member_id, words)
        if same and objection.state is after(ObjectionState.OPEN, step):
            return
        objection.state = after(objection.state, step)
        objection.answered_at, objection.answered_by_id, objection.answer = (
            now,
            actor.member_id,
            words,
        )
        audit(session, actor, "objection-answered", str(objection.id), now, state=objection.state)
        signals.objection_answered.send(session, session=session, objection=objection, now=now)


@use_case
def withdraw_objection(objection_id: int, *, actor: Actor, now: datetime) -> None:
    """Take an own objection back; twice is once. Raises NotFound, ObjectionClosed."""
    with transaction() as session:
        objection = lock_one(session, Objection, Objection.id == objection_id)
        if objection.rider_id != actor.member_id:
            raise NotFound
        if objection.state is ObjectionState.WITHDRAWN:
            return
        objection.state = after(objection.state, ObjectionStep.WITHDRAW)
        objection.withdrawn_at = now
        audit(session, actor, "objection-withdrawn", str(objection.id), now)


def withdraw_all(it: Leaver) -> None:
    """Take back what a member who leaves still objects to, one by one."""
    found = db.session.scalars(
        select(Objection.id)
        .where(Objection.rider_id == it.member_id, Objection.state == ObjectionState.OPEN)
        .order_by(Objection.id)
    ).all()
    db.session.rollback()
    for objection_id in found:
        # Answered at this very moment, there is nothing to take back.
        with suppress(ObjectionClosed):
            withdraw_objection(objection_id, actor=Actor(it.member_id, ""), now=it.now)


def _read(words: str) -> str:
    words = words.replace("\x00", "").strip()
    if not words:
        raise Invalid.field("words", "objection-words-missing")
    if len(words) > LONGEST_WORDS:
        raise Invalid.field("words", "text-too-long", most=LONGEST_WORDS)
    return words


def _facts(session: Session, decision: Decision, rider_id: int) -> _Facts:
    """Find the decision, if it is this rider's and one to object to."""
    if decision.subject is Subject.REPORT:
        refused = signals.decision_about(session, decision.key)
        if refused is None or refused.rider_id != rider_id:
            raise NotFound
        return _Facts(
            "refused_report",
            refused.number,
            refused.community_code,
            refused.number,
            refused.decided_by_id,
            None,
        )
    row: Any
    if decision.subject is Subject.ENTRY:
        row = _own(session, Journal, int(decision.key), rider_id)
        if row.kind not in DECIDED:
            raise NothingToObject
        column = "journal_id"
    else:
        row = _own(session, PendingAward, int(decision.key), rider_id)
        # What is only late is not refused, and what was paid has an entry to object to.
        if row.journal_id is not None or (row.reason in OWED and row.cancelled_at is None):
            raise NothingToObject
        column = "unpaid_id"
    decided_by = getattr(row, "cancelled_by_id", None) or row.actor_id
    return _Facts(
        column, row.id, row.community_code, row.report_number, decided_by, row.approved_by_id
    )


def _own(session: Session, model: type[Any], row_id: int, rider_id: int) -> Any:
    found = session.execute(
        select(model).where(model.id == row_id, model.rider_id == rider_id)
    ).scalar_one_or_none()
    if found is None:
        raise NotFound
    return found
