"""The tariff's versions, what every award was decided on, and proposals that wait for a second person.

Triggers of migration 0007 keep started versions, decisions and decided proposals as they are.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column
from grid_report.points.rewards.caps import Cut


class TariffVersion(Base):
    """The rules from an instant on. Without people it came from `config/tariff.toml`."""

    __tablename__ = "tariff_versions"
    __table_args__ = (
        UniqueConstraint("starts_at", name="a_start_of_its_own"),
        CheckConstraint(
            "(made_by_id IS NULL) = (published_by_id IS NULL)", name="by_two_or_from_the_file"
        ),
        CheckConstraint("made_by_id <> published_by_id", name="two_people"),
    )

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    starts_at: Mapped[Instant]
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    made_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    published_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    published_at: Mapped[Instant]


class TariffDraft(Base):
    """The one next version under work; `version` counts its changes, `made_by_id` made the last."""

    __tablename__ = "tariff_drafts"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(String(20))
    rules: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int]
    made_by_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    made_at: Mapped[Instant]


class ClaimRow(Base):
    """One decision about points, forever: the facts, what the rule gives, what came of it, and why.

    `nth` counts what the rule counts: reports of a kind a day (R1 to R3), photos a case (R4),
    further reporters (R5).
    """

    __tablename__ = "point_claims"
    __table_args__ = (
        UniqueConstraint("cause_type", "cause_id", name="a_cause_is_decided_once"),
        CheckConstraint("points BETWEEN 0 AND rate", name="never_more_than_the_rule"),
        CheckConstraint("points > 0 OR cut IS NOT NULL", name="nothing_has_a_reason"),
        CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        CheckConstraint("nth >= 1", name="counted_from_one"),
        Index("ix_point_claims_rider_id_at", "rider_id", "at"),
        Index("ix_point_claims_at", "at"),
    )

    id: Mapped[RowId]
    cause_type: Mapped[str] = mapped_column(String(40))
    cause_id: Mapped[str] = mapped_column(String(60))
    at: Mapped[Instant]
    rider_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    community_code: Mapped[str] = mapped_column(ForeignKey("communities.code"))
    rule: Mapped[str] = mapped_column(String(8))
    tariff_version: Mapped[str] = mapped_column(String(20))
    severity: Mapped[int | None]
    report_number: Mapped[str | None] = mapped_column(String(24))
    nth: Mapped[int]
    after_closing_s: Mapped[int | None]
    rate: Mapped[int]
    halved: Mapped[bool]
    points: Mapped[int]
    cut: Mapped[Cut | None] = mapped_column(enum_column(Cut, "cut_known"))


class LearningMark(Base):
    """A person was thanked for a unit or a quiz, under whichever account. Says nothing of whom.

    The mark is a hash of the topic and of the proved number's own keyed hash: it outlives the
    account, and two marks of one person cannot be told to be one's.
    """

    __tablename__ = "learning_marks"

    mark: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[Instant]
