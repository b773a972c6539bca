"""What is beside the ledger: awards that wait or were not paid, notices of expiry, the audit's mark."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, UtcInstant, enum_column
from grid_report.points.kinds import IS_OPEN, IS_OWED, UnpaidReason


class PendingAward(Base):
    """A cause that was not paid at once, and why; `journal_id` is the event that paid it later."""

    __tablename__ = "point_unpaid"
    __table_args__ = (
        UniqueConstraint("cause_type", "cause_id", name="a_cause_is_due_once"),
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint(f"journal_id IS NULL OR {IS_OWED}", name="only_owed_is_paid"),
        CheckConstraint("journal_id IS NULL OR cancelled_at IS NULL", name="paid_or_cancelled"),
        CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_by_id IS NULL)", name="cancelled_by_somebody"
        ),
        CheckConstraint("COALESCE(actor_id, 0) <> rider_id", name="nobody_decides_for_oneself"),
        CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        ForeignKeyConstraint(
            ["journal_id", "cause_type", "cause_id"],
            ["point_journal.id", "point_journal.cause_type", "point_journal.cause_id"],
            name="paid_by_its_own_event",
        ),
        Index("ix_point_unpaid_rider_id_id", "rider_id", "id"),
        Index(
            "ix_point_unpaid_open",
            "community_code",
            "id",
            sqlite_where=text(IS_OPEN),
            postgresql_where=text(IS_OPEN),
        ),
    )

    id: Mapped[RowId]
    cause_type: Mapped[str] = mapped_column(String(40))
    cause_id: Mapped[str] = mapped_column(String(60))
    at: Mapped[Instant]
    reason: Mapped[UnpaidReason] = mapped_column(enum_column(UnpaidReason, "reason_known"))
    rider_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    points: Mapped[int]
    community_code: Mapped[str] = mapped_column(ForeignKey("communities.code"))
    rule: Mapped[str] = mapped_column(String(8))
    tariff_version: Mapped[str] = mapped_column(String(20))
    severity: Mapped[int | None]
    report_number: Mapped[str | None] = mapped_column(String(24))
    actor_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    approved_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    journal_id: Mapped[int | None] = mapped_column(BIG)
    cancelled_at: Mapped[Instant | None]
    cancelled_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))


class ExpiryNotice(Base):
    """That a rider was told, so many days before, which points would be over when."""

    __tablename__ = "point_expiry_notices"
    __table_args__ = (
        CheckConstraint("days_before > 0", name="before_the_end"),
        CheckConstraint("points > 0", name="points_positive"),
    )

    rider_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(UtcInstant(), primary_key=True)
    days_before: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    points: Mapped[int]
    told_at: Mapped[Instant]


class AuditMark(Base):
    """One row: up to which rows the nightly audit has looked, and what it last told of."""

    __tablename__ = "point_audits"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    transfer_id: Mapped[int] = mapped_column(BIG, default=0)
    movement_id: Mapped[int] = mapped_column(BIG, default=0)
    journal_id: Mapped[int] = mapped_column(BIG, default=0)
    audited_at: Mapped[Instant | None]
    replayed_at: Mapped[Instant | None]
    # A digest of the findings: the same ones are told of once.
    told: Mapped[str] = mapped_column(String(64), default="")
