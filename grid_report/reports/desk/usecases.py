"""Merging what the desk shows as one row: very many urgent reports of one rider. Use cases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from grid_report.access import Actor
from grid_report.db import db
from grid_report.errors import GridReportError, NotFound
from grid_report.places.geo.reference import Reference
from grid_report.reports.casework import usecases as casework_usecases
from grid_report.reports.commands import TakeStep
from grid_report.reports.desk import queries
from grid_report.reports.desk.filters import ReportFilter, Sort
from grid_report.reports.lifecycle import OPEN, Step
from grid_report.reports.models import Report
from grid_report.settings import Settings

# One press works on so many; pressing again goes on with the rest.
MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Merged:
    """How many were merged into which case, and how many still wait."""

    into: str
    merged: int
    left: int


def merge_fold(
    number: str, *, actor: Actor, places: Reference, settings: Settings, now: datetime
) -> Merged:
    """Merge the reports behind one row into the first that is still open, each by its own step.

    Killed in the middle it has merged some: pressing again goes on. Raises NotFound, Forbidden.
    """
    head = db.session.execute(
        select(Report.id, Report.number, Report.state, Report.merged_into_id).where(
            Report.number == number
        )
    ).one_or_none()
    if head is None:
        raise NotFound
    wanted = ReportFilter(fold=head.id, sort=Sort.DUE)
    waiting = queries.list_reports(actor, wanted, now=now, limit=MOST_AT_ONCE + 2, whole=False)
    numbers = [row.number for row in waiting.items]
    db.session.rollback()
    if not numbers:
        raise NotFound
    into = head.number if head.state in OPEN else numbers[0]
    done = 0
    refused: GridReportError | None = None
    for one in [it for it in numbers if it != into][:MOST_AT_ONCE]:
        try:
            casework_usecases.take_step(
                one,
                TakeStep(step=Step.MERGE, into=into),
                actor=actor,
                places=places,
                settings=settings,
                now=now,
            )
            done += 1
        except GridReportError as error:
            # Somebody else took it meanwhile: it is no row of this any more.
            refused = error
    if not done and refused is not None:
        raise refused
    left = queries.list_reports(actor, wanted, now=now, limit=500, whole=False)
    return Merged(into, done, len([row for row in left.items if row.number != into]))
