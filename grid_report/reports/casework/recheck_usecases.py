"""The community asks the rider to look again, or proposes a merit: history without a move."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.accounts.steps import audit
from grid_report.db import transaction, use_case
from grid_report.errors import Conflict, Invalid
from grid_report.notify import outbox
from grid_report.places.geo.reference import Reference
from grid_report.points.errors import SentUnproved
from grid_report.points.policy import Terms
from grid_report.points.proposals import steps as proposals_steps
from grid_report.points.proposals.rules import ProposalKind, Propose
from grid_report.points.proposals.steps import Put
from grid_report.points.rewards import tariff_queries
from grid_report.reports import queries, steps
from grid_report.reports.casework import effect_steps, notification_steps
from grid_report.reports.commands import AnswerRecheck, AskRecheck, fingerprint
from grid_report.reports.consent_steps import photos_to_keep
from grid_report.reports.earnings import steps as earnings_steps
from grid_report.reports.idempotency_steps import Done, SentBefore, check_key
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import PhotoKind, Recheck, Report
from grid_report.reports.permissions import MERIT_PROPOSE, RECHECK_ANSWER, RECHECK_ASK, REPORT_READ


class RecheckOpen(Conflict):
    """The rider was asked already and has not answered yet."""

    code: ClassVar[str] = "recheck-open"


@dataclass(eq=False)
class RechecksUsedUp(Conflict):
    """The tariff thanks for so many photos of a case and no more."""

    code: ClassVar[str] = "rechecks-used-up"
    most: int


class NothingAsked(Conflict):
    """Nobody asked for another photo, or it was sent already."""

    code: ClassVar[str] = "nothing-asked"


class NotAcceptedYet(Conflict):
    """Only an accepted report can have saved a life."""

    code: ClassVar[str] = "not-accepted-yet"


@use_case
def ask_recheck(
    number: str, command: AskRecheck, *, actor: Actor, places: Reference, now: datetime
) -> Done:
    """Ask the rider for a photo of the handled case.

    Raises NotFound, Forbidden, RecheckOpen, RechecksUsedUp, KeyReused.
    """
    sent = fingerprint(command, number)
    try:
        with transaction() as session:
            report = steps.lock(session, number)
            check_key(session, command.key, sent, report, actor)
            _ask(session, report, command.words, actor=actor, places=places, now=now)
            steps.keep_key(session, command.key, sent, report, actor=actor, now=now)
    except SentBefore as before:
        return Done(before.report, replayed=True)
    return Done(report)


def _ask(
    session: Session, report: Report, words: str, *, actor: Actor, places: Reference, now: datetime
) -> None:
    access.check(actor, RECHECK_ASK, report)
    before = queries.list_rechecks(report.id)
    if before and before[-1].answered_at is None:
        raise RecheckOpen
    most = tariff_queries.at(report.created_at, session).most_rechecks
    if len(before) >= most:
        raise RechecksUsedUp(most)
    session.add(
        Recheck(
            report_id=report.id,
            nth=len(before) + 1,
            asked_by_id=actor.member_id,
            asked_at=now,
            words=words,
        )
    )
    report.version += 1
    steps.record(
        session,
        report,
        Step.NOTE,
        came_from=report.state,
        actor=actor,
        role=effect_steps.role_for(actor, report, frozenset()),
        now=now,
        words=words,
        changes={"recheck": [None, "asked"]},
    )
    outbox.put(
        session,
        "recheck_asked",
        to_member=report.reporter_id,
        about=report.number,
        facts=notification_steps.facts(report, places) | {"words": words},
        now=now,
    )


@use_case
def answer_recheck(
    number: str,
    command: AnswerRecheck,
    *,
    actor: Actor,
    places: Reference,
    terms: Terms,
    now: datetime,
) -> Done:
    """Add the rider's photo of the handled case, and thank for it (R4).

    Raises NotFound, Forbidden, NothingAsked, Invalid, KeyReused.
    """
    sent = fingerprint(command, number)
    try:
        with transaction() as session:
            report = steps.lock(session, number)
            check_key(session, command.key, sent, report, actor)
            _answer(session, report, command, actor=actor, places=places, terms=terms, now=now)
            steps.keep_key(session, command.key, sent, report, actor=actor, now=now)
    except SentBefore as before:
        return Done(before.report, replayed=True)
    return Done(report)


def _answer(
    session: Session,
    report: Report,
    command: AnswerRecheck,
    *,
    actor: Actor,
    places: Reference,
    terms: Terms,
    now: datetime,
) -> None:
    access.check(actor, RECHECK_ANSWER, report)
    asked = queries.list_rechecks(report.id)
    if not asked or asked[-1].answered_at is not None:
        raise NothingAsked
    if not command.photos:
        raise Invalid.field("photos", "after-photo-needed")
    asked[-1].answered_at = now
    report.version += 1
    entry = steps.record(
        session,
        report,
        Step.NOTE,
        came_from=report.state,
        actor=actor,
        role=Role.RIDER.value,
        now=now,
        words=command.words,
        changes={"recheck": ["asked", "sent"]},
    )
    photos = photos_to_keep(session, report, command.photos, actor)
    steps.add_photos(session, report, entry, photos, kind=PhotoKind.AFTER, actor=actor, now=now)
    earnings_steps.for_recheck(
        session,
        report,
        asked[-1].nth,
        asked_by_id=asked[-1].asked_by_id,
        terms=terms,
        now=now,
    )
    if report.community_code is not None:
        outbox.put(
            session,
            "recheck_sent",
            to_role=(Role.WORKER, report.community_code),
            about=report.number,
            facts=notification_steps.facts(report, places) | {"words": command.words},
            now=now,
        )


@use_case
def propose_merit(
    number: str, points: int | None, reason: str, *, key: str, actor: Actor, now: datetime
) -> Put:
    """Propose a merit (R10) for a report that could have saved a life; an administrator decides.

    Raises NotFound, Forbidden, NotAcceptedYet, SentUnproved, MeritProposed, Invalid,
    ProposalKeyReused.
    """
    with transaction() as session:
        report = steps.lock(session, number)
        access.check(actor, REPORT_READ, report)
        access.check(actor, MERIT_PROPOSE, report)
        if report.accepted_at is None:
            raise NotAcceptedYet
        if report.sent_unproved:
            raise SentUnproved
        least, most = tariff_queries.at(report.created_at, session).merit
        refused = Invalid()
        if points is None or not least <= points <= most:
            refused.add("points", "number-out-of-range", low=least, high=most)
        if not reason:
            refused.add("reason", "reason-missing")
        refused.raise_if_any()
        put = proposals_steps.put(
            session,
            Propose(
                kind=ProposalKind.MERIT,
                key=key,
                reason=reason,
                points=points,
                community_code=report.community_code,
                rider_id=report.reporter_id,
                report_number=report.number,
                severity=report.severity,
            ),
            actor_id=actor.member_id,
            now=now,
        )
        if not put.replayed:
            audit(session, actor, "merit-proposed", str(put.proposal_id), now, report=report.number)
        return put
