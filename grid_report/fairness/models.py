"""Tables of the review: what looked odd, what was drawn, and how far the finders have read."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column
from grid_report.fairness.kinds import Finding, SignalKind, SignalState


class Signal(Base):
    """Something odd, once a cause. It flags; a person dismisses it or follows it up, with words."""

    __tablename__ = "fairness_signals"
    __table_args__ = (
        UniqueConstraint("cause", name="a_signal_once"),
        CheckConstraint(
            "(state = 'open') = (judged_by_id IS NULL AND judged_at IS NULL)",
            name="judged_by_somebody",
        ),
        CheckConstraint("state <> 'followed_up' OR words <> ''", name="followed_up_with_words"),
        CheckConstraint(
            "judged_by_id <> rider_id AND (other_rider_id IS NULL OR judged_by_id <> other_rider_id)",
            name="nobody_judges_oneself",
        ),
        CheckConstraint("trust BETWEEN 1 AND 3", name="trust_known"),
        # The list: what is open, low trust first, newest first within it.
        Index("ix_fairness_signals_state_trust_id", "state", "trust", "id"),
        Index(
            "ix_fairness_signals_street_code_state_trust_id", "street_code", "state", "trust", "id"
        ),
        Index("ix_fairness_signals_report_id", "report_id"),
    )

    id: Mapped[RowId]
    kind: Mapped[SignalKind] = mapped_column(enum_column(SignalKind, "kind_known"))
    cause: Mapped[str] = mapped_column(String(80))
    report_id: Mapped[int] = mapped_column(BIG, ForeignKey("reports.id"))
    other_report_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("reports.id"))
    rider_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    other_rider_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    # Who accepted, where that is what is odd.
    worker_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    # Whose report it was when it was found.
    community_code: Mapped[str | None] = mapped_column(ForeignKey("communities.code"))
    street_code: Mapped[str | None] = mapped_column(ForeignKey("streets.code"))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    trust: Mapped[int] = mapped_column(SmallInteger)
    found_at: Mapped[Instant]
    state: Mapped[SignalState] = mapped_column(
        enum_column(SignalState, "state_known"), default=SignalState.OPEN
    )
    judged_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    judged_at: Mapped[Instant | None]
    words: Mapped[str] = mapped_column(Text, default="")


class Draw(Base):
    """The sample of a month was drawn, from so many accepted reports."""

    __tablename__ = "fairness_draws"
    __table_args__ = (CheckConstraint("population >= 0", name="population_counts"),)

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    seed: Mapped[str] = mapped_column(String(20))
    population: Mapped[int]
    drawn_at: Mapped[Instant]


class Sampled(Base):
    """An accepted report that somebody looks at again."""

    __tablename__ = "fairness_samples"
    __table_args__ = (
        UniqueConstraint("month", "report_id", name="a_report_once_a_month"),
        CheckConstraint(
            "(finding IS NULL) = (judged_by_id IS NULL AND judged_at IS NULL)",
            name="judged_by_somebody",
        ),
        CheckConstraint("finding <> 'disagree' OR words <> ''", name="disagrees_with_words"),
        CheckConstraint("judged_by_id <> rider_id", name="nobody_judges_oneself"),
        CheckConstraint("judged_by_id <> accepted_by_id", name="nobody_judges_an_own_acceptance"),
        Index("ix_fairness_samples_month_id", "month", "id"),
        Index("ix_fairness_samples_month_street_code_id", "month", "street_code", "id"),
    )

    id: Mapped[RowId]
    month: Mapped[str] = mapped_column(ForeignKey("fairness_draws.month"))
    report_id: Mapped[int] = mapped_column(BIG, ForeignKey("reports.id"))
    rider_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    accepted_by_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    accepted_at: Mapped[Instant]
    community_code: Mapped[str] = mapped_column(ForeignKey("communities.code"))
    street_code: Mapped[str] = mapped_column(ForeignKey("streets.code"))
    drawn_at: Mapped[Instant]
    finding: Mapped[Finding | None] = mapped_column(enum_column(Finding, "finding_known"))
    judged_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    judged_at: Mapped[Instant | None]
    words: Mapped[str] = mapped_column(Text, default="")


class Mark(Base):
    """How far a finder has read: the id of the last row. Its lock keeps two runs apart."""

    __tablename__ = "fairness_marks"

    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    up_to: Mapped[int] = mapped_column(BIG, default=0)


class Print(Base):
    """One of four keys of a photo's hash, kept for as long as photos are compared."""

    __tablename__ = "fairness_prints"
    __table_args__ = (
        Index("ix_fairness_prints_at", "at"),
        Index("ix_fairness_prints_photo_id", "photo_id"),
    )

    key: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    photo_id: Mapped[int] = mapped_column(
        BIG, ForeignKey("report_photos.id"), primary_key=True, autoincrement=False
    )
    at: Mapped[Instant]
