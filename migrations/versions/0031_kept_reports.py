"""Ordinary reports of riders whose number is not proved wait for the proof.

What was taken in before this goes on as it was: marked, and never paid.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0031"
down_revision = "0030"

DATUMS = ("wgs84", "gcj02")
LOCATED_BY = ("phone", "pin", "qr", "list", "nowhere")
SOURCES = ("page", "queue", "api", "open311")


def one_of(*values: str, name: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    # When its rider sent it, where that was before a community could see it.
    op.add_column("reports", sa.Column("sent_at", UtcInstant(), nullable=True))
    op.create_table(
        "kept_reports",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(24), nullable=False, unique=True),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("reporter_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("category_code", sa.String(8), sa.ForeignKey("categories.code"), nullable=False),
        sa.Column("group_code", sa.String(4), nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("sensitive", sa.Boolean, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("place_note", sa.String(200), nullable=False),
        sa.Column("lat", sa.Double, nullable=False),
        sa.Column("lng", sa.Double, nullable=False),
        sa.Column("sent_lat", sa.Double, nullable=True),
        sa.Column("sent_lng", sa.Double, nullable=True),
        sa.Column("datum", one_of(*DATUMS, name="kept_datum_known"), nullable=False),
        sa.Column("accuracy_m", sa.Double, nullable=True),
        sa.Column("located_by", one_of(*LOCATED_BY, name="kept_located_by_known"), nullable=False),
        sa.Column("compound_code", sa.String(20), sa.ForeignKey("compounds.code"), nullable=True),
        sa.Column("chosen_code", sa.String(12), sa.ForeignKey("communities.code"), nullable=True),
        sa.Column("taken_at", UtcInstant(), nullable=True),
        sa.Column("source", one_of(*SOURCES, name="kept_source_known"), nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("withdrawn_at", UtcInstant(), nullable=True),
        sa.Column("withdrawn_key", sa.String(36), nullable=True),
        sa.Column("thumb_name", sa.String(64), nullable=True),
        sa.UniqueConstraint("reporter_id", "key", name="kept_once"),
        sa.CheckConstraint(
            "lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="kept_on_earth"
        ),
        sa.CheckConstraint("(sent_lat IS NULL) = (sent_lng IS NULL)", name="kept_point_whole"),
    )
    op.create_index("ix_kept_reports_reporter_id_id", "kept_reports", ["reporter_id", "id"])
    op.create_table(
        "kept_photos",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("report_id", BIG, sa.ForeignKey("kept_reports.id"), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("byte_count", sa.Integer, nullable=False),
        sa.Column("dhash", sa.String(16), nullable=False),
        sa.Column("taken_at", UtcInstant(), nullable=True),
        sa.Column("lat", sa.Double, nullable=True),
        sa.Column("lng", sa.Double, nullable=True),
    )
    op.create_index("ix_kept_photos_report_id_id", "kept_photos", ["report_id", "id"])
    op.create_index("ix_kept_photos_name", "kept_photos", ["name"])


def downgrade() -> None:
    # The older program has no place for what waits, and nothing of it may be lost.
    waiting = sa.text("SELECT count(*) FROM kept_reports WHERE withdrawn_at IS NULL")
    if count := op.get_bind().execute(waiting).scalar_one():
        raise RuntimeError(f"{count} reports still wait for their riders' numbers: not taken away")
    op.drop_table("kept_photos")
    op.drop_table("kept_reports")
    op.drop_column("reports", "sent_at")
