"""What a step earns its riders; decided and written by the ledger in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.notify import outbox
from grid_report.places.geo.reference import Reference
from grid_report.points import ledger
from grid_report.points.causes import (
    REPORT_ACCEPTED,
    REPORT_CLOSED,
    REPORT_EVIDENCE,
    REPORT_JOINED,
    REPORT_RECHECKED,
    Cause,
)
from grid_report.points.policy import Terms
from grid_report.points.rewards import queries as rewards_queries
from grid_report.points.rewards import steps as rewards_steps
from grid_report.points.rewards.caps import NEVER_PAID, Cut, Facts
from grid_report.points.rewards.steps import Occasion, Thanks
from grid_report.reports.earnings import related_queries
from grid_report.reports.earnings.related_queries import Joined
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import Report

NEWS = {ledger.Outcome.PAID: "points_awarded", ledger.Outcome.OWED: "points_pending"}


def for_step(
    session: Session,
    report: Report,
    step: Step,
    *,
    actor: Actor,
    places: Reference,
    terms: Terms,
    now: datetime,
    evidence: bool = False,
    target: Report | None = None,
) -> None:
    """Thank for an accepted (R1), well shown (R2), joined (R5) and closed (R3) report, once each.

    The tariff is the one in force when a report was submitted.
    """
    if step is Step.ACCEPT:
        joined = related_queries.joined_to(session, report) if report.followers else []
        rewards_steps.lock_riders(
            session, [report.reporter_id, *(one.reporter_id for one in joined)]
        )
        occasions = _of_acceptance(
            session, report, actor=actor, places=places, terms=terms, evidence=evidence
        )
        occasions += _of_joining(session, report, joined, actor, occasions[0].facts)
        # Only a transfer brings a case that was accepted back to its acceptance.
        if report.transfers and _was_thanked_as_joined(session, report):
            occasions = [one for one in occasions if one.cause.type != REPORT_ACCEPTED]
    elif step is Step.PASS:
        rewards_steps.lock_riders(session, [report.reporter_id])
        occasions = [_of_report(report, actor, REPORT_CLOSED, _closing_facts(session, report))]
    elif step is Step.MERGE and target is not None and target.accepted_at is not None:
        joined = related_queries.joined_to(session, target)
        rewards_steps.lock_riders(session, [one.reporter_id for one in joined])
        occasions = _of_joining(session, target, joined, actor, _accepted_facts(session, target))
    else:
        return
    _tell(session, rewards_steps.earn(session, occasions, terms=terms, at=now), now)


def for_recheck(
    session: Session, report: Report, nth: int, *, asked_by_id: int, terms: Terms, now: datetime
) -> None:
    """Thank the rider for the photo the community asked for (R4)."""
    rewards_steps.lock_riders(session, [report.reporter_id])
    assert report.community_code is not None
    occasion = Occasion(
        rider_id=report.reporter_id,
        cause=Cause(REPORT_RECHECKED, f"{report.number}:{nth}"),
        facts=Facts("R4", report.severity, nth=nth),
        community_code=report.community_code,
        since=report.created_at,
        actor_id=asked_by_id,
        report_number=report.number,
        sent_unproved=report.sent_unproved,
    )
    _tell(session, rewards_steps.earn(session, [occasion], terms=terms, at=now), now)


def _of_acceptance(
    session: Session,
    report: Report,
    *,
    actor: Actor,
    places: Reference,
    terms: Terms,
    evidence: bool,
) -> list[Occasion]:
    category = places.categories.get(report.category_code)
    facts = Facts(
        "R1",
        report.severity,
        nth=related_queries.nth_of_its_kind(session, report, terms.zone),
        after_closing_s=related_queries.seconds_after_closing(
            session, report, radius_m=category.dedupe_radius_m
        ),
    )
    found = [_of_report(report, actor, REPORT_ACCEPTED, facts)]
    if evidence:
        well_shown = Facts("R2", facts.severity, facts.nth, facts.after_closing_s)
        found.append(_of_report(report, actor, REPORT_EVIDENCE, well_shown))
    return found


def _was_thanked_as_joined(session: Session, report: Report) -> bool:
    """Tell whether its case was accepted before, under a lead that left it since.

    That one was the first then; who comes after has had the share of a second.
    """
    cause = Cause(REPORT_JOINED, report.number)
    return bool(rewards_queries.decided(session, [cause.type], [cause.id]))


def _of_report(report: Report, actor: Actor, cause_type: str, facts: Facts) -> Occasion:
    assert report.community_code is not None
    return Occasion(
        rider_id=report.reporter_id,
        cause=Cause(cause_type, report.number),
        facts=facts,
        community_code=report.community_code,
        since=report.created_at,
        actor_id=actor.member_id,
        report_number=report.number,
        sent_unproved=report.sent_unproved,
    )


def _accepted_facts(session: Session, report: Report) -> Facts:
    """Return what the acceptance was decided on: what comes later is decided on the same."""
    cause = Cause(REPORT_ACCEPTED, report.number)
    then = rewards_queries.decided(session, [cause.type], [cause.id]).get(cause)
    if then is None:
        return Facts("R1", report.severity)
    return Facts("R1", report.severity, then.nth, then.after_closing_s)


def _closing_facts(session: Session, report: Report) -> Facts:
    accepted = _accepted_facts(session, report)
    return Facts("R3", accepted.severity, accepted.nth, accepted.after_closing_s)


def _of_joining(
    session: Session, report: Report, joined: Iterable[Joined], actor: Actor, accepted: Facts
) -> list[Occasion]:
    """Decide who of the riders merged into an accepted report comes second (R5) or later (R6)."""
    joined = list(joined)
    if not joined:
        return []
    assert report.community_code is not None
    assert report.accepted_at is not None
    # Reopening pays nothing more: the first round's acceptance goes on deciding who came before it.
    accepted_at = report.accepted_at
    if report.reopened_at is not None and report.first_accepted_at is not None:
        accepted_at = report.first_accepted_at
    numbers = [one.number for one in joined]
    known = rewards_queries.decided(session, [REPORT_JOINED, REPORT_ACCEPTED], numbers)
    people = {report.reporter_id}
    thanked = 0
    for one in joined:
        before = known.get(Cause(REPORT_JOINED, one.number))
        if before is not None and before.rule == "R5" and before.cut not in NEVER_PAID:
            people.add(one.reporter_id)
            thanked += 1
    found = []
    for one in joined:
        # One that was accepted by itself before was thanked by itself.
        if {Cause(REPORT_JOINED, one.number), Cause(REPORT_ACCEPTED, one.number)} & known.keys():
            continue
        cut = _why_not(one, people, actor)
        if one.created_at >= accepted_at:
            facts = Facts("R6", report.severity)
        elif cut is not None:
            facts = Facts("R5", report.severity, cut=cut)
        elif one.sent_unproved:
            # Never paid, so it takes nobody's share either.
            facts = Facts("R5", report.severity, thanked + 1, accepted.after_closing_s)
        else:
            thanked += 1
            people.add(one.reporter_id)
            facts = Facts("R5", report.severity, thanked, accepted.after_closing_s)
        found.append(
            Occasion(
                rider_id=one.reporter_id,
                cause=Cause(REPORT_JOINED, one.number),
                facts=facts,
                community_code=report.community_code,
                since=one.created_at,
                actor_id=actor.member_id,
                report_number=one.number,
                sent_unproved=one.sent_unproved,
            )
        )
    return found


def _why_not(one: Joined, people: set[int], actor: Actor) -> Cut | None:
    if one.reporter_id == actor.member_id:
        return Cut.STAFF
    if one.reporter_id in people:
        return Cut.SAME_PERSON
    return None if one.has_own_photo else Cut.SAME_PHOTO


def tell_of_late_payment(
    _sender: object,
    *,
    session: Session,
    rider_id: int,
    award: ledger.Award,
    report_number: str | None,
    rule: str,
    now: datetime,
) -> None:
    """Tell a rider that points which waited have come. Hears `points.signals.due_paid`."""
    if report_number is not None:
        outbox.put(
            session,
            NEWS[award.outcome],
            to_member=rider_id,
            about=report_number,
            facts={"points": award.points, "rule": rule},
            now=now,
        )


def tell_of_expiry(
    _sender: object,
    *,
    session: Session,
    rider_id: int,
    points: int,
    last_day: date,
    now: datetime,
) -> None:
    """Tell a rider which points are over soon. Hears `points.signals.points_expiring`."""
    outbox.put(
        session,
        "points_expiring",
        to_member=rider_id,
        about="",
        facts={"points": points, "last_day": last_day.isoformat()},
        now=now,
    )


def _tell(session: Session, thanks: Iterable[Thanks], now: datetime) -> None:
    """Tell each rider once of a report: what came, and what is on the way."""
    sums: dict[tuple[int, str, str], list[Thanks]] = {}
    for one in thanks:
        if one.is_news and one.award is not None and one.occasion.report_number is not None:
            key = one.occasion.rider_id, one.occasion.report_number, NEWS[one.award.outcome]
            sums.setdefault(key, []).append(one)
    outbox.put_all(
        session,
        [
            outbox.row(
                kind,
                to_member=rider_id,
                about=number,
                facts={
                    "points": sum(one.decision.points for one in some),
                    "rule": some[0].occasion.facts.rule,
                },
                now=now,
            )
            for (rider_id, number, kind), some in sums.items()
        ],
    )
