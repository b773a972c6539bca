"""What is final and on no statement yet has a list of its own; answers say what becomes of a line."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0016"
down_revision = "0015"

# (trigger, table, when, condition, what it does), for SQLite and PostgreSQL alike.
EFFECTS = (
    (
        "redemptions_come_due",
        "redemptions",
        "AFTER UPDATE OF state",
        "NEW.state = 'settled' AND OLD.state <> 'settled'",
        "INSERT INTO statement_due (redemption_id, provider_code, ended_at)"
        " VALUES (NEW.id, NEW.provider_code, NEW.ended_at)",
    ),
    (
        "redemptions_begin_due",
        "redemptions",
        "AFTER INSERT",
        "NEW.state = 'settled'",
        "INSERT INTO statement_due (redemption_id, provider_code, ended_at)"
        " VALUES (NEW.id, NEW.provider_code, NEW.ended_at)",
    ),
    (
        "statement_lines_are_due_no_more",
        "statement_lines",
        "AFTER INSERT",
        None,
        "DELETE FROM statement_due WHERE redemption_id = NEW.redemption_id",
    ),
)
# What SQLite makes of the guard `settles_what_is_left` of 0006 is its own: it began at the escrow,
# and read all that a provider ever had to settle one service. A cross join is read as written.
AS_IT_LIKES = (
    " FROM point_journal c JOIN point_transfers t ON t.journal_id = c.id"
    " JOIN point_accounts e ON e.id = t.credit_account_id"
)
AS_WRITTEN = AS_IT_LIKES.replace(" JOIN ", " CROSS JOIN ")
VERDICTS = "verdict IN ('stands', 'set_off')"
WITH_ANSWERS = "verdict IS NULL OR step = 'answer'"


def upgrade() -> None:
    op.create_table(
        "statement_due",
        sa.Column(
            "redemption_id",
            BIG,
            sa.ForeignKey("redemptions.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("provider_code", sa.String(20), sa.ForeignKey("providers.code"), nullable=False),
        sa.Column("ended_at", UtcInstant(), nullable=False),
    )
    op.create_index(
        "ix_statement_due_provider_code_ended_at", "statement_due", ["provider_code", "ended_at"]
    )
    op.execute(
        "INSERT INTO statement_due (redemption_id, provider_code, ended_at)"
        " SELECT r.id, r.provider_code, r.ended_at FROM redemptions r WHERE r.state = 'settled'"
        " AND NOT EXISTS (SELECT 1 FROM statement_lines l WHERE l.redemption_id = r.id)"
    )
    # Guards look for the other steps of a redemption. SQLite takes no index that is partial by kind
    # for that, and so each settlement, refund and line of a statement read the whole journal.
    of_redemptions = sa.text("redemption_ref IS NOT NULL")
    op.create_index(
        "ix_point_journal_redemption_ref",
        "point_journal",
        ["redemption_ref"],
        sqlite_where=of_redemptions,
        postgresql_where=of_redemptions,
    )
    # Objections to deliveries wait as well; what is one has to be found without reading the rest.
    waits = sa.text("state IN ('delivered', 'disputed')")
    op.create_index(
        "ix_redemptions_not_final",
        "redemptions",
        ["provider_code"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
    # In the column itself: SQLite adds no constraint to a table without building it anew.
    op.execute(
        "ALTER TABLE statement_history ADD COLUMN verdict VARCHAR(32)"
        f" CONSTRAINT ck_statement_history_verdict_known CHECK ({VERDICTS})"
        f" CONSTRAINT ck_statement_history_verdicts_with_answers CHECK ({WITH_ANSWERS})"
    )
    for name, table, when, condition, effect in EFFECTS:
        _create(name, table, when, condition, effect)
    _reorder(AS_IT_LIKES, AS_WRITTEN)


def _reorder(before: str, after: str) -> None:
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        return
    name = "point_transfers_redeeming"
    sql = bind.exec_driver_sql("SELECT sql FROM sqlite_master WHERE name = ?", (name,)).scalar_one()
    if sql.count(before) != 1:
        raise RuntimeError(f"{name} is not as 0006 wrote it")
    bind.exec_driver_sql(f"DROP TRIGGER {name}")
    bind.exec_driver_sql(sql.replace(before, after))


def _create(name: str, table: str, when: str, condition: str | None, effect: str) -> None:
    bind = op.get_bind()
    only = f" WHEN ({condition})" if condition else ""
    if bind.dialect.name == "sqlite":
        bind.exec_driver_sql(
            f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW{only} BEGIN {effect}; END"
        )
        return
    bind.exec_driver_sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {effect}; RETURN NULL; END $$"
    )
    bind.exec_driver_sql(
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW{only} EXECUTE FUNCTION {name}()"
    )


def downgrade() -> None:
    _reorder(AS_WRITTEN, AS_IT_LIKES)
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, table, *_ in EFFECTS:
        op.execute(f"DROP TRIGGER {name} ON {table}" if postgresql else f"DROP TRIGGER {name}")
        if postgresql:
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_column("statement_history", "verdict")
    op.drop_index("ix_redemptions_not_final", "redemptions")
    op.drop_index("ix_point_journal_redemption_ref", "point_journal")
    op.drop_table("statement_due")
