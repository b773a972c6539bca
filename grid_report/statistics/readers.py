"""Who may read the figures of an area: what `access` asks."""

from __future__ import annotations

from typing import Any

from grid_report.accounts.roles import Role


def reads_figures(who: Any, it: Any) -> bool:
    """Tell whether somebody may read an area: the county's people any, a street and a community
    their own, a street also what it is made of. Without an area: whether there is any.
    """
    if who.has(Role.ADMINISTRATOR, Role.AUDITOR):
        return True
    if it is None:
        return bool(who.has(Role.WORKER, Role.SUPERVISOR))
    own = who.places(Role.WORKER) | who.places(Role.SUPERVISOR)
    return it.code in own or it.parent in who.places(Role.SUPERVISOR)
