"""Objections of riders to points decisions, one row each, for ever."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column
from grid_report.points.objections.rules import ObjectionState

IS_UNANSWERED = "state = 'open'"


class Objection(Base):
    """One objection. Triggers keep its words, and let it leave `open` once."""

    __tablename__ = "objections"
    __table_args__ = (
        CheckConstraint(
            "CASE WHEN journal_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN unpaid_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN refused_report IS NULL THEN 0 ELSE 1 END = 1",
            name="about_one_decision",
        ),
        CheckConstraint("due_at > raised_at", name="due_after_raising"),
        CheckConstraint("words <> ''", name="says_why"),
        CheckConstraint(
            "(state IN ('upheld', 'rejected')) = (answered_at IS NOT NULL)"
            " AND (answered_at IS NULL) = (answered_by_id IS NULL)"
            " AND (answered_at IS NULL) = (answer = '')",
            name="answered_by_somebody_in_words",
        ),
        CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_iff_dated"
        ),
        CheckConstraint(
            "answered_by_id IS NULL OR (answered_by_id <> rider_id"
            " AND answered_by_id <> COALESCE(decided_by_id, 0)"
            " AND answered_by_id <> COALESCE(approved_by_id, 0))",
            name="nobody_judges_their_own_decision",
        ),
        # Waiting ones first of all, by what is due; few, however long the history.
        Index(
            "ix_objections_unanswered",
            "street_code",
            "due_at",
            sqlite_where=text(IS_UNANSWERED),
            postgresql_where=text(IS_UNANSWERED),
        ),
        Index("ix_objections_street_code_id", "street_code", "id"),
        Index("ix_objections_rider_id_id", "rider_id", "id"),
    )

    id: Mapped[RowId]
    # The decision: exactly one of these, and each only once.
    journal_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("point_journal.id"), unique=True)
    unpaid_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("point_unpaid.id"), unique=True)
    refused_report: Mapped[str | None] = mapped_column(String(24), unique=True)
    rider_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    community_code: Mapped[str] = mapped_column(ForeignKey("communities.code"))
    # Who answers: the street the community belonged to at that time.
    street_code: Mapped[str] = mapped_column(ForeignKey("streets.code"))
    report_number: Mapped[str | None] = mapped_column(String(24))
    # Who took the decision does not judge it.
    decided_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    approved_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    words: Mapped[str] = mapped_column(Text)
    raised_at: Mapped[Instant]
    due_at: Mapped[Instant]
    state: Mapped[ObjectionState] = mapped_column(
        enum_column(ObjectionState, "state_known"), default=ObjectionState.OPEN
    )
    answered_at: Mapped[Instant | None]
    answered_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    answer: Mapped[str] = mapped_column(Text, default="")
    withdrawn_at: Mapped[Instant | None]
