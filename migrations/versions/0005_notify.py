"""Messages and inboxes; who runs the periodic work, and how it last went."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0005"
down_revision = "0004"

ROLES = (
    "rider", "worker", "supervisor", "handler", "station_staff", "administrator", "auditor",
)  # fmt: skip


def one_of(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(
        name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )


def upgrade() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("role", one_of("read_as_known", *ROLES), nullable=False),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("place", sa.String(20)),
        sa.Column("except_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("about", sa.String(24), nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column(
            "state",
            one_of("delivery_known", "waiting", "delivered", "given_up"),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("retry_at", UtcInstant()),
        sa.Column("delivered_at", UtcInstant()),
        sa.Column("last_error", sa.String(120), nullable=False),
        sa.CheckConstraint("(member_id IS NULL) <> (place IS NULL)", name="to_one_or_to_a_place"),
        sa.CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_iff_dated"
        ),
        sa.CheckConstraint("attempts >= 0", name="attempts_counted"),
    )
    partial_index("ix_outbox_waiting", "outbox", ["id"], "state = 'waiting'")
    partial_index("ix_outbox_given_up", "outbox", ["id"], "state = 'given_up'")

    op.create_table(
        "inbox",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("message_id", BIG, sa.ForeignKey("outbox.id"), nullable=False),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("role", one_of("inbox_role_known", *ROLES), nullable=False),
        sa.Column("read_at", UtcInstant()),
        sa.UniqueConstraint("message_id", "member_id", name="a_copy_once"),
    )
    op.create_index("ix_inbox_member_id_id", "inbox", ["member_id", "id"])
    partial_index("ix_inbox_unread", "inbox", ["member_id", "id"], "read_at IS NULL")

    op.create_table(
        "leases",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("holder", sa.String(120), nullable=False),
        sa.Column("beats", BIG, nullable=False),
        sa.Column("beat_at", UtcInstant(), nullable=False),
        sa.Column("until", UtcInstant(), nullable=False),
        sa.CheckConstraint("beats >= 0", name="beats_counted"),
    )
    op.create_table(
        "job_runs",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("started_at", UtcInstant(), nullable=False),
        sa.Column("ended_at", UtcInstant()),
        sa.Column(
            "outcome",
            one_of("outcome_known", "running", "ok", "failed", "stopped"),
            nullable=False,
        ),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("error", sa.String(120), nullable=False),
        sa.Column("runs", BIG, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(120), nullable=False),
        sa.CheckConstraint(
            "(outcome = 'running') = (ended_at IS NULL)", name="running_iff_not_ended"
        ),
        sa.CheckConstraint("runs >= 0 AND failures >= 0", name="runs_counted"),
    )


def downgrade() -> None:
    for table in ("job_runs", "leases", "inbox", "outbox"):
        op.drop_table(table)
