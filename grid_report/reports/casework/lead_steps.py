"""A case is one report and those merged into it: taken together, and handed on."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import ScalarSelect, Select, or_, select, update
from sqlalchemy.orm import Session

from grid_report.db import table_of
from grid_report.errors import NotFound
from grid_report.places.geo.routing import MatchedBy
from grid_report.reports import signals, steps
from grid_report.reports.lifecycle import State, Step, move_for
from grid_report.reports.models import Report
from grid_report.settings import Cases

SYSTEM: Final = "system"

# What a report says of itself and of its rider. All the rest is the case's: it goes on with the
# case, whichever report leads it, and so does every column that is added.
OWN: Final = frozenset(
    {
        "id", "number", "key", "fingerprint", "version", "reporter_id", "state", "description",
        "place_note", "lat", "lng", "sent_lat", "sent_lng", "datum", "accuracy_m",
        "compound_code", "matched_by", "merged_into_id", "followers", "created_at", "taken_at",
        "sent_unproved", "sent_at", "source", "located_by", "moved_at", "thumb_name", "solved", "satisfied",
        "rating_words", "rated_at", "folded_id",
    }
)  # fmt: skip
OF_THE_CASE: Final = tuple(it.name for it in table_of(Report).c if it.name not in OWN)


def lock_with_lead(session: Session, number: str) -> tuple[Report, Report | None]:
    """Take a report and the one that leads its case; None when it leads itself."""
    lead = select(Report.merged_into_id).where(Report.number == number)
    return _lock_two(session, number, lead)


def lock_with_heir(session: Session, number: str) -> tuple[Report, Report | None]:
    """Take a report and the one that would lead its case without it: the oldest of the others.

    None when no other rider's report was merged into it.
    """
    it = select(Report.id).where(Report.number == number).scalar_subquery()
    rider = select(Report.reporter_id).where(Report.number == number).scalar_subquery()
    return _lock_two(session, number, _heirs(it, rider))


def _heirs(report_id: ScalarSelect[int], rider_id: ScalarSelect[int]) -> Select[Any]:
    return (
        select(Report.id)
        .where(Report.merged_into_id == report_id, Report.reporter_id != rider_id)
        .order_by(Report.created_at, Report.id)
        .limit(1)
    )


def _lock_two(session: Session, number: str, other: Select[Any]) -> tuple[Report, Report | None]:
    """Take two reports in ascending id, and the right one should it be another by then."""
    found = session.scalar(other)
    wanted = Report.number == number
    # Not "or its id is null": SQLite would look through every report there is.
    reports = session.scalars(
        select(Report)
        .where(wanted if found is None else or_(wanted, Report.id == found))
        .order_by(Report.id)
        .with_for_update()
    ).all()
    report = next((one for one in reports if one.number == number), None)
    if report is None:
        raise NotFound
    # With the report taken nobody joins it, leaves it or moves it any more.
    now = session.scalar(other)
    beside = next((one for one in reports if one.id == now), None)
    if now is not None and beside is None:
        beside = session.scalars(select(Report).where(Report.id == now).with_for_update()).one()
    for one in sorted({it.id: it for it in (report, beside) if it}.values(), key=lambda it: it.id):
        signals.taken.send(session, report=one)
    return report, beside


def hand_on(
    session: Session, report: Report, heir: Report, *, rules: Cases, now: datetime, words: str
) -> None:
    """Let a case go on under another of its reports, with the state and the clocks it has.

    The reports of other riders follow it; what else the same rider sent stays with the old lead
    and ends with it. `words` are the question the case waits for, if there is one.
    """
    moved = session.execute(
        update(Report)
        .where(
            Report.merged_into_id == report.id,
            Report.reporter_id != report.reporter_id,
            Report.id != heir.id,
        )
        .values(merged_into_id=heir.id)
    )
    others = moved.rowcount  # type: ignore[attr-defined]
    if heir.community_code != report.community_code:
        heir.matched_by = MatchedBy.BY_HAND
    for name in OF_THE_CASE:
        setattr(heir, name, getattr(report, name))
    heir.merged_into_id = None
    heir.followers = others
    report.followers -= others + 1
    steps.move(
        session,
        heir,
        Step.LEAD,
        move_for(State.MERGED, Step.LEAD),
        goes_to=report.state,
        actor=None,
        role=SYSTEM,
        now=now,
        rules=rules,
        words=words,
        changes={"lead": [report.number, heir.number]},
    )


def is_folded_away(report: Report) -> bool:
    """Tell whether a report is one of many behind one row, and not the first of them."""
    return (
        report.folded_id is not None
        and report.folded_id != report.id
        and report.state is State.SUBMITTED
    )
