"""What somebody may do, each with the rule that says who and the type of thing it is asked about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

from grid_report.access.actor import Actor
from grid_report.access.roles import Role
from grid_report.errors import Forbidden, NotFound

Subject_contra = TypeVar("Subject_contra", contravariant=True)
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Permission(Generic[Subject_contra]):
    """One row of a room's `permissions.py`; templates and documents call it by its name.

    `knows` says who may know of the thing at all: the others are told that there is no such thing,
    not that it is forbidden. Without it, that there is such a thing is no secret.
    """

    name: str
    rule: Callable[[Actor, Subject_contra], bool]
    knows: Callable[[Actor, Subject_contra], bool] | None = None


def anyone_with(*roles: Role) -> Callable[[Actor, object], bool]:
    """Return the rule that anybody may who holds one of the roles anywhere."""
    return lambda who, _: who.holds_any(*roles)


@overload
def allowed(who: Actor, permission: Permission[None]) -> bool: ...
@overload
def allowed(who: Actor, permission: Permission[Thing], it: Thing) -> bool: ...
def allowed(who: Actor, permission: Permission[Any], it: Any = None) -> bool:
    """Answer for templates and queries; `check` is the same question with teeth."""
    return permission.rule(who, it)


@overload
def check(who: Actor, permission: Permission[None]) -> None: ...
@overload
def check(who: Actor, permission: Permission[Thing], it: Thing) -> None: ...
def check(who: Actor, permission: Permission[Any], it: Any = None) -> None:
    """Refuse what is not allowed. Raises NotFound where `knows` says no, else Forbidden."""
    if permission.rule(who, it):
        return
    knows = permission.knows
    raise Forbidden if knows is None or knows(who, it) else NotFound
