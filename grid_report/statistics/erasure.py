"""What becomes of this room's tables when a member is erased: figures name nobody."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, Told, stays, without_members

TABLES: Final = (
    *without_members(
        "statistics_cells", "statistics_compared", "statistics_corrections",
        "statistics_recounts", "statistics_rules",
    ),
    Table("statistics_questions", of="owner_id", goes=True),
    Table(
        "statistics_deliveries",
        of="member_id",
        goes=True,
        stays=stays(Stays.OFFICE, "created_by_id"),
    ),
    Table("statistics_freezes", stays=stays(Stays.OFFICE, "frozen_by_id month reason document digest")),
)  # fmt: skip

TOLD: Final = (
    Told("statistics/questions", "statistics_questions", "owner_id", "title asked created_at"),
    Told("statistics/subscriptions", "statistics_deliveries", "member_id", "area day created_at"),
)
