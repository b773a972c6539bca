"""County, streets, communities, compounds, units, categories, and the boundaries between them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from grid_report.db import BIG, Base, Instant, RowId, enum_column, worded
from grid_report.places.geo.categories import (
    COLOURS,
    GROUP,
    NAME,
    SAFETY_TIP,
    SHORT,
    SYNONYMS,
    Emergency,
)


class Street(Base):
    __tablename__ = "streets"

    code: Mapped[str] = mapped_column(String(9), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))


class Community(Base):
    """The lowest public body that answers for a place; keyed by its 12-digit statistical code."""

    __tablename__ = "communities"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    street_code: Mapped[str] = mapped_column(ForeignKey("streets.code"), index=True)


class Compound(Base):
    """A residential area within a community; `code` is what its QR sign carries."""

    __tablename__ = "compounds"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    community_code: Mapped[str] = mapped_column(ForeignKey("communities.code"), index=True)
    self_managed: Mapped[bool] = mapped_column(default=False)
    lat: Mapped[float]
    lng: Mapped[float]


class ReferencePoint(Base):
    """A named spot whose community is known; catches positions outside every boundary."""

    __tablename__ = "reference_points"

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(80), unique=True)
    community_code: Mapped[str] = mapped_column(ForeignKey("communities.code"), index=True)
    lat: Mapped[float]
    lng: Mapped[float]


class Unit(Base):
    """Who repairs: a property firm, roads, power, gas, …; `kind` is the CSV's unit type."""

    __tablename__ = "units"

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[str] = mapped_column(String(20), index=True)
    retired_at: Mapped[Instant | None]


class AreaKind(StrEnum):
    COUNTY = "county"
    STREET = "street"
    COMMUNITY = "community"


class UnitArea(Base):
    """An area a unit covers."""

    __tablename__ = "unit_areas"
    __table_args__ = (
        UniqueConstraint("unit_code", "area_kind", "area_code", name="an_area_once"),
        Index("ix_unit_areas_area_code", "area_code"),
    )

    id: Mapped[RowId]
    unit_code: Mapped[str] = mapped_column(ForeignKey("units.code"))
    area_kind: Mapped[AreaKind] = mapped_column(enum_column(AreaKind, "area_kind_known"))
    area_code: Mapped[str] = mapped_column(String(12))


@worded("group", GROUP)
@worded("name", NAME)
@worded("safety_tip", SAFETY_TIP, may_be_empty=True)
@worded("short", SHORT, may_be_empty=True)
@worded("synonyms", SYNONYMS, may_be_empty=True)
class Category(Base):
    """What kind of hazard. Codes never change meaning; a category is retired, not deleted."""

    __tablename__ = "categories"
    __table_args__ = (
        CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        CheckConstraint("deadline_hours > 0 AND accept_hours > 0", name="deadlines_ahead"),
    )

    code: Mapped[str] = mapped_column(String(8), primary_key=True)
    group_code: Mapped[str] = mapped_column(String(4), index=True)
    severity: Mapped[int]
    accept_hours: Mapped[float]
    control_hours: Mapped[float | None]
    deadline_hours: Mapped[float]
    emergency: Mapped[Emergency] = mapped_column(enum_column(Emergency, "emergency_known"))
    call_first: Mapped[str] = mapped_column(String(60), default="")
    unit_kind: Mapped[str] = mapped_column(String(20))
    helper_unit_kinds: Mapped[str] = mapped_column(String(120), default="")
    sensitive: Mapped[bool] = mapped_column(default=False)
    dedupe_radius_m: Mapped[int]
    season: Mapped[str] = mapped_column(String(8), default="all")
    std_ref: Mapped[str] = mapped_column(String(120), default="")
    group_icon: Mapped[str] = mapped_column(String(40), server_default="dots")
    icon: Mapped[str] = mapped_column(String(40), server_default="dots")
    # Its place among the few kinds a rider is offered before all others.
    asked_first: Mapped[int | None]
    colour: Mapped[str] = mapped_column(String(10), server_default=COLOURS[0])
    # Its place in the red row on top of the form: call first.
    call_row: Mapped[int | None]
    retired_at: Mapped[Instant | None]


class BoundaryVersion(Base):
    """One import of boundaries; exactly the newest one counts, the others stay to look at."""

    __tablename__ = "boundary_versions"

    id: Mapped[RowId]
    made_at: Mapped[Instant]
    made_by_id: Mapped[int | None] = mapped_column(BIG, ForeignKey("members.id"))
    source: Mapped[str] = mapped_column(String(200))
    fictional: Mapped[bool] = mapped_column(default=False)
    findings: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Boundary(Base):
    """The area of one community in one version, as GeoJSON geometry in WGS-84."""

    __tablename__ = "boundaries"
    __table_args__ = (
        UniqueConstraint("version_id", "community_code", name="a_community_once_a_version"),
        CheckConstraint("area_m2 > 0", name="area_positive"),
    )

    id: Mapped[RowId]
    version_id: Mapped[int] = mapped_column(BIG, ForeignKey("boundary_versions.id"))
    community_code: Mapped[str] = mapped_column(ForeignKey("communities.code"))
    geometry: Mapped[str] = mapped_column(Text)
    area_m2: Mapped[float]
    # A point inside, for labels and for choosing the community from a list.
    center_lat: Mapped[float]
    center_lng: Mapped[float]


class BoundaryDraft(Base):
    """A checked file between its preview and its import; kept for a day."""

    __tablename__ = "boundary_drafts"

    id: Mapped[RowId]
    made_at: Mapped[Instant]
    made_by_id: Mapped[int] = mapped_column(BIG, ForeignKey("members.id"), index=True)
    source: Mapped[str] = mapped_column(String(200))
    content: Mapped[str] = mapped_column(Text)


class Stamp(Base):
    """Version of a piece of reference data; caches in processes compare it, never their age.

    Versions are drawn, not counted: a number that was used in a rolled-back change or before a
    backup was restored never comes back with other data behind it.
    """

    __tablename__ = "stamps"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    version: Mapped[int] = mapped_column(BIG, default=0)
