"""Who hears what about a report: outbox rows in the transaction of the step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.accounts.roles import Role
from grid_report.notify import outbox
from grid_report.places.reference import Reference
from grid_report.reports.clocks import ClockKind, Light
from grid_report.reports.lifecycle import Step
from grid_report.reports.models import Report

TO_RIDER: Final[Mapping[Step, str]] = {
    Step.ACCEPT: "report_accepted",
    Step.REJECT: "report_rejected",
    Step.ASK: "report_asked",
    Step.MERGE: "report_merged",
    Step.TRANSFER: "report_transferred",
    Step.DISPATCH: "report_dispatched",
    Step.START: "report_started",
    Step.CONTROL: "report_controlled",
    Step.EXTEND: "report_extended",
    Step.SUSPEND: "report_suspended",
    Step.RESUME: "report_resumed",
    Step.HANDLE: "report_handled",
    Step.PASS: "report_closed",
    Step.REOPEN: "report_reopened",
}
TO_WORKERS: Final[Mapping[Step, str]] = {
    Step.SUPPLEMENT: "report_supplemented",
    Step.WITHDRAW: "report_withdrawn",
    Step.TRANSFER: "report_submitted",
    Step.RETURN: "report_returned",
    Step.HANDLE: "report_handled",
    Step.REOPEN: "report_reopened",
}
TO_UNIT: Final[Mapping[Step, str]] = {
    Step.DISPATCH: "report_assigned_to_unit",
    Step.FAIL: "report_failed",
    Step.RESUME: "report_resumed",
    Step.EXTEND: "report_extended",
}


def facts(report: Report, places: Reference) -> dict[str, Any]:
    """What a sentence about a report may mention; never who reported or where exactly."""
    community = places.community(report.community_code)
    unit = places.unit(report.unit_code)
    return {
        "category": report.category_code,
        "severity": report.severity,
        "community": community.name if community else None,
        "unit": unit.name if unit else None,
        "handler": unit.name if unit else (community.name if community else None),
        "clock": report.next_clock.value if report.next_clock else None,
        "due": report.next_due.isoformat() if report.next_due else None,
    }


def about_submission(
    session: Session, report: Report, places: Reference, *, county: str, now: datetime
) -> None:
    """Tell the community of a new report, or the administrators when it is nobody's yet."""
    routed = report.community_code is not None
    outbox.put(
        session,
        "report_submitted" if routed else "report_unrouted",
        to_role=_community_or_county(report, county),
        about=report.number,
        facts=facts(report, places),
        now=now,
    )


def _community_or_county(report: Report, county: str) -> tuple[Role, str]:
    if report.community_code is None:
        return Role.ADMINISTRATOR, county
    return Role.WORKER, report.community_code


def about_step(
    session: Session,
    report: Report,
    step: Step,
    places: Reference,
    *,
    actor_id: int,
    target: Report | None,
    words: str,
    now: datetime,
) -> None:
    """Tell everybody a step concerns, the riders, the workers, the unit, but not who took it."""
    told = facts(report, places) | {
        "words": words,
        "into": target.number if target else None,
        "review_on": report.review_on.isoformat() if report.review_on else None,
    }
    rows = []
    if step in TO_RIDER:
        rows += [
            outbox.row(TO_RIDER[step], to_member=rider, about=number, facts=told, now=now)
            for rider, number in _riders(session, report)
            if rider != actor_id
        ]
    if step in TO_WORKERS and report.community_code is not None:
        rows.append(
            outbox.row(
                TO_WORKERS[step],
                to_role=(Role.WORKER, report.community_code),
                but_not=actor_id,
                about=report.number,
                facts=told,
                now=now,
            )
        )
    if step in TO_UNIT and report.unit_code is not None and report.dispatched_at is not None:
        rows.append(
            outbox.row(
                TO_UNIT[step],
                to_role=(Role.HANDLER, report.unit_code),
                but_not=actor_id,
                about=report.number,
                facts=told,
                now=now,
            )
        )
    outbox.put_all(session, rows)


def _riders(session: Session, report: Report) -> list[tuple[int, str]]:
    """Return the reporter and everybody whose report was merged into this one, each once."""
    riders = {report.reporter_id: report.number}
    if report.followers:
        joined = session.execute(
            select(Report.reporter_id, Report.number).where(Report.merged_into_id == report.id)
        )
        for reporter_id, number in joined:
            riders.setdefault(reporter_id, number)
    return list(riders.items())


def about_urge(
    session: Session,
    report: Report,
    places: Reference,
    *,
    county: str,
    words: str,
    now: datetime,
) -> None:
    """Pass the street's urging on to whoever has the case."""
    outbox.put(
        session,
        "report_urged",
        to_role=_responsible(report, county),
        about=report.number,
        facts=facts(report, places) | {"words": words},
        now=now,
    )


def light_row(
    report: Report, light: Light, places: Reference, *, county: str, now: datetime
) -> dict[str, Any]:
    """Make the message that a case's time is short, or over, for whoever has the case."""
    return outbox.row(
        f"light_{light.value}",
        to_role=_responsible(report, county),
        about=report.number,
        facts=facts(report, places),
        now=now,
    )


def review_row(report: Report, places: Reference, *, now: datetime) -> dict[str, Any]:
    """Make the message that the day has come on which the street meant to look again."""
    assert report.street_code is not None
    assert report.review_on is not None
    return outbox.row(
        "review_due",
        to_role=(Role.SUPERVISOR, report.street_code),
        about=report.number,
        facts={**facts(report, places), "review_on": report.review_on.isoformat()},
        now=now,
    )


def _responsible(report: Report, county: str) -> tuple[Role, str]:
    if (
        report.unit_code is not None
        and report.dispatched_at is not None
        and report.next_clock in (ClockKind.CONTROL, ClockKind.FIX)
    ):
        return Role.HANDLER, report.unit_code
    return _community_or_county(report, county)
