"""Reports that wait for their rider's proof: whole, and no case of anybody's yet."""

from __future__ import annotations

from typing import ClassVar

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column
from grid_report.places.geo.datum import Datum
from grid_report.places.geo.routing import MatchedBy
from grid_report.reports.lifecycle import KeptState
from grid_report.reports.models import PhotoKind
from grid_report.reports.sources import LocatedBy, Source


class KeptReport(Base):
    """A report as its rider sent it, kept until the phone number is proved.

    When it goes it becomes a row of `reports` with its number and key, and this one is deleted.
    Read like a report, it is one of which nothing was decided.
    """

    __tablename__ = "kept_reports"
    __table_args__ = (
        UniqueConstraint("reporter_id", "key", name="kept_once"),
        CheckConstraint(
            "lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="kept_on_earth"
        ),
        CheckConstraint("(sent_lat IS NULL) = (sent_lng IS NULL)", name="kept_point_whole"),
        Index("ix_kept_reports_reporter_id_id", "reporter_id", "id"),
    )

    id: Mapped[RowId]
    number: Mapped[str] = mapped_column(String(24), unique=True)
    key: Mapped[str] = mapped_column(String(36))
    fingerprint: Mapped[str] = mapped_column(String(64))
    reporter_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"))
    category_code: Mapped[str] = mapped_column(ForeignKey("categories.code"))
    group_code: Mapped[str] = mapped_column(String(4))
    severity: Mapped[int]
    sensitive: Mapped[bool]
    description: Mapped[str] = mapped_column(Text)
    place_note: Mapped[str] = mapped_column(String(200))
    # WGS-84, for its rider's page; the middle of the county where no place was given.
    lat: Mapped[float]
    lng: Mapped[float]
    # What it is routed by when it goes: what the phone said, and what was chosen.
    sent_lat: Mapped[float | None]
    sent_lng: Mapped[float | None]
    datum: Mapped[Datum] = mapped_column(enum_column(Datum, "kept_datum_known"))
    accuracy_m: Mapped[float | None]
    located_by: Mapped[LocatedBy] = mapped_column(enum_column(LocatedBy, "kept_located_by_known"))
    compound_code: Mapped[str | None] = mapped_column(ForeignKey("compounds.code"))
    chosen_code: Mapped[str | None] = mapped_column(ForeignKey("communities.code"))
    taken_at: Mapped[Instant | None]
    source: Mapped[Source] = mapped_column(enum_column(Source, "kept_source_known"))
    created_at: Mapped[Instant]
    withdrawn_at: Mapped[Instant | None]
    withdrawn_key: Mapped[str | None] = mapped_column(String(36))
    thumb_name: Mapped[str | None] = mapped_column(String(64))

    # What a report has once a community can see it.
    matched_by: ClassVar[MatchedBy] = MatchedBy.NONE
    self_handled: ClassVar[bool] = False
    followers: ClassVar[int] = 0
    community_code: ClassVar[None] = None
    street_code: ClassVar[None] = None
    unit_code: ClassVar[None] = None
    dispatched_at: ClassVar[None] = None
    started_by_id: ClassVar[None] = None
    handled_by_id: ClassVar[None] = None
    accept_due: ClassVar[None] = None
    control_due: ClassVar[None] = None
    fix_due: ClassVar[None] = None
    next_clock: ClassVar[None] = None
    next_warn: ClassVar[None] = None
    next_due: ClassVar[None] = None
    accepted_at: ClassVar[None] = None
    controlled_at: ClassVar[None] = None
    handled_at: ClassVar[None] = None
    closed_at: ClassVar[None] = None
    review_on: ClassVar[None] = None
    merged_into_id: ClassVar[None] = None
    sent_at: ClassVar[None] = None

    @property
    def state(self) -> KeptState:
        """Where it stands: it waits, or its rider took it back."""
        return KeptState.KEPT if self.withdrawn_at is None else KeptState.WITHDRAWN

    @property
    def version(self) -> int:
        """How often it changed, counted as a report's is."""
        return 1 if self.withdrawn_at is None else 2


class KeptPhoto(Base):
    """A cleaned photo of a kept report, with what its camera said until it can be judged."""

    __tablename__ = "kept_photos"
    __table_args__ = (
        Index("ix_kept_photos_report_id_id", "report_id", "id"),
        Index("ix_kept_photos_name", "name"),
    )

    id: Mapped[RowId]
    report_id: Mapped[int] = mapped_column(BIG, ForeignKey("kept_reports.id"))
    name: Mapped[str] = mapped_column(String(64))
    width: Mapped[int]
    height: Mapped[int]
    byte_count: Mapped[int]
    dhash: Mapped[str] = mapped_column(String(16))
    taken_at: Mapped[Instant | None]
    # WGS-84, as the camera wrote it.
    lat: Mapped[float | None]
    lng: Mapped[float | None]

    @property
    def kind(self) -> PhotoKind:
        """What it shows: the hazard as it was found."""
        return PhotoKind.BEFORE
