"""What a frozen month was compared with, kept with it: counts of months nobody had frozen by then."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG

revision = "0029"
down_revision = "0028"

TABLE = "statistics_compared"
SEALED = (
    "EXISTS (SELECT 1 FROM statistics_freezes f WHERE f.month = NEW.month"
    " AND f.version = NEW.version AND f.sealed)"
)
NOT_THERE = (
    "NOT EXISTS (SELECT 1 FROM statistics_freezes f WHERE f.month = NEW.month"
    " AND f.version = NEW.version)"
)
# (trigger, when, condition, refusal): what is sealed stays as it is.
GUARDS = (
    (
        "statistics_compared_before_insert",
        "INSERT",
        f"{SEALED} OR {NOT_THERE}",
        "a_sealed_month_takes_nothing",
    ),
    ("statistics_compared_before_update", "UPDATE", "1 = 1", "frozen_counts_stay"),
    ("statistics_compared_before_delete", "DELETE", "1 = 1", "frozen_counts_stay"),
)


# What the month's roll-forward of points looks for; the ledger's tables stay as they are.
INDEXES = (
    ("ix_point_lots_on_hold", "point_lots", "account_id", "held > 0"),
    ("ix_point_accounts_debts", "point_accounts", "member_id", "kind = 'rider_debt'"),
)


def upgrade() -> None:
    for name, table, column, where in INDEXES:
        op.create_index(
            name, table, [column], sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )
    op.create_table(
        TABLE,
        *(
            sa.Column(name, kind, primary_key=True, autoincrement=False, nullable=False)
            for name, kind in (
                ("month", sa.String(7)),
                ("version", sa.Integer),
                ("area", sa.String(12)),
                ("of_month", sa.String(7)),
                ("facet", sa.String(10)),
                ("key", sa.String(24)),
                ("measure", sa.String(20)),
            )
        ),
        sa.Column("n", BIG, nullable=False),
        sqlite_with_rowid=False,
    )
    for name, event, condition, refusal in GUARDS:
        _guard(name, event, condition, refusal)


def _guard(name: str, event: str, condition: str, refusal: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} WHEN {condition}"
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
        f"CREATE TRIGGER {name} BEFORE {event} ON {TABLE} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def downgrade() -> None:
    for name, table, *_ in INDEXES:
        op.drop_index(name, table)
    op.drop_table(TABLE)
    if op.get_bind().dialect.name == "postgresql":
        for name, *_ in GUARDS:
            op.execute(f"DROP FUNCTION {name}()")
