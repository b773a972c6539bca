"""The triggers migrations 0004, 0006, 0007 and 0020 put on the ledger, by name: the audit misses each that is gone."""

from __future__ import annotations

from typing import Final

TABLES: Final = (
    "point_routes",
    "point_zero",
    "point_freeze",
    "point_accounts",
    "point_journal",
    "point_transfers",
    "point_lots",
    "point_lot_movements",
    "point_unpaid",
    "point_owed",
)

CHECKED_ON_INSERT: Final = (
    "point_accounts",
    "point_journal",
    "point_lot_movements",
    "point_lots",
    "point_owed",
    "point_transfers",
    "point_unpaid",
)
REDEEMING: Final = ("point_journal", "point_lot_movements", "point_transfers")
OWING: Final = ("point_lot_movements",)
CHECKED_ON_UPDATE: Final = ("point_accounts", "point_lots", "point_unpaid")
MOVING: Final = ("point_lot_movements", "point_lots", "point_transfers")
FOREVER: Final = (
    "point_journal",
    "point_lot_movements",
    "point_owed",
    "point_routes",
    "point_transfers",
    "point_zero",
)
NEVER_ADDED_TO: Final = ("point_routes", "point_zero")
# Of the earning tables: what was decided stays, and so does a version that has started.
EARNING: Final = (
    "point_claims_no_delete",
    "point_claims_no_update",
    "point_proposals_before_update",
    "point_proposals_no_delete",
    "tariff_versions_before_insert",
    "tariff_versions_first_of_file",
    "tariff_versions_no_delete",
    "tariff_versions_no_update",
)
EARNING_TABLES: Final = ("point_claims", "point_proposals", "tariff_versions")


def expected(dialect: str) -> frozenset[str]:
    """Return the names of all triggers there must be on a database."""
    names = {f"{table}_before_insert" for table in CHECKED_ON_INSERT}
    names |= {f"{table}_redeeming" for table in REDEEMING}
    names |= {f"{table}_owing" for table in OWING}
    names |= {f"{table}_before_update" for table in CHECKED_ON_UPDATE}
    names |= {f"{table}_effect" for table in MOVING}
    names |= {f"{table}_no_update" for table in FOREVER}
    names |= {f"{table}_no_insert" for table in NEVER_ADDED_TO}
    names |= {f"{table}_no_delete" for table in TABLES}
    names |= set(EARNING)
    if dialect == "postgresql":
        names |= {f"{table}_no_truncate" for table in (*TABLES, *EARNING_TABLES)}
    return frozenset(names)
