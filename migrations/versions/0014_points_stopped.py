"""Points can be stopped for a rider, without shutting anybody out."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import UtcInstant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.add_column("members", sa.Column("points_stopped_at", UtcInstant()))
    op.add_column("members", sa.Column("points_stopped_why", sa.String(200)))


def downgrade() -> None:
    op.drop_column("members", "points_stopped_why")
    op.drop_column("members", "points_stopped_at")
