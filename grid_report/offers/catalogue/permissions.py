"""Who reads the catalogue, who redeems from it, who writes it."""

from __future__ import annotations

from typing import Final

from grid_report.access import Permission, has
from grid_report.access.roles import Role

OFFERS_READ: Final = Permission[object]("offers.read", lambda _who, _it: True)
OFFERS_REDEEM: Final = Permission("offers.redeem", has(Role.RIDER))
OFFERS_LIST: Final = Permission("offers.list", has(Role.ADMINISTRATOR, Role.AUDITOR))
OFFERS_MANAGE: Final = Permission("offers.manage", has(Role.ADMINISTRATOR))
