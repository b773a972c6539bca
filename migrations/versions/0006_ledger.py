"""The whole ledger: holds, refunds, settlements, debts, closed months; and what was told of expiry.

Nothing of 0004 changes but one CHECK; the checks below are triggers beside its triggers.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0006"
down_revision = "0005"

EVENT = "(SELECT 1 FROM point_journal j WHERE j.id = NEW.journal_id AND "
LOT_EVENT = (
    "(SELECT 1 FROM point_transfers t JOIN point_journal j ON j.id = t.journal_id"
    " JOIN point_lots l ON l.id = NEW.lot_id JOIN point_transfers a ON a.id = l.transfer_id"
    " WHERE t.id = NEW.transfer_id AND "
)
ONCE = "kind IN ('capture', 'hold', 'noshow', 'release', 'settle')"

# (trigger, table, [(refusal, condition)]): before an insert, for SQLite and PostgreSQL alike.
CHECKS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "point_journal_redeeming",
        "point_journal",
        (
            (
                "redemptions_have_a_ref",
                "(NEW.kind IN ('hold', 'capture', 'release', 'settle', 'refund', 'noshow'))"
                " <> (NEW.redemption_ref IS NOT NULL)",
            ),
            (
                "refund_of_that_redemption",
                "NEW.kind = 'refund' AND EXISTS (SELECT 1 FROM point_journal o"
                " WHERE o.id = NEW.reverses_id AND o.redemption_ref <> NEW.redemption_ref)",
            ),
            (
                "a_settled_redemption_is_final",
                "NEW.kind = 'refund' AND EXISTS (SELECT 1 FROM point_journal s"
                " WHERE s.redemption_ref = NEW.redemption_ref AND s.kind = 'settle')",
            ),
            (
                "a_noshow_loses_a_fifth_at_most",
                "NEW.kind = 'noshow' AND NOT EXISTS (SELECT 1 FROM point_journal r"
                " WHERE r.redemption_ref = NEW.redemption_ref AND r.kind = 'release'"
                " AND r.rider_id = NEW.rider_id AND NEW.points * 5 <= r.points)",
            ),
            (
                "a_month_closes_once",
                "(NEW.kind = 'ungrant' OR NEW.cause_type = 'budget-closed') AND NOT"
                " (NEW.kind = 'ungrant' AND NEW.cause_type = 'budget-closed' AND NEW.cause_id ="
                " COALESCE(NEW.community_code, 'county') || ':' || NEW.month)",
            ),
            (
                "a_month_closes_after_its_end",
                "NEW.kind = 'ungrant' AND SUBSTR(CAST(NEW.at AS VARCHAR), 1, 7) <= NEW.month",
            ),
        ),
    ),
    (
        "point_transfers_redeeming",
        "point_transfers",
        (
            (
                "a_hold_of_that_redemption",
                "NEW.pending_id IS NOT NULL AND EXISTS " + EVENT + "EXISTS (SELECT 1"
                " FROM point_transfers h JOIN point_journal o ON o.id = h.journal_id"
                " WHERE h.id = NEW.pending_id AND o.redemption_ref <> j.redemption_ref))",
            ),
            (
                "refund_from_its_own_escrow",
                "NEW.event = 'refund' AND EXISTS " + EVENT + "EXISTS (SELECT 1"
                " FROM point_transfers c WHERE c.journal_id = j.reverses_id"
                " AND c.credit_account_id <> NEW.debit_account_id))",
            ),
            (
                "settles_what_is_left",
                "NEW.event = 'settle' AND NOT EXISTS " + EVENT + "EXISTS (SELECT 1"
                " FROM point_journal c JOIN point_transfers t ON t.journal_id = c.id"
                " JOIN point_accounts e ON e.id = t.credit_account_id"
                " JOIN point_accounts p ON p.id = NEW.credit_account_id"
                " AND p.provider_code = e.provider_code"
                " WHERE c.redemption_ref = j.redemption_ref AND c.kind = 'capture'"
                " AND e.id = NEW.debit_account_id AND NEW.amount = t.amount -"
                " (SELECT COALESCE(SUM(r.points), 0) FROM point_journal r"
                " WHERE r.reverses_id = c.id)))",
            ),
            (
                "only_fraud_makes_debt",
                "NEW.route = 'clawback_debt' AND NOT EXISTS " + EVENT + "j.verdict = 'fraud')",
            ),
            (
                "points_end_in_their_community",
                "EXISTS " + EVENT + "EXISTS (SELECT 1 FROM point_accounts a"
                " WHERE a.id = NEW.credit_account_id"
                " AND a.kind IN ('expired', 'clawback', 'penalty')"
                " AND a.community_code <> COALESCE(j.community_code, '')))",
            ),
            (
                "a_closed_pool_stays_closed",
                "NEW.event = 'grant' AND EXISTS (SELECT 1 FROM point_transfers u"
                " WHERE u.debit_account_id = NEW.credit_account_id AND u.event = 'ungrant')",
            ),
            (
                "a_close_takes_all_there_is",
                "NEW.event = 'ungrant' AND EXISTS (SELECT 1 FROM point_accounts a"
                " WHERE a.id = NEW.debit_account_id AND NEW.amount < a.credits - a.debits)",
            ),
        ),
    ),
    (
        "point_lot_movements_redeeming",
        "point_lot_movements",
        (
            (
                "what_is_over_is_not_held",
                "NEW.kind = 'hold' AND EXISTS " + LOT_EVENT + "l.expires_at <= j.at)",
            ),
            (
                "only_what_is_over_expires",
                "NEW.kind = 'spend' AND EXISTS " + LOT_EVENT + "t.event = 'expiry'"
                " AND (l.expires_at > j.at OR NOT EXISTS (SELECT 1 FROM point_journal w"
                " WHERE w.id = a.journal_id AND w.community_code = j.community_code)))",
            ),
            (
                "an_honest_mistake_takes_its_own_lot",
                "NEW.kind = 'spend' AND EXISTS " + LOT_EVENT + "t.event = 'reversal'"
                " AND j.verdict IN ('honest', 'appeal') AND a.journal_id <> j.reverses_id)",
            ),
            (
                "half_of_an_award_stays",
                "NEW.kind = 'spend' AND EXISTS " + LOT_EVENT + "t.event = 'repayment'"
                " AND l.points < 2 * ((SELECT COALESCE(SUM(-m.free_delta), 0)"
                " FROM point_lot_movements m JOIN point_transfers r ON r.id = m.transfer_id"
                " WHERE m.lot_id = l.id AND r.event = 'repayment') - NEW.free_delta))",
            ),
            (
                "a_lot_gives_what_was_held",
                "NEW.kind IN ('capture', 'release') AND EXISTS " + LOT_EVENT
                + "(SELECT COALESCE(SUM(m.held_delta), 0) FROM point_lot_movements m"
                " WHERE m.lot_id = l.id AND m.transfer_id IN (t.id, t.pending_id))"
                " + NEW.held_delta < 0)",
            ),
            (
                "a_lot_gets_back_what_it_paid",
                "NEW.kind = 'refund' AND EXISTS " + LOT_EVENT
                + "t.event = 'refund' AND (SELECT COALESCE(SUM(CASE m.kind WHEN 'refund' THEN m.free_delta"
                " WHEN 'capture' THEN m.held_delta ELSE 0 END), 0)"
                " FROM point_lot_movements m JOIN point_transfers r ON r.id = m.transfer_id"
                " JOIN point_journal e ON e.id = r.journal_id WHERE m.lot_id = l.id"
                " AND (e.id = j.reverses_id OR e.reverses_id = j.reverses_id))"
                " + NEW.free_delta > 0)",
            ),
            (
                "movements_within_the_transfer",
                "NEW.kind IN ('spend', 'hold', 'refund') AND EXISTS " + LOT_EVENT
                + "(SELECT COALESCE(SUM(ABS(m.free_delta)), 0) FROM point_lot_movements m"
                " WHERE m.transfer_id = t.id AND m.kind = NEW.kind)"
                " + ABS(NEW.free_delta) > t.amount)",
            ),
        ),
    ),
)  # fmt: skip

# A closed month is nobody's decision: the second person is no longer asked for.
SECOND_PERSON = (
    "NOT ({} OR (kind = 'award' AND points > 50) OR (kind = 'grant' AND cause_type <>"
    " 'budget-opened')) OR (actor_id IS NOT NULL AND approved_by_id IS NOT NULL AND actor_id <>"
    " approved_by_id)"
)
BEFORE = SECOND_PERSON.format("kind IN ('reversal', 'ungrant')")
AFTER = SECOND_PERSON.format("kind = 'reversal'")


def upgrade() -> None:
    replace_check(BEFORE, AFTER)
    op.create_index(
        "a_redemption_step_once",
        "point_journal",
        ["redemption_ref", "kind"],
        unique=True,
        sqlite_where=sa.text(ONCE),
        postgresql_where=sa.text(ONCE),
    )
    op.create_index(
        "ix_point_lots_expiring",
        "point_lots",
        ["expires_at"],
        sqlite_where=sa.text("free > 0"),
        postgresql_where=sa.text("free > 0"),
    )
    for name, table, checks in CHECKS:
        create_trigger(name, table, checks)
    op.create_table(
        "point_expiry_notices",
        sa.Column("rider_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("expires_at", UtcInstant(), nullable=False),
        sa.Column("days_before", sa.Integer, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("told_at", UtcInstant(), nullable=False),
        sa.CheckConstraint("days_before > 0", name="before_the_end"),
        sa.CheckConstraint("points > 0", name="points_positive"),
        sa.PrimaryKeyConstraint("rider_id", "expires_at", "days_before"),
    )


def downgrade() -> None:
    op.drop_table("point_expiry_notices")
    bind = op.get_bind()
    for name, table, _ in CHECKS:
        if bind.dialect.name == "sqlite":
            bind.exec_driver_sql(f"DROP TRIGGER {name}")
        else:
            bind.exec_driver_sql(f"DROP TRIGGER {name} ON {table}")
            bind.exec_driver_sql(f"DROP FUNCTION {name}()")
    op.drop_index("ix_point_lots_expiring", "point_lots")
    op.drop_index("a_redemption_step_once", "point_journal")
    # Months closed by the job would not satisfy the old CHECK. Nothing of a ledger is thrown
    # away for a way back: such a database keeps the new one.
    closed = "SELECT 1 FROM point_journal WHERE kind = 'ungrant' AND actor_id IS NULL LIMIT 1"
    if bind.exec_driver_sql(closed).first() is None:
        replace_check(AFTER, BEFORE)


def create_trigger(name: str, table: str, checks: tuple[tuple[str, str], ...]) -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        body = "; ".join(f"SELECT RAISE(ABORT, '{no}') WHERE {when}" for no, when in checks)
        bind.exec_driver_sql(
            f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW BEGIN {body}; END"
        )
        return
    body = " ".join(
        f"IF {when} THEN RAISE EXCEPTION '{no}' USING ERRCODE = 'check_violation',"
        f" CONSTRAINT = '{no}', TABLE = '{table}'; END IF;"
        for no, when in checks
    )
    bind.exec_driver_sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body} RETURN NEW; END $$"
    )
    bind.exec_driver_sql(
        f"CREATE TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
    )


def replace_check(before: str, after: str) -> None:
    """Change the CHECK `second_person`.

    SQLite cannot; rebuilding the table would drop its triggers. Its manual describes this way for
    a change that touches no row (lang_altertable, section 7).
    """
    name = "ck_point_journal_second_person"
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.execute(f"ALTER TABLE point_journal DROP CONSTRAINT {name}")
        op.execute(f"ALTER TABLE point_journal ADD CONSTRAINT {name} CHECK ({after})")
        return
    version = bind.exec_driver_sql("PRAGMA schema_version").scalar_one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = bind.exec_driver_sql(
        "UPDATE sqlite_master SET sql = REPLACE(sql, ?, ?)"
        " WHERE type = 'table' AND name = 'point_journal' AND INSTR(sql, ?) > 0",
        (before, after, before),
    )
    assert changed.rowcount == 1, "the CHECK was not found as it was written"
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = OFF")
