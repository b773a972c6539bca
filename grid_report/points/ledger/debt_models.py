"""What a verdict could not take at once: owed by a lot, and taken when points come back to it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, RowId


class Owed(Base):
    """So many points a reversal takes from a lot as they come back; written once, forever.

    What was taken of it are journal rows of the cause `owed-taken`. Fraud owes by the rider, not
    by the lot: that is the rider's debt.
    """

    __tablename__ = "point_owed"
    __table_args__ = (
        UniqueConstraint("reversal_id", "lot_id", name="a_lot_owes_a_reversal_once"),
        CheckConstraint("points > 0", name="points_positive"),
        Index("ix_point_owed_lot_id", "lot_id"),
    )

    id: Mapped[RowId]
    reversal_id: Mapped[int] = mapped_column(BIG, ForeignKey("point_journal.id"))
    lot_id: Mapped[int] = mapped_column(BIG, ForeignKey("point_lots.id"))
    points: Mapped[int]
