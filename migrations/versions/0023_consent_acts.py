"""Consents become acts that nobody rewrites; a report says how its place was found; forms are carried over a sign-in.

Each row becomes the act of agreeing and, when it was taken back, the act of that. What agreeing
again had overwritten before is gone and cannot be brought back. On the way down the newest
agreement of each kind and version stays.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0023"
down_revision = "0022"

KINDS = ("account", "position", "photos")
WITHDRAWN = "withdrawn_at IS NOT NULL"
LOCATED_BY = "located_by IN ('phone', 'pin', 'qr', 'list', 'nowhere')"


def _kind() -> sa.Enum:
    return sa.Enum(
        *KINDS, name="consent_kind_known", native_enum=False, create_constraint=True, length=32
    )


def upgrade() -> None:
    op.create_table(
        "consent_acts",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("kind", _kind(), nullable=False),
        sa.Column("agreed", sa.Boolean, nullable=False),
        sa.Column("notice_version", sa.String(20), nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
    )
    # In the order in which they happened; of one instant the agreement comes first.
    op.execute(
        "INSERT INTO consent_acts (member_id, kind, agreed, notice_version, at)"
        " SELECT member_id, kind, agreed, notice_version, at FROM ("
        "SELECT id, member_id, kind, true AS agreed, notice_version, given_at AS at,"
        " 0 AS later FROM consents"
        " UNION ALL SELECT id, member_id, kind, false, notice_version, withdrawn_at, 1"
        f" FROM consents WHERE {WITHDRAWN}) acts ORDER BY at, later, id"
    )
    op.create_index(
        "ix_consent_acts_member_id_kind_id", "consent_acts", ["member_id", "kind", "id"]
    )
    op.create_index("ix_consent_acts_at", "consent_acts", ["at"])
    op.drop_table("consents")
    _keep_as_written()
    op.create_table(
        "carried_forms",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("sealed", sa.Text, nullable=False),
        sa.Column("expires_at", UtcInstant(), nullable=False),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_carried_forms_secret_hash")),
    )
    op.create_index("ix_carried_forms_expires_at", "carried_forms", ["expires_at"])
    # In the column itself: SQLite adds no constraint to a table without building it anew.
    op.execute(
        "ALTER TABLE reports ADD COLUMN located_by VARCHAR(32)"
        f" CONSTRAINT ck_reports_located_by_known CHECK ({LOCATED_BY})"
    )


def _keep_as_written() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER consent_acts_no_{verb.lower()} BEFORE {verb} ON consent_acts"
                " BEGIN SELECT RAISE(ABORT, 'consents_are_append_only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION consent_acts_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'consents_are_append_only' USING ERRCODE = 'check_violation';"
        " END $$"
    )
    op.execute(
        "CREATE TRIGGER consent_acts_no_change BEFORE UPDATE OR DELETE ON consent_acts"
        " FOR EACH ROW EXECUTE FUNCTION consent_acts_refuse()"
    )
    op.execute(
        "CREATE TRIGGER consent_acts_no_truncate BEFORE TRUNCATE ON consent_acts"
        " FOR EACH STATEMENT EXECUTE FUNCTION consent_acts_refuse()"
    )


def downgrade() -> None:
    op.create_table(
        "consents",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("kind", _kind(), nullable=False),
        sa.Column("notice_version", sa.String(20), nullable=False),
        sa.Column("given_at", UtcInstant(), nullable=False),
        sa.Column("withdrawn_at", UtcInstant()),
        sa.UniqueConstraint("member_id", "kind", "notice_version", name="a_notice_once"),
    )
    # An act that takes a kind back ends every agreement to it before, whatever their versions.
    op.execute(
        "INSERT INTO consents (member_id, kind, notice_version, given_at, withdrawn_at)"
        " SELECT a.member_id, a.kind, a.notice_version, a.at,"
        " (SELECT min(w.at) FROM consent_acts w WHERE w.member_id = a.member_id"
        " AND w.kind = a.kind AND NOT w.agreed AND w.id > a.id)"
        " FROM consent_acts a WHERE a.id IN (SELECT max(id) FROM consent_acts"
        " WHERE agreed GROUP BY member_id, kind, notice_version) ORDER BY a.id"
    )
    op.create_index("ix_consents_given_at", "consents", ["given_at"])
    op.create_index(
        "ix_consents_withdrawn_at",
        "consents",
        ["withdrawn_at"],
        sqlite_where=sa.text(WITHDRAWN),
        postgresql_where=sa.text(WITHDRAWN),
    )
    op.drop_table("consent_acts")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION consent_acts_refuse()")
    op.drop_column("reports", "located_by")
    op.drop_table("carried_forms")
