"""Statements of a provider's month, their lines, and their history.

Lines are written while a statement is open, sums are theirs from then on, and what is closed never
changes: triggers of migration 0011 see to it on both databases.
"""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column, worded
from grid_report.offers.columns_models import (
    History,
    MemberId,
    OfRedemption,
    ProviderCode,
    Version,
)
from grid_report.offers.kinds import TITLE
from grid_report.offers.settlements.lifecycle import (
    LineVerdict,
    Side,
    StatementState,
    StatementStep,
)


class Statement(Base):
    """What a provider earned in a calendar month, to be confirmed by both sides."""

    __tablename__ = "statements"
    __table_args__ = (
        UniqueConstraint("provider_code", "month", name="a_statement_a_month"),
        UniqueConstraint("id", "provider_code", name="a_statement_with_its_provider"),
        CheckConstraint(
            "services >= 0 AND points >= 0 AND free_services BETWEEN 0 AND services",
            name="sums_not_negative",
        ),
        CheckConstraint("fen_per_point >= 1", name="points_have_a_price"),
        CheckConstraint("version >= 1", name="version_counts"),
        CheckConstraint("key = provider_code || ':' || month", name="key_says_whose"),
        CheckConstraint("(state = 'open') = (drawn_at IS NULL)", name="drawn_iff_dated"),
        CheckConstraint(
            "(state IN ('provider_confirmed', 'county_confirmed', 'closed'))"
            " = (provider_confirmed_by_id IS NOT NULL)",
            name="provider_confirmed_by_somebody",
        ),
        CheckConstraint(
            "(provider_confirmed_by_id IS NULL) = (provider_confirmed_at IS NULL)",
            name="provider_confirmed_is_dated",
        ),
        CheckConstraint(
            "(state IN ('county_confirmed', 'closed')) = (county_confirmed_by_id IS NOT NULL)",
            name="county_confirmed_by_somebody",
        ),
        CheckConstraint(
            "(county_confirmed_by_id IS NULL) = (county_confirmed_at IS NULL)",
            name="county_confirmed_is_dated",
        ),
        CheckConstraint(
            "county_confirmed_by_id <> provider_confirmed_by_id", name="two_people_confirm"
        ),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_iff_dated"),
        CheckConstraint(
            "(state = 'closed' AND points > 0) = (cleared_id IS NOT NULL)",
            name="closed_iff_cleared",
        ),
        CheckConstraint("cleared_type = 'statement-cleared'", name="cleared_as_a_statement"),
        CheckConstraint(
            "(state = 'disputed') = (disputed_ref IS NOT NULL)"
            " AND (state = 'disputed') = (disputed_side IS NOT NULL)"
            " AND (state = 'disputed') = (disputed_by_id IS NOT NULL)",
            name="disputed_says_what_and_who",
        ),
        ForeignKeyConstraint(
            ["cleared_id", "cleared_type", "key"],
            ["point_journal.id", "point_journal.cause_type", "point_journal.cause_id"],
            name="cleared_under_its_key",
        ),
    )

    id: Mapped[RowId]
    key: Mapped[str] = mapped_column(String(40), unique=True)
    version: Mapped[Version]
    provider_code: Mapped[ProviderCode]
    # As it was called when the statement was drawn.
    provider_name: Mapped[str] = mapped_column(String(80))
    month: Mapped[str] = mapped_column(String(7), index=True)
    ends_at: Mapped[Instant]
    state: Mapped[StatementState] = mapped_column(enum_column(StatementState, "state_known"))
    services: Mapped[int] = mapped_column(default=0)
    free_services: Mapped[int] = mapped_column(default=0)
    points: Mapped[int] = mapped_column(BIG, default=0)
    fen_per_point: Mapped[int]
    created_at: Mapped[Instant]
    drawn_at: Mapped[Instant | None]
    provider_confirmed_by_id: Mapped[MemberId | None]
    provider_confirmed_at: Mapped[Instant | None]
    county_confirmed_by_id: Mapped[MemberId | None]
    county_confirmed_at: Mapped[Instant | None]
    closed_at: Mapped[Instant | None]
    cleared_id: Mapped[int | None] = mapped_column(BIG)
    cleared_type: Mapped[str] = mapped_column(String(40), default="statement-cleared")
    disputed_ref: Mapped[str | None] = mapped_column(String(20))
    disputed_side: Mapped[Side | None] = mapped_column(enum_column(Side, "disputed_side_known"))
    disputed_by_id: Mapped[MemberId | None]


@worded("title", TITLE)
class StatementLine(Base):
    """One service that was handed out and is final; it is on one statement, forever."""

    __tablename__ = "statement_lines"
    __table_args__ = (
        UniqueConstraint("redemption_id", name="a_service_on_one_statement"),
        UniqueConstraint("journal_id", name="a_settlement_on_one_statement"),
        CheckConstraint("points >= 0", name="points_not_negative"),
        CheckConstraint("(points > 0) = (journal_id IS NOT NULL)", name="points_were_settled"),
        CheckConstraint("settled_type = 'redemption-settled'", name="settled_as_a_redemption"),
        ForeignKeyConstraint(
            ["statement_id", "provider_code"],
            ["statements.id", "statements.provider_code"],
            name="on_a_statement_of_its_provider",
        ),
        ForeignKeyConstraint(
            ["redemption_id", "provider_code"],
            ["redemptions.id", "redemptions.provider_code"],
            name="a_service_of_its_provider",
        ),
        ForeignKeyConstraint(
            ["journal_id", "settled_type", "ref"],
            ["point_journal.id", "point_journal.cause_type", "point_journal.cause_id"],
            name="the_settlement_of_its_service",
        ),
        Index("ix_statement_lines_statement_id_id", "statement_id", "id"),
    )

    id: Mapped[RowId]
    statement_id: Mapped[int] = mapped_column(BIG)
    provider_code: Mapped[str] = mapped_column(String(20))
    redemption_id: Mapped[int] = mapped_column(BIG)
    ref: Mapped[str] = mapped_column(String(20))
    # Names as they were: a closed statement reads the same in ten years.
    station_name: Mapped[str] = mapped_column(String(80))
    delivered_at: Mapped[Instant]
    settled_at: Mapped[Instant]
    points: Mapped[int]
    journal_id: Mapped[int | None] = mapped_column(BIG)
    settled_type: Mapped[str] = mapped_column(String(40), default="redemption-settled")


class StatementDue(Base):
    """A service that is final and on no statement yet: few rows, however long the history.

    Triggers of migration 0016 write it when a redemption is settled, and delete it with its line.
    """

    __tablename__ = "statement_due"
    __table_args__ = (
        Index("ix_statement_due_provider_code_ended_at", "provider_code", "ended_at"),
    )

    redemption_id: Mapped[OfRedemption]
    provider_code: Mapped[ProviderCode]
    ended_at: Mapped[Instant]


class StatementEntry(History, Base):
    """One step of a statement, forever."""

    __tablename__ = "statement_history"
    __table_args__ = (
        CheckConstraint("verdict IS NULL OR step = 'answer'", name="verdicts_with_answers"),
        Index("ix_statement_history_statement_id_id", "statement_id", "id"),
    )

    statement_id: Mapped[int] = mapped_column(BIG, ForeignKey("statements.id"))
    step: Mapped[StatementStep] = mapped_column(enum_column(StatementStep, "step_known"))
    from_state: Mapped[StatementState] = mapped_column(
        enum_column(StatementState, "from_state_known")
    )
    to_state: Mapped[StatementState] = mapped_column(enum_column(StatementState, "to_state_known"))
    side: Mapped[Side] = mapped_column(enum_column(Side, "side_known"))
    # The line a dispute is about.
    ref: Mapped[str] = mapped_column(String(20), default="")
    verdict: Mapped[LineVerdict | None] = mapped_column(enum_column(LineVerdict, "verdict_known"))
