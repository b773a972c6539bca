"""What there is of one rider: for an end, and for taking along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import or_, select

from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.lifecycle import State
from grid_report.reports.models import HistoryEntry, Report, ReportPhoto


def list_unaccepted(rider_id: int) -> Sequence[str]:
    """Return the numbers of what a rider may still take back."""
    found = db.session.scalars(
        select(Report.number)
        .where(
            Report.reporter_id == rider_id, Report.state.in_((State.SUBMITTED, State.NEEDS_INFO))
        )
        .order_by(Report.id)
    ).all()
    db.session.rollback()
    return found


def own_photos(member_id: int) -> Any:
    """Select the photos a member added as a rider; those of an office are the case's."""
    as_rider = select(HistoryEntry.id).where(
        HistoryEntry.actor_id == member_id, HistoryEntry.role == Role.RIDER
    )
    return select(ReportPhoto.id, ReportPhoto.report_id, ReportPhoto.name).where(
        ReportPhoto.added_by_id == member_id,
        or_(ReportPhoto.history_id.is_(None), ReportPhoto.history_id.in_(as_rider)),
    )


def list_photo_files(member_id: int) -> Iterator[tuple[str, str]]:
    """Return how each own photo is called in an export, and its name in the store."""
    kept = (
        select(KeptPhoto.id, KeptReport.number, KeptPhoto.name)
        .join(KeptReport, KeptReport.id == KeptPhoto.report_id)
        .where(KeptReport.reporter_id == member_id)
        .order_by(KeptPhoto.id)
    )
    sent = (
        own_photos(member_id)
        .join(Report, Report.id == ReportPhoto.report_id)
        .with_only_columns(ReportPhoto.id, Report.number, ReportPhoto.name)
        .order_by(ReportPhoto.id)
    )
    for of, query in (("kept", kept), ("photos", sent)):
        found = db.session.execute(query).all()
        db.session.rollback()
        yield from ((f"{of}/{number}-{row_id}.jpg", name) for row_id, number, name in found)
