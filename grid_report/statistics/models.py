"""Counts by month and area, what was frozen of them, and what changed afterwards."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId


class StatisticsCell(Base):
    """One count: of a month, an area, a breakdown, a measure.

    Version 0 is kept in the transaction of every step; versions from 1 are frozen, and a trigger
    refuses every change of them once their freeze is sealed.
    """

    __tablename__ = "statistics_cells"
    __table_args__ = ({"sqlite_with_rowid": False},)

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    area: Mapped[str] = mapped_column(String(12), primary_key=True)
    facet: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(24), primary_key=True)
    measure: Mapped[str] = mapped_column(String(20), primary_key=True)
    also: Mapped[str] = mapped_column(String(7), primary_key=True)
    n: Mapped[int] = mapped_column(BIG)


class StatisticsCompared(Base):
    """A count of a month that stood live beside one when that was frozen: kept with its version."""

    __tablename__ = "statistics_compared"
    __table_args__ = ({"sqlite_with_rowid": False},)

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    area: Mapped[str] = mapped_column(String(12), primary_key=True)
    of_month: Mapped[str] = mapped_column(String(7), primary_key=True)
    facet: Mapped[str] = mapped_column(String(10), primary_key=True)
    key: Mapped[str] = mapped_column(String(24), primary_key=True)
    measure: Mapped[str] = mapped_column(String(20), primary_key=True)
    n: Mapped[int] = mapped_column(BIG)


class StatisticsFreeze(Base):
    """A month as somebody closed it. A later one of the same month has the next version."""

    __tablename__ = "statistics_freezes"
    __table_args__ = (
        UniqueConstraint("month", "version", name="a_version_once"),
        CheckConstraint("version >= 1", name="versions_from_one"),
        CheckConstraint("(digest = '') = (NOT sealed)", name="sealed_with_its_digest"),
    )

    id: Mapped[RowId]
    month: Mapped[str] = mapped_column(String(7))
    version: Mapped[int]
    frozen_at: Mapped[Instant]
    # Nobody where the calendar's job did it.
    frozen_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    reason: Mapped[str] = mapped_column(String(400), default="")
    # Whatever else the page shows of a frozen month: its typical cases, settings, names.
    document: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    digest: Mapped[str] = mapped_column(String(64), default="")
    # The number of the rules it was counted by (`measures.RULES`).
    rules: Mapped[int] = mapped_column(server_default="1")
    sealed: Mapped[bool] = mapped_column(default=False)


class StatisticsCorrection(Base):
    """A change that would alter a frozen month: listed beside it, never folded in."""

    __tablename__ = "statistics_corrections"
    __table_args__ = (
        Index("ix_statistics_corrections_month_version_id", "month", "version", "id"),
        Index("ix_statistics_corrections_month_version_area_id", "month", "version", "area", "id"),
    )

    id: Mapped[RowId]
    month: Mapped[str] = mapped_column(String(7))
    version: Mapped[int]
    # `case` or `service`, and its row.
    about: Mapped[str] = mapped_column(String(10))
    about_id: Mapped[int] = mapped_column(BIG)
    area: Mapped[str] = mapped_column(String(12))
    at: Mapped[Instant]
    # Measure to by how much; of the whole area, not of its breakdowns.
    changes: Mapped[dict[str, int]] = mapped_column(JSON)


class StatisticsRecount(Base):
    """When a month was last counted anew, and what had to be repaired."""

    __tablename__ = "statistics_recounts"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    # Grows with each repair: a recount that looked before another one repaired is thrown away.
    turn: Mapped[int] = mapped_column(default=0)
    counted_at: Mapped[Instant]
    cells: Mapped[int]
    differences: Mapped[int]
    # The number of the rules it was counted by, and whether it was the first time by them: what
    # differed then was not wrong.
    rules: Mapped[int] = mapped_column(server_default="1")
    by_new_rules: Mapped[bool] = mapped_column(default=False, server_default=false())


class StatisticsRules(Base):
    """One row: the number of the rules all kept counts are counted by."""

    __tablename__ = "statistics_rules"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rules: Mapped[int]
    # When the last month was counted by them; nobody knows of the first rules.
    since: Mapped[Instant | None]


class StatisticsQuestion(Base):
    """A saved question: filters, rows and columns over the figures, under a link of its own."""

    __tablename__ = "statistics_questions"
    __table_args__ = (
        UniqueConstraint("code", name="a_link_once"),
        Index("ix_statistics_questions_owner_id", "owner_id"),
    )

    id: Mapped[RowId]
    code: Mapped[str] = mapped_column(String(12))
    owner_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    title: Mapped[str] = mapped_column(String(80))
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[Instant]


class StatisticsDelivery(Base):
    """A member who is told on a day of the month that the month before can be fetched."""

    __tablename__ = "statistics_deliveries"
    __table_args__ = (
        UniqueConstraint("member_id", "area", name="a_delivery_once"),
        CheckConstraint("day BETWEEN 1 AND 28", name="a_day_every_month_has"),
    )

    id: Mapped[RowId]
    member_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    area: Mapped[str] = mapped_column(String(12))
    day: Mapped[int]
    created_by_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    created_at: Mapped[Instant]
    # The newest month that was told of: each is told once.
    told_month: Mapped[str] = mapped_column(String(7), default="")
