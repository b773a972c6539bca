"""The installation's id, which the photo store is marked with, and photos that must go at once.

The id is random and made once, here: a copied or restored database keeps it. Going down and up
again makes another one, and `grid-report media adopt` then takes the store over.
"""

from __future__ import annotations

import uuid

import sqlalchemy as sa
from alembic import op

from grid_report.db import UtcInstant

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    installations = op.create_table(
        "installations",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("braked_at", UtcInstant()),
        sa.CheckConstraint("id = 1", name="only_one"),
        sa.CheckConstraint("length(key) = 32", name="key_is_long"),
    )
    op.bulk_insert(installations, [{"id": 1, "key": uuid.uuid4().hex, "braked_at": None}])
    op.create_table(
        "photo_removals",
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("asked_at", UtcInstant(), nullable=False),
        sa.CheckConstraint("length(name) = 64", name="a_hash"),
    )


def downgrade() -> None:
    op.drop_table("photo_removals")
    op.drop_table("installations")
