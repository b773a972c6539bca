"""What becomes of uploads when a member is erased."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, Told, stays

TABLES: Final = (
    Table("upload_pieces", of="upload_id>uploads.member_id", goes=True),
    Table("uploads", of="member_id", goes=True),
    # Names of files that are about to go, and whose the store is.
    Table("photo_removals", stays=stays(Stays.CODE, "name")),
    Table("installations", stays=stays(Stays.CODE, "key")),
)

TOLD: Final = (
    Told("uploads", "uploads", "member_id", "key said length kept created_at used_at photo_name"),
)
