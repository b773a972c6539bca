"""Members may leave and take their data along: what they asked for, and words that can be emptied.

Histories stay append-only. The one change their triggers let through is that words become empty,
all else being equal, once whoever wrote them is a member no more.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0036"
down_revision = "0035"

# All columns but `words`: none of them may differ.
HISTORIES = {
    "report_history": (
        "id", "report_id", "step", "from_state", "to_state", "at", "actor_id", "role",
        "internal_note", "changes",
    ),
    "redemption_history": (
        "id", "redemption_id", "step", "from_state", "to_state", "at", "actor_id", "role",
    ),
    "application_history": (
        "id", "application_id", "step", "from_state", "to_state", "version", "at", "actor_id",
        "role",
    ),
}  # fmt: skip
REFUSAL = "history_is_append_only"
ERASED = "EXISTS (SELECT 1 FROM members m WHERE m.id = OLD.{author} AND m.standing = 'erased')"

# An objection says why, so what stands for its words is a dash.
OBJECTION = (
    "id", "journal_id", "unpaid_id", "refused_report", "rider_id", "community_code",
    "street_code", "report_number", "decided_by_id", "approved_by_id", "raised_at", "due_at",
    "state", "answered_at", "answered_by_id", "answer", "withdrawn_at",
)  # fmt: skip
OBJECTION_KEPT = (
    "id", "journal_id", "unpaid_id", "refused_report", "rider_id", "community_code",
    "street_code", "report_number", "decided_by_id", "approved_by_id", "words", "raised_at",
    "due_at",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "departures",
        sa.Column(
            "member_id", BIG, sa.ForeignKey("members.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("asked_at", UtcInstant(), nullable=False),
        sa.Column("due_at", UtcInstant(), nullable=False),
        sa.Column("begun_at", UtcInstant()),
        sa.Column("done_at", UtcInstant()),
        sa.CheckConstraint("due_at >= asked_at", name="due_after_asking"),
        sa.CheckConstraint("done_at IS NULL OR begun_at IS NOT NULL", name="done_once_begun"),
    )
    waiting = sa.text("done_at IS NULL")
    op.create_index(
        "ix_departures_due_at",
        "departures",
        ["due_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "exports",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("ref", sa.String(43), nullable=False),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("asked_at", UtcInstant(), nullable=False),
        sa.Column("taken_until", UtcInstant()),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("made_at", UtcInstant()),
        sa.Column("failed_at", UtcInstant()),
        sa.Column("expires_at", UtcInstant(), nullable=False),
        sa.Column("byte_count", BIG, nullable=False),
        sa.UniqueConstraint("ref", name="an_export_by_its_ref"),
        sa.CheckConstraint("made_at IS NULL OR failed_at IS NULL", name="made_or_failed"),
        sa.CheckConstraint("tries >= 0 AND byte_count >= 0", name="counted"),
    )
    op.create_index("ix_exports_member_id_id", "exports", ["member_id", "id"])
    op.create_index("ix_exports_expires_at", "exports", ["expires_at"])
    op.create_table(
        "export_pieces",
        sa.Column("export_id", BIG, sa.ForeignKey("exports.id"), primary_key=True),
        sa.Column("nth", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    if op.get_bind().dialect.name == "sqlite":
        _let_words_go_sqlite()
    else:
        _let_words_go_postgresql()


def _same(columns: tuple[str, ...]) -> str:
    return " AND ".join(f"NEW.{name} IS OLD.{name}" for name in columns)


def _let_words_go_sqlite() -> None:
    for table, columns in HISTORIES.items():
        op.execute(f"DROP TRIGGER {table}_no_update")
        op.execute(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}"
            f" WHEN NOT (NEW.words = '' AND {_same(columns)}"
            f" AND {ERASED.format(author='actor_id')})"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
    op.execute("DROP TRIGGER objections_before_update")
    _objections_sqlite(
        f"({_kept_changed()}) AND NOT (NEW.words = '—' AND {_same(OBJECTION)}"
        f" AND {ERASED.format(author='rider_id')})"
    )


def _kept_changed() -> str:
    changed = " OR ".join(
        f"(NEW.{c} <> OLD.{c} OR (NEW.{c} IS NULL) <> (OLD.{c} IS NULL))" for c in OBJECTION_KEPT
    )
    return f"OLD.state <> 'open' OR NEW.state = 'open' OR {changed}"


def _objections_sqlite(condition: str) -> None:
    op.get_bind().exec_driver_sql(
        "CREATE TRIGGER objections_before_update BEFORE UPDATE ON objections FOR EACH ROW BEGIN"
        f" SELECT RAISE(ABORT, 'objections_change_only_by_an_end') WHERE {condition}; END"
    )


def _objections_postgresql(condition: str) -> None:
    op.get_bind().exec_driver_sql(
        "CREATE OR REPLACE FUNCTION objections_before_update() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF {condition} THEN RAISE EXCEPTION 'objections_change_only_by_an_end' USING"
        " ERRCODE = 'check_violation', CONSTRAINT = 'objections_change_only_by_an_end',"
        " TABLE = 'objections'; END IF; RETURN NEW; END $$"
    )


def _only_words(words: str, author: str) -> str:
    return (
        f"NEW.words = '{words}' AND to_jsonb(NEW) - 'words' = to_jsonb(OLD) - 'words'"
        f" AND {ERASED.format(author=author)}"
    )


def _let_words_go_postgresql() -> None:
    for table in HISTORIES:
        op.execute(
            f"CREATE FUNCTION {table}_words() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN IF {_only_words('', 'actor_id')} THEN RETURN NEW; END IF;"
            f" RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'check_violation'; END $$"
        )
        op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_words()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
        )
    _objections_postgresql(f"({_kept_changed()}) AND NOT ({_only_words('—', 'rider_id')})")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in HISTORIES:
            op.execute(f"DROP TRIGGER {table}_no_update")
            op.execute(
                f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
            )
        op.execute("DROP TRIGGER objections_before_update")
        _objections_sqlite(_kept_changed())
    else:
        for table in HISTORIES:
            op.execute(f"DROP TRIGGER {table}_no_delete ON {table}")
            op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
            op.execute(f"DROP FUNCTION {table}_words()")
            op.execute(
                f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
                f" FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
            )
        _objections_postgresql(_kept_changed())
    # Who has asked to leave asks again: the older program cannot do it.
    for table in ("export_pieces", "exports", "departures"):
        op.drop_table(table)
