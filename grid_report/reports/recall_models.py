"""Cases taken back from whoever had them: rows that are only ever added to."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId


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
