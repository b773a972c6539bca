"""What a review needs to know of reports: rows as they came in, and who decided what.

Everything here goes by an index: a range of ids, a rider's own reports, a month's decisions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import aliased

from grid_report.db import db
from grid_report.places.geo.points import Point
from grid_report.places.geo.routing import MatchedBy
from grid_report.reports.desk.queries import ROW_COLUMNS
from grid_report.reports.lifecycle import State, Step
from grid_report.reports.models import HistoryEntry, PhotoKind, Report, ReportPhoto
from grid_report.reports.sources import LocatedBy

# Routed by these, the report lies where the phone was; otherwise in the middle of what was chosen.
POSITION_IS_KNOWN: Final = frozenset({MatchedBy.BOUNDARY, MatchedBy.NEAREST, MatchedBy.NONE})
# Written out like the index of decisions, so that it can serve.
IS_DECISION: Final = text("report_history.step IN ('accept', 'reject')")


def _is_known(row: Any) -> bool:
    return row.matched_by in POSITION_IS_KNOWN and row.located_by is not LocatedBy.NOWHERE


@dataclass(frozen=True)
class SeenPhoto:
    """A photo as it was handed in, with the report it belongs to."""

    id: int
    report_id: int
    rider_id: int
    community_code: str | None
    street_code: str | None
    name: str
    dhash: str
    taken_gap_s: int | None
    taken_off_m: int | None
    added_at: datetime
    # Before it was added, where its report was kept until the rider's proof.
    sent_at: datetime
    accuracy_m: float | None
    place_is_known: bool
    is_before: bool
    is_withdrawn: bool


@dataclass(frozen=True)
class SeenReport:
    """Where and when a rider reported."""

    id: int
    rider_id: int
    community_code: str | None
    street_code: str | None
    at: Point
    accuracy_m: float | None
    taken_at: datetime | None
    sent_at: datetime
    # The same, unless it was kept first: when it came in.
    came_at: datetime
    place_is_known: bool


@dataclass(frozen=True)
class SeenStep:
    """A step somebody took; `accepted` says whether it was an acceptance."""

    id: int
    accepted: bool
    at: datetime
    actor_id: int | None
    report_id: int
    rider_id: int
    community_code: str | None
    street_code: str | None
    sent_at: datetime


@dataclass(frozen=True)
class Decision:
    """An acceptance or a rejection, and the community that took it then."""

    report_id: int
    number: str
    rider_id: int
    accepted: bool
    actor_id: int
    at: datetime
    community_code: str


def photos_after(photo_id: int, limit: int) -> list[SeenPhoto]:
    """Return the photos that came in after one, in the order they came in."""
    return _photos(_PHOTO.where(ReportPhoto.id > photo_id).order_by(ReportPhoto.id).limit(limit))


def photos_by_id(ids: Collection[int]) -> list[SeenPhoto]:
    """Return photos by their ids."""
    return _photos(_PHOTO.where(ReportPhoto.id.in_(ids))) if ids else []


_PHOTO: Final[Select[*tuple[Any, ...]]] = select(
    ReportPhoto.id,
    ReportPhoto.report_id,
    Report.reporter_id,
    Report.community_code,
    Report.street_code,
    ReportPhoto.name,
    ReportPhoto.dhash,
    ReportPhoto.taken_gap_s,
    ReportPhoto.taken_off_m,
    ReportPhoto.added_at,
    Report.created_at,
    Report.sent_at,
    Report.accuracy_m,
    Report.matched_by,
    Report.located_by,
    ReportPhoto.kind,
    Report.state,
).join(Report, Report.id == ReportPhoto.report_id)


def _photos(query: Select[*tuple[Any, ...]]) -> list[SeenPhoto]:
    return [
        SeenPhoto(
            id=row.id,
            report_id=row.report_id,
            rider_id=row.reporter_id,
            community_code=row.community_code,
            street_code=row.street_code,
            name=row.name,
            dhash=row.dhash,
            taken_gap_s=row.taken_gap_s,
            taken_off_m=row.taken_off_m,
            added_at=row.added_at,
            sent_at=row.sent_at if row.sent_at and row.added_at == row.created_at else row.added_at,
            accuracy_m=row.accuracy_m,
            place_is_known=_is_known(row),
            is_before=row.kind is PhotoKind.BEFORE,
            is_withdrawn=row.state is State.WITHDRAWN,
        )
        for row in db.session.execute(query)
    ]


_REPORT: Final[Select[*tuple[Any, ...]]] = select(
    Report.id,
    Report.reporter_id,
    Report.community_code,
    Report.street_code,
    Report.lat,
    Report.lng,
    Report.accuracy_m,
    Report.taken_at,
    Report.created_at,
    Report.sent_at,
    Report.matched_by,
    Report.located_by,
)


def _reports(query: Select[*tuple[Any, ...]]) -> list[SeenReport]:
    return [
        SeenReport(
            id=row.id,
            rider_id=row.reporter_id,
            community_code=row.community_code,
            street_code=row.street_code,
            at=Point(row.lat, row.lng),
            accuracy_m=row.accuracy_m,
            taken_at=row.taken_at,
            sent_at=row.sent_at or row.created_at,
            came_at=row.created_at,
            place_is_known=_is_known(row),
        )
        for row in db.session.execute(query)
    ]


def reports_after(report_id: int, limit: int) -> list[SeenReport]:
    """Return the reports that came in after one, in the order they came in."""
    return _reports(_REPORT.where(Report.id > report_id).order_by(Report.id).limit(limit))


def reports_of(
    rider_ids: Collection[int], *, since: datetime, until: datetime
) -> Sequence[SeenReport]:
    """Return what of riders came in from one instant to another, as it was sent, oldest first."""
    return _reports(
        _REPORT.where(
            Report.reporter_id.in_(rider_ids), Report.created_at.between(since, until)
        ).order_by(func.coalesce(Report.sent_at, Report.created_at), Report.id)
    )


def steps_after(entry_id: int, limit: int) -> list[SeenStep]:
    """Return the steps taken after one, in the order they were taken."""
    rows = db.session.execute(
        select(
            HistoryEntry.id,
            HistoryEntry.step,
            HistoryEntry.at,
            HistoryEntry.actor_id,
            HistoryEntry.report_id,
            Report.reporter_id,
            Report.community_code,
            Report.street_code,
            Report.created_at,
        )
        .join(Report, Report.id == HistoryEntry.report_id)
        .where(HistoryEntry.id > entry_id)
        .order_by(HistoryEntry.id)
        .limit(limit)
    )
    return [SeenStep(row[0], row.step is Step.ACCEPT, *row[2:]) for row in rows]


def acceptors_of(rider_id: int, *, since: datetime, until: datetime) -> list[int]:
    """Return who accepted each of a rider's reports from one instant to another."""
    return list(
        db.session.scalars(
            select(HistoryEntry.actor_id)
            .join(Report, Report.id == HistoryEntry.report_id)
            .where(
                Report.reporter_id == rider_id,
                HistoryEntry.step == Step.ACCEPT,
                HistoryEntry.actor_id.is_not(None),
                HistoryEntry.at.between(since, until),
            )
        )
    )


def accepted_of_others(
    community_code: str, rider_id: int, acceptor_id: int, *, since: datetime, until: datetime
) -> tuple[int, int]:
    """Count a community's acceptances of everybody else's reports: by one person, and by all."""
    by_one, of_all = db.session.execute(
        select(
            func.count().filter(HistoryEntry.actor_id == acceptor_id),
            func.count(),
        )
        .join(Report, Report.id == HistoryEntry.report_id)
        .where(
            HistoryEntry.step == Step.ACCEPT,
            IS_DECISION,
            HistoryEntry.at.between(since, until),
            Report.community_code == community_code,
            Report.reporter_id != rider_id,
        )
    ).one()
    return int(by_one), int(of_all)


def outcomes_of(rider_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return how many reports of each rider were accepted, and how many rejected."""
    if not rider_ids:
        return {}
    rows = db.session.execute(
        select(
            Report.reporter_id,
            func.count(Report.accepted_at),
            func.count().filter(Report.state == State.REJECTED),
        )
        .where(Report.reporter_id.in_(rider_ids))
        .group_by(Report.reporter_id)
    )
    return {rider: (int(accepted), int(rejected)) for rider, accepted, rejected in rows}


def deciders_of(report_ids: Collection[int], steps: Iterable[Step]) -> dict[int, frozenset[int]]:
    """Return who took one of these steps on each report."""
    found: dict[int, set[int]] = {report_id: set() for report_id in report_ids}
    if found:
        rows = db.session.execute(
            select(HistoryEntry.report_id, HistoryEntry.actor_id).where(
                HistoryEntry.report_id.in_(found),
                HistoryEntry.step.in_(sorted(steps)),
            )
        )
        for report_id, actor_id in rows:
            if actor_id is not None:
                found[report_id].add(actor_id)
    return {report_id: frozenset(actors) for report_id, actors in found.items()}


def decisions_between(start: datetime, end: datetime) -> list[Decision]:
    """Return what was accepted and rejected from `start` until before `end`, oldest first.

    A report may have moved on since: the community is the one that decided.
    """
    entry, moved = HistoryEntry, aliased(HistoryEntry)
    first_move = (
        select(func.min(moved.id))
        .where(moved.report_id == entry.report_id, moved.step == Step.TRANSFER, moved.id > entry.id)
        .correlate(entry)
        .scalar_subquery()
    )
    later = aliased(HistoryEntry)
    rows = db.session.execute(
        select(
            entry.report_id,
            Report.number,
            Report.reporter_id,
            entry.step,
            entry.actor_id,
            entry.at,
            Report.community_code,
            later.changes,
        )
        .join(Report, Report.id == entry.report_id)
        .outerjoin(later, later.id == first_move)
        .where(IS_DECISION, entry.at >= start, entry.at < end, entry.actor_id.is_not(None))
        .order_by(entry.id)
    )
    return [
        Decision(
            report_id=row.report_id,
            number=row.number,
            rider_id=row.reporter_id,
            accepted=row.step is Step.ACCEPT,
            actor_id=row.actor_id,
            at=row.at,
            community_code=row.changes["community"][0] if row.changes else row.community_code,
        )
        for row in rows
    ]


def rows_of(report_ids: Collection[int]) -> dict[int, Any]:
    """Return what a list shows of reports, by id, in one statement."""
    if not report_ids:
        return {}
    rows = db.session.execute(select(*ROW_COLUMNS).where(Report.id.in_(set(report_ids))))
    return {row.id: row for row in rows}
