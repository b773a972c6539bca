"""Messages on channels beside the inbox: a row each, with attempts of its own; who wants which.

What waits at this point goes to the inboxes as before, and from there once on each channel that is
switched on when it does. No channel could be switched on before: nothing was sent on one.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0033"
down_revision = "0032"

STATES = ("waiting", "sent", "given_up", "dropped")


def partial_index(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        name,
        "channel_deliveries",
        columns,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def upgrade() -> None:
    op.create_table(
        "channel_deliveries",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("message_id", BIG, sa.ForeignKey("outbox.id"), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                *STATES,
                name="sending_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("retry_at", UtcInstant()),
        sa.Column("last_error", sa.String(120), nullable=False),
        sa.Column("sent_at", UtcInstant()),
        sa.Column("done_for", sa.JSON, nullable=False),
        sa.Column("sent_to", sa.Integer, nullable=False),
        sa.UniqueConstraint("message_id", "channel", name="a_channel_once"),
        sa.CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent_iff_dated"),
        sa.CheckConstraint("attempts >= 0 AND sent_to >= 0", name="sendings_counted"),
    )
    partial_index("ix_channel_deliveries_waiting", ["channel", "id"], "state = 'waiting'")
    partial_index("ix_channel_deliveries_given_up", ["id"], "state = 'given_up'")
    op.create_table(
        "channel_choices",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("wanted", sa.Boolean, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.UniqueConstraint("member_id", "channel", name="one_choice_a_channel"),
    )


def downgrade() -> None:
    op.drop_table("channel_choices")
    op.drop_table("channel_deliveries")
