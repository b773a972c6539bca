"""Who runs the periodic work, and how it last went."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, enum_column


class Lease(Base):
    """The right to do something alone, held by one process until it stops renewing.

    `beats` counts the renewals: others watch it with a clock of their own, so that no two
    clocks are ever compared and a jump of one harms nobody.
    """

    __tablename__ = "leases"
    __table_args__ = (CheckConstraint("beats >= 0", name="beats_counted"),)

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(120), default="")
    beats: Mapped[int] = mapped_column(BIG, default=0)
    beat_at: Mapped[Instant]
    until: Mapped[Instant]


class Outcome(StrEnum):
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    STOPPED = "stopped"


class JobRun(Base):
    """How a job last went; one row a job."""

    __tablename__ = "job_runs"
    __table_args__ = (
        CheckConstraint("(outcome = 'running') = (ended_at IS NULL)", name="running_iff_not_ended"),
        CheckConstraint("runs >= 0 AND failures >= 0", name="runs_counted"),
    )

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    started_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    outcome: Mapped[Outcome] = mapped_column(enum_column(Outcome, "outcome_known"))
    done: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(120), default="")
    runs: Mapped[int] = mapped_column(BIG, default=0)
    # In a row, up to now: a job that failed once and then went well is well.
    failures: Mapped[int] = mapped_column(default=0)
    holder: Mapped[str] = mapped_column(String(120), default="")
