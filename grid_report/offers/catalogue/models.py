"""Providers, their stations, the offers there, and the slots of an offer."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column, worded
from grid_report.offers.columns_models import CommunityCode, ProviderCode, Version
from grid_report.offers.kinds import (
    TITLE,
    OfferKind,
    OpensTo,
    Period,
    Picture,
)
from grid_report.offers.quotas import FREE_A_MONTH


class Provider(Base):
    """Who is paid by statement for what stations hand out."""

    __tablename__ = "providers"
    __table_args__ = (CheckConstraint("free_a_month >= 0", name="free_counts"),)

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[Instant]
    # How many free services one person gets there in a month of the county; 0: as many as wanted.
    free_a_month: Mapped[int] = mapped_column(default=FREE_A_MONTH)


class Station(Base):
    """Where offers are redeemed, and where resting and the like is always free."""

    __tablename__ = "stations"
    __table_args__ = (
        UniqueConstraint("code", "provider_code", name="a_station_with_its_provider"),
        CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="on_earth"),
        Index("ix_stations_community_code", "community_code"),
    )

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    provider_code: Mapped[ProviderCode]
    community_code: Mapped[CommunityCode]
    name: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(200), default="")
    lat: Mapped[float]
    lng: Mapped[float]
    hours: Mapped[str] = mapped_column(String(200), default="")
    free_services: Mapped[list[str]] = mapped_column(JSON, default=list)
    created_at: Mapped[Instant]
    retired_at: Mapped[Instant | None]


@worded("title", TITLE)
@worded("description", may_be_empty=True)
class Offer(Base):
    """Something to be had for points, or for nothing. Stock is a counter the database guards."""

    __tablename__ = "offers"
    __table_args__ = (
        CheckConstraint("points >= 0", name="points_not_negative"),
        CheckConstraint("reserved >= 0", name="reserved_counts"),
        CheckConstraint("stock IS NULL OR reserved <= stock", name="within_stock"),
        CheckConstraint("kind = 'voucher' OR stock IS NULL", name="only_vouchers_have_stock"),
        CheckConstraint(
            "kind = 'application' OR station_code IS NOT NULL", name="redeemed_somewhere"
        ),
        CheckConstraint("(quota IS NULL) = (quota_period IS NULL)", name="quota_has_a_period"),
        CheckConstraint("quota >= 1", name="quota_positive"),
        CheckConstraint("for_rider OR for_family OR for_child", name="for_somebody"),
        CheckConstraint("noshow_percent BETWEEN 0 AND 20", name="noshow_at_most_a_fifth"),
        CheckConstraint("valid_days BETWEEN 1 AND 366", name="valid_for_a_while"),
        CheckConstraint("cancel_minutes >= 0", name="cancel_before"),
        CheckConstraint("length(photo) = 64", name="photo_is_a_hash"),
        CheckConstraint("ratings >= 0 AND stars BETWEEN ratings AND 5 * ratings", name="rated"),
        ForeignKeyConstraint(
            ["station_code", "provider_code"],
            ["stations.code", "stations.provider_code"],
            name="at_a_station_of_its_provider",
        ),
        Index("ix_offers_station_code", "station_code"),
    )

    id: Mapped[RowId]
    provider_code: Mapped[ProviderCode]
    station_code: Mapped[str | None] = mapped_column(String(20))
    kind: Mapped[OfferKind] = mapped_column(enum_column(OfferKind, "kind_known"))
    picture: Mapped[Picture] = mapped_column(enum_column(Picture, "picture_known"))
    points: Mapped[int]
    for_rider: Mapped[bool]
    for_family: Mapped[bool]
    for_child: Mapped[bool]
    quota: Mapped[int | None]
    quota_period: Mapped[Period | None] = mapped_column(enum_column(Period, "quota_period_known"))
    stock: Mapped[int | None]
    reserved: Mapped[int] = mapped_column(default=0)
    hours: Mapped[str] = mapped_column(String(200), default="")
    valid_days: Mapped[int] = mapped_column(default=14)
    cancel_minutes: Mapped[int] = mapped_column(default=0)
    noshow_percent: Mapped[int] = mapped_column(default=0)
    needs: Mapped[str] = mapped_column(String(200), default="")
    ratings: Mapped[int] = mapped_column(default=0)
    stars: Mapped[int] = mapped_column(default=0)
    version: Mapped[Version]
    created_at: Mapped[Instant]
    retired_at: Mapped[Instant | None]
    # The name of its photo, a hash of the content; none: the drawn picture stands in.
    photo: Mapped[str | None] = mapped_column(String(64))
    opens_to: Mapped[OpensTo] = mapped_column(
        enum_column(OpensTo, "opens_to_known"), default=OpensTo.PROVED
    )


class Slot(Base):
    """A time with places. `reserved` counts what is booked and what is kept for the queue."""

    __tablename__ = "offer_slots"
    __table_args__ = (
        UniqueConstraint("offer_id", "starts_at", name="a_slot_a_time"),
        UniqueConstraint("id", "offer_id", name="a_slot_with_its_offer"),
        CheckConstraint("reserved BETWEEN 0 AND capacity", name="within_capacity"),
        CheckConstraint("capacity >= 1", name="has_places"),
        CheckConstraint("ends_at > starts_at", name="ends_after_it_starts"),
    )

    id: Mapped[RowId]
    offer_id: Mapped[int] = mapped_column(BIG, ForeignKey("offers.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    capacity: Mapped[int]
    reserved: Mapped[int] = mapped_column(default=0)
    called_off_at: Mapped[Instant | None]
