"""The photos of a rider who leaves go with their rows; positions of the phone become the spot's."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.accounts.leaving.erasing import Leaver, Work
from grid_report.accounts.leaving.fates import batches
from grid_report.db import db
from grid_report.media.upkeep.steps import ask_removal
from grid_report.notify.erasure_steps import Said, forget_quotes
from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.leaving import queries
from grid_report.reports.models import HistoryEntry, Report, ReportPhoto


def remove_photos(it: Leaver) -> Work:
    """Let the rider's own photos go, and have their files deleted without the days of the sweep."""
    found = db.session.execute(queries.own_photos(it.member_id)).all()

    def remove(session: Session) -> None:
        kept = session.scalars(
            select(KeptPhoto.name)
            .join(KeptReport, KeptReport.id == KeptPhoto.report_id)
            .where(KeptReport.reporter_id == it.member_id)
        ).all()
        for batch in batches(found):
            session.execute(
                delete(ReportPhoto)
                .where(ReportPhoto.id.in_([row.id for row in batch]))
                .execution_options(synchronize_session=False)
            )
            _choose_thumbs(session, sorted({row.report_id for row in batch}))
        ask_removal(session, {row.name for row in found} | set(kept), now=it.now)

    return remove


def _choose_thumbs(session: Session, report_ids: Sequence[int]) -> None:
    """Have lists show another photo of the case, or none."""
    first = (
        select(ReportPhoto.name)
        .where(ReportPhoto.report_id == Report.id)
        .order_by(ReportPhoto.id)
        .limit(1)
        .scalar_subquery()
    )
    session.execute(
        update(Report)
        .where(Report.id.in_(report_ids))
        .values(thumb_name=first)
        .execution_options(synchronize_session=False)
    )


def forget_phone(it: Leaver) -> Work:
    """Keep the spot of the hazard only, not what the phone said of where its rider stood."""
    to_the_spot = (
        update(Report)
        .where(
            Report.reporter_id == it.member_id,
            or_(Report.sent_lat != Report.lat, Report.sent_lng != Report.lng),
        )
        .values(sent_lat=Report.lat, sent_lng=Report.lng)
        .execution_options(synchronize_session=False)
    )
    return lambda session: session.execute(to_the_spot)


def forget_words(it: Leaver) -> Work:
    """Empty what others were told in the rider's words; the history's own follow."""
    said = db.session.execute(
        select(Report.number, HistoryEntry.at, HistoryEntry.words)
        .join(HistoryEntry, HistoryEntry.report_id == Report.id)
        .where(
            HistoryEntry.actor_id == it.member_id,
            HistoryEntry.role == Role.RIDER,
            HistoryEntry.words != "",
        )
    ).all()
    return forget_quotes([Said(*row) for row in said])
