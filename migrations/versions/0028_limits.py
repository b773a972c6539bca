"""Failed tries with growing waits, proved devices, codes for who asked, when staff was last seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    op.create_table(
        "failed_tries",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("last_at", UtcInstant(), nullable=False),
        sa.Column("free_at", UtcInstant(), nullable=False),
    )
    op.create_index("ix_failed_tries_last_at", "failed_tries", ["last_at"])
    op.create_table(
        "proved_devices",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("sign_in_id", BIG, nullable=True),
        sa.Column("first_at", UtcInstant(), nullable=False),
        sa.Column("last_at", UtcInstant(), nullable=False),
        sa.Column("revoked_at", UtcInstant(), nullable=True),
    )
    op.create_index("ix_proved_devices_member_id", "proved_devices", ["member_id"])
    # Codes on their way live five minutes: those of before are asked for again.
    op.add_column("sms_codes", sa.Column("asker", sa.String(64), nullable=False, server_default=""))
    op.drop_index("ix_sms_codes_phone_lookup_id", "sms_codes")
    op.create_index(
        "ix_sms_codes_phone_lookup_asker_id", "sms_codes", ["phone_lookup", "asker", "id"]
    )
    # Keys of before answer those who may read the report, as everybody's did until now.
    op.add_column(
        "step_keys", sa.Column("grants", sa.String(64), nullable=False, server_default="")
    )
    # None is "not seen since it was made".
    op.add_column("sign_ins", sa.Column("seen_at", UtcInstant(), nullable=True))


def downgrade() -> None:
    op.drop_column("step_keys", "grants")
    op.drop_column("sign_ins", "seen_at")
    op.drop_index("ix_sms_codes_phone_lookup_asker_id", "sms_codes")
    op.create_index("ix_sms_codes_phone_lookup_id", "sms_codes", ["phone_lookup", "id"])
    op.drop_column("sms_codes", "asker")
    op.drop_table("proved_devices")
    op.drop_table("failed_tries")
