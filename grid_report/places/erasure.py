"""What becomes of this room's tables when a member is erased: nothing, they are the county's."""

from __future__ import annotations

from typing import Final

from grid_report.accounts.leaving.fates import Stays, Table, stays, without_members

TABLES: Final = (
    *without_members(
        "basemap_pieces", "basemaps", "boundaries", "categories", "communities", "compounds", "reference_points", "stamps",
        "streets", "unit_areas", "units",
    ),
    Table("boundary_drafts", stays=stays(Stays.OFFICE, "made_by_id source content")),
    Table("boundary_versions", stays=stays(Stays.OFFICE, "made_by_id source findings")),
)  # fmt: skip
