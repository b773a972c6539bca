"""Who reads and replaces boundaries, categories and the list of units."""

from __future__ import annotations

from typing import Final

from grid_report.access import Permission, has
from grid_report.access.roles import STAFF, Role

BOUNDARIES_READ: Final = Permission("boundaries.read", has(Role.ADMINISTRATOR, Role.AUDITOR))
BOUNDARIES_IMPORT: Final = Permission("boundaries.import", has(Role.ADMINISTRATOR))
CATEGORIES_READ: Final = Permission(
    "categories.read", has(Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR, Role.WORKER)
)
UNITS_LIST: Final = Permission("units.list", has(*STAFF))
