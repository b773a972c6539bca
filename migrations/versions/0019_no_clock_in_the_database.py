"""The guards of the tariff go by what the rows say, never by the database's clock.

A version starts later than it was published. It can be taken back only after the audit says that
somebody did, between the two: a deletion by hand is refused before the start as well.
"""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"

INSERT = ("tariff_versions_before_insert", "BEFORE INSERT", "a_version_starts_later", "NEW")
DELETE = ("tariff_versions_no_delete", "BEFORE DELETE", "started_versions_stay", "OLD")

LATER = "NEW.published_by_id IS NOT NULL AND NEW.starts_at <= {}"
BY_ROWS = {
    INSERT: LATER.format("NEW.published_at"),
    DELETE: (
        "NOT EXISTS (SELECT 1 FROM audit_entries a WHERE a.about = OLD.code"
        " AND a.action = 'tariff-withdrawn'"
        " AND a.at >= OLD.published_at AND a.at < OLD.starts_at)"
    ),
}
CLOCKS = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')", "postgresql": "now()"}


def upgrade() -> None:
    for guard, condition in BY_ROWS.items():
        replace(guard, condition)


def downgrade() -> None:
    clock = CLOCKS[op.get_bind().dialect.name]
    replace(INSERT, LATER.format(clock))
    replace(DELETE, f"OLD.starts_at <= {clock}")


def replace(guard: tuple[str, str, str, str], condition: str) -> None:
    name, when, refusal, row = guard
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {name}")
        op.execute(
            f"CREATE TRIGGER {name} {when} ON tariff_versions FOR EACH ROW WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
        return
    op.execute(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF {condition} THEN RAISE EXCEPTION '{refusal}' USING ERRCODE = 'check_violation',"
        f" CONSTRAINT = '{refusal}', TABLE = 'tariff_versions'; END IF; RETURN {row}; END $$"
    )
