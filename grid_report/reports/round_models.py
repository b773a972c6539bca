"""What a case went through: rounds that are over, and recalls. Rows are only ever added."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId


class ReportRound(Base):
    """A round of a case that was closed and reopened: as it was when it ended, for good.

    The round that goes on is the report itself; a case never reopened has none of these.
    """

    __tablename__ = "report_rounds"
    __table_args__ = (
        UniqueConstraint("report_id", "nth", name="a_round_once"),
        CheckConstraint("nth >= 1", name="rounds_from_one"),
        # A month's figures and lists, each by the instant that decides about the month.
        *(
            Index(f"ix_report_rounds_{name}", name)
            for name in ("fix_due", "close_due", "handled_at", "closed_at", "ended_at")
        ),
        Index("ix_report_rounds_community_ended", "community_code", "ended_at"),
        Index("ix_report_rounds_street_ended", "street_code", "ended_at"),
    )

    id: Mapped[RowId]
    report_id: Mapped[int] = mapped_column(BIG, ForeignKey("reports.id"))
    nth: Mapped[int]
    community_code: Mapped[str | None] = mapped_column(ForeignKey("communities.code"))
    street_code: Mapped[str | None] = mapped_column(ForeignKey("streets.code"))
    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"))
    unit_code: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    self_handled: Mapped[bool] = mapped_column(default=False)
    dispatched_at: Mapped[Instant | None]
    started_at: Mapped[Instant | None]
    handled_at: Mapped[Instant]
    closed_at: Mapped[Instant]
    fix_due: Mapped[Instant]
    close_due: Mapped[Instant]
    extended: Mapped[bool]
    reworked: Mapped[bool]
    # The reopening.
    ended_at: Mapped[Instant]


class Recall(Base):
    """A case taken back from a unit or from the own handling: an event, where it was then.

    The figures count these; the case itself goes on elsewhere, and may be taken back again.
    """

    __tablename__ = "report_recalls"
    __table_args__ = (
        Index("ix_report_recalls_at", "at"),
        Index("ix_report_recalls_report_id", "report_id"),
    )

    id: Mapped[RowId]
    report_id: Mapped[int] = mapped_column(BIG, ForeignKey("reports.id"))
    at: Mapped[Instant]
    by_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    # Nobody: the community had it itself.
    unit_code: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    community_code: Mapped[str | None] = mapped_column(ForeignKey("communities.code"))
    street_code: Mapped[str | None] = mapped_column(ForeignKey("streets.code"))
    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"))
