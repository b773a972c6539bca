"""Who is asking, with the roles held and where."""

from __future__ import annotations

from dataclasses import dataclass

from grid_report.access.roles import STAFF, Role
from grid_report.languages import DEFAULT


@dataclass(frozen=True)
class Grant:
    """One role at one place (a community, street or unit code; None for riders)."""

    role: Role
    place: str | None = None


@dataclass(frozen=True)
class Actor:
    """Who is asking; `accounts/queries.py` makes it from a cookie or a token."""

    member_id: int
    name: str
    grants: frozenset[Grant] = frozenset()
    sign_in_id: int | None = None
    language: str = DEFAULT

    def places(self, role: Role) -> frozenset[str]:
        """Return the codes of the places where the role is held."""
        return frozenset(g.place for g in self.grants if g.role is role and g.place)

    def holds(self, role: Role, place: str | None) -> bool:
        """Tell whether the role is held at this place; nobody holds one at no place."""
        return place is not None and place in self.places(role)

    def holds_any(self, *roles: Role) -> bool:
        """Tell whether any of the roles is held anywhere."""
        return any(grant.role in roles for grant in self.grants)

    @property
    def is_staff(self) -> bool:
        """Tell whether any role but the rider's is held: staff accounts earn nothing."""
        return any(grant.role in STAFF for grant in self.grants)
