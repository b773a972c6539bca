"""What moves riders' points is kept by month: every month is counted anew once for it.

The counts themselves are the recount's to write (`statistics.usecases.follow_rules`), after which
they are kept in the transaction of each movement; until then nothing is shown.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    # What is on hold is counted as it moves: nobody reads the lots for it any more.
    op.drop_index("ix_point_lots_on_hold", "point_lots")
    op.execute("UPDATE statistics_recounts SET rules = 0")
    # Where points never moved there is nothing to count anew.
    op.execute("UPDATE statistics_rules SET rules = 0 WHERE EXISTS (SELECT 1 FROM point_journal)")


def downgrade() -> None:
    where = sa.text("held > 0")
    op.create_index(
        "ix_point_lots_on_hold",
        "point_lots",
        ["account_id"],
        sqlite_where=where,
        postgresql_where=where,
    )
    op.execute("DELETE FROM statistics_cells WHERE facet = 'moved'")
    # What was still to be counted anew counts as before this: by the rules of then.
    for table in ("statistics_rules", "statistics_recounts"):
        op.execute(f"UPDATE {table} SET rules = 2 WHERE rules = 0")
