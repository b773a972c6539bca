"""Statements of a provider's month: every settled service on one of them, closed ones forever."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0011"
down_revision = "0010"

STATES = ("open", "drawn", "provider_confirmed", "county_confirmed", "closed", "disputed")
STEPS = ("draw", "confirm", "countersign", "close", "dispute", "answer")
SIDES = ("provider", "county", "system")

ITS_LINES = " FROM statement_lines l WHERE l.statement_id = NEW.id)"

# (trigger, table, when, [(refusal, condition)]), for SQLite and PostgreSQL alike.
GUARDS: tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "statements_begin",
        "statements",
        "BEFORE INSERT",
        (("statements_begin_open", "NEW.state <> 'open'"),),
    ),
    (
        "statements_change",
        "statements",
        "BEFORE UPDATE",
        (
            ("closed_statements_never_change", "OLD.state = 'closed'"),
            (
                "a_statement_stays_itself",
                "NEW.id <> OLD.id OR NEW.provider_code <> OLD.provider_code"
                " OR NEW.provider_name <> OLD.provider_name OR NEW.month <> OLD.month"
                " OR NEW.ends_at <> OLD.ends_at OR NEW.fen_per_point <> OLD.fen_per_point"
                " OR NEW.created_at <> OLD.created_at",
            ),
            (
                "only_the_moves_of_the_table",
                "NEW.state <> OLD.state AND OLD.state || ' ' || NEW.state NOT IN ('open drawn',"
                " 'drawn provider_confirmed', 'drawn disputed',"
                " 'provider_confirmed county_confirmed', 'provider_confirmed disputed',"
                " 'disputed drawn', 'county_confirmed closed')",
            ),
            (
                "drawn_sums_stay",
                "OLD.state <> 'open' AND (NEW.services <> OLD.services OR NEW.points <> OLD.points"
                " OR NEW.free_services <> OLD.free_services OR NEW.drawn_at <> OLD.drawn_at)",
            ),
            (
                "sums_are_its_lines",
                "NEW.state <> 'open' AND (NEW.services <> (SELECT COUNT(*)" + ITS_LINES + " OR"
                " NEW.points <> (SELECT COALESCE(SUM(l.points), 0)" + ITS_LINES + " OR"
                " NEW.free_services <> (SELECT COALESCE(SUM(CASE WHEN l.points = 0 THEN 1 ELSE 0"
                " END), 0)" + ITS_LINES + ")",
            ),
            (
                "disputed_line_is_its_own",
                "NEW.state = 'disputed' AND NOT EXISTS (SELECT 1 FROM statement_lines l"
                " WHERE l.statement_id = NEW.id AND l.ref = NEW.disputed_ref)",
            ),
            (
                "cleared_for_what_it_says",
                "NEW.cleared_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM point_journal j"
                " WHERE j.id = NEW.cleared_id AND j.kind = 'statement'"
                " AND j.points = NEW.points)",
            ),
        ),
    ),
    ("statements_no_delete", "statements", "BEFORE DELETE", (("statements_are_kept", "1 = 1"),)),
    (
        "statement_lines_begin",
        "statement_lines",
        "BEFORE INSERT",
        (
            (
                "lines_while_open",
                "NOT EXISTS (SELECT 1 FROM statements s WHERE s.id = NEW.statement_id"
                " AND s.state = 'open')",
            ),
            (
                "settled_before_the_month_ended",
                "EXISTS (SELECT 1 FROM statements s WHERE s.id = NEW.statement_id"
                " AND NEW.settled_at >= s.ends_at)",
            ),
            (
                "a_line_is_a_settled_service",
                "NOT EXISTS (SELECT 1 FROM redemptions r WHERE r.id = NEW.redemption_id"
                " AND r.ref = NEW.ref AND r.state = 'settled' AND r.ended_at = NEW.settled_at"
                " AND r.delivered_at = NEW.delivered_at)",
            ),
            (
                "a_line_pays_what_was_settled",
                "NEW.points <> (SELECT COALESCE(SUM(j.points), 0) FROM point_journal j"
                " WHERE j.kind = 'settle' AND j.redemption_ref = NEW.ref)",
            ),
        ),
    ),
    (
        "statement_lines_no_update",
        "statement_lines",
        "BEFORE UPDATE",
        (("lines_are_append_only", "1 = 1"),),
    ),
    (
        "statement_lines_no_delete",
        "statement_lines",
        "BEFORE DELETE",
        (("lines_are_append_only", "1 = 1"),),
    ),
    (
        "statement_history_no_update",
        "statement_history",
        "BEFORE UPDATE",
        (("history_is_append_only", "1 = 1"),),
    ),
    (
        "statement_history_no_delete",
        "statement_history",
        "BEFORE DELETE",
        (("history_is_append_only", "1 = 1"),),
    ),
)
NEVER_EMPTIED = ("statements", "statement_lines", "statement_history")


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_index(
        "a_redemption_with_its_provider", "redemptions", ["id", "provider_code"], unique=True
    )
    op.create_table(
        "statements",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("provider_code", sa.String(20), sa.ForeignKey("providers.code"), nullable=False),
        sa.Column("provider_name", sa.String(80), nullable=False),
        sa.Column("month", sa.String(7), nullable=False),
        sa.Column("ends_at", UtcInstant(), nullable=False),
        sa.Column("state", one_of("state_known", STATES), nullable=False),
        sa.Column("services", sa.Integer, nullable=False),
        sa.Column("free_services", sa.Integer, nullable=False),
        sa.Column("points", BIG, nullable=False),
        sa.Column("fen_per_point", sa.Integer, nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("drawn_at", UtcInstant()),
        sa.Column("provider_confirmed_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("provider_confirmed_at", UtcInstant()),
        sa.Column("county_confirmed_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("county_confirmed_at", UtcInstant()),
        sa.Column("closed_at", UtcInstant()),
        sa.Column("cleared_id", BIG),
        sa.Column("cleared_type", sa.String(40), nullable=False),
        sa.Column("disputed_ref", sa.String(20)),
        sa.Column("disputed_side", one_of("disputed_side_known", SIDES)),
        sa.Column("disputed_by_id", BIG, sa.ForeignKey("members.id")),
        sa.CheckConstraint(
            "services >= 0 AND points >= 0 AND free_services BETWEEN 0 AND services",
            name="sums_not_negative",
        ),
        sa.CheckConstraint("fen_per_point >= 1", name="points_have_a_price"),
        sa.CheckConstraint("version >= 1", name="version_counts"),
        sa.CheckConstraint("key = provider_code || ':' || month", name="key_says_whose"),
        sa.CheckConstraint("(state = 'open') = (drawn_at IS NULL)", name="drawn_iff_dated"),
        sa.CheckConstraint(
            "(state IN ('provider_confirmed', 'county_confirmed', 'closed'))"
            " = (provider_confirmed_by_id IS NOT NULL)",
            name="provider_confirmed_by_somebody",
        ),
        sa.CheckConstraint(
            "(provider_confirmed_by_id IS NULL) = (provider_confirmed_at IS NULL)",
            name="provider_confirmed_is_dated",
        ),
        sa.CheckConstraint(
            "(state IN ('county_confirmed', 'closed')) = (county_confirmed_by_id IS NOT NULL)",
            name="county_confirmed_by_somebody",
        ),
        sa.CheckConstraint(
            "(county_confirmed_by_id IS NULL) = (county_confirmed_at IS NULL)",
            name="county_confirmed_is_dated",
        ),
        sa.CheckConstraint(
            "county_confirmed_by_id <> provider_confirmed_by_id", name="two_people_confirm"
        ),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_iff_dated"),
        sa.CheckConstraint(
            "(state = 'closed' AND points > 0) = (cleared_id IS NOT NULL)",
            name="closed_iff_cleared",
        ),
        sa.CheckConstraint("cleared_type = 'statement-cleared'", name="cleared_as_a_statement"),
        sa.CheckConstraint(
            "(state = 'disputed') = (disputed_ref IS NOT NULL)"
            " AND (state = 'disputed') = (disputed_side IS NOT NULL)"
            " AND (state = 'disputed') = (disputed_by_id IS NOT NULL)",
            name="disputed_says_what_and_who",
        ),
        sa.ForeignKeyConstraint(
            ["cleared_id", "cleared_type", "key"],
            ["point_journal.id", "point_journal.cause_type", "point_journal.cause_id"],
            name="cleared_under_its_key",
        ),
        sa.UniqueConstraint("key", name=op.f("uq_statements_key")),
        sa.UniqueConstraint("provider_code", "month", name="a_statement_a_month"),
        sa.UniqueConstraint("id", "provider_code", name="a_statement_with_its_provider"),
    )
    op.create_index("ix_statements_month", "statements", ["month"])
    op.create_table(
        "statement_lines",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("statement_id", BIG, nullable=False),
        sa.Column("provider_code", sa.String(20), nullable=False),
        sa.Column("redemption_id", BIG, nullable=False),
        sa.Column("ref", sa.String(20), nullable=False),
        sa.Column("station_name", sa.String(80), nullable=False),
        sa.Column("title_zh", sa.String(80), nullable=False),
        sa.Column("title_en", sa.String(80), nullable=False),
        sa.Column("delivered_at", UtcInstant(), nullable=False),
        sa.Column("settled_at", UtcInstant(), nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("journal_id", BIG),
        sa.Column("settled_type", sa.String(40), nullable=False),
        sa.CheckConstraint("points >= 0", name="points_not_negative"),
        sa.CheckConstraint("(points > 0) = (journal_id IS NOT NULL)", name="points_were_settled"),
        sa.CheckConstraint("settled_type = 'redemption-settled'", name="settled_as_a_redemption"),
        sa.ForeignKeyConstraint(
            ["statement_id", "provider_code"],
            ["statements.id", "statements.provider_code"],
            name="on_a_statement_of_its_provider",
        ),
        sa.ForeignKeyConstraint(
            ["redemption_id", "provider_code"],
            ["redemptions.id", "redemptions.provider_code"],
            name="a_service_of_its_provider",
        ),
        sa.ForeignKeyConstraint(
            ["journal_id", "settled_type", "ref"],
            ["point_journal.id", "point_journal.cause_type", "point_journal.cause_id"],
            name="the_settlement_of_its_service",
        ),
        sa.UniqueConstraint("redemption_id", name="a_service_on_one_statement"),
        sa.UniqueConstraint("journal_id", name="a_settlement_on_one_statement"),
    )
    op.create_index("ix_statement_lines_statement_id_id", "statement_lines", ["statement_id", "id"])
    op.create_table(
        "statement_history",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("statement_id", BIG, sa.ForeignKey("statements.id"), nullable=False),
        sa.Column("step", one_of("step_known", STEPS), nullable=False),
        sa.Column("from_state", one_of("from_state_known", STATES), nullable=False),
        sa.Column("to_state", one_of("to_state_known", STATES), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("actor_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("side", one_of("side_known", SIDES), nullable=False),
        sa.Column("ref", sa.String(20), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_index(
        "ix_statement_history_statement_id_id", "statement_history", ["statement_id", "id"]
    )
    for name, table, when, checks in GUARDS:
        create_trigger(name, table, when, checks)
    if op.get_bind().dialect.name == "postgresql":
        for table in NEVER_EMPTIED:
            create_trigger(
                f"{table}_no_truncate", table, "BEFORE TRUNCATE", (("kept_as_written", "TRUE"),)
            )


def downgrade() -> None:
    for table in ("statement_history", "statement_lines", "statements"):
        op.drop_table(table)
    op.drop_index("a_redemption_with_its_provider", "redemptions")
    if op.get_bind().dialect.name == "postgresql":
        names = [name for name, *_ in GUARDS] + [f"{table}_no_truncate" for table in NEVER_EMPTIED]
        for name in names:
            op.execute(f"DROP FUNCTION {name}()")


def create_trigger(name: str, table: str, when: str, checks: tuple[tuple[str, str], ...]) -> None:
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        body = "; ".join(f"SELECT RAISE(ABORT, '{no}') WHERE {if_}" for no, if_ in checks)
        bind.exec_driver_sql(
            f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW BEGIN {body}; END"
        )
        return
    body = " ".join(
        f"IF {if_} THEN RAISE EXCEPTION '{no}' USING ERRCODE = 'check_violation',"
        f" CONSTRAINT = '{no}', TABLE = '{table}'; END IF;"
        for no, if_ in checks
    )
    back = {"BEFORE DELETE": "OLD", "BEFORE TRUNCATE": "NULL"}.get(when, "NEW")
    each = "STATEMENT" if when == "BEFORE TRUNCATE" else "ROW"
    bind.exec_driver_sql(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body} RETURN {back}; END $$"
    )
    bind.exec_driver_sql(
        f"CREATE TRIGGER {name} {when} ON {table} FOR EACH {each} EXECUTE FUNCTION {name}()"
    )
