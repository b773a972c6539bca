"""Objections to points decisions, and the index the budget pages read the pools by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0009"
down_revision = "0008"

TABLE = "objections"
STATES = ("open", "upheld", "rejected", "withdrawn")
KEPT = (
    "id", "journal_id", "unpaid_id", "refused_report", "rider_id", "community_code",
    "street_code", "report_number", "decided_by_id", "approved_by_id", "words", "raised_at",
    "due_at",
)  # fmt: skip
CHANGED = " OR ".join(
    f"(NEW.{c} <> OLD.{c} OR (NEW.{c} IS NULL) <> (OLD.{c} IS NULL))" for c in KEPT
)
# (name, when, refusal, condition)
GUARDS = (
    ("before_insert", "BEFORE INSERT", "objections_start_open", "NEW.state <> 'open'"),
    (
        "before_update",
        "BEFORE UPDATE",
        "objections_change_only_by_an_end",
        f"OLD.state <> 'open' OR NEW.state = 'open' OR {CHANGED}",
    ),
    ("no_delete", "BEFORE DELETE", "objections_are_kept", "TRUE"),
)
LIVE_POOLS = sa.text("month <> ''")
UNANSWERED = sa.text("state = 'open'")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # In one run with 0004, the mint's deferred check is still to come, and no index before it.
        op.execute("SET CONSTRAINTS ALL IMMEDIATE")
        op.execute("SET CONSTRAINTS ALL DEFERRED")
    op.create_table(
        TABLE,
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("journal_id", BIG, sa.ForeignKey("point_journal.id")),
        sa.Column("unpaid_id", BIG, sa.ForeignKey("point_unpaid.id")),
        sa.Column("refused_report", sa.String(24)),
        sa.Column("rider_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column(
            "community_code", sa.String(12), sa.ForeignKey("communities.code"), nullable=False
        ),
        sa.Column("street_code", sa.String(9), sa.ForeignKey("streets.code"), nullable=False),
        sa.Column("report_number", sa.String(24)),
        sa.Column("decided_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("approved_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("raised_at", UtcInstant(), nullable=False),
        sa.Column("due_at", UtcInstant(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                *STATES, name="state_known", native_enum=False, create_constraint=True, length=32
            ),
            nullable=False,
        ),
        sa.Column("answered_at", UtcInstant()),
        sa.Column("answered_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("withdrawn_at", UtcInstant()),
        sa.CheckConstraint(
            "CASE WHEN journal_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN unpaid_id IS NULL THEN 0 ELSE 1 END"
            " + CASE WHEN refused_report IS NULL THEN 0 ELSE 1 END = 1",
            name="about_one_decision",
        ),
        sa.CheckConstraint("due_at > raised_at", name="due_after_raising"),
        sa.CheckConstraint("words <> ''", name="says_why"),
        sa.CheckConstraint(
            "(state IN ('upheld', 'rejected')) = (answered_at IS NOT NULL)"
            " AND (answered_at IS NULL) = (answered_by_id IS NULL)"
            " AND (answered_at IS NULL) = (answer = '')",
            name="answered_by_somebody_in_words",
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_iff_dated"
        ),
        sa.CheckConstraint(
            "answered_by_id IS NULL OR (answered_by_id <> rider_id"
            " AND answered_by_id <> COALESCE(decided_by_id, 0)"
            " AND answered_by_id <> COALESCE(approved_by_id, 0))",
            name="nobody_judges_their_own_decision",
        ),
        sa.UniqueConstraint("journal_id"),
        sa.UniqueConstraint("unpaid_id"),
        sa.UniqueConstraint("refused_report"),
    )
    op.create_index(
        "ix_objections_unanswered",
        TABLE,
        ["street_code", "due_at"],
        sqlite_where=UNANSWERED,
        postgresql_where=UNANSWERED,
    )
    op.create_index("ix_objections_street_code_id", TABLE, ["street_code", "id"])
    op.create_index("ix_objections_rider_id_id", TABLE, ["rider_id", "id"])
    op.create_index(
        "ix_point_accounts_pools",
        "point_accounts",
        ["month", "community_code"],
        sqlite_where=LIVE_POOLS,
        postgresql_where=LIVE_POOLS,
    )
    guard = _sqlite if op.get_bind().dialect.name == "sqlite" else _postgresql
    for name, when, refusal, condition in GUARDS:
        guard(f"{TABLE}_{name}", when, refusal, condition)
    if op.get_bind().dialect.name == "postgresql":
        _postgresql(f"{TABLE}_no_truncate", "BEFORE TRUNCATE", "objections_are_kept", "TRUE")


def _sqlite(name: str, when: str, refusal: str, condition: str) -> None:
    op.get_bind().exec_driver_sql(
        f"CREATE TRIGGER {name} {when} ON {TABLE} FOR EACH ROW BEGIN"
        f" SELECT RAISE(ABORT, '{refusal}') WHERE {condition}; END"
    )


def _postgresql(name: str, when: str, refusal: str, condition: str) -> None:
    row = {"BEFORE DELETE": "OLD", "BEFORE TRUNCATE": "NULL"}.get(when, "NEW")
    each = "STATEMENT" if when.endswith("TRUNCATE") else "ROW"
    bind = op.get_bind()
    bind.exec_driver_sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN IF {condition} THEN RAISE EXCEPTION '{refusal}' USING"
        f" ERRCODE = 'check_violation', CONSTRAINT = '{refusal}', TABLE = '{TABLE}'; END IF;"
        f" RETURN {row}; END $$"
    )
    bind.exec_driver_sql(
        f"CREATE TRIGGER {name} {when} ON {TABLE} FOR EACH {each} EXECUTE FUNCTION {name}()"
    )


def downgrade() -> None:
    op.drop_index("ix_point_accounts_pools", "point_accounts")
    op.drop_table(TABLE)
    if op.get_bind().dialect.name == "postgresql":
        for name in (*(guard[0] for guard in GUARDS), "no_truncate"):
            op.execute(f"DROP FUNCTION {TABLE}_{name}()")
