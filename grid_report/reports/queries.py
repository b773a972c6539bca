"""Reads on reports: columns for lists, whole rows for one, never more statements with more rows."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from sqlalchemy import ColumnElement, case, false, func, or_, select, union, union_all
from sqlalchemy.orm import Session

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.points.signals import ReportFact
from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.lifecycle import State, Step
from grid_report.reports.models import HistoryEntry, Recheck, Report, ReportPhoto, StepKey


def find_report(number: str) -> Report:
    """Return one report by its number. Raises NotFound. Who may see it is asked by the caller."""
    report = db.session.scalars(select(Report).where(Report.number == number)).one_or_none()
    if report is None:
        raise NotFound
    return report


def knows_key(actor: Actor, number: str, key: str | None) -> bool:
    """Tell whether a member took a step on a report with this key before."""
    try:
        known = str(uuid.UUID((key or "").strip()))
    except ValueError:
        return False
    step = select(StepKey.id).join(Report, Report.id == StepKey.report_id)
    return (
        db.session.scalar(
            step.where(
                StepKey.member_id == actor.member_id, StepKey.key == known, Report.number == number
            )
        )
        is not None
    )


def knows_report(actor: Actor, key: str) -> bool:
    """Tell whether a member sent a report with this key before."""
    sent = (
        select(it.id).where(it.reporter_id == actor.member_id, it.key == key)
        for it in (Report, KeptReport)
    )
    return db.session.scalars(union_all(*sent)).first() is not None


def number_by_key(actor: Actor, key: str) -> str | None:
    """Return the number of the report a member sent or took a step on with this key."""
    sent = (
        select(it.number).where(it.reporter_id == actor.member_id, it.key == key)
        for it in (Report, KeptReport)
    )
    step = (
        select(Report.number)
        .join(StepKey, StepKey.report_id == Report.id)
        .where(StepKey.member_id == actor.member_id, StepKey.key == key)
    )
    return db.session.scalars(union_all(*sent, step)).first()


def number_of(report_id: int | None) -> str | None:
    """Return the number of a report by its id."""
    if report_id is None:
        return None
    return db.session.scalar(select(Report.number).where(Report.id == report_id))


def find_lead(report: Report) -> Report | None:
    """Return the report that leads the case this one was merged into; None when it leads itself."""
    if report.merged_into_id is None:
        return None
    return db.session.get(Report, report.merged_into_id)


def numbers_of(report_ids: Sequence[int]) -> dict[int, str]:
    """Return the numbers of reports by their ids, in one statement or none."""
    if not report_ids:
        return {}
    rows = db.session.execute(
        select(Report.id, Report.number).where(Report.id.in_(set(report_ids)))
    )
    return {row.id: row.number for row in rows}


def list_photos(report_id: int, *, rider_id: int | None = None) -> Sequence[ReportPhoto]:
    """Return a report's photos, oldest first; to one of its riders without those of the others."""
    return db.session.scalars(
        select(ReportPhoto)
        .where(ReportPhoto.report_id == report_id, *_of_no_other(rider_id))
        .order_by(ReportPhoto.id)
    ).all()


def _of_no_other(rider_id: int | None) -> tuple[ColumnElement[bool], ...]:
    """Leave out what other riders sent; nothing for whoever is no rider of the case."""
    if rider_id is None:
        return ()
    by_a_rider = (
        select(HistoryEntry.id)
        .where(HistoryEntry.id == ReportPhoto.history_id, HistoryEntry.role == Role.RIDER.value)
        .exists()
    )
    return (or_(ReportPhoto.added_by_id == rider_id, ~by_a_rider),)


def photos_of(
    report_ids: Sequence[int], *, rider_id: int | None = None, as_cases: bool = False
) -> dict[int, list[ReportPhoto]]:
    """Return the photos of a page of reports in one statement.

    Of the own reports of `rider_id` without what other riders sent; `as_cases`: of all of them,
    as the cases that own reports were merged into.
    """
    found: dict[int, list[ReportPhoto]] = {report_id: [] for report_id in report_ids}
    if report_ids:
        query = (
            select(ReportPhoto)
            .where(ReportPhoto.report_id.in_(report_ids))
            .order_by(ReportPhoto.id)
        )
        if rider_id is not None:
            query = query.join(Report, Report.id == ReportPhoto.report_id).where(
                or_(
                    false() if as_cases else Report.reporter_id != rider_id,
                    *_of_no_other(rider_id),
                )
            )
        rows = db.session.scalars(query)
        for photo in rows:
            found[photo.report_id].append(photo)
    return found


def find_photo(
    report: Report, actor: Actor, *, photo_id: int | None = None, name: str = ""
) -> ReportPhoto:
    """Return one photo of one report, by id or by name. Raises NotFound.

    Its rider finds those of the case it was merged into as well, and none of another rider.
    """
    which = ReportPhoto.id == photo_id if photo_id is not None else ReportPhoto.name == name
    own = report.reporter_id == actor.member_id
    ids = [report.id]
    if own and report.merged_into_id is not None:
        ids.append(report.merged_into_id)
    photo = db.session.scalars(
        select(ReportPhoto)
        .where(
            ReportPhoto.report_id.in_(ids), which, *_of_no_other(actor.member_id if own else None)
        )
        .order_by(ReportPhoto.id)
        .limit(1)
    ).first()
    if photo is None:
        raise NotFound
    return photo


def list_rechecks(report_id: int) -> Sequence[Recheck]:
    """Return what a rider was asked to look at again about a case, oldest first."""
    return db.session.scalars(
        select(Recheck)
        .where(Recheck.report_id == report_id)
        .order_by(Recheck.nth)
        .execution_options(populate_existing=True)
    ).all()


def list_history(report_id: int) -> Sequence[HistoryEntry]:
    """Return a report's history, oldest first."""
    return db.session.scalars(
        select(HistoryEntry).where(HistoryEntry.report_id == report_id).order_by(HistoryEntry.id)
    ).all()


def facts_for_audit(_sender: object, *, session: Session) -> Iterator[ReportFact]:
    """Say of every report whether it was ever accepted and closed. Hears `report_facts`."""
    was = [
        func.max(case((HistoryEntry.step == step, 1), else_=0)) for step in (Step.ACCEPT, Step.PASS)
    ]
    rows = session.execute(
        select(Report.number, *was)
        .join(HistoryEntry, HistoryEntry.report_id == Report.id)
        .where(HistoryEntry.step.in_([Step.ACCEPT, Step.PASS]))
        .group_by(Report.number)
        .execution_options(yield_per=1000)
    )
    return (ReportFact(number, bool(accepted), bool(closed)) for number, accepted, closed in rows)


def open_question(session: Session, report: Report) -> str | None:
    """Return what a case waits to be answered, None when it waits for nothing."""
    if report.state is not State.NEEDS_INFO:
        return None
    return session.scalar(
        select(HistoryEntry.words)
        .where(
            HistoryEntry.report_id == report.id,
            # Under a new lead the question is where the case went on.
            HistoryEntry.step.in_([Step.ASK, Step.LEAD]),
        )
        .order_by(HistoryEntry.id.desc())
        .limit(1)
    )


def open_question_of(report: Report) -> str | None:
    """Return what a case waits to be answered, for a page."""
    return open_question(db.session(), report)


def photo_names_in_use(names: Sequence[str]) -> set[str]:
    """Return which of these photo files still have a row; the orphan sweep asks.

    In one statement: between two, a kept report could go, and its photos be nobody's.
    """
    if not names:
        return set()
    asked = (select(it.name).where(it.name.in_(names)) for it in (ReportPhoto, KeptPhoto))
    return set(db.session.scalars(union(*asked)))


def list_photo_files(after: str, limit: int) -> list[tuple[str, int]]:
    """Return the next photo files that have a row, by name, with their bytes."""
    found = union_all(
        *(
            select(it.name, func.max(it.byte_count).label("byte_count"))
            .where(it.name > after)
            .group_by(it.name)
            .order_by(it.name)
            .limit(limit)
            .subquery()
            .select()
            for it in (ReportPhoto, KeptPhoto)
        )
    ).subquery()
    rows = db.session.execute(
        select(found.c.name, func.max(found.c.byte_count))
        .group_by(found.c.name)
        .order_by(found.c.name)
        .limit(limit)
    )
    return [(name, byte_count) for name, byte_count in rows]
