"""Who reads the catalogue, who redeems from it, who writes it."""

from __future__ import annotations

from typing import Final

from grid_report.access import Permission, anyone_with
from grid_report.access.roles import Role

OFFERS_READ: Final = Permission[object]("offers.read", lambda _who, _it: True)
OFFERS_REDEEM: Final = Permission("offers.redeem", anyone_with(Role.RIDER))
OFFERS_LIST: Final = Permission("offers.list", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR))
OFFERS_MANAGE: Final = Permission("offers.manage", anyone_with(Role.ADMINISTRATOR))
