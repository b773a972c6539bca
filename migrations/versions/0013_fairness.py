"""The review of the street: signals, the monthly sample, and their guards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0013"
down_revision = "0012"

KINDS = (
    "photo_alike", "photo_old", "photo_far", "too_fast", "one_acceptor", "quick_accept",
)  # fmt: skip
STATES = (
    "open", "dismissed", "followed_up",
)  # fmt: skip
FINDINGS = (
    "agree", "disagree",
)  # fmt: skip
DECISIONS = sa.text("step IN ('accept', 'reject')")

# A judgement stays; and who decided on a report is not the one who judges it. The other half of
# the second rule, one's own reports, is a CHECK.
STAYS = {
    "fairness_signals": "OLD.state <> 'open'",
    "fairness_samples": "OLD.finding IS NOT NULL",
}
DECIDED = (
    "EXISTS (SELECT 1 FROM report_history h WHERE h.report_id IN ({reports})"
    " AND h.actor_id = NEW.judged_by_id"
    " AND h.step IN ('accept', 'reject', 'merge'))"
)
REPORTS = {
    "fairness_signals": "NEW.report_id, NEW.other_report_id",
    "fairness_samples": "NEW.report_id",
}


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def member(name: str, *, nullable: bool = True) -> sa.Column[int]:
    return sa.Column(name, BIG, sa.ForeignKey("members.id"), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "fairness_signals",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("kind", one_of("kind_known", KINDS), nullable=False),
        sa.Column("cause", sa.String(80), nullable=False),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("other_report_id", BIG, sa.ForeignKey("reports.id")),
        member("rider_id", nullable=False),
        member("other_rider_id"),
        member("worker_id"),
        sa.Column("community_code", sa.String(12), sa.ForeignKey("communities.code")),
        sa.Column("street_code", sa.String(9), sa.ForeignKey("streets.code")),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("trust", sa.SmallInteger, nullable=False),
        sa.Column("found_at", UtcInstant(), nullable=False),
        sa.Column("state", one_of("state_known", STATES), nullable=False),
        member("judged_by_id"),
        sa.Column("judged_at", UtcInstant()),
        sa.Column("words", sa.Text, nullable=False),
        sa.UniqueConstraint("cause", name="a_signal_once"),
        sa.CheckConstraint(
            "(state = 'open') = (judged_by_id IS NULL AND judged_at IS NULL)",
            name="judged_by_somebody",
        ),
        sa.CheckConstraint("state <> 'followed_up' OR words <> ''", name="followed_up_with_words"),
        sa.CheckConstraint(
            "judged_by_id <> rider_id"
            " AND (other_rider_id IS NULL OR judged_by_id <> other_rider_id)",
            name="nobody_judges_oneself",
        ),
        sa.CheckConstraint("trust BETWEEN 1 AND 3", name="trust_known"),
    )
    op.create_table(
        "fairness_draws",
        sa.Column("month", sa.String(7), primary_key=True),
        sa.Column("seed", sa.String(20), nullable=False),
        sa.Column("population", sa.Integer, nullable=False),
        sa.Column("drawn_at", UtcInstant(), nullable=False),
        sa.CheckConstraint("population >= 0", name="population_counts"),
    )
    op.create_table(
        "fairness_samples",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("month", sa.String(7), sa.ForeignKey("fairness_draws.month"), nullable=False),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        member("rider_id", nullable=False),
        member("accepted_by_id", nullable=False),
        sa.Column("accepted_at", UtcInstant(), nullable=False),
        sa.Column(
            "community_code", sa.String(12), sa.ForeignKey("communities.code"), nullable=False
        ),
        sa.Column("street_code", sa.String(9), sa.ForeignKey("streets.code"), nullable=False),
        sa.Column("drawn_at", UtcInstant(), nullable=False),
        sa.Column("finding", one_of("finding_known", FINDINGS)),
        member("judged_by_id"),
        sa.Column("judged_at", UtcInstant()),
        sa.Column("words", sa.Text, nullable=False),
        sa.UniqueConstraint("month", "report_id", name="a_report_once_a_month"),
        sa.CheckConstraint(
            "(finding IS NULL) = (judged_by_id IS NULL AND judged_at IS NULL)",
            name="judged_by_somebody",
        ),
        sa.CheckConstraint("finding <> 'disagree' OR words <> ''", name="disagrees_with_words"),
        sa.CheckConstraint("judged_by_id <> rider_id", name="nobody_judges_oneself"),
        sa.CheckConstraint(
            "judged_by_id <> accepted_by_id", name="nobody_judges_an_own_acceptance"
        ),
    )
    op.create_table(
        "fairness_marks",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("up_to", BIG, nullable=False),
    )
    op.create_table(
        "fairness_prints",
        sa.Column("key", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column(
            "photo_id",
            BIG,
            sa.ForeignKey("report_photos.id"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("at", UtcInstant(), nullable=False),
    )
    for table, *columns in (
        ("fairness_signals", "state", "trust", "id"),
        ("fairness_signals", "street_code", "state", "trust", "id"),
        ("fairness_signals", "report_id"),
        ("fairness_samples", "month", "id"),
        ("fairness_samples", "month", "street_code", "id"),
        ("fairness_prints", "at"),
    ):
        op.create_index(f"ix_{table}_{'_'.join(columns)}", table, columns)
    # Which decisions fell in a month; only these rows are in it, so that other steps cost nothing.
    op.create_index(
        "ix_report_history_decided_at",
        "report_history",
        ["at"],
        sqlite_where=DECISIONS,
        postgresql_where=DECISIONS,
    )
    for table in STAYS:
        _guard(table)


def _guard(table: str) -> None:
    rules = (
        ("stays", STAYS[table], "a_judgement_stays"),
        ("decided", DECIDED.format(reports=REPORTS[table]), "who_decided_does_not_judge"),
    )
    if op.get_bind().dialect.name == "sqlite":
        for name, condition, says in rules:
            op.execute(
                f"CREATE TRIGGER {table}_{name} BEFORE UPDATE ON {table} WHEN {condition}"
                f" BEGIN SELECT RAISE(ABORT, '{says}'); END"
            )
        return
    checks = " ".join(
        f"IF {condition} THEN RAISE EXCEPTION '{says}' USING ERRCODE = 'check_violation'; END IF;"
        for _, condition, says in rules
    )
    op.execute(
        f"CREATE FUNCTION {table}_judge() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {checks} RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_judge BEFORE UPDATE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_judge()"
    )


def downgrade() -> None:
    op.drop_index("ix_report_history_decided_at", "report_history")
    for table in (
        "fairness_prints",
        "fairness_marks",
        "fairness_samples",
        "fairness_draws",
        "fairness_signals",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for table in STAYS:
            op.execute(f"DROP FUNCTION {table}_judge()")
