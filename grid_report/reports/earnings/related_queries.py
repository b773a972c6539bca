"""Which other reports a decision about points has to look at; asked under the riders' locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from grid_report.clock import day_bounds
from grid_report.places.geo.points import Point, distance_m
from grid_report.reports.earnings.evidence import has_own_position
from grid_report.reports.models import Report, ReportPhoto

METRES_A_DEGREE: Final = 111_320
# How long after a closing it is still worth writing down; versions choose less.
LOOK_BACK: Final = timedelta(days=7)


def nth_of_its_kind(session: Session, report: Report, zone: tzinfo) -> int:
    """Count which accepted report of its category in its community this is, of its rider that day."""
    start, end = day_bounds(report.created_at, zone)
    before = session.scalar(
        select(func.count())
        .select_from(Report)
        .where(
            Report.reporter_id == report.reporter_id,
            Report.created_at >= start,
            Report.created_at < end,
            Report.category_code == report.category_code,
            Report.community_code == report.community_code,
            Report.accepted_at.is_not(None),
            Report.id != report.id,
        )
    )
    return 1 + (before or 0)


def seconds_after_closing(session: Session, report: Report, *, radius_m: int) -> int | None:
    """Return how long before this report a case of its category at its place was closed."""
    if not has_own_position(report):
        return None
    reach = radius_m / METRES_A_DEGREE
    closed = session.execute(
        select(Report.lat, Report.lng, Report.closed_at, Report.accuracy_m, Report.matched_by)
        .where(
            Report.group_code == report.group_code,
            Report.lat.between(report.lat - reach, report.lat + reach),
            Report.lng.between(report.lng - 2 * reach, report.lng + 2 * reach),
            Report.category_code == report.category_code,
            Report.id != report.id,
            Report.closed_at <= report.created_at,
            Report.closed_at > report.created_at - LOOK_BACK,
        )
        .order_by(Report.closed_at.desc())
    )
    here = Point(report.lat, report.lng)
    for row in closed:
        if has_own_position(row) and distance_m(here, Point(row.lat, row.lng)) <= radius_m:
            return int((report.created_at - row.closed_at).total_seconds())
    return None


@dataclass(frozen=True)
class Joined:
    """A report that was merged into another one."""

    number: str
    reporter_id: int
    created_at: datetime
    has_own_photo: bool
    sent_unproved: bool


def joined_to(session: Session, report: Report) -> Sequence[Joined]:
    """Return the reports merged into one, oldest first; a photo of the case itself is not own."""
    rows = session.execute(
        select(
            Report.id, Report.number, Report.reporter_id, Report.created_at, Report.sent_unproved
        )
        .where(Report.merged_into_id == report.id)
        .order_by(Report.created_at, Report.id)
    ).all()
    if not rows:
        return []
    photos = session.execute(
        select(ReportPhoto.report_id, ReportPhoto.added_by_id, ReportPhoto.name).where(
            ReportPhoto.report_id.in_([report.id, *(row.id for row in rows)])
        )
    ).all()
    seen = {photo.name for photo in photos if photo.report_id == report.id}
    found = []
    for row in rows:
        own = {
            photo.name
            for photo in photos
            if photo.report_id == row.id and photo.added_by_id == row.reporter_id
        }
        found.append(
            Joined(row.number, row.reporter_id, row.created_at, bool(own - seen), row.sent_unproved)
        )
        seen |= own
    return found
