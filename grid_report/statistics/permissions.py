"""Who reads the figures of an area, who freezes a month, who gets it sent."""

from __future__ import annotations

from typing import Final, Protocol

from grid_report.access import Actor, Permission, anyone_with
from grid_report.access.roles import Role


class Counted(Protocol):
    """An area: the county ('', without parent), a street or a community."""

    @property
    def code(self) -> str: ...
    @property
    def parent(self) -> str | None: ...


def _reads(who: Actor, it: Counted | None) -> bool:
    """The county's people any area, a street and a community their own, a street also what it is
    made of. Without an area: whether there is any.
    """
    if who.holds_any(Role.ADMINISTRATOR, Role.AUDITOR):
        return True
    if it is None:
        return who.holds_any(Role.WORKER, Role.SUPERVISOR)
    own = who.places(Role.WORKER) | who.places(Role.SUPERVISOR)
    return it.code in own or who.holds(Role.SUPERVISOR, it.parent)


# One rule and two questions: pages and menus ask whether there is anything to open at all, before
# an area is chosen; what shows an area asks about that one. The types keep them apart.
STATISTICS_OPEN: Final = Permission[None]("statistics.open", _reads)
STATISTICS_READ: Final = Permission[Counted]("statistics.read", _reads)
STATISTICS_FREEZE: Final = Permission("statistics.freeze", anyone_with(Role.ADMINISTRATOR))
STATISTICS_DELIVER: Final = Permission("statistics.deliver", anyone_with(Role.ADMINISTRATOR))
DELIVERIES_READ: Final = Permission(
    "deliveries.read", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR)
)
