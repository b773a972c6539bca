"""The triggers migrations 0004 and 0006 put on the ledger, by name: the audit misses each that is gone."""

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
)

CHECKED_ON_INSERT: Final = (
    "point_accounts",
    "point_journal",
    "point_lot_movements",
    "point_lots",
    "point_transfers",
    "point_unpaid",
)
REDEEMING: Final = ("point_journal", "point_lot_movements", "point_transfers")
CHECKED_ON_UPDATE: Final = ("point_accounts", "point_lots", "point_unpaid")
MOVING: Final = ("point_lot_movements", "point_lots", "point_transfers")
FOREVER: Final = (
    "point_journal",
    "point_lot_movements",
    "point_routes",
    "point_transfers",
    "point_zero",
)
NEVER_ADDED_TO: Final = ("point_routes", "point_zero")


def expected(dialect: str) -> frozenset[str]:
    """Return the names of all triggers there must be on a database."""
    names = {f"{table}_before_insert" for table in CHECKED_ON_INSERT}
    names |= {f"{table}_redeeming" for table in REDEEMING}
    names |= {f"{table}_before_update" for table in CHECKED_ON_UPDATE}
    names |= {f"{table}_effect" for table in MOVING}
    names |= {f"{table}_no_update" for table in FOREVER}
    names |= {f"{table}_no_insert" for table in NEVER_ADDED_TO}
    names |= {f"{table}_no_delete" for table in TABLES}
    if dialect == "postgresql":
        names |= {f"{table}_no_truncate" for table in TABLES}
    return frozenset(names)
