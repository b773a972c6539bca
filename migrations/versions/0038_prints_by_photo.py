"""Prints are found by their photo: whoever leaves takes photos along, one foreign key each."""

from __future__ import annotations

from alembic import op

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.create_index("ix_fairness_prints_photo_id", "fairness_prints", ["photo_id"])


def downgrade() -> None:
    op.drop_index("ix_fairness_prints_photo_id", table_name="fairness_prints")
