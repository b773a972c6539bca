"""Members choose news by kind and channel, have quiet hours of their own, and may connect their WeChat.

What was said of a channel as a whole was said of what cannot wait, the only news it brought then.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from grid_report.db import BIG, UtcInstant

revision = "0039"
down_revision = "0038"

AT_ONCE = (
    "report_submitted", "report_urged", "light_red", "place_offered", "redemption_called_off",
    "application_expiring",
)  # fmt: skip
COLUMNS = "member_id, channel, wanted, at"


def _choices(*more: sa.Column[str], unique: tuple[str, ...], name: str) -> None:
    op.drop_table("channel_choices")
    op.create_table(
        "channel_choices",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        *more,
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("wanted", sa.Boolean, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.UniqueConstraint(*unique, name=name),
    )


def upgrade() -> None:
    op.execute(f"CREATE TEMPORARY TABLE said_before AS SELECT {COLUMNS} FROM channel_choices")
    _choices(
        sa.Column("kind", sa.String(40), nullable=False),
        unique=("member_id", "kind", "channel"),
        name="one_choice_a_kind_and_channel",
    )
    for kind in AT_ONCE:
        op.execute(
            f"INSERT INTO channel_choices ({COLUMNS}, kind) SELECT {COLUMNS}, '{kind}' FROM said_before"
        )
    op.execute("DROP TABLE said_before")
    op.create_table(
        "quiet_hours",
        sa.Column(
            "member_id", BIG, sa.ForeignKey("members.id"), primary_key=True, autoincrement=False
        ),
        sa.Column("begins", sa.Integer, nullable=False),
        sa.Column("ends", sa.Integer, nullable=False),
        sa.Column("at", UtcInstant(), nullable=False),
        sa.CheckConstraint(
            "begins BETWEEN 0 AND 1439 AND ends BETWEEN 0 AND 1439", name="in_a_day"
        ),
    )
    op.create_table(
        "wechat_bindings",
        sa.Column("id", BIG, primary_key=True, autoincrement=True),
        sa.Column("member_id", BIG, sa.ForeignKey("members.id"), nullable=False),
        sa.Column("lookup", sa.String(64), nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("bound_at", UtcInstant(), nullable=False),
        sa.Column(
            "refusal",
            sa.Enum(
                "refused",
                "unfollowed",
                "unknown",
                name="refusal_known",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
        ),
        sa.Column("refused_at", UtcInstant()),
        sa.UniqueConstraint("member_id", name="one_wechat_a_member"),
        sa.UniqueConstraint("lookup", name="one_member_a_wechat"),
        sa.CheckConstraint("(refusal IS NULL) = (refused_at IS NULL)", name="refused_iff_dated"),
    )
    op.create_table(
        "wechat_tokens",
        sa.Column("app_id", sa.String(64), primary_key=True),
        sa.Column("lookup", sa.String(64)),
        sa.Column("sealed", sa.LargeBinary),
        sa.Column("expires_at", UtcInstant()),
        sa.Column("claimed_until", UtcInstant()),
    )


def downgrade() -> None:
    # Who stopped one kind of many wants the channel still; who stopped all of them does not.
    op.execute(
        "CREATE TEMPORARY TABLE said_before AS SELECT member_id, channel,"
        " MAX(CASE WHEN wanted THEN 1 ELSE 0 END) = 1 AS wanted, MAX(at) AS at"
        " FROM channel_choices GROUP BY member_id, channel"
        # Without a word staff are told and riders are not: that is what remains of the others.
        " HAVING MAX(CASE WHEN wanted THEN 1 ELSE 0 END) = 1 OR"
        " SUM(CASE WHEN kind IN ('report_submitted', 'report_urged', 'light_red') THEN 1 END) = 3"
    )
    _choices(unique=("member_id", "channel"), name="one_choice_a_channel")
    op.execute(f"INSERT INTO channel_choices ({COLUMNS}) SELECT {COLUMNS} FROM said_before")
    op.execute("DROP TABLE said_before")
    for table in ("wechat_tokens", "wechat_bindings", "quiet_hours"):
        op.drop_table(table)
