"""Streets, communities, compounds, units, categories, and the boundaries between communities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0002"
down_revision = "0001"


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "streets",
        sa.Column("code", sa.String(9), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
    )
    op.create_table(
        "communities",
        sa.Column("code", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("street_code", sa.String(9), sa.ForeignKey("streets.code"), nullable=False),
    )
    op.create_index("ix_communities_street_code", "communities", ["street_code"])
    op.create_table(
        "compounds",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column(
            "community_code", sa.String(12), sa.ForeignKey("communities.code"), nullable=False
        ),
        sa.Column("self_managed", sa.Boolean, nullable=False),
        sa.Column("lat", sa.Double, nullable=False),
        sa.Column("lng", sa.Double, nullable=False),
    )
    op.create_index("ix_compounds_community_code", "compounds", ["community_code"])
    op.create_table(
        "reference_points",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column(
            "community_code", sa.String(12), sa.ForeignKey("communities.code"), nullable=False
        ),
        sa.Column("lat", sa.Double, nullable=False),
        sa.Column("lng", sa.Double, nullable=False),
        sa.UniqueConstraint("name"),
    )
    op.create_index("ix_reference_points_community_code", "reference_points", ["community_code"])
    op.create_table(
        "units",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("retired_at", UtcInstant()),
    )
    op.create_index("ix_units_kind", "units", ["kind"])
    op.create_table(
        "unit_areas",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("unit_code", sa.String(20), sa.ForeignKey("units.code"), nullable=False),
        sa.Column(
            "area_kind", one_of("area_kind_known", "county", "street", "community"), nullable=False
        ),
        sa.Column("area_code", sa.String(12), nullable=False),
        sa.UniqueConstraint("unit_code", "area_kind", "area_code", name="an_area_once"),
    )
    op.create_index("ix_unit_areas_area_code", "unit_areas", ["area_code"])
    _create_categories()
    _create_boundaries()


def _create_categories() -> None:
    op.create_table(
        "categories",
        sa.Column("code", sa.String(8), primary_key=True),
        sa.Column("group_code", sa.String(4), nullable=False),
        sa.Column("group_zh", sa.String(40), nullable=False),
        sa.Column("group_en", sa.String(60), nullable=False),
        sa.Column("name_zh", sa.String(60), nullable=False),
        sa.Column("name_en", sa.String(80), nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("accept_hours", sa.Double, nullable=False),
        sa.Column("control_hours", sa.Double),
        sa.Column("deadline_hours", sa.Double, nullable=False),
        sa.Column(
            "emergency", one_of("emergency_known", "no", "conditional", "must"), nullable=False
        ),
        sa.Column("call_first", sa.String(60), nullable=False),
        sa.Column("safety_tip_zh", sa.String(200), nullable=False),
        sa.Column("safety_tip_en", sa.String(300), nullable=False),
        sa.Column("unit_kind", sa.String(20), nullable=False),
        sa.Column("helper_unit_kinds", sa.String(120), nullable=False),
        sa.Column("sensitive", sa.Boolean, nullable=False),
        sa.Column("dedupe_radius_m", sa.Integer, nullable=False),
        sa.Column("season", sa.String(8), nullable=False),
        sa.Column("std_ref", sa.String(120), nullable=False),
        sa.Column("retired_at", UtcInstant()),
        sa.CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        sa.CheckConstraint("deadline_hours > 0 AND accept_hours > 0", name="deadlines_ahead"),
    )
    op.create_index("ix_categories_group_code", "categories", ["group_code"])


def _create_boundaries() -> None:
    op.create_table(
        "boundary_versions",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("made_at", UtcInstant(), nullable=False),
        sa.Column("made_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("fictional", sa.Boolean, nullable=False),
        sa.Column("findings", sa.JSON, nullable=False),
    )
    op.create_table(
        "boundaries",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("version_id", BIG, sa.ForeignKey("boundary_versions.id"), nullable=False),
        sa.Column(
            "community_code", sa.String(12), sa.ForeignKey("communities.code"), nullable=False
        ),
        sa.Column("geometry", sa.Text, nullable=False),
        sa.Column("area_m2", sa.Double, nullable=False),
        sa.Column("center_lat", sa.Double, nullable=False),
        sa.Column("center_lng", sa.Double, nullable=False),
        sa.UniqueConstraint("version_id", "community_code", name="a_community_once_a_version"),
        sa.CheckConstraint("area_m2 > 0", name="area_positive"),
    )
    op.create_table(
        "boundary_drafts",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("made_at", UtcInstant(), nullable=False),
        sa.Column("made_by_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )
    op.create_index("ix_boundary_drafts_made_by_id", "boundary_drafts", ["made_by_id"])
    stamps = op.create_table(
        "stamps",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("version", BIG, nullable=False),
    )
    # Rows to lock from the first day: an absent row cannot be waited for.
    op.bulk_insert(
        stamps, [{"name": "places", "version": 0}, {"name": "reference-files", "version": 0}]
    )


def downgrade() -> None:
    for table in (
        "stamps",
        "boundary_drafts",
        "boundaries",
        "boundary_versions",
        "categories",
        "unit_areas",
        "units",
        "reference_points",
        "compounds",
        "communities",
        "streets",
    ):
        op.drop_table(table)
