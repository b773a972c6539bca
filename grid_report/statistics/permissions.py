"""Who reads the figures of an area, who freezes a month, who gets it sent."""

from __future__ import annotations

from typing import Final, Protocol

from grid_report.access import Actor, Permission, has
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
    if who.has(Role.ADMINISTRATOR, Role.AUDITOR):
        return True
    if it is None:
        return who.has(Role.WORKER, Role.SUPERVISOR)
    own = who.places(Role.WORKER) | who.places(Role.SUPERVISOR)
    return it.code in own or who.holds(Role.SUPERVISOR, it.parent)


STATISTICS_OPEN: Final = Permission("statistics.open", _reads)
STATISTICS_READ: Final = Permission("statistics.read", _reads)
STATISTICS_FREEZE: Final = Permission("statistics.freeze", has(Role.ADMINISTRATOR))
STATISTICS_DELIVER: Final = Permission("statistics.deliver", has(Role.ADMINISTRATOR))
DELIVERIES_READ: Final = Permission("deliveries.read", has(Role.ADMINISTRATOR, Role.AUDITOR))
