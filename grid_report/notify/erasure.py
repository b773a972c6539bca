"""What becomes of messages when a member is erased."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, Told, stays, without_members

TABLES: Final = (
    Table("inbox", of="member_id", goes=True),
    Table("inbox", of="message_id>outbox.member_id", goes=True),
    Table(
        "channel_deliveries",
        of="message_id>outbox.member_id",
        goes=True,
    ),
    Table("channel_choices", of="member_id", goes=True),
    Table("quiet_hours", of="member_id", goes=True),
    Table("wechat_bindings", of="member_id", goes=True),
    *without_members("wechat_tokens"),
    # What others were told in the member's words: see `erasure_steps.py`.
    Table(
        "outbox",
        of="member_id",
        goes=True,
        stays=stays(Stays.SHELL, "except_id") | stays(Stays.BY_STEP, "facts"),
    ),
)

TOLD: Final = (
    Told("channels", "channel_choices", "member_id", "kind channel wanted at"),
    Told("quiet_hours", "quiet_hours", "member_id", "begins ends at"),
    Told("wechat", "wechat_bindings", "member_id", "bound_at refusal refused_at"),
)
