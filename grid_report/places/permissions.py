"""Who reads and replaces boundaries, categories and the list of units."""

from __future__ import annotations

from typing import Final

from grid_report.access import Permission, anyone_with
from grid_report.access.roles import STAFF, Role

BOUNDARIES_READ: Final = Permission(
    "boundaries.read", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR)
)
BOUNDARIES_IMPORT: Final = Permission("boundaries.import", anyone_with(Role.ADMINISTRATOR))
CATEGORIES_READ: Final = Permission(
    "categories.read", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPERVISOR, Role.WORKER)
)
UNITS_LIST: Final = Permission("units.list", anyone_with(*STAFF))
GATES_PRINT: Final = Permission("gates.print", anyone_with(Role.ADMINISTRATOR))
