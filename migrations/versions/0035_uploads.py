"""Photos that come in parts: what is kept of each, piece by piece, until it is claimed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0035"
down_revision = "0034"

UNCLAIMED = sa.text("used_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("ref", sa.String(32), nullable=False),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("said", sa.String(1000), nullable=False),
        sa.Column("length", BIG, nullable=False),
        sa.Column("kept", BIG, nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("used_at", UtcInstant(), nullable=True),
        sa.Column("used_key", sa.String(36), nullable=True),
        sa.Column("photo_name", sa.String(64), nullable=True),
        sa.UniqueConstraint("ref", name="an_upload_by_its_ref"),
        sa.UniqueConstraint("member_id", "key", name="an_upload_once"),
        sa.CheckConstraint("length > 0 AND kept BETWEEN 0 AND length", name="kept_within_length"),
        sa.CheckConstraint("used_at IS NULL OR kept = length", name="used_whole"),
        sa.CheckConstraint("(used_at IS NULL) = (photo_name IS NULL)", name="used_as_a_photo"),
    )
    op.create_index(
        "ix_uploads_unclaimed",
        "uploads",
        ["created_at"],
        sqlite_where=UNCLAIMED,
        postgresql_where=UNCLAIMED,
    )
    op.create_index("ix_uploads_used_at", "uploads", ["used_at"])
    op.create_table(
        "upload_pieces",
        sa.Column("upload_id", BIG, sa.ForeignKey("uploads.id"), primary_key=True),
        sa.Column("at", BIG, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.CheckConstraint("at >= 0", name="piece_at_its_place"),
        sa.CheckConstraint("length(data) BETWEEN 1 AND 262144", name="piece_not_too_large"),
    )


def downgrade() -> None:
    # What still waits is on its phone as well: the older program takes it as a form.
    op.drop_table("upload_pieces")
    op.drop_table("uploads")
