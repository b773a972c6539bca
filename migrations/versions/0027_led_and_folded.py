"""A case can go on under another report (`lead`), and urgent floods are folded at the desk."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG

revision = "0027"
down_revision = "0026"

CHECK = "ck_report_history_step_known"
STEPS = (
    "accept", "reject", "ask", "supplement", "withdraw", "merge", "transfer", "dispatch",
    "return", "start", "control", "extend", "suspend", "resume", "handle", "pass", "fail",
    "reopen", "recall", "clarify", "submit", "urge", "note", "assign", "rate",
)  # fmt: skip
# In the order of the program's steps.
MORE_STEPS = (*STEPS[:20], "lead", *STEPS[20:])
FOLDED = "folded_id IS NOT NULL AND state = 'submitted'"


def one_of(values: tuple[str, ...]) -> str:
    return "step IN ({})".format(", ".join(f"'{value}'" for value in values))


def upgrade() -> None:
    op.add_column("reports", sa.Column("folded_id", BIG))
    op.create_index(
        "ix_reports_folded",
        "reports",
        ["folded_id", "id"],
        sqlite_where=sa.text(FOLDED),
        postgresql_where=sa.text(FOLDED),
    )
    _replace_check(one_of(STEPS), one_of(MORE_STEPS))


def downgrade() -> None:
    _steps_as_notes()
    _replace_check(one_of(MORE_STEPS), one_of(STEPS))
    op.drop_index("ix_reports_folded", "reports")
    op.drop_column("reports", "folded_id")


def _steps_as_notes() -> None:
    """Call what the older program has no name for a note: when and the words stay."""
    change = "UPDATE report_history SET step = 'note' WHERE step = 'lead'"
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
