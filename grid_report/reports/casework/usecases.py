"""Every public write on reports: one function, one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts import steps as accounts
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.clock import local_day
from grid_report.db import transaction, use_case
from grid_report.errors import Invalid
from grid_report.media.resumable.steps import claim
from grid_report.notify import outbox
from grid_report.places.geo.reference import Reference
from grid_report.places.geo.routing import MatchedBy
from grid_report.points.policy import terms_of
from grid_report.reports import clocks, steps
from grid_report.reports.casework import effect_steps, lead_steps, notification_steps
from grid_report.reports.casework.assign_steps import assign
from grid_report.reports.casework.lead_steps import is_folded_away
from grid_report.reports.casework.merged import Followed
from grid_report.reports.commands import RateReport, TakeStep, fingerprint
from grid_report.reports.consent_steps import photos_to_keep
from grid_report.reports.earnings import steps as earnings_steps
from grid_report.reports.errors import AlreadyRated, AlreadyRouted
from grid_report.reports.idempotency_steps import Done, SentBefore, check_key
from grid_report.reports.lifecycle import BY_ANY_RIDER, State, Step, is_open, move_for
from grid_report.reports.models import PhotoKind, Report
from grid_report.reports.permissions import (
    REPORT_ASSIGN,
    REPORT_NOTE,
    REPORT_RATE,
    REPORT_URGE,
    check_step,
)
from grid_report.settings import Settings

__all__ = [
    "Done",
    "agree",
    "mark_lights",
    "rate_report",
    "take_step",
    "tell_of_reviews",
]


@use_case
def take_step(
    number: str,
    command: TakeStep,
    *,
    actor: Actor,
    places: Reference,
    settings: Settings,
    now: datetime,
) -> Done:
    """Take one step of the lifecycle, or write a note, an urge or an assignment.

    Raises NotFound, Forbidden, IllegalStep, Stale, Invalid, KeyReused.
    """
    sent = fingerprint(command, number)
    try:
        with transaction() as session, session.no_autoflush:
            report, other = _lock(session, number, command)
            check_key(session, command.key, sent, report, actor)
            steps.check_version(report, command.version)
            it = effect_steps.Deciding(session, report, command, actor, now, places, settings)
            if command.step is Step.MERGE:
                it = replace(it, target=other)
            elif command.step is Step.WITHDRAW:
                it = replace(it, heir=other)
            elif other is not None and report.reporter_id == actor.member_id:
                it = replace(it, report=other, own=report)
            if command.step in WITHOUT_MOVE:
                WITHOUT_MOVE[command.step](it)
            else:
                _move(it)
                if command.step is Step.ACCEPT and command.then_dispatch:
                    _move(_then_dispatch(it))
            claim(session, command.uploads, member_id=actor.member_id, key=command.key, now=now)
            steps.keep_key(session, command.key, sent, report, actor=actor, now=now)
    except SentBefore as before:
        return Done(before.report, replayed=True)
    return Done(report)


def _lock(session: Session, number: str, command: TakeStep) -> tuple[Report, Report | None]:
    """Take the report, and the other one the step is about as well."""
    if command.step is Step.MERGE and command.into:
        return steps.lock_both(session, number, command.into)
    if command.step is Step.WITHDRAW:
        return lead_steps.lock_with_heir(session, number)
    if command.step in BY_ANY_RIDER:
        return lead_steps.lock_with_lead(session, number)
    return steps.lock(session, number), None


def _then_dispatch(it: effect_steps.Deciding) -> effect_steps.Deciding:
    # The note was said once already, with the acceptance.
    then = replace(it.command, step=Step.DISPATCH, note="", internal_note="", photos=())
    return replace(it, command=then)


def _move(it: effect_steps.Deciding) -> None:
    command, report = it.command, it.report
    target = move_for(report.state, command.step)
    check_step(it.actor, it.seen, command.step)
    effect_steps.check_needs(command, target.needs)
    role = effect_steps.role_for(it.actor, it.seen, target.by)
    before = notification_steps.before(it.session, report)
    changes = effect_steps.DECISIONS[command.step](it)
    words, internal = _words(command)
    entry = steps.move(
        it.session,
        report,
        command.step,
        target,
        actor=it.actor,
        role=role,
        now=it.now,
        rules=it.settings.cases,
        words=words,
        internal_note=internal,
        changes=changes,
    )
    kind = PhotoKind.AFTER if command.step in (Step.HANDLE, Step.CONTROL) else PhotoKind.BEFORE
    photos = photos_to_keep(it.session, it.seen, command.photos, it.actor)
    steps.add_photos(it.session, report, entry, photos, kind=kind, actor=it.actor, now=it.now)
    if it.own is not None:
        it.own.version += 1
        steps.record(
            it.session,
            it.own,
            command.step,
            came_from=it.own.state,
            actor=it.actor,
            role=role,
            now=it.now,
            words=words,
            changes={"case": [None, report.number]},
        )
    if it.target is not None:
        steps.record(
            it.session,
            it.target,
            Step.NOTE,
            came_from=it.target.state,
            actor=it.actor,
            role=role,
            now=it.now,
            changes={"joined": [None, report.number]},
        )
    earnings_steps.for_step(
        it.session,
        report,
        command.step,
        actor=it.actor,
        places=it.places,
        terms=terms_of(it.settings),
        now=it.now,
        evidence=command.evidence,
        target=it.target,
    )
    if it.heir is not None:
        goes_on = replace(
            it, report=it.heir, target=it.heir, command=replace(command, step=Step.LEAD)
        )
        # Neither its new rider nor the one who leaves is told twice: the one leads, the other acts.
        _tell(goes_on, before)
    else:
        _tell(it, before, words=words, changes=changes)


def _tell(
    it: effect_steps.Deciding,
    before: notification_steps.Before,
    *,
    words: str = "",
    changes: dict[str, Any] | None = None,
) -> None:
    happening = notification_steps.Happening(
        it.report,
        it.command.step,
        it.places,
        it.settings.county.code,
        it.now,
        before,
        actor_id=it.actor.member_id,
        target=it.target,
        words=words,
        inside=_said(it.command),
        changes=changes,
    )
    notification_steps.tell(it.session, happening)


def _said(command: TakeStep) -> str:
    return "\n".join(part for part in (command.reason, command.note) if part)


def _words(command: TakeStep) -> tuple[str, str]:
    """Split what was written into what the rider may read and what stays inside."""
    said = _said(command)
    if command.step in effect_steps.INTERNAL_REASON:
        return "", "\n".join(part for part in (said, command.internal_note) if part)
    return said, command.internal_note


def _note(it: effect_steps.Deciding) -> None:
    access.check(it.actor, REPORT_NOTE, it.report)
    if not (it.command.note or it.command.reason or it.command.internal_note):
        raise Invalid.field("note", "note-needed")
    _history_only(it, Step.NOTE)


def _urge(it: effect_steps.Deciding) -> None:
    access.check(it.actor, REPORT_URGE, it.report)
    if not is_open(it.report.state):
        move_for(it.report.state, Step.URGE)  # raises: there is nobody left to urge
    it.report.urges += 1
    _history_only(it, Step.URGE)
    _tell(it, notification_steps.before(it.session, it.report))


def _history_only(it: effect_steps.Deciding, step: Step) -> None:
    words, internal = _words(it.command)
    entry = steps.record(
        it.session,
        it.report,
        step,
        came_from=it.report.state,
        actor=it.actor,
        role=effect_steps.role_for(it.actor, it.report, frozenset()),
        now=it.now,
        words=words,
        internal_note=internal,
    )
    steps.add_photos(
        it.session,
        it.report,
        entry,
        photos_to_keep(it.session, it.report, it.command.photos, it.actor),
        kind=PhotoKind.BEFORE,
        actor=it.actor,
        now=it.now,
    )


def _assign(it: effect_steps.Deciding) -> None:
    """Give an unrouted report to a community by hand."""
    report = it.report
    access.check(it.actor, REPORT_ASSIGN, report)
    if report.community_code is not None:
        raise AlreadyRouted
    community = it.places.community(it.command.community)
    if community is None:
        raise Invalid.field("community", "community-unknown")
    assign(
        it.session,
        report,
        community,
        matched_by=MatchedBy.BY_HAND,
        actor=it.actor,
        role="administrator",
        places=it.places,
        settings=it.settings,
        now=it.now,
        note=it.command.note,
    )


WITHOUT_MOVE = {Step.NOTE: _note, Step.URGE: _urge, Step.ASSIGN: _assign}


@use_case
def agree(kind: ConsentKind, version: str, *, actor: Actor, now: datetime) -> None:
    """Agree to what a report is about to need, in the words of the notice's version."""
    with transaction() as session:
        accounts.say_consents(session, {kind}, among=(kind,), actor=actor, version=version, now=now)


@use_case
def rate_report(number: str, command: RateReport, *, actor: Actor, now: datetime) -> Done:
    """Keep the rider's answer to "solved?" and "satisfied?".

    Giving the same answers again changes nothing. Raises AlreadyRated, Forbidden, KeyReused.
    """
    sent = fingerprint(command, number)
    try:
        with transaction() as session:
            report, lead = lead_steps.lock_with_lead(session, number)
            check_key(session, command.key, sent, report, actor)
            return _rate(session, report, lead, command, sent, actor=actor, now=now)
    except SentBefore as before:
        return Done(before.report, replayed=True)


def _rate(
    session: Session,
    report: Report,
    lead: Report | None,
    command: RateReport,
    sent: str,
    *,
    actor: Actor,
    now: datetime,
) -> Done:
    if report.rated_at is not None:
        if (report.solved, report.satisfied) == (command.solved, command.satisfied):
            return Done(report, replayed=True)
        raise AlreadyRated
    case = report if lead is None else Followed(lead, report.reporter_id)
    access.check(actor, REPORT_RATE, case)
    report.solved, report.satisfied = command.solved, command.satisfied
    report.rating_words = command.words or None
    report.rated_at = now
    steps.record(
        session,
        report,
        Step.RATE,
        came_from=report.state,
        actor=actor,
        role="rider",
        now=now,
        words=command.words,
        changes={"solved": [None, command.solved], "satisfied": [None, command.satisfied]},
    )
    steps.keep_key(session, command.key, sent, report, actor=actor, now=now)
    return Done(report)


@use_case
def mark_lights(*, places: Reference, settings: Settings, now: datetime, limit: int = 200) -> int:
    """Tell those responsible about lights that turned; each light is told once.

    Lateness itself never depends on this: lists and figures compute it from the deadlines.
    """
    with transaction() as session:
        turned = session.scalars(
            select(Report)
            .where(
                or_(
                    (Report.told_light.is_(None)) & (Report.next_warn <= now),
                    (Report.told_light == "yellow") & (Report.next_due <= now),
                )
            )
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        rows = []
        for report in turned:
            light = clocks.light(report.next_due, report.next_warn, now)
            assert light is not None
            report.told_light = light.value
            if is_folded_away(report):
                continue
            rows += notification_steps.light_rows(
                session, report, light, places, county=settings.county.code, now=now
            )
        outbox.put_all(session, rows)
    return len(turned)


@use_case
def tell_of_reviews(
    *, places: Reference, settings: Settings, now: datetime, limit: int = 200
) -> int:
    """Tell the street of suspended cases whose review day has come; each day is told once."""
    with transaction() as session:
        due = session.scalars(
            select(Report)
            .where(
                Report.state == State.SUSPENDED,
                Report.review_on <= local_day(now, settings.county.tz),
                or_(Report.told_review.is_(None), Report.told_review != Report.review_on),
            )
            .order_by(Report.review_on, Report.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for report in due:
            report.told_review = report.review_on
        rows = []
        for report in due:
            rows += notification_steps.review_rows(
                session, report, places, county=settings.county.code, now=now
            )
        outbox.put_all(session, rows)
    return len(due)
