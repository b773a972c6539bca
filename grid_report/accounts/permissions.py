"""Who manages accounts, vouches for a number, and reads what staff did."""

from __future__ import annotations

from typing import Final, Protocol

from grid_report.access import Actor, Permission, anyone_with
from grid_report.access.roles import Role


class Claim(Protocol):
    """A number somebody says is theirs."""

    @property
    def rider_id(self) -> int: ...


def _vouches(who: Actor, it: Claim | None) -> bool:
    # With the person standing there; nobody vouches for oneself.
    return who.holds_any(Role.STATION_STAFF, Role.WORKER, Role.ADMINISTRATOR) and (
        it is None or it.rider_id != who.member_id
    )


MEMBERS_READ: Final = Permission("members.read", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR))
MEMBERS_MANAGE: Final = Permission("members.manage", anyone_with(Role.ADMINISTRATOR))
NUMBER_CONFIRM: Final = Permission("number.confirm", _vouches)
AUDIT_READ: Final = Permission("audit.read", anyone_with(Role.ADMINISTRATOR, Role.AUDITOR))
# Administrators know whom they manage; whoever only oversees gives a reason that is kept.
MEMBERS_LOOK: Final = Permission[object](
    "members.look",
    lambda who, _: who.holds_any(Role.AUDITOR) and not who.holds_any(Role.ADMINISTRATOR),
)
