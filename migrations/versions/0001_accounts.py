"""Members, roles, consents, sign-ins, codes, counters, and the audit nobody rewrites."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0001"
down_revision = None

ROLES = (
    "rider", "worker", "supervisor", "handler", "station_staff", "administrator", "auditor",
)  # fmt: skip


def one_of(name: str, values: tuple[str, ...]) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)


def upgrade() -> None:
    op.create_table(
        "members",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("phone_lookup", sa.String(64)),
        sa.Column("phone_sealed", sa.LargeBinary),
        sa.Column("phone_tail", sa.String(4), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("password_hash", sa.String(200)),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column(
            "standing", one_of("standing_known", ("active", "suspended", "erased")), nullable=False
        ),
        sa.Column("is_demo", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.UniqueConstraint("phone_lookup", name=op.f("uq_members_phone_lookup")),
        sa.CheckConstraint(
            "(standing = 'erased') = (phone_lookup IS NULL)", name="phone_until_erased"
        ),
        sa.CheckConstraint("language IN ('zh_CN', 'en')", name="language_known"),
    )
    op.create_table(
        "role_grants",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("role", one_of("role_known", ROLES), nullable=False),
        sa.Column("place", sa.String(20), nullable=False),
        sa.Column("granted_by_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("granted_at", UtcInstant(), nullable=False),
        sa.UniqueConstraint("member_id", "role", "place", name="a_role_once_a_place"),
        sa.CheckConstraint("(role = 'rider') = (place = '')", name="riders_have_no_place"),
    )
    op.create_index("ix_role_grants_role_place", "role_grants", ["role", "place"])
    op.create_table(
        "consents",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column(
            "kind",
            one_of("consent_kind_known", ("account", "position", "photos")),
            nullable=False,
        ),
        sa.Column("notice_version", sa.String(20), nullable=False),
        sa.Column("given_at", UtcInstant(), nullable=False),
        sa.Column("withdrawn_at", UtcInstant()),
        sa.UniqueConstraint("member_id", "kind", "notice_version", name="a_notice_once"),
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("kind", one_of("sign_in_kind_known", ("browser", "token")), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("by_code", sa.Boolean, nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("expires_at", UtcInstant(), nullable=False),
        sa.Column("revoked_at", UtcInstant()),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_sign_ins_secret_hash")),
    )
    op.create_index("ix_sign_ins_member_id", "sign_ins", ["member_id"])
    op.create_table(
        "sms_codes",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("phone_lookup", sa.String(64), nullable=False),
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("created_at", UtcInstant(), nullable=False),
        sa.Column("expires_at", UtcInstant(), nullable=False),
        sa.Column("used_at", UtcInstant()),
        sa.CheckConstraint("tries >= 0", name="tries_counted"),
    )
    op.create_index("ix_sms_codes_phone_lookup_id", "sms_codes", ["phone_lookup", "id"])
    op.create_table(
        "rate_counters",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("window_start", UtcInstant(), primary_key=True),
        sa.Column("hits", sa.Integer, nullable=False),
    )
    op.create_index("ix_rate_counters_window_start", "rate_counters", ["window_start"])
    op.create_table(
        "audit_entries",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.Column("actor_id", BIG, sa.ForeignKey("members.id")),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("about", sa.String(120), nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
    )
    op.create_index("ix_audit_entries_about_id", "audit_entries", ["about", "id"])
    _keep_audit_as_written()


def _keep_audit_as_written() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_entries_no_{verb.lower()} BEFORE {verb} ON audit_entries"
                " BEGIN SELECT RAISE(ABORT, 'audit_is_append_only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'audit_is_append_only' USING ERRCODE = 'check_violation';"
        " END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_no_change BEFORE UPDATE OR DELETE ON audit_entries"
        " FOR EACH ROW EXECUTE FUNCTION audit_entries_refuse()"
    )
    op.execute(
        "CREATE TRIGGER audit_entries_no_truncate BEFORE TRUNCATE ON audit_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION audit_entries_refuse()"
    )


def downgrade() -> None:
    for table in (
        "audit_entries", "rate_counters", "sms_codes", "sign_ins", "consents", "role_grants",
        "members",
    ):  # fmt: skip
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION audit_entries_refuse()")
