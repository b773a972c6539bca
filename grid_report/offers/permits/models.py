"""Applications for cards, their history, the owners' prices behind them, and what the county paid."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, UtcInstant, enum_column
from grid_report.offers.columns_models import (
    CommunityCode,
    CompoundCode,
    History,
    MemberId,
    Version,
    Words,
)
from grid_report.offers.permits.lifecycle import ApplicationState, ApplicationStep
from grid_report.offers.permits.rules import PermitKind

IS_WAITING = "state IN ('submitted', 'property_approved', 'approved')"
IS_HELD = "state IN ('active', 'paused')"
WAS_ISSUED = "state IN ('active', 'paused', 'returned', 'renewed', 'expired', 'revoked')"
IS_LIVING = "state IN ('submitted', 'property_approved', 'approved', 'active', 'paused')"


class PermitOffer(Base):
    """Which offer of the catalogue a kind of card is applied for through."""

    __tablename__ = "paper_offers"

    paper: Mapped[PermitKind] = mapped_column(
        enum_column(PermitKind, "paper_known"), primary_key=True
    )
    offer_id: Mapped[int] = mapped_column(BIG, ForeignKey("offers.id"), unique=True)


class OwnerPrice(Base):
    """What owners of a compound pay for a card, from a time on. Never changed: a new row counts."""

    __tablename__ = "owner_prices"
    __table_args__ = (
        CheckConstraint("owners_fen BETWEEN 0 AND 100000", name="price_in_bounds"),
        CheckConstraint("subsidy_fen BETWEEN 0 AND owners_fen", name="subsidy_within_price"),
        CheckConstraint("unit_code IS NULL OR subsidy_fen = 0", name="subsidy_without_firm"),
        UniqueConstraint(
            "id", "compound_code", "paper", "owners_fen", name="a_price_with_its_compound"
        ),
        Index("ix_owner_prices_compound_code_paper", "compound_code", "paper", "id"),
    )

    id: Mapped[RowId]
    compound_code: Mapped[CompoundCode]
    paper: Mapped[PermitKind] = mapped_column(enum_column(PermitKind, "paper_known"))
    owners_fen: Mapped[int]
    # What the county pays a card in a compound that manages itself.
    subsidy_fen: Mapped[int] = mapped_column(default=0)
    # The property firm that keeps the cards; none in a compound that manages itself.
    unit_code: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    set_at: Mapped[Instant]
    set_by_id: Mapped[MemberId]
    words: Mapped[Words]


class Application(Base):
    """A card applied for, and what became of it. Bound to its holder: a trigger keeps it so."""

    __tablename__ = "applications"
    __table_args__ = (
        ForeignKeyConstraint(
            ["redemption_id", "points"],
            ["redemptions.id", "redemptions.points"],
            name="costs_what_its_redemption_costs",
        ),
        ForeignKeyConstraint(
            ["price_id", "compound_code", "paper", "owners_fen"],
            [
                "owner_prices.id",
                "owner_prices.compound_code",
                "owner_prices.paper",
                "owner_prices.owners_fen",
            ],
            name="at_a_price_of_its_compound",
        ),
        CheckConstraint("points >= 0 AND points * 10 <= owners_fen", name="at_most_owners_price"),
        CheckConstraint("unit_code IS NOT NULL OR points = 0", name="free_without_firm"),
        CheckConstraint(
            "state <> 'property_approved' OR unit_code IS NOT NULL", name="approved_by_a_firm"
        ),
        CheckConstraint("version >= 1", name="version_counts"),
        CheckConstraint("(paper = 'vehicle') = (plate <> '')", name="vehicles_have_plates"),
        CheckConstraint(f"({WAS_ISSUED}) = (valid_until IS NOT NULL)", name="issued_iff_dated"),
        CheckConstraint(
            "(valid_from IS NULL) = (valid_until IS NULL) AND valid_from <= valid_until",
            name="valid_for_a_while",
        ),
        CheckConstraint("(token IS NULL) = (valid_until IS NULL)", name="shown_iff_issued"),
        CheckConstraint("(state = 'paused') = (paused_by_id IS NOT NULL)", name="paused_by_one"),
        CheckConstraint(f"({IS_LIVING}) = (ended_at IS NULL)", name="over_iff_ended"),
        CheckConstraint("renews_id <> id", name="renews_another"),
        Index(
            "ix_applications_one_card",
            "rider_id",
            "compound_code",
            "paper",
            unique=True,
            sqlite_where=text(IS_HELD),
            postgresql_where=text(IS_HELD),
        ),
        Index(
            "ix_applications_one_open",
            "rider_id",
            "compound_code",
            "paper",
            unique=True,
            sqlite_where=text(IS_WAITING),
            postgresql_where=text(IS_WAITING),
        ),
        Index("ix_applications_community_code_state", "community_code", "state"),
        Index("ix_applications_unit_code_state", "unit_code", "state"),
        Index("ix_applications_valid_until", "valid_until"),
    )

    id: Mapped[RowId]
    redemption_id: Mapped[int] = mapped_column(BIG, unique=True)
    version: Mapped[Version]
    rider_id: Mapped[MemberId]
    paper: Mapped[PermitKind] = mapped_column(enum_column(PermitKind, "paper_known"))
    compound_code: Mapped[CompoundCode]
    compound_name: Mapped[str] = mapped_column(String(80))
    community_code: Mapped[CommunityCode]
    # None: the compound manages itself.
    unit_code: Mapped[str | None] = mapped_column(ForeignKey("units.code"))
    price_id: Mapped[int] = mapped_column(BIG)
    owners_fen: Mapped[int]
    points: Mapped[int]
    nickname: Mapped[str] = mapped_column(String(20))
    plate: Mapped[str] = mapped_column(String(16), default="")
    purpose: Mapped[Words]
    state: Mapped[ApplicationState] = mapped_column(
        enum_column(ApplicationState, "application_state_known")
    )
    renews_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("applications.id"))
    created_at: Mapped[Instant]
    # Since when it is the turn of whoever is asked now.
    waiting_since: Mapped[Instant]
    valid_from: Mapped[Instant | None]
    valid_until: Mapped[datetime | None] = mapped_column(UtcInstant())
    card_number: Mapped[str] = mapped_column(String(40), default="")
    # Leads to the public page that says whether the card is good.
    token: Mapped[str | None] = mapped_column(String(43), unique=True)
    paused_by_id: Mapped[MemberId | None]
    reminded_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]


class ApplicationEntry(History, Base):
    """One step of an application, forever: who, when, why."""

    __tablename__ = "application_history"
    __table_args__ = (Index("ix_application_history_application_id_id", "application_id", "id"),)

    application_id: Mapped[int] = mapped_column(BIG, ForeignKey("applications.id"))
    step: Mapped[ApplicationStep] = mapped_column(
        enum_column(ApplicationStep, "application_step_known")
    )
    from_state: Mapped[ApplicationState | None] = mapped_column(
        enum_column(ApplicationState, "application_from_known")
    )
    to_state: Mapped[ApplicationState] = mapped_column(
        enum_column(ApplicationState, "application_to_known")
    )
    # The version this step made: the same step sent again is known by it.
    version: Mapped[int]
    role: Mapped[str] = mapped_column(String(20))
    words: Mapped[Words]


class Subsidy(Base):
    """What the county owes for one card of a compound that manages itself, and why."""

    __tablename__ = "subsidies"
    __table_args__ = (CheckConstraint("fen > 0", name="some_money"),)

    application_id: Mapped[int] = mapped_column(
        BIG, ForeignKey("applications.id"), primary_key=True, autoincrement=False
    )
    compound_code: Mapped[str] = mapped_column(ForeignKey("compounds.code"), index=True)
    fen: Mapped[int]
    at: Mapped[Instant]
    actor_id: Mapped[MemberId | None]
    words: Mapped[Words]
