"""A case can be taken back (`recall`) and a question answered by oneself (`clarify`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0022"
down_revision = "0021"

CHECK = "ck_report_history_step_known"
STEPS = (
    "accept", "reject", "ask", "supplement", "withdraw", "merge", "transfer", "dispatch",
    "return", "start", "control", "extend", "suspend", "resume", "handle", "pass", "fail",
    "reopen", "submit", "urge", "note", "assign", "rate",
)  # fmt: skip
# In the order of the program's steps.
MORE_STEPS = (*STEPS[:18], "recall", "clarify", *STEPS[18:])


def one_of(values: tuple[str, ...]) -> str:
    return "step IN ({})".format(", ".join(f"'{value}'" for value in values))


def upgrade() -> None:
    op.add_column(
        "reports", sa.Column("clarified_s", sa.Integer, nullable=False, server_default="0")
    )
    op.create_table(
        "report_recalls",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("by_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("unit_code", sa.String(20), sa.ForeignKey("units.code")),
        sa.Column("community_code", sa.String(12), sa.ForeignKey("communities.code")),
        sa.Column("street_code", sa.String(9), sa.ForeignKey("streets.code")),
        sa.Column("category_code", sa.String(8), sa.ForeignKey("categories.code"), nullable=False),
    )
    op.create_index("ix_report_recalls_at", "report_recalls", ["at"])
    op.create_index("ix_report_recalls_report_id", "report_recalls", ["report_id"])
    _keep_as_written("report_recalls")
    _replace_check(one_of(STEPS), one_of(MORE_STEPS))


def downgrade() -> None:
    _steps_as_notes()
    _replace_check(one_of(MORE_STEPS), one_of(STEPS))
    op.drop_table("report_recalls")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION report_recalls_refuse()")
    op.drop_column("reports", "clarified_s")


def _keep_as_written(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table}"
                " BEGIN SELECT RAISE(ABORT, 'history_is_append_only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'history_is_append_only' USING ERRCODE = 'check_violation';"
        " END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
    )


def _steps_as_notes() -> None:
    """Call what the older program has no name for a note: who, when and the words stay."""
    change = "UPDATE report_history SET step = 'note' WHERE step IN ('recall', 'clarify')"
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER report_history_no_update")
        op.execute(change)
        op.execute(
            "CREATE TRIGGER report_history_no_update BEFORE UPDATE ON report_history"
            " BEGIN SELECT RAISE(ABORT, 'history_is_append_only'); END"
        )
        return
    op.execute("ALTER TABLE report_history DISABLE TRIGGER report_history_no_change")
    op.execute(change)
    op.execute("ALTER TABLE report_history ENABLE TRIGGER report_history_no_change")


def _replace_check(before: str, after: str) -> None:
    """Change which steps history knows.

    SQLite cannot; rebuilding the table would drop its triggers. Its manual describes this way for
    a change that touches no row (lang_altertable, section 7).
    """
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.execute(f"ALTER TABLE report_history DROP CONSTRAINT {CHECK}")
        op.execute(f"ALTER TABLE report_history ADD CONSTRAINT {CHECK} CHECK ({after})")
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = REPLACE(sql, ?, ?)"
        " WHERE type = 'table' AND name = 'report_history' AND INSTR(sql, ?) > 0",
        (before, after, before),
    )
    assert changed.rowcount == 1, "the CHECK was not found as it was written"
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
