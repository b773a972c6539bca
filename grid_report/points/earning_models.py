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
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column
from grid_report.points.caps import Cut
from grid_report.points.kinds import Verdict
from grid_report.points.proposing import ProposalKind, ProposalState


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


class Proposal(Base):
    """What one person proposes and another approves or declines; decided once, then forever."""

    __tablename__ = "point_proposals"
    __table_args__ = (
        UniqueConstraint("proposed_by_id", "key", name="a_proposal_once"),
        CheckConstraint("decided_by_id <> proposed_by_id", name="nobody_approves_an_own_proposal"),
        CheckConstraint(
            "rider_id <> proposed_by_id AND (decided_by_id IS NULL OR rider_id <> decided_by_id)"
            " OR rider_id IS NULL",
            name="nobody_decides_for_oneself",
        ),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_iff_dated"),
        CheckConstraint(
            "(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by_somebody"
        ),
        CheckConstraint("(kind = 'grant') = (month IS NOT NULL)", name="grants_have_a_month"),
        CheckConstraint(
            "(kind IN ('grant', 'merit')) = (points IS NOT NULL)", name="awards_have_points"
        ),
        CheckConstraint("points > 0", name="points_positive"),
        CheckConstraint(
            "(kind = 'merit') = (report_number IS NOT NULL)", name="merits_have_a_report"
        ),
        CheckConstraint(
            "(kind = 'reversal') = (entry_id IS NOT NULL AND verdict IS NOT NULL)",
            name="reversals_have_an_entry",
        ),
        CheckConstraint("(kind = 'grant') = (rider_id IS NULL)", name="awards_have_a_rider"),
        Index(
            "ix_point_proposals_waiting",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    id: Mapped[RowId]
    key: Mapped[str] = mapped_column(String(36))
    kind: Mapped[ProposalKind] = mapped_column(enum_column(ProposalKind, "kind_known"))
    state: Mapped[ProposalState] = mapped_column(
        enum_column(ProposalState, "state_known"), default=ProposalState.WAITING
    )
    points: Mapped[int | None]
    # A grant without a community goes to the county's reserve.
    community_code: Mapped[str | None] = mapped_column(ForeignKey("communities.code"))
    month: Mapped[str | None] = mapped_column(String(7))
    rider_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    report_number: Mapped[str | None] = mapped_column(String(24))
    severity: Mapped[int | None]
    entry_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("point_journal.id"))
    verdict: Mapped[Verdict | None] = mapped_column(enum_column(Verdict, "verdict_known"))
    reason: Mapped[str] = mapped_column(Text)
    proposed_by_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    proposed_at: Mapped[Instant]
    decided_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    decided_at: Mapped[Instant | None]
    decision_note: Mapped[str] = mapped_column(Text, default="")
