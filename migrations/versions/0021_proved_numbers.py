"""Numbers are proved, claimed by somebody who has not proved them yet, or given up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import UtcInstant

revision = "0021"
down_revision = "0020"

# Why an award is not paid gains a word. (table, name, column, words before)
REASONS = (
    "budget_empty", "reserve_empty", "frozen", "staff", "suspended", "gone", "over_day_cap",
    "over_month_cap", "same_place",
)  # fmt: skip
CUTS = (
    "half", "over_day_cap", "over_month_cap", "same_place", "later_reporter", "enough_reporters",
    "same_person", "same_photo", "staff", "suspended", "gone",
)  # fmt: skip
WORDS = (
    ("point_unpaid", "ck_point_unpaid_reason_known", "reason", REASONS),
    ("point_claims", "ck_point_claims_cut_known", "cut", CUTS),
)
NEW_WORD = "unproved"

# The one CHECK about a member's number. (name, condition)
BEFORE = (
    "ck_members_phone_until_erased",
    "(standing = 'erased') = (phone_lookup IS NULL)",
)
AFTER = (
    "ck_members_phone_proved_or_claimed",
    "(standing <> 'erased' OR (phone_lookup IS NULL AND phone_claim IS NULL))"
    " AND (phone_lookup IS NULL OR (phone_claim IS NULL AND phone_proved_at IS NOT NULL))"
    " AND (phone_proved_at IS NULL) = (phone_proved_how IS NULL)"
    " AND (phone_proved_how IS NULL"
    " OR phone_proved_how IN ('administrator', 'code', 'migration', 'staff'))",
)


def upgrade() -> None:
    _settle_checks()
    op.add_column("members", sa.Column("phone_claim", sa.String(64)))
    op.add_column("members", sa.Column("phone_proved_at", UtcInstant()))
    op.add_column("members", sa.Column("phone_proved_how", sa.String(16)))
    op.add_column("members", sa.Column("phone_parted_at", UtcInstant()))
    op.create_index("ix_members_phone_claim", "members", ["phone_claim"])
    op.add_column("sms_codes", sa.Column("opened_at", UtcInstant()))
    op.add_column(
        "reports",
        sa.Column("sent_unproved", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    # Whoever has an account on this day counts as proved: nobody loses what was earned.
    op.execute(
        "UPDATE members SET phone_proved_at = created_at, phone_proved_how = 'migration'"
        " WHERE standing <> 'erased'"
    )
    _replace_check("members", BEFORE, AFTER)
    for table, name, column, words in WORDS:
        _replace_check(
            table, (name, _one_of(column, words)), (name, _one_of(column, (*words, NEW_WORD)))
        )


def downgrade() -> None:
    _settle_checks()
    # An account without a proved number has no place in the schema before. Where it is the only
    # one that claims its number, the claim becomes the number; every other one is closed.
    op.execute(
        "UPDATE members SET phone_lookup = phone_claim, phone_claim = NULL,"
        " phone_proved_at = created_at, phone_proved_how = 'migration'"
        " WHERE phone_claim IS NOT NULL"
        " AND id = (SELECT MIN(o.id) FROM members o WHERE o.phone_claim = members.phone_claim)"
        " AND NOT EXISTS (SELECT 1 FROM members p WHERE p.phone_lookup = members.phone_claim)"
    )
    op.execute(
        "UPDATE members SET standing = 'erased', phone_claim = NULL, phone_sealed = NULL"
        " WHERE phone_lookup IS NULL"
    )
    _settle_checks()
    for table, name, column, words in WORDS:
        _say_suspended(table, column)
        _replace_check(
            table, (name, _one_of(column, (*words, NEW_WORD))), (name, _one_of(column, words))
        )
    _replace_check("members", AFTER, BEFORE)
    op.drop_column("reports", "sent_unproved")
    op.drop_column("sms_codes", "opened_at")
    op.drop_index("ix_members_phone_claim", "members")
    for column in ("phone_parted_at", "phone_proved_how", "phone_proved_at", "phone_claim"):
        op.drop_column("members", column)


def _settle_checks() -> None:
    # In one run with others, checks put off to the commit would keep the tables from changing.
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
        op.execute("SET CONSTRAINTS ALL DEFERRED")


def _one_of(column: str, words: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word) for word in words)})"


def _say_suspended(table: str, column: str) -> None:
    """Write the word that comes nearest; the guards that keep these rows stand aside meanwhile."""
    bind = op.get_bind()
    change = f"UPDATE {table} SET {column} = 'suspended' WHERE {column} = '{NEW_WORD}'"
    if bind.dialect.name != "sqlite":
        op.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        op.execute(change)
        op.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        return
    guards = bind.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (table,)
    ).all()
    for name, _ in guards:
        bind.exec_driver_sql(f"DROP TRIGGER {name}")
    bind.exec_driver_sql(change)
    for _, sql in guards:
        bind.exec_driver_sql(sql)


def _replace_check(table: str, before: tuple[str, str], after: tuple[str, str]) -> None:
    """Change a CHECK, as 0006 does: SQLite rebuilds no table for it."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.execute(f"ALTER TABLE {table} DROP CONSTRAINT {before[0]}")
        op.execute(f"ALTER TABLE {table} ADD CONSTRAINT {after[0]} CHECK ({after[1]})")
        return
    old, new = (f"CONSTRAINT {name} CHECK ({condition})" for name, condition in (before, after))
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = REPLACE(sql, ?, ?)"
        " WHERE type = 'table' AND name = ? AND INSTR(sql, ?) > 0",
        (old, new, table, old),
    )
    assert changed.rowcount == 1, "the CHECK was not found as it was written"
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
