"""Tariff versions as rows, what each award was decided on, proposals of one and approvals of another."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0007"
down_revision = "0006"

CUTS = (
    "half", "over_day_cap", "over_month_cap", "same_place", "later_reporter",
    "enough_reporters", "same_person", "same_photo", "staff", "suspended", "gone",
)  # fmt: skip
KINDS = ("grant", "merit", "reversal")
STATES = ("waiting", "approved", "declined")
VERDICTS = ("honest", "negligent", "fraud", "appeal")

TABLES = ("tariff_versions", "tariff_drafts", "point_claims", "point_proposals", "report_rechecks")

NOW = {"sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now')", "postgresql": "now()"}


def same(*columns: str) -> str:
    return " AND ".join(
        f"(NEW.{c} = OLD.{c} OR (NEW.{c} IS NULL AND OLD.{c} IS NULL))" for c in columns
    )


# (name, table, when, refusal, condition)
CHECKS = (
    (
        "tariff_versions_before_insert",
        "tariff_versions",
        "BEFORE INSERT",
        "a_version_starts_later",
        "NEW.published_by_id IS NOT NULL AND NEW.starts_at <= {now}",
    ),
    (
        "tariff_versions_first_of_file",
        "tariff_versions",
        "BEFORE INSERT",
        "the_file_comes_first",
        "NEW.published_by_id IS NULL AND EXISTS (SELECT 1 FROM tariff_versions v"
        " WHERE v.published_by_id IS NOT NULL OR v.published_at <> NEW.published_at)",
    ),
    (
        "tariff_versions_no_update",
        "tariff_versions",
        "BEFORE UPDATE",
        "versions_are_not_edited",
        "1 = 1",
    ),
    (
        "tariff_versions_no_delete",
        "tariff_versions",
        "BEFORE DELETE",
        "started_versions_stay",
        "OLD.starts_at <= {now}",
    ),
    ("point_claims_no_update", "point_claims", "BEFORE UPDATE", "decisions_stay", "1 = 1"),
    ("point_claims_no_delete", "point_claims", "BEFORE DELETE", "decisions_stay", "1 = 1"),
    (
        "point_proposals_before_update",
        "point_proposals",
        "BEFORE UPDATE",
        "a_proposal_is_decided_once",
        "OLD.state <> 'waiting' OR NOT ("
        + same(
            "id",
            "key",
            "kind",
            "points",
            "community_code",
            "month",
            "rider_id",
            "report_number",
            "severity",
            "entry_id",
            "verdict",
            "reason",
            "proposed_by_id",
            "proposed_at",
        )
        + ")",
    ),
    ("point_proposals_no_delete", "point_proposals", "BEFORE DELETE", "proposals_stay", "1 = 1"),
)
NO_TRUNCATE = (
    ("tariff_versions", "started_versions_stay"),
    ("point_claims", "decisions_stay"),
    ("point_proposals", "proposals_stay"),
)


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    create_tables()
    keep_what_was_decided()
    dialect = op.get_bind().dialect.name
    for name, table, when, refusal, condition in CHECKS:
        refused = condition.format(now=NOW[dialect])
        if dialect == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW WHEN {refused}"
                f" BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
            )
        else:
            row = "OLD" if when.endswith("DELETE") else "NEW"
            _function(name, f"IF {refused} THEN {_refuse(refusal, table)} END IF; RETURN {row};")
            op.execute(
                f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()"
            )
    if dialect == "postgresql":
        for table, refusal in NO_TRUNCATE:
            name = f"{table}_no_truncate"
            _function(name, f"IF TRUE THEN {_refuse(refusal, table)} END IF; RETURN NULL;")
            op.execute(
                f"CREATE TRIGGER {name} BEFORE TRUNCATE ON {table}"
                f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
            )


def _refuse(refusal: str, table: str) -> str:
    return (
        f"RAISE EXCEPTION '{refusal}' USING ERRCODE = 'check_violation',"
        f" CONSTRAINT = '{refusal}', TABLE = '{table}';"
    )


def _function(name: str, body: str) -> None:
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
    )


def create_tables() -> None:
    op.create_table(
        "tariff_versions",
        sa.Column("code", sa.String(20), primary_key=True),
        sa.Column("starts_at", UtcInstant(), nullable=False),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("made_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("published_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("published_at", UtcInstant(), nullable=False),
        sa.CheckConstraint(
            "(made_by_id IS NULL) = (published_by_id IS NULL)", name="by_two_or_from_the_file"
        ),
        sa.CheckConstraint("made_by_id <> published_by_id", name="two_people"),
        sa.UniqueConstraint("starts_at", name="a_start_of_its_own"),
    )
    op.create_table(
        "tariff_drafts",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("rules", sa.JSON, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("made_by_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("made_at", UtcInstant(), nullable=False),
        sa.CheckConstraint("id = 1", name="only_one"),
    )
    op.create_table(
        "point_claims",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("cause_type", sa.String(40), nullable=False),
        sa.Column("cause_id", sa.String(60), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("rider_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column(
            "community_code", sa.String(12), sa.ForeignKey("communities.code"), nullable=False
        ),
        sa.Column("rule", sa.String(8), nullable=False),
        sa.Column("tariff_version", sa.String(20), nullable=False),
        sa.Column("severity", sa.Integer),
        sa.Column("report_number", sa.String(24)),
        sa.Column("nth", sa.Integer, nullable=False),
        sa.Column("after_closing_s", sa.Integer),
        sa.Column("rate", sa.Integer, nullable=False),
        sa.Column("halved", sa.Boolean, nullable=False),
        sa.Column("points", sa.Integer, nullable=False),
        sa.Column("cut", one_of("cut_known", CUTS)),
        sa.CheckConstraint("points BETWEEN 0 AND rate", name="never_more_than_the_rule"),
        sa.CheckConstraint("points > 0 OR cut IS NOT NULL", name="nothing_has_a_reason"),
        sa.CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        sa.CheckConstraint("nth >= 1", name="counted_from_one"),
        sa.UniqueConstraint("cause_type", "cause_id", name="a_cause_is_decided_once"),
    )
    op.create_index("ix_point_claims_rider_id_at", "point_claims", ["rider_id", "at"])
    op.create_index("ix_point_claims_at", "point_claims", ["at"])
    op.create_table(
        "point_proposals",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("kind", one_of("kind_known", KINDS), nullable=False),
        sa.Column("state", one_of("state_known", STATES), nullable=False),
        sa.Column("points", sa.Integer),
        sa.Column("community_code", sa.String(12), sa.ForeignKey("communities.code")),
        sa.Column("month", sa.String(7)),
        sa.Column("rider_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("report_number", sa.String(24)),
        sa.Column("severity", sa.Integer),
        sa.Column("entry_id", BIG, sa.ForeignKey("point_journal.id")),
        sa.Column("verdict", one_of("verdict_known", VERDICTS)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("proposed_by_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("proposed_at", UtcInstant(), nullable=False),
        sa.Column("decided_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("decided_at", UtcInstant()),
        sa.Column("decision_note", sa.Text, nullable=False),
        sa.CheckConstraint(
            "decided_by_id <> proposed_by_id", name="nobody_approves_an_own_proposal"
        ),
        sa.CheckConstraint(
            "rider_id <> proposed_by_id AND (decided_by_id IS NULL OR rider_id <> decided_by_id)"
            " OR rider_id IS NULL",
            name="nobody_decides_for_oneself",
        ),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_iff_dated"),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by_id IS NULL)", name="decided_by_somebody"
        ),
        sa.CheckConstraint("(kind = 'grant') = (month IS NOT NULL)", name="grants_have_a_month"),
        sa.CheckConstraint(
            "(kind IN ('grant', 'merit')) = (points IS NOT NULL)", name="awards_have_points"
        ),
        sa.CheckConstraint("points > 0", name="points_positive"),
        sa.CheckConstraint(
            "(kind = 'merit') = (report_number IS NOT NULL)", name="merits_have_a_report"
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (entry_id IS NOT NULL AND verdict IS NOT NULL)",
            name="reversals_have_an_entry",
        ),
        sa.CheckConstraint("(kind = 'grant') = (rider_id IS NULL)", name="awards_have_a_rider"),
        sa.UniqueConstraint("proposed_by_id", "key", name="a_proposal_once"),
    )
    op.create_index(
        "ix_point_proposals_waiting",
        "point_proposals",
        ["id"],
        sqlite_where=sa.text("state = 'waiting'"),
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "report_rechecks",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("nth", sa.Integer, nullable=False),
        sa.Column("asked_by_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("asked_at", UtcInstant(), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("answered_at", UtcInstant()),
        sa.CheckConstraint("nth >= 1", name="counted_from_one"),
        sa.UniqueConstraint("report_id", "nth", name="asked_one_by_one"),
    )


def keep_what_was_decided() -> None:
    """Caps and dry runs look at decisions: those made before this table count as well."""
    columns = (
        "cause_type, cause_id, at, rider_id, community_code, rule, tariff_version, severity,"
        " report_number, nth, after_closing_s, rate, halved, points, cut"
    )
    no = "false" if op.get_bind().dialect.name == "postgresql" else "0"
    op.execute(
        f"INSERT INTO point_claims ({columns}) SELECT j.cause_type, j.cause_id,"
        " COALESCE(u.at, j.at), j.rider_id, j.community_code, j.rule, j.tariff_version, j.severity,"
        f" j.report_number, 1, NULL, j.points, {no}, j.points, NULL FROM point_journal j"
        " LEFT JOIN point_unpaid u ON u.journal_id = j.id WHERE j.kind = 'award' ORDER BY j.id"
    )
    op.execute(
        f"INSERT INTO point_claims ({columns}) SELECT u.cause_type, u.cause_id, u.at, u.rider_id,"
        " u.community_code, u.rule, u.tariff_version, u.severity, u.report_number, 1, NULL,"
        f" u.points, {no}, CASE WHEN u.reason IN ('budget_empty', 'frozen', 'reserve_empty')"
        " THEN u.points ELSE 0 END, CASE WHEN u.reason IN ('budget_empty', 'frozen',"
        " 'reserve_empty') THEN NULL ELSE u.reason END FROM point_unpaid u"
        " WHERE u.journal_id IS NULL ORDER BY u.id"
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name, *_ in CHECKS:
            op.execute(f"DROP FUNCTION {name}()")
        for table, _ in NO_TRUNCATE:
            op.execute(f"DROP FUNCTION {table}_no_truncate()")
