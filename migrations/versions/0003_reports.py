"""Reports, their photos and their history, which nothing ever changes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0003"
down_revision = "0002"

STATES = (
    "submitted", "needs_info", "accepted", "dispatched", "in_progress", "handled",
    "suspended", "closed", "rejected", "withdrawn", "merged",
)  # fmt: skip
STEPS = (
    "accept", "reject", "ask", "supplement", "withdraw", "merge", "transfer", "dispatch",
    "return", "start", "control", "extend", "suspend", "resume", "handle", "pass", "fail",
    "reopen", "submit", "urge", "note", "assign", "rate",
)  # fmt: skip
MATCHED = ("compound", "boundary", "nearest", "chosen", "by_hand", "none")
OPEN = (
    "state IN ('accepted', 'dispatched', 'handled', 'in_progress', 'needs_info',"
    " 'submitted', 'suspended')"
)


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("number", sa.String(24), nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("reporter_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("state", one_of("state_known", STATES), nullable=False),
        sa.Column("category_code", sa.String(8), sa.ForeignKey("categories.code"), nullable=False),
        sa.Column("group_code", sa.String(4), nullable=False),
        sa.Column("severity", sa.Integer, nullable=False),
        sa.Column("sensitive", sa.Boolean, nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("place_note", sa.String(200), nullable=False),
        sa.Column("lat", sa.Double, nullable=False),
        sa.Column("lng", sa.Double, nullable=False),
        sa.Column("sent_lat", sa.Double, nullable=False),
        sa.Column("sent_lng", sa.Double, nullable=False),
        sa.Column("datum", one_of("datum_known", ("wgs84", "gcj02")), nullable=False),
        sa.Column("accuracy_m", sa.Double),
        sa.Column("compound_code", sa.String(20), sa.ForeignKey("compounds.code")),
        sa.Column("community_code", sa.String(12), sa.ForeignKey("communities.code")),
        sa.Column("street_code", sa.String(9), sa.ForeignKey("streets.code")),
        sa.Column("matched_by", one_of("matched_by_known", MATCHED), nullable=False),
        sa.Column("unit_code", sa.String(20), sa.ForeignKey("units.code")),
        sa.Column("self_handled", sa.Boolean, nullable=False),
        sa.Column("started_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("handled_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("merged_into_id", BIG, sa.ForeignKey("reports.id")),
        sa.Column("suspended_from", one_of("suspended_from_known", STATES)),
        sa.Column("review_on", sa.Date),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in (
                "transfers",
                "returns",
                "extensions",
                "reworks",
                "reopenings",
                "urges",
                "followers",
            )
        ),
        sa.Column("created_at", UtcInstant(), nullable=False),
        *(
            sa.Column(name, UtcInstant())
            for name in (
                "taken_at",
                "accepted_at",
                "dispatched_at",
                "started_at",
                "controlled_at",
                "handled_at",
                "closed_at",
            )
        ),
        sa.Column("moved_at", UtcInstant(), nullable=False),
        sa.Column("accept_due", UtcInstant(), nullable=False),
        sa.Column("control_due", UtcInstant()),
        sa.Column("fix_due", UtcInstant(), nullable=False),
        sa.Column("close_due", UtcInstant(), nullable=False),
        sa.Column("stopped_at", UtcInstant()),
        sa.Column("stopped_s", sa.Integer, nullable=False),
        sa.Column("next_clock", one_of("clock_known", ("accept", "control", "fix", "close"))),
        sa.Column("next_warn", UtcInstant()),
        sa.Column("next_due", UtcInstant()),
        sa.Column("sort_due", UtcInstant(), nullable=False),
        sa.Column("told_light", sa.String(8)),
        sa.Column("thumb_name", sa.String(64)),
        sa.Column("solved", sa.Boolean),
        sa.Column("satisfied", sa.Boolean),
        sa.Column("rating_words", sa.Text),
        sa.Column("rated_at", UtcInstant()),
        sa.UniqueConstraint("reporter_id", "key", name="a_submission_once"),
        sa.UniqueConstraint("number", name=op.f("uq_reports_number")),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_iff_dated"),
        sa.CheckConstraint(
            "(state = 'merged') = (merged_into_id IS NOT NULL)", name="merged_iff_into"
        ),
        sa.CheckConstraint("merged_into_id <> id", name="not_merged_into_itself"),
        sa.CheckConstraint(
            "(state = 'suspended') = (suspended_from IS NOT NULL AND review_on IS NOT NULL)",
            name="suspended_iff_reviewed",
        ),
        sa.CheckConstraint(
            "(state IN ('suspended', 'needs_info')) = (stopped_at IS NOT NULL)",
            name="clocks_stopped_iff_waiting",
        ),
        sa.CheckConstraint(
            "state <> 'dispatched' OR (unit_code IS NOT NULL AND dispatched_at IS NOT NULL)",
            name="dispatched_to_somebody",
        ),
        sa.CheckConstraint(
            "state NOT IN ('handled', 'closed') OR (handled_at IS NOT NULL"
            " AND handled_by_id IS NOT NULL)",
            name="handled_by_somebody",
        ),
        sa.CheckConstraint(
            "state IN ('submitted', 'needs_info', 'rejected', 'withdrawn', 'merged')"
            " OR accepted_at IS NOT NULL",
            name="accepted_before_work",
        ),
        sa.CheckConstraint(
            "community_code IS NOT NULL OR matched_by = 'none'", name="routed_or_none"
        ),
        sa.CheckConstraint(
            "(community_code IS NULL) = (street_code IS NULL)", name="street_follows"
        ),
        sa.CheckConstraint("severity BETWEEN 1 AND 4", name="severity_known"),
        sa.CheckConstraint("told_light IN ('yellow', 'red')", name="told_light_known"),
        sa.CheckConstraint("version >= 1", name="version_counts"),
        sa.CheckConstraint("lat BETWEEN -90 AND 90 AND lng BETWEEN -180 AND 180", name="on_earth"),
    )
    for name, columns in (
        ("ix_reports_community_open", ["community_code", "sort_due", "id"]),
        ("ix_reports_street_open", ["street_code", "sort_due", "id"]),
        ("ix_reports_unit_open", ["unit_code", "sort_due", "id"]),
        ("ix_reports_open", ["sort_due", "id"]),
    ):
        op.create_index(
            name, "reports", columns, sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN)
        )
    for name, column, where in (
        ("ix_reports_untold", "next_warn", "told_light IS NULL AND next_warn IS NOT NULL"),
        ("ix_reports_told_yellow", "next_due", "told_light = 'yellow'"),
    ):
        op.create_index(
            name,
            "reports",
            [column],
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    for name, columns in (
        ("ix_reports_reporter_id_id", ["reporter_id", "id"]),
        ("ix_reports_reporter_id_created_at", ["reporter_id", "created_at"]),
        ("ix_reports_community_code_id", ["community_code", "id"]),
        ("ix_reports_street_code_id", ["street_code", "id"]),
        ("ix_reports_unit_code_id", ["unit_code", "id"]),
        ("ix_reports_group_code_lat", ["group_code", "lat"]),
        ("ix_reports_merged_into_id", ["merged_into_id"]),
        ("ix_reports_category_code", ["category_code"]),
    ):
        op.create_index(name, "reports", columns)

    op.create_table(
        "report_history",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("step", one_of("step_known", STEPS), nullable=False),
        sa.Column("from_state", one_of("from_state_known", STATES)),
        sa.Column("to_state", one_of("to_state_known", STATES), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("actor_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("internal_note", sa.Text, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
    )
    op.create_index("ix_report_history_report_id_id", "report_history", ["report_id", "id"])

    op.create_table(
        "report_photos",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("history_id", BIG, sa.ForeignKey("report_history.id")),
        sa.Column("added_by_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("kind", one_of("photo_kind_known", ("before", "after")), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("byte_count", sa.Integer, nullable=False),
        sa.Column("dhash", sa.String(16), nullable=False),
        sa.Column("taken_gap_s", sa.Integer),
        sa.Column("taken_off_m", sa.Integer),
        sa.Column("added_at", UtcInstant(), nullable=False),
        sa.CheckConstraint("width > 0 AND height > 0", name="has_pixels"),
    )
    op.create_index("ix_report_photos_report_id_id", "report_photos", ["report_id", "id"])
    op.create_index("ix_report_photos_name", "report_photos", ["name"])

    op.create_table(
        "number_counters",
        sa.Column("prefix", sa.String(4), primary_key=True),
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("last", sa.Integer, nullable=False),
    )
    op.create_table(
        "step_keys",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("key", sa.String(36), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("report_id", BIG, sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.UniqueConstraint("member_id", "key", name="a_step_once"),
    )
    _keep_history_as_written()


def _keep_history_as_written() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER report_history_no_{verb.lower()} BEFORE {verb} ON report_history"
                " BEGIN SELECT RAISE(ABORT, 'history_is_append_only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION report_history_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'history_is_append_only' USING ERRCODE = 'check_violation';"
        " END $$"
    )
    op.execute(
        "CREATE TRIGGER report_history_no_change BEFORE UPDATE OR DELETE ON report_history"
        " FOR EACH ROW EXECUTE FUNCTION report_history_refuse()"
    )
    op.execute(
        "CREATE TRIGGER report_history_no_truncate BEFORE TRUNCATE ON report_history"
        " FOR EACH STATEMENT EXECUTE FUNCTION report_history_refuse()"
    )


def downgrade() -> None:
    for table in ("step_keys", "number_counters", "report_photos", "report_history", "reports"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION report_history_refuse()")
