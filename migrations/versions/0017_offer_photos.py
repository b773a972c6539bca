"""An offer may carry a photo of its own; without one the drawn picture of its kind stands in."""

from __future__ import annotations

from alembic import op

revision = "0017"
down_revision = "0016"

IS_A_HASH = "length(photo) = 64"


def upgrade() -> None:
    # In the column itself: SQLite adds no constraint to a table without building it anew.
    op.execute(
        "ALTER TABLE offers ADD COLUMN photo VARCHAR(64)"
        f" CONSTRAINT ck_offers_photo_is_a_hash CHECK ({IS_A_HASH})"
    )


def downgrade() -> None:
    op.drop_column("offers", "photo")
