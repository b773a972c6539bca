"""Counts by month and area, frozen months and what changed after, saved questions, deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0015"
down_revision = "0014"

SOURCES = "'page', 'queue', 'api', 'open311'"
TABLES = (
    "statistics_cells",
    "statistics_freezes",
    "statistics_corrections",
    "statistics_recounts",
    "statistics_questions",
    "statistics_deliveries",
)
# What a month's lists and recounts look for, each by the instant that decides about the month.
INSTANTS = {
    "created_at": None,
    "fix_due": None,
    "close_due": None,
    "handled_at": "handled_at IS NOT NULL",
    "closed_at": "closed_at IS NOT NULL",
    "reopened_at": "reopened_at IS NOT NULL",
    "rated_at": "rated_at IS NOT NULL",
}
UNHANDLED = "handled_at IS NULL AND state IN ('accepted', 'dispatched', 'in_progress', 'submitted')"
SERVICES = {"created_at": None, "ended_at": "ended_at IS NOT NULL"}
DELIVERED = "delivered_at IS NOT NULL"
EXPIRY = "kind = 'expiry'"

# (trigger, table, when, condition, refusal): what is sealed stays as it is.
SEALED = (
    "EXISTS (SELECT 1 FROM statistics_freezes f WHERE f.month = {row}.month"
    " AND f.version = {row}.version AND f.sealed)"
)
GUARDS = (
    (
        "statistics_cells_before_insert",
        "statistics_cells",
        "INSERT",
        "NEW.version > 0 AND (" + SEALED.format(row="NEW") + " OR NOT EXISTS"
        " (SELECT 1 FROM statistics_freezes f WHERE f.month = NEW.month AND f.version = NEW.version))",
        "a_sealed_month_takes_nothing",
    ),
    (
        "statistics_cells_before_update",
        "statistics_cells",
        "UPDATE",
        "OLD.version > 0 OR NEW.version > 0",
        "frozen_counts_stay",
    ),
    (
        "statistics_cells_before_delete",
        "statistics_cells",
        "DELETE",
        "OLD.version > 0",
        "frozen_counts_stay",
    ),
    (
        "statistics_freezes_before_update",
        "statistics_freezes",
        "UPDATE",
        "OLD.sealed OR NEW.month <> OLD.month OR NEW.version <> OLD.version",
        "a_freeze_stays",
    ),
    (
        "statistics_freezes_before_delete",
        "statistics_freezes",
        "DELETE",
        "OLD.sealed",
        "a_freeze_stays",
    ),
)


def member(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, BIG, sa.ForeignKey("members.id"), nullable=nullable)


def upgrade() -> None:
    op.execute(
        "ALTER TABLE reports ADD COLUMN source VARCHAR(32) DEFAULT 'page' NOT NULL"
        f" CONSTRAINT ck_reports_source_known CHECK (source IN ({SOURCES}))"
    )
    for name, where in INSTANTS.items():
        _index("reports", name, where)
    op.create_index(
        "ix_reports_unhandled",
        "reports",
        ["fix_due"],
        sqlite_where=sa.text(UNHANDLED),
        postgresql_where=sa.text(UNHANDLED),
    )
    for name, where in SERVICES.items():
        _index("redemptions", name, where)
    op.create_index(
        "ix_redemptions_handed_out",
        "redemptions",
        ["delivered_at"],
        sqlite_where=sa.text(DELIVERED),
        postgresql_where=sa.text(DELIVERED),
    )
    # An index only: the ledger's tables stay as they are.
    op.create_index(
        "ix_point_journal_expired_at",
        "point_journal",
        ["at"],
        sqlite_where=sa.text(EXPIRY),
        postgresql_where=sa.text(EXPIRY),
    )
    op.create_table(
        "statistics_cells",
        *(
            sa.Column(name, kind, primary_key=True, autoincrement=False, nullable=False)
            for name, kind in (
                ("month", sa.String(7)),
                ("version", sa.Integer),
                ("area", sa.String(12)),
                ("facet", sa.String(10)),
                ("key", sa.String(24)),
                ("measure", sa.String(20)),
                ("also", sa.String(7)),
            )
        ),
        sa.Column("n", BIG, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "statistics_freezes",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("frozen_at", UtcInstant(), nullable=False),
        member("frozen_by_id", nullable=True),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sealed", sa.Boolean, nullable=False),
        sa.UniqueConstraint("month", "version", name="a_version_once"),
        sa.CheckConstraint("version >= 1", name="versions_from_one"),
        sa.CheckConstraint("(digest = '') = (NOT sealed)", name="sealed_with_its_digest"),
    )
    op.create_table(
        "statistics_corrections",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("about", sa.String(10), nullable=False),
        sa.Column("about_id", BIG, nullable=False),
        sa.Column("area", sa.String(12), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
    )
    op.create_index(
        "ix_statistics_corrections_month_version_id",
        "statistics_corrections",
        ["month", "version", "id"],
    )
    op.create_table(
        "statistics_recounts",
        sa.Column("month", sa.String(7), primary_key=True, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("counted_at", UtcInstant(), nullable=False),
        sa.Column("cells", sa.Integer, nullable=False),
        sa.Column("differences", sa.Integer, nullable=False),
    )
    op.create_table(
        "statistics_questions",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("code", sa.String(12), nullable=False),
        member("owner_id"),
        sa.Column("title", sa.String(80), nullable=False),
        sa.Column("asked", sa.JSON, nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.UniqueConstraint("code", name="a_link_once"),
    )
    op.create_index("ix_statistics_questions_owner_id", "statistics_questions", ["owner_id"])
    op.create_table(
        "statistics_deliveries",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        member("member_id"),
        sa.Column("area", sa.String(12), nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        member("created_by_id"),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("told_month", sa.String(7), nullable=False),
        sa.UniqueConstraint("member_id", "area", name="a_delivery_once"),
        sa.CheckConstraint("day BETWEEN 1 AND 28", name="a_day_every_month_has"),
    )
    for name, table, event, condition, refusal in GUARDS:
        _guard(name, table, event, condition, refusal)


def _index(table: str, name: str, where: str | None) -> None:
    condition = sa.text(where) if where else None
    op.create_index(
        f"ix_{table}_{name}",
        table,
        [name],
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _guard(name: str, table: str, event: str, condition: str, refusal: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
        return
    row = "OLD" if event == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF {condition} THEN RAISE EXCEPTION '{refusal}'"
        f" USING ERRCODE = 'check_violation'; END IF; RETURN {row}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name, *_ in GUARDS:
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_index("ix_point_journal_expired_at", "point_journal")
    op.drop_index("ix_redemptions_handed_out", "redemptions")
    for name in SERVICES:
        op.drop_index(f"ix_redemptions_{name}", "redemptions")
    op.drop_index("ix_reports_unhandled", "reports")
    for name in INSTANTS:
        op.drop_index(f"ix_reports_{name}", "reports")
    op.drop_column("reports", "source")
