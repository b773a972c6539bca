"""What one person proposed and another one decides, one row each."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column
from grid_report.points.kinds import Verdict
from grid_report.points.proposals.rules import ProposalKind, ProposalState


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
