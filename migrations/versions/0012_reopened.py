"""When a case was opened again: its clocks count from there. And which reviews were told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import UtcInstant

revision = "0012"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("reports", sa.Column("reopened_at", UtcInstant()))
    # What stood still before the reopening belongs to the first run.
    op.execute(
        "UPDATE reports SET stopped_s = 0, reopened_at = ("
        "SELECT max(h.at) FROM report_history h"
        " WHERE h.report_id = reports.id AND h.step = 'reopen')"
        " WHERE reopenings > 0"
    )
    op.add_column("reports", sa.Column("told_review", sa.Date()))
    waits = sa.text("state = 'suspended'")
    op.create_index(
        "ix_reports_review_on",
        "reports",
        ["review_on"],
        sqlite_where=waits,
        postgresql_where=waits,
    )


def downgrade() -> None:
    op.drop_index("ix_reports_review_on", "reports")
    op.drop_column("reports", "told_review")
    op.drop_column("reports", "reopened_at")
