"""Streets under the built-in map: the file an operator loads, in pieces that every host can read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0040"
down_revision = "0039"


def upgrade() -> None:
    op.create_table(
        "basemaps",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("source", sa.String(200), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("byte_count", BIG, nullable=False),
        sa.Column("min_zoom", sa.Integer, nullable=False),
        sa.Column("max_zoom", sa.Integer, nullable=False),
        sa.Column("attribution", sa.String(200), nullable=False),
        sa.Column("approval", sa.String(60), nullable=False),
        sa.Column("begun_at", UtcInstant(), nullable=False),
        sa.Column("loaded_at", UtcInstant(), nullable=True),
        sa.CheckConstraint("byte_count > 0", name="basemap_not_empty"),
        sa.CheckConstraint("min_zoom BETWEEN 0 AND max_zoom", name="basemap_zooms"),
        sa.CheckConstraint("attribution <> '' AND approval <> ''", name="basemap_may_be_shown"),
    )
    op.create_table(
        "basemap_pieces",
        sa.Column("basemap_id", BIG, sa.ForeignKey("basemaps.id"), primary_key=True),
        sa.Column("nth", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    # The operator has the file: whoever comes back loads it again.
    op.drop_table("basemap_pieces")
    op.drop_table("basemaps")
