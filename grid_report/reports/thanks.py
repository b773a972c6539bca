"""What a step earns its rider; written by the ledger in the same transaction."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.notify import outbox
from grid_report.points import ledger, tariff
from grid_report.points.terms import Terms
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import Report

CAUSES = {Step.ACCEPT: "report-accepted", Step.PASS: "report-closed"}
NEWS = {ledger.Outcome.PAID: "points_awarded", ledger.Outcome.OWED: "points_pending"}


def for_step(
    session: Session, report: Report, step: Step, *, actor: Actor, terms: Terms, now: datetime
) -> None:
    """Thank the reporter for an accepted (R1) and for a closed (R3) report, once each.

    The tariff is the one in force when the report was submitted.
    """
    if step not in CAUSES:
        return
    rates = tariff.at(report.created_at)
    earning = rates.for_acceptance(report.severity) if step is Step.ACCEPT else rates.for_closing()
    assert report.community_code is not None
    award = ledger.award(
        session,
        report.reporter_id,
        cause=ledger.Cause(CAUSES[step], report.number),
        earning=earning,
        community_code=report.community_code,
        terms=terms,
        at=now,
        actor_id=actor.member_id,
        severity=report.severity,
        report_number=report.number,
    )
    if award.outcome in NEWS and not award.already:
        _tell(
            session,
            report.reporter_id,
            award,
            number=report.number,
            rule=earning.rule,
            now=now,
        )


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
        _tell(session, rider_id, award, number=report_number, rule=rule, now=now)


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


def _tell(
    session: Session, rider_id: int, award: ledger.Award, *, number: str, rule: str, now: datetime
) -> None:
    outbox.put(
        session,
        NEWS[award.outcome],
        to_member=rider_id,
        about=number,
        facts={"points": award.points, "rule": rule},
        now=now,
    )
