"""Writes on a report that take an open session and never commit."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.db import lock_one, table_of
from grid_report.errors import NotFound, Stale
from grid_report.media.uploads.photos import AdmittedPhoto
from grid_report.places.geo.points import Point, distance_m
from grid_report.reports import clocks, signals
from grid_report.reports.clocks import Deadlines, Hours
from grid_report.reports.lifecycle import STOPPED, Move, Part, State, Step
from grid_report.reports.models import (
    HistoryEntry,
    PhotoKind,
    Report,
    ReportPhoto,
    StepKey,
)
from grid_report.reports.number_models import NumberCounter
from grid_report.reports.round_models import Recall, ReportRound
from grid_report.reports.sources import LocatedBy
from grid_report.settings import Cases
from grid_report.workflow import enter

logger = logging.getLogger(__name__)

ROLE_OF_PART = {
    Part.RIDER: Role.RIDER,
    Part.WORKER: Role.WORKER,
    Part.STREET: Role.SUPERVISOR,
    Part.UNIT: Role.HANDLER,
}


OF_A_ROUND: Final = (
    "community_code", "street_code", "category_code", "unit_code", "self_handled",
    "dispatched_at", "started_at", "handled_at", "closed_at", "fix_due", "close_due",
)  # fmt: skip


def lock(session: Session, number: str) -> Report:
    """Take a report for deciding on it; others wait until the transaction ends."""
    report = lock_one(session, Report, Report.number == number)
    signals.taken.send(session, report=report)
    return report


def lock_both(session: Session, number: str, other: str) -> tuple[Report, Report | None]:
    """Take two reports in ascending id, so that two merges cannot wait for each other."""
    found = session.scalars(
        select(Report)
        .where(Report.number.in_([number, other]))
        .order_by(Report.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    by_number = {report.number: report for report in found}
    for report in found:
        signals.taken.send(session, report=report)
    if number not in by_number:
        raise NotFound
    return by_number[number], by_number.get(other)


def check_version(report: Report, seen: int | None) -> None:
    """Refuse a decision made on an older state of the report. Raises Stale."""
    if seen is not None and seen != report.version:
        raise Stale(seen, report.version)


def find_key(session: Session, key: str, actor: Actor) -> tuple[str, bool] | None:
    """Return what a member sent with a key, as its fingerprint; None when the key is new.

    And whether the member holds the very roles still with which it was sent.
    """
    row = session.execute(
        select(StepKey.fingerprint, StepKey.grants).where(
            StepKey.member_id == actor.member_id, StepKey.key == key
        )
    ).one_or_none()
    return (row[0], row[1] == _mark_of(actor)) if row else None


def _mark_of(actor: Actor) -> str:
    held = sorted(f"{grant.role}@{grant.place or ''}" for grant in actor.grants)
    return hashlib.sha256(",".join(held).encode()).hexdigest()


def keep_key(
    session: Session, key: str | None, sent: str, report: Report, *, actor: Actor, now: datetime
) -> None:
    """Write down what was sent with a key, in the transaction of what it did."""
    if key:
        session.add(
            StepKey(
                member_id=actor.member_id,
                key=key,
                fingerprint=sent,
                report_id=report.id,
                grants=_mark_of(actor),
                at=now,
            )
        )


_COUNTERS: Final = table_of(NumberCounter)
_NEXT_NUMBER: Final = {
    name: dialect.insert(_COUNTERS)
    .values(prefix=bindparam("prefix"), day=bindparam("day"), last=1)
    .on_conflict_do_update(
        index_elements=[_COUNTERS.c.prefix, _COUNTERS.c.day],
        set_={"last": _COUNTERS.c.last + 1},
    )
    .returning(_COUNTERS.c.last)
    for name, dialect in (("sqlite", sqlite), ("postgresql", postgresql))
}


def next_number(session: Session, prefix: str, day: date) -> str:
    """Give the day's next number. The row stays locked until commit: no gaps, no doubles."""
    statement = _NEXT_NUMBER[session.get_bind().dialect.name]
    last = session.execute(statement, {"prefix": prefix, "day": day}).scalar_one()
    return f"{prefix}-{day:%Y%m%d}-{last:04d}"


def due_of(report: Report) -> Deadlines:
    """Return a report's deadlines as one value."""
    return Deadlines(report.accept_due, report.control_due, report.fix_due, report.close_due)


def set_due(report: Report, due: Deadlines) -> None:
    """Write a report's deadlines."""
    report.accept_due, report.control_due = due.accept, due.control
    report.fix_due, report.close_due = due.fix, due.close


def begin_acceptance(report: Report, hours: Hours, now: datetime) -> None:
    """Start the acceptance clock anew: a community is judged from the moment it got the case."""
    set_due(report, clocks.taken_over(due_of(report), hours, now))
    report.accept_from = now


def end_round(session: Session, report: Report, now: datetime) -> None:
    """Keep a closed report's round as it was, before the next one begins."""
    assert report.handled_at is not None
    assert report.closed_at is not None
    session.add(
        over := ReportRound(
            report_id=report.id,
            nth=report.reopenings,
            **{name: getattr(report, name) for name in OF_A_ROUND},
            extended=report.extensions > report.extensions_before,
            reworked=report.reworks > report.reworks_before,
            ended_at=now,
        )
    )
    report.extensions_before, report.reworks_before = report.extensions, report.reworks
    signals.round_ended.send(session, report=report, over=over)


def wind_clocks(report: Report, rules: Cases, now: datetime) -> None:
    """Work out the clock that runs after a change, for the lists and the lights job."""
    since = clocks.began(report.created_at, report.reopened_at, report.stopped_s)
    if report.state is State.HANDLED and report.handled_at is not None:
        since = report.handled_at
    elif report.state is State.SUBMITTED and report.accept_from is not None:
        since = report.accept_from
    running = clocks.running(
        report.state,
        due_of(report),
        since=since,
        controlled=report.controlled_at is not None,
        yellow_share=rules.yellow_share,
        yellow_min=timedelta(minutes=rules.yellow_min_minutes),
    )
    before = (report.next_clock, report.next_due)
    report.next_clock = running.kind if running else None
    report.next_warn = running.warn if running else None
    report.next_due = running.due if running else None
    report.sort_due = running.due if running else clocks.NEVER
    if before != (report.next_clock, report.next_due):
        report.told_light = None


def move(
    session: Session,
    report: Report,
    step: Step,
    target: Move,
    *,
    actor: Actor | None,
    role: str,
    now: datetime,
    rules: Cases,
    words: str = "",
    internal_note: str = "",
    changes: dict[str, Any] | None = None,
    goes_to: State | None = None,
) -> HistoryEntry:
    """Take a report to where the lifecycle table says, stop or start its clocks, write history.

    `goes_to` is the state before, where it was another report that was in it.
    """
    goes_to = target.to or goes_to or _state_before(report)
    _stop_or_start(report, report.state, goes_to, now, clarified=step is Step.CLARIFY)
    came_from = enter(report, goes_to)
    report.moved_at = now
    wind_clocks(report, rules, now)
    entry = record(
        session,
        report,
        step,
        came_from=came_from,
        actor=actor,
        role=role,
        now=now,
        words=words,
        internal_note=internal_note,
        changes=changes,
    )
    signals.moved.send(session, report=report, entry=entry)
    logger.info(
        "report moved",
        extra={"report_id": report.id, "step": step.value, "to": goes_to.value},
    )
    return entry


def _state_before(report: Report) -> State:
    assert report.suspended_from is not None
    return report.suspended_from


def _stop_or_start(
    report: Report, came_from: State, goes_to: State, now: datetime, *, clarified: bool
) -> None:
    if came_from in STOPPED and report.stopped_at is not None:
        stood = clocks.counted_stop(
            max(now - report.stopped_at, timedelta(0)),
            by_own_finding=clarified,
            counted_s=report.clarified_s,
        )
        if clarified:
            report.clarified_s += int(stood.total_seconds())
        report.stopped_at = None
        report.stopped_s += int(stood.total_seconds())
        if report.accept_from is not None and report.accepted_at is None:
            report.accept_from += stood
        report.suspended_from = None
        report.review_on = report.told_review = None
        set_due(
            report,
            clocks.shifted(
                due_of(report),
                stood,
                accepted=report.accepted_at is not None,
                controlled=report.controlled_at is not None,
                handled=report.handled_at is not None,
            ),
        )
    # A case that goes on under another report stands still since then.
    if goes_to in STOPPED and report.stopped_at is None:
        report.stopped_at = now


_HISTORY: Final = table_of(HistoryEntry)
_RECORD: Final = insert(_HISTORY).returning(_HISTORY.c.id)


def record(
    session: Session,
    report: Report,
    step: Step,
    *,
    came_from: State | None,
    actor: Actor | None,
    role: str,
    now: datetime,
    words: str = "",
    internal_note: str = "",
    changes: dict[str, Any] | None = None,
) -> HistoryEntry:
    """Write one history row; the rows are never changed afterwards."""
    # The report's own change first, as its history follows it.
    session.flush()
    values = {
        "report_id": report.id,
        "step": step,
        "from_state": came_from,
        "to_state": report.state,
        "at": now,
        "actor_id": actor.member_id if actor else None,
        "role": role,
        "words": words,
        "internal_note": internal_note,
        "changes": changes or {},
    }
    return HistoryEntry(id=session.execute(_RECORD, values).scalar_one(), **values)


_PHOTOS: Final = table_of(ReportPhoto)
_ADD_PHOTOS: Final = insert(_PHOTOS).returning(_PHOTOS.c.id, sort_by_parameter_order=True)


def add_photos(
    session: Session,
    report: Report,
    entry: HistoryEntry,
    photos: Sequence[AdmittedPhoto],
    *,
    kind: PhotoKind,
    actor: Actor,
    now: datetime,
    sent_at: datetime | None = None,
) -> Sequence[ReportPhoto]:
    """Attach photos whose files are already durable, in one statement; return their rows.

    `sent_at` is when they were sent, where that was earlier: how old they are counts until then.
    """
    if not photos:
        return []
    here, placed = Point(report.lat, report.lng), report.located_by is not LocatedBy.NOWHERE
    values = [
        {
            "report_id": report.id,
            "history_id": entry.id,
            "added_by_id": actor.member_id,
            "kind": kind,
            "name": photo.name,
            "width": photo.width,
            "height": photo.height,
            "byte_count": photo.byte_count,
            "dhash": photo.dhash,
            "taken_gap_s": _gap_s(photo, sent_at or now),
            "taken_off_m": _off_m(photo, here) if placed else None,
            "added_at": now,
        }
        for photo in photos
    ]
    ids = session.execute(_ADD_PHOTOS, values).scalars().all()
    return [ReportPhoto(id=row_id, **row) for row_id, row in zip(ids, values, strict=True)]


# A camera clock may be years off; past this the flag says "very" and nothing more.
MOST_GAP_S = 10 * 365 * 24 * 3600


def _gap_s(photo: AdmittedPhoto, now: datetime) -> int | None:
    if photo.taken_at is None:
        return None
    gap = (now - photo.taken_at).total_seconds()
    return int(max(-MOST_GAP_S, min(MOST_GAP_S, gap)))


def _off_m(photo: AdmittedPhoto, here: Point) -> int | None:
    if photo.position is None:
        return None
    return round(distance_m(here, Point(*photo.position)))


def keep_recall(session: Session, report: Report, *, actor: Actor, now: datetime) -> None:
    """Write down that a case is taken back: from whom and where, for the figures."""
    recall = Recall(
        report_id=report.id,
        at=now,
        by_id=actor.member_id,
        unit_code=None if report.self_handled else report.unit_code,
        community_code=report.community_code,
        street_code=report.street_code,
        category_code=report.category_code,
    )
    session.add(recall)
    signals.recalled.send(session, recall=recall)


def follow_to(session: Session, report: Report, target: Report) -> None:
    """Hand a merged report's followers on, so that nobody follows something merged away."""
    session.execute(
        update(Report).where(Report.merged_into_id == report.id).values(merged_into_id=target.id)
    )
    target.followers += report.followers + 1
    report.followers = 0
    report.merged_into_id = target.id
