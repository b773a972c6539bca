"""What becomes of messages when a member is erased."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, Told, stays

TABLES: Final = (
    Table("inbox", of="member_id", goes=True),
    Table("inbox", of="message_id>outbox.member_id", goes=True),
    Table(
        "channel_deliveries",
        of="message_id>outbox.member_id",
        goes=True,
    ),
    Table("channel_choices", of="member_id", goes=True),
    # What others were told in the member's words: see `erasure_steps.py`.
    Table(
        "outbox",
        of="member_id",
        goes=True,
        stays=stays(Stays.SHELL, "except_id") | stays(Stays.BY_STEP, "facts"),
    ),
)

TOLD: Final = (Told("channels", "channel_choices", "member_id", "channel wanted at"),)
