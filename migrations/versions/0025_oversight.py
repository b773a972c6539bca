"""The audit trail and the journal are read by day and by person."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"

INDEXES = (
    ("ix_audit_entries_at_id", "audit_entries", ["at", "id"]),
    ("ix_audit_entries_actor_id_at", "audit_entries", ["actor_id", "at"]),
    ("ix_point_journal_at_id", "point_journal", ["at", "id"]),
)


def upgrade() -> None:
    for name, table, columns in INDEXES:
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, table, _columns in INDEXES:
        op.drop_index(name, table)
