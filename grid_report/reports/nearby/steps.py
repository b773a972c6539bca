"""Joining a case with a report that is just being taken in: in its transaction, by the rules of merging."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.places.geo.reference import Reference
from grid_report.points.policy import terms_of
from grid_report.reports import steps
from grid_report.reports.earnings import steps as earnings_steps
from grid_report.reports.lifecycle import Step, move_for
from grid_report.reports.models import Report
from grid_report.settings import Settings

SYSTEM: Final = "system"


def lock_lead(session: Session, number: str) -> Report | None:
    """Take the report that leads a case, named by it or by one merged into it; None without one.

    Before anything else of the transaction is taken: whoever holds it waits for nobody.
    """
    named = select(func.coalesce(Report.merged_into_id, Report.id)).where(Report.number == number)
    leads = session.scalar(select(Report.number).where(Report.id == named.scalar_subquery()))
    return steps.lock(session, leads) if leads is not None else None


def join(
    session: Session,
    report: Report,
    lead: Report,
    *,
    actor: Actor,
    places: Reference,
    settings: Settings,
    now: datetime,
) -> None:
    """Merge a report just sent into a case that is held, as its rider says it is the same.

    What it earns is decided as for any merged one: on the case's acceptance, or now if it is over.
    """
    target = move_for(report.state, Step.MERGE)
    steps.follow_to(session, report, lead)
    steps.move(
        session,
        report,
        Step.MERGE,
        target,
        actor=actor,
        role=Role.RIDER.value,
        now=now,
        rules=settings.cases,
        changes={"into": [None, lead.number]},
    )
    # On the page of the case nobody did it: who the second rider is stays with the own report.
    steps.record(
        session,
        lead,
        Step.NOTE,
        came_from=lead.state,
        actor=None,
        role=SYSTEM,
        now=now,
        changes={"joined": [None, report.number]},
    )
    earnings_steps.for_step(
        session,
        report,
        Step.MERGE,
        actor=actor,
        places=places,
        terms=terms_of(settings),
        now=now,
        target=lead,
    )
