"""What a verdict takes is owed by the lot; the audit keeps where it was and what it found.

Points parked in a booking were out of reach of a reversal and free again after it. Nothing of what
is posted changes: three conditions of older triggers are written anew, two tables are added.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0020"
down_revision = "0019"

LOT_EVENT = (
    "(SELECT 1 FROM point_transfers t JOIN point_journal j ON j.id = t.journal_id"
    " JOIN point_lots l ON l.id = NEW.lot_id JOIN point_transfers a ON a.id = l.transfer_id"
    " WHERE t.id = NEW.transfer_id AND "
)
REVERSAL = (
    "(SELECT 1 FROM point_journal j JOIN point_lots l ON l.id = NEW.lot_id"
    " JOIN point_accounts c ON c.id = l.account_id JOIN point_transfers a ON a.id = l.transfer_id"
    " WHERE j.id = NEW.reversal_id AND "
)
# (trigger, table, [(refusal, condition)]): before an insert, for SQLite and PostgreSQL alike.
CHECKS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "point_owed_before_insert",
        "point_owed",
        (
            (
                "owed_by_a_lot_of_that_rider",
                "NOT EXISTS " + REVERSAL + "j.kind = 'reversal' AND j.verdict <> 'fraud'"
                " AND j.cause_type <> 'owed-taken' AND c.member_id = j.rider_id)",
            ),
            (
                "an_honest_mistake_is_owed_by_its_own_lot",
                "EXISTS " + REVERSAL + "j.verdict IN ('honest', 'appeal')"
                " AND a.journal_id <> j.reverses_id)",
            ),
            (
                "owed_within_the_award",
                "EXISTS " + REVERSAL + "NEW.points + (SELECT COALESCE(SUM(o.points), 0)"
                " FROM point_owed o WHERE o.reversal_id = j.id)"
                " + (SELECT COALESCE(SUM(s.points), 0) FROM point_journal s"
                " WHERE s.reverses_id = j.reverses_id AND s.kind = 'reversal')"
                " > (SELECT w.points FROM point_journal w WHERE w.id = j.reverses_id))",
            ),
        ),
    ),
    (
        "point_lot_movements_owing",
        "point_lot_movements",
        (
            (
                "no_more_is_taken_than_is_owed",
                "NEW.kind = 'spend' AND EXISTS " + LOT_EVENT + "j.cause_type = 'owed-taken'"
                " AND (SELECT COALESCE(SUM(o.points), 0) FROM point_owed o"
                " JOIN point_journal r ON r.id = o.reversal_id WHERE o.lot_id = l.id"
                " AND r.reverses_id = j.reverses_id) + NEW.free_delta <"
                " (SELECT COALESCE(SUM(-m.free_delta), 0) FROM point_lot_movements m"
                " JOIN point_transfers x ON x.id = m.transfer_id"
                " JOIN point_journal e ON e.id = x.journal_id WHERE m.lot_id = l.id"
                " AND e.cause_type = 'owed-taken' AND e.reverses_id = j.reverses_id))",
            ),
            (
                "what_is_owed_is_met_by_what_came_back",
                "NEW.kind = 'spend' AND EXISTS " + LOT_EVENT
                + "j.cause_type IN ('debt-met', 'owed-taken') AND NOT EXISTS"
                " (SELECT 1 FROM point_lot_movements m JOIN point_transfers x"
                " ON x.id = m.transfer_id WHERE m.lot_id = l.id"
                " AND m.kind IN ('release', 'refund') AND m.free_delta >= -NEW.free_delta"
                " AND j.cause_id = CASE j.cause_type"
                " WHEN 'debt-met' THEN CAST(x.journal_id AS VARCHAR)"
                " ELSE CAST(j.reverses_id AS VARCHAR) || ':' || CAST(x.journal_id AS VARCHAR)"
                " END))",
            ),
        ),
    ),
)  # fmt: skip

# (trigger, what it said, what it says now): what only gives back goes on in a frozen ledger, and
# half of an award stays where later awards repay a debt, not where points come back to one.
REWRITTEN = (
    (
        "point_journal_before_insert",
        "EXISTS (SELECT 1 FROM point_freeze f WHERE f.frozen_at IS NOT NULL)",
        "EXISTS (SELECT 1 FROM point_freeze f WHERE f.frozen_at IS NOT NULL)"
        " AND NOT (NEW.kind IN ('release', 'refund')"
        " OR (NEW.kind = 'reversal' AND NEW.cause_type = 'owed-taken')"
        " OR (NEW.kind = 'repayment' AND NEW.cause_type = 'debt-met'))",
    ),
    (
        "point_lot_movements_redeeming",
        "t.event = 'repayment' AND l.points < 2 * ((SELECT COALESCE(SUM(-m.free_delta), 0)"
        " FROM point_lot_movements m JOIN point_transfers r ON r.id = m.transfer_id"
        " WHERE m.lot_id = l.id AND r.event = 'repayment') - NEW.free_delta)",
        "t.event = 'repayment' AND j.cause_type <> 'debt-met'"
        " AND l.points < 2 * ((SELECT COALESCE(SUM(-m.free_delta), 0)"
        " FROM point_lot_movements m JOIN point_transfers r ON r.id = m.transfer_id"
        " JOIN point_journal e ON e.id = r.journal_id WHERE m.lot_id = l.id"
        " AND r.event = 'repayment' AND e.cause_type <> 'debt-met') - NEW.free_delta)",
    ),
)  # fmt: skip
FOREVER = "posted_rows_never_change"
# Where a way back puts what is owed, until the way here again.
KEPT = "point_owed_kept"


def upgrade() -> None:
    op.create_table(
        "point_owed",
        *columns(sa.ForeignKey("point_journal.id"), sa.ForeignKey("point_lots.id")),
        sa.UniqueConstraint("reversal_id", "lot_id", name="a_lot_owes_a_reversal_once"),
        sa.CheckConstraint("points > 0", name="points_positive"),
    )
    op.create_index("ix_point_owed_lot_id", "point_owed", ["lot_id"])
    if sa.inspect(op.get_bind()).has_table(KEPT):
        # Before the triggers: some of it may have been taken since.
        op.execute(
            "INSERT INTO point_owed (reversal_id, lot_id, points)"
            f" SELECT k.reversal_id, k.lot_id, k.points FROM {KEPT} k"
            " JOIN point_journal j ON j.id = k.reversal_id JOIN point_lots l ON l.id = k.lot_id"
            " ORDER BY k.id"
        )
        op.drop_table(KEPT)
    for name, table, checks in CHECKS:
        create_trigger(name, "BEFORE INSERT", table, checks)
    always = ((FOREVER, "1 = 1"),)
    create_trigger("point_owed_no_update", "BEFORE UPDATE", "point_owed", always)
    create_trigger("point_owed_no_delete", "BEFORE DELETE", "point_owed", always)
    if op.get_bind().dialect.name == "postgresql":
        create_trigger("point_owed_no_truncate", "BEFORE TRUNCATE", "point_owed", always)
    for name, before, after in REWRITTEN:
        rewrite(name, before, after)
    op.create_table(
        "point_audits",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("transfer_id", BIG, nullable=False),
        sa.Column("movement_id", BIG, nullable=False),
        sa.Column("journal_id", BIG, nullable=False),
        sa.Column("audited_at", UtcInstant()),
        sa.Column("replayed_at", UtcInstant()),
        sa.Column("told", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    op.execute(
        "INSERT INTO point_audits (id, transfer_id, movement_id, journal_id, told)"
        " VALUES (1, 0, 0, 0, '')"
    )


def downgrade() -> None:
    op.drop_table("point_audits")
    bind = op.get_bind()
    if bind.exec_driver_sql("SELECT 1 FROM point_owed LIMIT 1").first() is not None:
        # Nobody's debt is forgotten by a way back; the version before does not look at them.
        op.create_table(KEPT, *columns())
        op.execute(f"INSERT INTO {KEPT} SELECT id, reversal_id, lot_id, points FROM point_owed")
    for name, before, after in REWRITTEN:
        rewrite(name, after, before)
    drop_trigger("point_lot_movements_owing", "point_lot_movements")
    op.drop_table("point_owed")
    if bind.dialect.name == "postgresql":
        for end in ("before_insert", "no_update", "no_delete", "no_truncate"):
            bind.exec_driver_sql(f"DROP FUNCTION point_owed_{end}()")


def columns(*keys: sa.ForeignKey) -> list[sa.Column[int]]:
    reversal, lot = keys or (None, None)
    return [
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("reversal_id", BIG, *([reversal] if reversal else []), nullable=False),
        sa.Column("lot_id", BIG, *([lot] if lot else []), nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
    ]


def create_trigger(name: str, when: str, table: str, checks: tuple[tuple[str, str], ...]) -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        body = "; ".join(f"SELECT RAISE(ABORT, '{no}') WHERE {test}" for no, test in checks)
        bind.exec_driver_sql(
            f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW BEGIN {body}; END"
        )
        return
    body = " ".join(
        f"IF {test} THEN RAISE EXCEPTION '{no}' USING ERRCODE = 'check_violation',"
        f" CONSTRAINT = '{no}', TABLE = '{table}'; END IF;"
        for no, test in checks
    )
    row = {"BEFORE DELETE": "OLD", "BEFORE TRUNCATE": "NULL"}.get(when, "NEW")
    each = "STATEMENT" if when.endswith("TRUNCATE") else "ROW"
    bind.exec_driver_sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body} RETURN {row}; END $$"
    )
    bind.exec_driver_sql(
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()"
    )


def drop_trigger(name: str, table: str) -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        bind.exec_driver_sql(f"DROP TRIGGER {name}")
        return
    bind.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
    bind.exec_driver_sql(f"DROP FUNCTION {name}()")


def rewrite(name: str, before: str, after: str) -> None:
    """Change one condition of a trigger and leave its others as they are."""
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        source = bind.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?", (name,)
        ).scalar_one()
        assert source.count(before) == 1, f"{name} was not found as it was written"
        bind.exec_driver_sql(f"DROP TRIGGER {name}")
        bind.exec_driver_sql(source.replace(before, after))
        return
    source = bind.execute(
        sa.text("SELECT prosrc FROM pg_proc WHERE proname = :name"), {"name": name}
    ).scalar_one()
    assert source.count(before) == 1, f"{name} was not found as it was written"
    bind.exec_driver_sql(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ {source.replace(before, after)} $$"
    )
