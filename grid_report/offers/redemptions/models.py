"""Providers, stations, offers and their slots; redemptions, their history, and what hangs on them."""

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
    History,
    MemberId,
    OfRedemption,
    ProviderCode,
    RedemptionId,
    StationCode,
    Version,
    Words,
)
from grid_report.offers.kinds import (
    BookResult,
    ForWhom,
    TryResult,
    WaitState,
)
from grid_report.offers.redemptions.lifecycle import RedemptionState, RedemptionStep

IS_RESERVED = "state = 'reserved'"
IS_DELIVERED = "state = 'delivered'"
WAS_DELIVERED = "delivered_at IS NOT NULL"
IS_NOT_FINAL = "state IN ('delivered', 'disputed')"
IS_OVER = "ended_at IS NOT NULL"
IS_QUEUED = "state IN ('waiting', 'offered')"


class Redemption(Base):
    """An offer a rider took: held, then handed out, then final; or given back."""

    __tablename__ = "redemptions"
    __table_args__ = (
        UniqueConstraint("rider_id", "key", name="a_redemption_once"),
        CheckConstraint("points >= 0", name="points_not_negative"),
        CheckConstraint("version >= 1", name="version_counts"),
        CheckConstraint(
            "(state IN ('delivered', 'disputed', 'settled', 'refunded'))"
            " = (delivered_at IS NOT NULL)",
            name="delivered_iff_dated",
        ),
        CheckConstraint(
            "(delivered_at IS NULL) = (confirm_nonce IS NULL)", name="delivered_by_a_nonce"
        ),
        CheckConstraint(
            "(state IN ('reserved', 'delivered', 'disputed')) = (ended_at IS NULL)",
            name="over_iff_ended",
        ),
        CheckConstraint("for_whom <> 'child' OR guardian_at IS NOT NULL", name="guardian_consents"),
        CheckConstraint("penalty_points BETWEEN 0 AND points / 5", name="penalty_at_most_a_fifth"),
        CheckConstraint(
            "penalty_points = 0 OR state = 'no_show'", name="only_no_shows_are_penalised"
        ),
        CheckConstraint("state <> 'disputed' OR disputed_at IS NOT NULL", name="disputed_is_dated"),
        CheckConstraint("confirmed_by_id <> rider_id", name="nobody_confirms_their_own"),
        ForeignKeyConstraint(
            ["slot_id", "offer_id"],
            ["offer_slots.id", "offer_slots.offer_id"],
            name="a_slot_of_its_offer",
        ),
        ForeignKeyConstraint(
            ["station_code", "provider_code"],
            ["stations.code", "stations.provider_code"],
            name="at_a_station_of_its_provider",
        ),
        # What a line of a statement points at.
        Index("a_redemption_with_its_provider", "id", "provider_code", unique=True),
        # An application points at both, so that its price is its redemption's.
        Index("ix_redemptions_id_points", "id", "points", unique=True),
        Index("ix_redemptions_rider_id_id", "rider_id", "id"),
        Index("ix_redemptions_rider_id_offer_id", "rider_id", "offer_id"),
        Index("ix_redemptions_station_code_state", "station_code", "state"),
        Index("ix_redemptions_slot_id", "slot_id"),
        Index(
            "ix_redemptions_held",
            "holds_until",
            sqlite_where=text(IS_RESERVED),
            postgresql_where=text(IS_RESERVED),
        ),
        Index(
            "ix_redemptions_unsettled",
            "delivered_at",
            sqlite_where=text(IS_DELIVERED),
            postgresql_where=text(IS_DELIVERED),
        ),
        # A month's figures.
        Index("ix_redemptions_created_at", "created_at"),
        Index(
            "ix_redemptions_ended_at",
            "ended_at",
            sqlite_where=text(IS_OVER),
            postgresql_where=text(IS_OVER),
        ),
        Index(
            "ix_redemptions_not_final",
            "provider_code",
            sqlite_where=text(IS_NOT_FINAL),
            postgresql_where=text(IS_NOT_FINAL),
        ),
        Index(
            "ix_redemptions_handed_out",
            "delivered_at",
            sqlite_where=text(WAS_DELIVERED),
            postgresql_where=text(WAS_DELIVERED),
        ),
    )

    id: Mapped[RowId]
    ref: Mapped[str] = mapped_column(String(20), unique=True)
    version: Mapped[Version]
    key: Mapped[str] = mapped_column(String(36))
    fingerprint: Mapped[str] = mapped_column(String(64))
    rider_id: Mapped[MemberId]
    offer_id: Mapped[int] = mapped_column(BIG, ForeignKey("offers.id"))
    slot_id: Mapped[int | None] = mapped_column(BIG)
    provider_code: Mapped[ProviderCode]
    station_code: Mapped[str | None] = mapped_column(String(20))
    points: Mapped[int]
    for_whom: Mapped[ForWhom] = mapped_column(enum_column(ForWhom, "for_whom_known"))
    guardian_at: Mapped[Instant | None]
    state: Mapped[RedemptionState] = mapped_column(enum_column(RedemptionState, "state_known"))
    # Of one voucher only; given to its rider's phone, which turns the code by itself.
    secret: Mapped[str] = mapped_column(String(64))
    holds_until: Mapped[Instant]
    created_at: Mapped[Instant]
    delivered_at: Mapped[Instant | None]
    confirmed_by_id: Mapped[MemberId | None]
    confirm_nonce: Mapped[str | None] = mapped_column(String(64))
    by_book: Mapped[bool] = mapped_column(default=False)
    disputed_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    penalty_points: Mapped[int] = mapped_column(default=0)
    # Of what was free: the same for one person, provider and month, whichever account it was.
    person_mark: Mapped[str | None] = mapped_column(String(64), index=True)


class RedemptionEntry(History, Base):
    """One step of a redemption, forever."""

    __tablename__ = "redemption_history"
    __table_args__ = (Index("ix_redemption_history_redemption_id_id", "redemption_id", "id"),)

    redemption_id: Mapped[RedemptionId]
    step: Mapped[RedemptionStep] = mapped_column(enum_column(RedemptionStep, "step_known"))
    from_state: Mapped[RedemptionState | None] = mapped_column(
        enum_column(RedemptionState, "from_state_known")
    )
    to_state: Mapped[RedemptionState] = mapped_column(
        enum_column(RedemptionState, "to_state_known")
    )
    role: Mapped[str] = mapped_column(String(20))
    words: Mapped[Words]


class VoucherTry(Base):
    """A code shown or typed at a station: what was seen, and whether it was right. Kept briefly."""

    __tablename__ = "voucher_tries"
    __table_args__ = (
        CheckConstraint(
            "result <> 'ok' OR redemption_id IS NOT NULL", name="what_was_right_is_known"
        ),
        Index("ix_voucher_tries_station_code_at", "station_code", "at"),
        Index("ix_voucher_tries_redemption_id_at", "redemption_id", "at"),
    )

    id: Mapped[RowId]
    station_code: Mapped[StationCode]
    redemption_id: Mapped[RedemptionId | None]
    actor_id: Mapped[MemberId]
    at: Mapped[Instant]
    result: Mapped[TryResult] = mapped_column(enum_column(TryResult, "result_known"))


class Waiting(Base):
    """A rider's place in the queue for a full slot, and the freed place kept for so long."""

    __tablename__ = "offer_queue"
    __table_args__ = (
        CheckConstraint("(state = 'offered') = (kept_until IS NOT NULL)", name="kept_iff_offered"),
        Index(
            "ix_offer_queue_in_line",
            "slot_id",
            "rider_id",
            unique=True,
            sqlite_where=text(IS_QUEUED),
            postgresql_where=text(IS_QUEUED),
        ),
        Index("ix_offer_queue_rider_id", "rider_id"),
    )

    id: Mapped[RowId]
    slot_id: Mapped[int] = mapped_column(BIG, ForeignKey("offer_slots.id"))
    rider_id: Mapped[MemberId]
    state: Mapped[WaitState] = mapped_column(enum_column(WaitState, "wait_state_known"))
    since: Mapped[Instant]
    kept_until: Mapped[datetime | None] = mapped_column(UtcInstant())


class Rating(Base):
    """What a rider thought of it; the offer keeps count and sum."""

    __tablename__ = "offer_ratings"
    __table_args__ = (CheckConstraint("stars BETWEEN 1 AND 5", name="stars_known"),)

    redemption_id: Mapped[OfRedemption]
    offer_id: Mapped[int] = mapped_column(BIG, ForeignKey("offers.id"), index=True)
    stars: Mapped[int]
    words: Mapped[Words]
    at: Mapped[Instant]


class BookEntry(Base):
    """A confirmation a station wrote down without network, and what came of it at the upload."""

    __tablename__ = "station_book"
    __table_args__ = (
        UniqueConstraint("station_code", "nonce", name="a_line_once"),
        Index("ix_station_book_redemption_id", "redemption_id"),
    )

    id: Mapped[RowId]
    station_code: Mapped[StationCode]
    nonce: Mapped[str] = mapped_column(String(64))
    redemption_id: Mapped[RedemptionId | None]
    actor_id: Mapped[MemberId]
    written_at: Mapped[Instant]
    uploaded_at: Mapped[Instant]
    result: Mapped[BookResult] = mapped_column(enum_column(BookResult, "book_result_known"))
    # Why a line was not simply right: one of the refusal codes.
    why: Mapped[str] = mapped_column(String(40), default="")
