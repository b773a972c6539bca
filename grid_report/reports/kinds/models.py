"""What is kept of accepted reports to order kinds and to propose one: sums, and nothing of a person."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import Base


class KindCount(Base):
    """How many reports of a kind were accepted in a month of the year, all years together.

    `area_code` is a community's, or the county's for all of it.
    """

    __tablename__ = "kind_counts"
    __table_args__ = (
        CheckConstraint("month BETWEEN 1 AND 12", name="month_of_a_year"),
        CheckConstraint("accepted > 0", name="accepted_counts"),
    )

    area_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    month: Mapped[int] = mapped_column(primary_key=True)
    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"), primary_key=True)
    accepted: Mapped[int]


class KindLetter(Base):
    """In how many accepted reports of a kind a letter was; the empty one counts the reports.

    Only letters that stand in the reference data: nothing a person alone would write is in here.
    """

    __tablename__ = "kind_letters"
    __table_args__ = (CheckConstraint("seen > 0", name="seen_counts"),)

    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"), primary_key=True)
    letter: Mapped[str] = mapped_column(String(1), primary_key=True)
    seen: Mapped[int]
