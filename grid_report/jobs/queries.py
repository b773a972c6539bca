"""Who holds a lease, and how the jobs last went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from grid_report.db import db
from grid_report.jobs.models import JobRun, Lease, Outcome


@dataclass(frozen=True)
class LeaseSeen:
    """A lease as it was at one look."""

    holder: str
    beats: int
    beat_at: datetime
    until: datetime


@dataclass(frozen=True)
class RunRow:
    """How a job last went."""

    name: str
    outcome: Outcome
    started_at: datetime
    ended_at: datetime | None
    done: int
    error: str
    runs: int
    failures: int
    holder: str


def find_lease(name: str) -> LeaseSeen | None:
    """Look at a lease."""
    row = db.session.execute(
        select(Lease.holder, Lease.beats, Lease.beat_at, Lease.until).where(Lease.name == name)
    ).one_or_none()
    return LeaseSeen(*row) if row else None


def list_runs() -> Sequence[RunRow]:
    """List the last run of every job that has run."""
    rows = db.session.execute(
        select(
            JobRun.name,
            JobRun.outcome,
            JobRun.started_at,
            JobRun.ended_at,
            JobRun.done,
            JobRun.error,
            JobRun.runs,
            JobRun.failures,
            JobRun.holder,
        ).order_by(JobRun.name)
    )
    return [RunRow(*row) for row in rows]
