"""Rows that may not be there yet: made first, so that what follows is one conditional UPDATE."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from grid_report.db import insert_of
from grid_report.jobs.models import JobRun, Lease, Outcome


def make_lease(session: Session, name: str, now: datetime) -> None:
    """Make a lease that nobody holds, unless there is one."""
    _make(session, Lease, name=name, holder="", beats=0, beat_at=now, until=now)


def make_run(session: Session, name: str, now: datetime) -> None:
    """Make the row of a job, unless there is one."""
    _make(
        session,
        JobRun,
        name=name,
        started_at=now,
        ended_at=None,
        outcome=Outcome.RUNNING,
        done=0,
        error="",
        runs=0,
        failures=0,
        holder="",
    )


def _make(session: Session, model: type[Lease | JobRun], **values: object) -> None:
    made = insert_of(session, model).values(**values)
    session.execute(made.on_conflict_do_nothing(index_elements=["name"]))
