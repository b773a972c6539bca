"""What objections to points decisions need of reports and messages; hears `points.signals`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.notify import outbox
from grid_report.places.queries import reference
from grid_report.points.objections.rules import ObjectionState
from grid_report.points.signals import ReportDecision
from grid_report.reports.lifecycle import State, Step
from grid_report.reports.models import HistoryEntry, Report

# Reports that ended without an award of their own, and the step that decided so.
REFUSED = {State.REJECTED: Step.REJECT, State.MERGED: Step.MERGE}


def decision_about(_sender: object, *, session: Session, number: str) -> ReportDecision | None:
    """Return the refusal of a report. Hears `report_decision`."""
    report = session.execute(
        select(Report.id, Report.reporter_id, Report.community_code, Report.state).where(
            Report.number == number
        )
    ).one_or_none()
    if report is None or report.state not in REFUSED:
        return None
    decided_by_id = session.scalar(
        select(HistoryEntry.actor_id)
        .where(HistoryEntry.report_id == report.id, HistoryEntry.step == REFUSED[report.state])
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    )
    return ReportDecision(number, report.reporter_id, report.community_code, decided_by_id)


def tell_the_street(_sender: object, *, session: Session, objection: Any, now: datetime) -> None:
    """Tell the street of an objection. Hears `objection_raised`."""
    community = reference().community(objection.community_code)
    outbox.put(
        session,
        "objection_raised",
        to_role=(Role.SUPERVISOR, objection.street_code),
        except_member=objection.rider_id,
        about=_about(objection),
        facts={
            "community": community.name if community else objection.community_code,
            "due": objection.due_at,
        },
        now=now,
    )


def tell_the_rider(_sender: object, *, session: Session, objection: Any, now: datetime) -> None:
    """Bring the answer to the rider, in the words it was given. Hears `objection_answered`."""
    outbox.put(
        session,
        "objection_answered",
        to_member=objection.rider_id,
        about=_about(objection),
        facts={
            "upheld": objection.state is ObjectionState.UPHELD,
            "words": objection.answer,
        },
        now=now,
    )


def _about(objection: Any) -> str:
    return objection.report_number or f"#{objection.id}"
