"""What moves riders' points is kept by month: every month is counted anew once for it.

The counts themselves are the recount's to write (`statistics.usecases.follow_rules`), after which
they are kept in the transaction of each movement; until then nothing is shown.
"""

from __future__ import annotations

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    op.execute("UPDATE statistics_recounts SET rules = 0")
    # Where points never moved there is nothing to count anew.
    op.execute("UPDATE statistics_rules SET rules = 0 WHERE EXISTS (SELECT 1 FROM point_journal)")


def downgrade() -> None:
    op.execute("DELETE FROM statistics_cells WHERE facet = 'moved'")
    # What was still to be counted anew counts as before this: by the rules of then.
    for table in ("statistics_rules", "statistics_recounts"):
        op.execute(f"UPDATE {table} SET rules = 2 WHERE rules = 0")
