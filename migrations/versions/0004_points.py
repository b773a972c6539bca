"""The points ledger: tables, allowed routes, and the triggers that keep both databases honest."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0004"
down_revision = "0003"

PHASES = (
    "single", "pending", "post", "void",
)  # fmt: skip
EVENTS = (
    "grant", "ungrant", "award", "hold", "capture", "release", "settle", "refund", "noshow",
    "expiry", "reversal", "repayment", "statement",
)  # fmt: skip
ACCOUNTS = (
    "mint", "budget", "rider", "rider_debt", "escrow", "provider", "expired", "clawback",
    "penalty",
)  # fmt: skip
VERDICTS = (
    "honest", "negligent", "fraud", "appeal",
)  # fmt: skip
MOVEMENTS = (
    "earn", "hold", "release", "capture", "spend", "refund",
)  # fmt: skip
REASONS = (
    "budget_empty", "reserve_empty", "frozen", "staff", "suspended", "gone", "over_day_cap",
    "over_month_cap", "same_place",
)  # fmt: skip


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


# Changing a route is a migration. (code, phase, event, debit kind, credit kind)
ROUTES = (
    ("grant", "single", "grant", "mint", "budget"),
    ("ungrant", "single", "ungrant", "budget", "mint"),
    ("award", "single", "award", "budget", "rider"),
    ("redeem", "pending", "hold", "rider", "escrow"),
    ("redeem", "post", "capture", "rider", "escrow"),
    ("redeem", "void", "release", "rider", "escrow"),
    ("settle", "single", "settle", "escrow", "provider"),
    ("refund", "single", "refund", "escrow", "rider"),
    ("noshow", "single", "noshow", "rider", "penalty"),
    ("expire", "single", "expiry", "rider", "expired"),
    ("clawback", "single", "reversal", "rider", "clawback"),
    ("clawback_debt", "single", "reversal", "rider_debt", "clawback"),
    ("repay", "single", "repayment", "rider", "rider_debt"),
    ("cleared", "single", "statement", "provider", "mint"),
)

TABLES = (
    "point_routes", "point_zero", "point_freeze", "point_accounts", "point_journal",
    "point_transfers", "point_lots", "point_lot_movements", "point_unpaid",
)  # fmt: skip

# Rows of these are written once. (table, what the refusal is called)
FOREVER = (
    ("point_routes", "routes_change_by_migration_only"),
    ("point_zero", "zero_stays"),
    ("point_journal", "posted_rows_never_change"),
    ("point_transfers", "posted_rows_never_change"),
    ("point_lot_movements", "posted_rows_never_change"),
)
# Rows of these change in the ways below, and are never deleted.
KEPT = (
    ("point_freeze", "the_freeze_row_stays"),
    ("point_accounts", "accounts_are_kept"),
    ("point_lots", "lots_are_kept"),
    ("point_unpaid", "dues_are_kept"),
)


def differs(*columns: str) -> str:
    """Say in both dialects that one of the columns changes (NULL counts as a value)."""
    return " OR ".join(
        f"(NEW.{c} <> OLD.{c} OR (NEW.{c} IS NULL) <> (OLD.{c} IS NULL))" for c in columns
    )


# What a transfer does to its debit account, and what the freed part of a hold is worth.
HELD = "(SELECT h.amount FROM point_transfers h WHERE h.id = {0}.pending_id)"
PENDING_DELTA = (
    "CASE {0}.phase WHEN 'pending' THEN {0}.amount WHEN 'single' THEN 0 ELSE -" + HELD + " END"
)
DEBITS_DELTA = "CASE WHEN {0}.phase IN ('single', 'post') THEN {0}.amount ELSE 0 END"
EVENT = "(SELECT 1 FROM point_journal j WHERE j.id = NEW.journal_id AND "

# (table, when, [(refusal, condition)]): one condition, written for SQLite and PostgreSQL alike.
CHECKS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "point_journal",
        "BEFORE INSERT",
        (
            (
                "ledger_is_frozen",
                "EXISTS (SELECT 1 FROM point_freeze f WHERE f.frozen_at IS NOT NULL)",
            ),
            (
                "reversal_of_such_an_event",
                "NEW.reverses_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM point_journal o"
                " WHERE o.id = NEW.reverses_id AND o.rider_id = NEW.rider_id"
                " AND o.kind = CASE NEW.kind WHEN 'reversal' THEN 'award' ELSE 'capture' END)",
            ),
        ),
    ),
    (
        "point_transfers",
        "BEFORE INSERT",
        (
            (
                "legs_within_the_event",
                "(SELECT COALESCE(SUM(t.amount), 0) FROM point_transfers t"
                " WHERE t.journal_id = NEW.journal_id) + NEW.amount"
                " > (SELECT j.points FROM point_journal j WHERE j.id = NEW.journal_id)",
            ),
            (
                "only_the_riders_own_points",
                "EXISTS " + EVENT + "EXISTS (SELECT 1 FROM point_accounts a"
                " WHERE a.id IN (NEW.debit_account_id, NEW.credit_account_id)"
                " AND a.member_id IS NOT NULL AND a.member_id <> COALESCE(j.rider_id, 0)))",
            ),
            (
                "budget_of_that_community_and_month",
                "EXISTS " + EVENT + "EXISTS (SELECT 1 FROM point_accounts a"
                " WHERE a.id IN (NEW.debit_account_id, NEW.credit_account_id)"
                " AND a.kind = 'budget' AND (a.month <> COALESCE(j.month, '')"
                " OR COALESCE(a.community_code, j.community_code, '')"
                " <> COALESCE(j.community_code, ''))))",
            ),
            (
                "reserve_is_for_grave_cases",
                "NEW.event = 'award' AND EXISTS " + EVENT + "COALESCE(j.severity, 0) < 3"
                " AND COALESCE(j.rule, '') <> 'R10') AND EXISTS (SELECT 1 FROM point_accounts a"
                " WHERE a.id = NEW.debit_account_id AND a.kind = 'budget'"
                " AND a.community_code IS NULL)",
            ),
            (
                "hold_resolves_within_what_was_held",
                "NEW.pending_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM point_transfers h"
                " WHERE h.id = NEW.pending_id AND h.phase = 'pending' AND h.route = NEW.route"
                " AND h.debit_account_id = NEW.debit_account_id"
                " AND h.credit_account_id = NEW.credit_account_id AND NEW.amount <= h.amount"
                " AND (NEW.phase = 'post' OR NEW.amount = h.amount))",
            ),
            (
                "reversal_within_the_original",
                "EXISTS " + EVENT + "j.reverses_id IS NOT NULL AND NEW.amount +"
                " (SELECT COALESCE(SUM(t.amount), 0) FROM point_transfers t JOIN point_journal s"
                " ON s.id = t.journal_id WHERE s.reverses_id = j.reverses_id)"
                " > (SELECT COALESCE(SUM(t.amount), 0) FROM point_transfers t"
                " WHERE t.journal_id = j.reverses_id AND t.phase IN ('single', 'post')))",
            ),
        ),
    ),
    (
        "point_accounts",
        "BEFORE INSERT",
        (
            (
                "accounts_start_empty",
                "NEW.credits <> 0 OR NEW.debits <> 0 OR NEW.pending_debits <> 0"
                " OR NEW.lots_total <> 0 OR NEW.lots_held <> 0"
                " OR NEW.last_transfer_id <> 0 OR NEW.last_movement_id <> 0",
            ),
        ),
    ),
    (
        "point_accounts",
        "BEFORE UPDATE",
        (
            (
                "accounts_keep_their_owner",
                differs("id", "kind", "member_id", "community_code", "provider_code", "month"),
            ),
            (
                "balance_moves_only_with_a_transfer",
                "(" + differs("credits", "debits", "pending_debits", "last_transfer_id") + ")"
                " AND NOT EXISTS (SELECT 1 FROM point_transfers t"
                " WHERE t.id = NEW.last_transfer_id AND t.id > OLD.last_transfer_id AND ("
                "(t.debit_account_id = NEW.id AND NEW.credits = OLD.credits"
                f" AND NEW.debits - OLD.debits = {DEBITS_DELTA.format('t')}"
                f" AND NEW.pending_debits - OLD.pending_debits = {PENDING_DELTA.format('t')})"
                " OR (t.credit_account_id = NEW.id AND t.phase IN ('single', 'post')"
                " AND NEW.debits = OLD.debits AND NEW.pending_debits = OLD.pending_debits"
                " AND NEW.credits - OLD.credits = t.amount)))",
            ),
            (
                "lots_move_only_with_a_movement",
                "(" + differs("lots_total", "lots_held", "last_movement_id") + ")"
                " AND NOT EXISTS (SELECT 1 FROM point_lot_movements m JOIN point_lots l"
                " ON l.id = m.lot_id WHERE m.id = NEW.last_movement_id"
                " AND m.id > OLD.last_movement_id AND l.account_id = NEW.id"
                " AND NEW.lots_total - OLD.lots_total = m.free_delta + m.held_delta"
                " AND NEW.lots_held - OLD.lots_held = m.held_delta)",
            ),
        ),
    ),
    (
        "point_lots",
        "BEFORE INSERT",
        (
            (
                "lots_start_empty",
                "NEW.free <> 0 OR NEW.held <> 0 OR NEW.last_movement_id <> 0",
            ),
        ),
    ),
    (
        "point_lots",
        "BEFORE UPDATE",
        (
            (
                "lots_keep_their_award",
                differs(
                    "id", "account_id", "account_kind", "transfer_id", "points",
                    "earned_at", "expires_at",
                ),
            ),
            (
                "a_lot_moves_only_with_a_movement",
                "NOT EXISTS (SELECT 1 FROM point_lot_movements m WHERE m.lot_id = NEW.id"
                " AND m.id = NEW.last_movement_id AND m.id > OLD.last_movement_id"
                " AND NEW.free - OLD.free = m.free_delta AND NEW.held - OLD.held = m.held_delta)",
            ),
        ),
    ),
    (
        "point_lot_movements",
        "BEFORE INSERT",
        (
            (
                "movement_fits_its_transfer",
                "NOT EXISTS (SELECT 1 FROM point_lots l JOIN point_transfers t"
                " ON t.id = NEW.transfer_id WHERE l.id = NEW.lot_id AND CASE NEW.kind"
                " WHEN 'earn' THEN t.id = l.transfer_id AND NEW.free_delta = l.points"
                " WHEN 'refund' THEN t.route = 'refund' AND t.credit_account_id = l.account_id"
                " ELSE t.debit_account_id = l.account_id AND CASE NEW.kind"
                " WHEN 'hold' THEN t.phase = 'pending' WHEN 'capture' THEN t.phase = 'post'"
                " WHEN 'release' THEN t.phase IN ('post', 'void')"
                " ELSE t.phase = 'single' END END)",
            ),
        ),
    ),
    (
        "point_unpaid",
        "BEFORE INSERT",
        (
            (
                "a_paid_cause_is_not_due",
                "NEW.journal_id IS NOT NULL OR NEW.cancelled_at IS NOT NULL"
                " OR EXISTS (SELECT 1 FROM point_journal j"
                " WHERE j.cause_type = NEW.cause_type AND j.cause_id = NEW.cause_id)",
            ),
        ),
    ),
    (
        "point_unpaid",
        "BEFORE UPDATE",
        (
            (
                "dues_change_only_by_an_end",
                "OLD.journal_id IS NOT NULL OR OLD.cancelled_at IS NOT NULL OR "
                + differs(
                    "id", "cause_type", "cause_id", "at", "reason", "rider_id", "points",
                    "community_code", "rule", "tariff_version", "severity", "report_number",
                    "actor_id", "approved_by_id",
                ),
            ),
        ),
    ),
)  # fmt: skip

# (table, [statements], refusal, condition): what an insert brings about, and that it came about
# (on SQLite an INSERT OR IGNORE would also ignore what its triggers were refused).
EFFECTS = (
    (
        "point_transfers",
        (
            f"UPDATE point_accounts SET debits = debits + {DEBITS_DELTA.format('NEW')},"
            f" pending_debits = pending_debits + {PENDING_DELTA.format('NEW')},"
            " last_transfer_id = NEW.id WHERE id = NEW.debit_account_id",
            "UPDATE point_accounts SET credits = credits + NEW.amount, last_transfer_id = NEW.id"
            " WHERE id = NEW.credit_account_id AND NEW.phase IN ('single', 'post')",
        ),
        "balance_follows_the_transfer",
        "EXISTS (SELECT 1 FROM point_accounts a WHERE a.last_transfer_id <> NEW.id"
        " AND (a.id = NEW.debit_account_id"
        " OR (a.id = NEW.credit_account_id AND NEW.phase IN ('single', 'post'))))",
    ),
    (
        "point_lots",
        (
            "INSERT INTO point_lot_movements (lot_id, transfer_id, kind, free_delta, held_delta)"
            " VALUES (NEW.id, NEW.transfer_id, 'earn', NEW.points, 0)",
        ),
        "a_lot_starts_full",
        "NOT EXISTS (SELECT 1 FROM point_lots l WHERE l.id = NEW.id AND l.free = NEW.points)",
    ),
    (
        "point_lot_movements",
        (
            "UPDATE point_lots SET free = free + NEW.free_delta, held = held + NEW.held_delta,"
            " last_movement_id = NEW.id WHERE id = NEW.lot_id",
            "UPDATE point_accounts SET lots_total = lots_total + NEW.free_delta + NEW.held_delta,"
            " lots_held = lots_held + NEW.held_delta, last_movement_id = NEW.id"
            " WHERE id = (SELECT l.account_id FROM point_lots l WHERE l.id = NEW.lot_id)",
        ),
        "lots_follow_the_movement",
        "EXISTS (SELECT 1 FROM point_lots l JOIN point_accounts a ON a.id = l.account_id"
        " WHERE l.id = NEW.lot_id"
        " AND (l.last_movement_id <> NEW.id OR a.last_movement_id <> NEW.id))",
    ),
)


def upgrade() -> None:
    create_tables()
    values = ", ".join("('{}', '{}', '{}', '{}', '{}')".format(*route) for route in ROUTES)
    op.execute(
        f"INSERT INTO point_routes (code, phase, event, debit_kind, credit_kind) VALUES {values}"
    )
    op.execute("INSERT INTO point_zero (value) VALUES (0)")
    op.execute("INSERT INTO point_freeze (id, reason) VALUES (1, '')")
    op.execute(
        "INSERT INTO point_accounts (kind, month, credits, debits, pending_debits, lots_total,"
        " lots_held, last_transfer_id, last_movement_id) VALUES ('mint', '', 0, 0, 0, 0, 0, 0, 0)"
    )
    write = _sqlite if op.get_bind().dialect.name == "sqlite" else _postgresql
    for table, when, checks in CHECKS:
        name = f"{table}_{when.lower().replace(' ', '_')}"
        write(name, when, table, [_Check(*check) for check in checks])
    for table, statements, refusal, test in EFFECTS:
        write(f"{table}_effect", "AFTER INSERT", table, [*statements, _Check(refusal, test)])
    for table, refusal in FOREVER:
        write(f"{table}_no_update", "BEFORE UPDATE", table, [_Check(refusal, "1 = 1")])
    for table, refusal in (*FOREVER, *KEPT):
        write(f"{table}_no_delete", "BEFORE DELETE", table, [_Check(refusal, "1 = 1")])
        if write is _postgresql:
            write(f"{table}_no_truncate", "BEFORE TRUNCATE", table, [_Check(refusal, "1 = 1")])
    for table in ("point_routes", "point_zero"):
        refusal = dict(FOREVER)[table]
        write(f"{table}_no_insert", "BEFORE INSERT", table, [_Check(refusal, "1 = 1")])


class _Check(NamedTuple):
    """A refusal and the condition that brings it about."""

    refusal: str
    condition: str


def _sqlite(name: str, when: str, table: str, parts: list[str | _Check]) -> None:
    body = "; ".join(
        f"SELECT RAISE(ABORT, '{part.refusal}') WHERE {part.condition}"
        if isinstance(part, _Check)
        else part
        for part in parts
    )
    op.get_bind().exec_driver_sql(
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW BEGIN {body}; END"
    )


def _postgresql(name: str, when: str, table: str, parts: list[str | _Check]) -> None:
    body = " ".join(
        f"IF {part.condition} THEN RAISE EXCEPTION '{part.refusal}' USING ERRCODE = 'check_violation',"
        f" CONSTRAINT = '{part.refusal}', TABLE = '{table}'; END IF;"
        if isinstance(part, _Check)
        else f"{part};"
        for part in parts
    )
    row = {"BEFORE DELETE": "OLD", "BEFORE TRUNCATE": "NULL"}.get(when, "NEW")
    each = "STATEMENT" if when.endswith("TRUNCATE") else "ROW"
    bind = op.get_bind()
    bind.exec_driver_sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body} RETURN {row}; END $$"
    )
    bind.exec_driver_sql(
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name in sorted(_functions()):
            op.execute(f"DROP FUNCTION {name}()")


def _functions() -> set[str]:
    names = {f"{table}_{when.lower().replace(' ', '_')}" for table, when, _ in CHECKS}
    names |= {f"{table}_effect" for table, *_ in EFFECTS}
    names |= {f"{table}_no_update" for table, _ in FOREVER}
    names |= {f"{table}_no_{v}" for table, _ in (*FOREVER, *KEPT) for v in ("delete", "truncate")}
    return names | {"point_routes_no_insert", "point_zero_no_insert"}


def create_tables() -> None:
    op.create_table(
        "point_routes",
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("phase", one_of("phase_known", PHASES), nullable=False),
        sa.Column("event", one_of("event_known", EVENTS), nullable=False),
        sa.Column("debit_kind", one_of("debit_kind_known", ACCOUNTS), nullable=False),
        sa.Column("credit_kind", one_of("credit_kind_known", ACCOUNTS), nullable=False),
        sa.PrimaryKeyConstraint("code", "phase", "event", name=op.f("pk_point_routes")),
        sa.UniqueConstraint(
            "code", "phase", "event", "debit_kind", "credit_kind", name="a_route_as_a_whole"
        ),
    )
    op.create_table(
        "point_zero",
        sa.Column("value", sa.Integer, autoincrement=False, nullable=False),
        sa.CheckConstraint("value = 0", name="only_zero"),
        sa.PrimaryKeyConstraint("value", name=op.f("pk_point_zero")),
    )
    op.create_table(
        "point_freeze",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("frozen_at", UtcInstant()),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_point_freeze")),
    )
    op.create_table(
        "point_accounts",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("kind", one_of("kind_known", ACCOUNTS), nullable=False),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("community_code", sa.String(12), sa.ForeignKey("communities.code")),
        sa.Column("provider_code", sa.String(20)),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column(
            "holder",
            sa.String(60),
            sa.Computed(
                "kind || ':' || COALESCE(CAST(member_id AS VARCHAR), community_code, "
                " provider_code, 'county') || ':' || month",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.Column("credits", BIG, nullable=False),
        sa.Column("debits", BIG, nullable=False),
        sa.Column("pending_debits", BIG, nullable=False),
        sa.Column("lots_total", BIG, nullable=False),
        sa.Column("lots_held", BIG, nullable=False),
        sa.Column("last_transfer_id", BIG, nullable=False),
        sa.Column("last_movement_id", BIG, nullable=False),
        sa.Column(
            "lots_gap",
            BIG,
            sa.Computed(
                "CASE WHEN kind = 'rider' THEN ABS(credits - debits - lots_total) +"
                " ABS(pending_debits - lots_held) ELSE ABS(lots_total) + ABS(lots_held) END",
                persisted=True,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("(kind = 'budget') = (month <> '')", name="budgets_have_a_month"),
        sa.CheckConstraint(
            "(kind IN ('escrow', 'provider')) = (provider_code IS NOT NULL)",
            name="providers_have_a_code",
        ),
        sa.CheckConstraint(
            "(kind IN ('rider', 'rider_debt')) = (member_id IS NOT NULL)",
            name="riders_have_a_member",
        ),
        sa.CheckConstraint("kind <> 'rider_debt' OR credits <= debits", name="debt_not_overpaid"),
        sa.CheckConstraint(
            "kind IN ('budget', 'expired', 'clawback', 'penalty') OR community_code IS NULL",
            name="only_pools_have_a_community",
        ),
        sa.CheckConstraint(
            "kind IN ('mint', 'rider_debt') OR credits - debits - pending_debits >= 0",
            name="no_overdraft",
        ),
        sa.CheckConstraint(
            "kind NOT IN ('expired', 'clawback', 'penalty') OR community_code IS NOT NULL",
            name="ends_have_a_community",
        ),
        sa.CheckConstraint(
            "credits >= 0 AND debits >= 0 AND pending_debits >= 0", name="sums_only_grow"
        ),
        sa.ForeignKeyConstraint(
            ["lots_gap"],
            ["point_zero.value"],
            name="lots_equal_balance",
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.UniqueConstraint("holder", name="one_account_each"),
        sa.UniqueConstraint("id", "kind", name="an_account_with_its_kind"),
    )
    op.create_table(
        "point_journal",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("kind", one_of("kind_known", EVENTS), nullable=False),
        sa.Column("cause_type", sa.String(40), nullable=False),
        sa.Column("cause_id", sa.String(60), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("rider_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("actor_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("approved_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("community_code", sa.String(12), sa.ForeignKey("communities.code")),
        sa.Column("month", sa.String(7)),
        sa.Column("rule", sa.String(8)),
        sa.Column("tariff_version", sa.String(20)),
        sa.Column("severity", sa.Integer),
        sa.Column("report_number", sa.String(24)),
        sa.Column("redemption_ref", sa.String(40)),
        sa.Column("reverses_id", BIG, sa.ForeignKey("point_journal.id")),
        sa.Column("verdict", one_of("verdict_known", VERDICTS)),
        sa.Column("note", sa.Text, nullable=False),
        sa.CheckConstraint(
            "(kind = 'reversal') = (verdict IS NOT NULL)", name="reversals_have_a_verdict"
        ),
        sa.CheckConstraint(
            "(kind IN ('grant', 'ungrant', 'award')) = (month IS NOT NULL)",
            name="budget_events_have_a_month",
        ),
        sa.CheckConstraint(
            "(kind IN ('grant', 'ungrant', 'settle', 'statement')) = (rider_id IS NULL)",
            name="rider_events_have_a_rider",
        ),
        sa.CheckConstraint(
            "(kind IN ('reversal', 'refund')) = (reverses_id IS NOT NULL)",
            name="reversals_name_the_original",
        ),
        sa.CheckConstraint(
            "NOT (kind IN ('reversal', 'ungrant') OR (kind = 'award' AND points > 50) OR (kind"
            " = 'grant' AND cause_type <> 'budget-opened')) OR (actor_id IS NOT NULL AND"
            " approved_by_id IS NOT NULL AND actor_id <> approved_by_id)",
            name="second_person",
        ),
        sa.CheckConstraint(
            "cause_type <> 'budget-opened' OR (kind = 'grant' AND community_code IS NOT NULL"
            " AND cause_id = community_code || ':' || month)",
            name="a_month_opens_once",
        ),
        sa.CheckConstraint(
            "kind <> 'award' OR (rule IS NOT NULL AND tariff_version IS NOT NULL AND"
            " community_code IS NOT NULL)",
            name="awards_say_why",
        ),
        sa.CheckConstraint(
            "kind NOT IN ('award', 'reversal') OR (COALESCE(actor_id, 0) <> rider_id AND"
            " COALESCE(approved_by_id, 0) <> rider_id)",
            name="nobody_decides_for_oneself",
        ),
        sa.CheckConstraint(
            "points > 0 OR (points = 0 AND kind = 'reversal')", name="points_positive"
        ),
        sa.CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        sa.UniqueConstraint("cause_type", "cause_id", name="a_cause_is_paid_once"),
        sa.UniqueConstraint("id", "cause_type", "cause_id", name="an_event_with_its_cause"),
        sa.UniqueConstraint("id", "kind", name="an_event_with_its_kind"),
    )
    op.create_index(
        "ix_point_journal_community_code_month",
        "point_journal",
        ["community_code", "month"],
        unique=False,
    )
    op.create_index(
        "ix_point_journal_report_number", "point_journal", ["report_number"], unique=False
    )
    op.create_index("ix_point_journal_reverses_id", "point_journal", ["reverses_id"], unique=False)
    op.create_index(
        "ix_point_journal_rider_id_id", "point_journal", ["rider_id", "id"], unique=False
    )
    op.create_table(
        "point_transfers",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("journal_id", BIG, nullable=False),
        sa.Column("event", one_of("event_known", EVENTS), nullable=False),
        sa.Column("route", sa.String(20), nullable=False),
        sa.Column("phase", one_of("phase_known", PHASES), nullable=False),
        sa.Column("debit_account_id", BIG, nullable=False),
        sa.Column("debit_kind", one_of("debit_kind_known", ACCOUNTS), nullable=False),
        sa.Column("credit_account_id", BIG, nullable=False),
        sa.Column("credit_kind", one_of("credit_kind_known", ACCOUNTS), nullable=False),
        sa.Column("amount", sa.Integer, nullable=False),
        sa.Column("pending_id", BIG),
        sa.Column("holds_until", UtcInstant()),
        sa.CheckConstraint(
            "(phase = 'pending') = (holds_until IS NOT NULL)", name="holds_have_a_deadline"
        ),
        sa.CheckConstraint(
            "(phase IN ('post', 'void')) = (pending_id IS NOT NULL)", name="resolves_a_hold"
        ),
        sa.CheckConstraint("amount > 0", name="amount_positive"),
        sa.CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
        sa.ForeignKeyConstraint(
            ["credit_account_id", "credit_kind"],
            ["point_accounts.id", "point_accounts.kind"],
            name="credit_account_of_that_kind",
        ),
        sa.ForeignKeyConstraint(
            ["debit_account_id", "debit_kind"],
            ["point_accounts.id", "point_accounts.kind"],
            name="debit_account_of_that_kind",
        ),
        sa.ForeignKeyConstraint(
            ["journal_id", "event"],
            ["point_journal.id", "point_journal.kind"],
            name="a_leg_of_its_event",
        ),
        sa.ForeignKeyConstraint(["pending_id"], ["point_transfers.id"], name="a_hold_that_exists"),
        sa.ForeignKeyConstraint(
            ["route", "phase", "event", "debit_kind", "credit_kind"],
            [
                "point_routes.code",
                "point_routes.phase",
                "point_routes.event",
                "point_routes.debit_kind",
                "point_routes.credit_kind",
            ],
            name="only_allowed_routes",
        ),
        sa.UniqueConstraint("id", "credit_account_id", "amount", name="a_transfer_with_its_sum"),
        sa.UniqueConstraint("pending_id", name="a_hold_resolves_once"),
    )
    op.create_index(
        "ix_point_transfers_credit_account_id_id",
        "point_transfers",
        ["credit_account_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_point_transfers_debit_account_id_id",
        "point_transfers",
        ["debit_account_id", "id"],
        unique=False,
    )
    op.create_index(
        "ix_point_transfers_journal_id", "point_transfers", ["journal_id"], unique=False
    )
    op.create_table(
        "point_lots",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("account_id", BIG, nullable=False),
        sa.Column("account_kind", one_of("account_kind_known", ACCOUNTS), nullable=False),
        sa.Column("transfer_id", BIG, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("earned_at", UtcInstant(), nullable=False),
        sa.Column("expires_at", UtcInstant(), nullable=False),
        sa.Column("free", sa.Integer, nullable=False),
        sa.Column("held", sa.Integer, nullable=False),
        sa.Column("last_movement_id", BIG, nullable=False),
        sa.CheckConstraint("account_kind = 'rider'", name="only_riders_have_lots"),
        sa.CheckConstraint("expires_at > earned_at", name="expires_after_earning"),
        sa.CheckConstraint(
            "free >= 0 AND held >= 0 AND free + held <= points", name="within_its_award"
        ),
        sa.CheckConstraint("points > 0", name="points_positive"),
        sa.ForeignKeyConstraint(
            ["account_id", "account_kind"],
            ["point_accounts.id", "point_accounts.kind"],
            name="a_lot_of_a_rider",
        ),
        sa.ForeignKeyConstraint(
            ["transfer_id", "account_id", "points"],
            ["point_transfers.id", "point_transfers.credit_account_id", "point_transfers.amount"],
            name="a_lot_is_one_award",
        ),
        sa.UniqueConstraint("transfer_id", name="a_lot_an_award"),
    )
    op.create_index(
        "ix_point_lots_spendable",
        "point_lots",
        ["account_id", "expires_at"],
        unique=False,
        sqlite_where=sa.text("free > 0"),
        postgresql_where=sa.text("free > 0"),
    )
    op.create_table(
        "point_lot_movements",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("lot_id", BIG, sa.ForeignKey("point_lots.id"), nullable=False),
        sa.Column("transfer_id", BIG, sa.ForeignKey("point_transfers.id"), nullable=False),
        sa.Column("kind", one_of("kind_known", MOVEMENTS), nullable=False),
        sa.Column("free_delta", sa.Integer, nullable=False),
        sa.Column("held_delta", sa.Integer, nullable=False),
        sa.CheckConstraint(
            "(kind IN ('earn', 'refund') AND free_delta > 0 AND held_delta = 0) OR (kind ="
            " 'hold' AND free_delta < 0 AND held_delta = -free_delta) OR (kind = 'release' AND"
            " free_delta > 0 AND held_delta = -free_delta) OR (kind = 'capture' AND free_delta"
            " = 0 AND held_delta < 0) OR (kind = 'spend' AND free_delta < 0 AND held_delta ="
            " 0)",
            name="sums_fit_the_kind",
        ),
        sa.UniqueConstraint("transfer_id", "lot_id", "kind", name="a_lot_moves_once_a_transfer"),
    )
    op.create_index(
        "ix_point_lot_movements_lot_id_id", "point_lot_movements", ["lot_id", "id"], unique=False
    )
    op.create_table(
        "point_unpaid",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("cause_type", sa.String(40), nullable=False),
        sa.Column("cause_id", sa.String(60), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("reason", one_of("reason_known", REASONS), nullable=False),
        sa.Column("rider_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column(
            "community_code", sa.String(12), sa.ForeignKey("communities.code"), nullable=False
        ),
        sa.Column("rule", sa.String(8), nullable=False),
        sa.Column("tariff_version", sa.String(20), nullable=False),
        sa.Column("severity", sa.Integer),
        sa.Column("report_number", sa.String(24)),
        sa.Column("actor_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("approved_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("journal_id", BIG),
        sa.Column("cancelled_at", UtcInstant()),
        sa.Column("cancelled_by_id", BIG, sa.ForeignKey("members.id")),
        sa.CheckConstraint(
            "journal_id IS NULL OR reason IN ('budget_empty', 'frozen', 'reserve_empty')",
            name="only_owed_is_paid",
        ),
        sa.CheckConstraint(
            "(cancelled_at IS NULL) = (cancelled_by_id IS NULL)", name="cancelled_by_somebody"
        ),
        sa.CheckConstraint("COALESCE(actor_id, 0) <> rider_id", name="nobody_decides_for_oneself"),
        sa.CheckConstraint("journal_id IS NULL OR cancelled_at IS NULL", name="paid_or_cancelled"),
        sa.CheckConstraint("points > 0", name="points_positive"),
        sa.CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        sa.ForeignKeyConstraint(
            ["journal_id", "cause_type", "cause_id"],
            ["point_journal.id", "point_journal.cause_type", "point_journal.cause_id"],
            name="paid_by_its_own_event",
        ),
        sa.UniqueConstraint("cause_type", "cause_id", name="a_cause_is_due_once"),
    )
    op.create_index(
        "ix_point_unpaid_open",
        "point_unpaid",
        ["community_code", "id"],
        unique=False,
        sqlite_where=sa.text(
            "journal_id IS NULL AND cancelled_at IS NULL AND reason IN ('budget_empty',"
            " 'frozen', 'reserve_empty')"
        ),
        postgresql_where=sa.text(
            "journal_id IS NULL AND cancelled_at IS NULL AND reason IN ('budget_empty',"
            " 'frozen', 'reserve_empty')"
        ),
    )
    op.create_index("ix_point_unpaid_rider_id_id", "point_unpaid", ["rider_id", "id"], unique=False)
