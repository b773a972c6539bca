"""Who looks at what is odd, and who may say what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from grid_report.access import Actor, Permission
from grid_report.access.roles import Role


@dataclass(frozen=True)
class Subject:
    """What a look is about: where, whose reports, and who has decided on them."""

    street_code: str | None
    rider_ids: frozenset[int]
    decider_ids: frozenset[int] = frozenset()


def _reviews(*county: Role) -> Callable[[Actor, Subject | None], bool]:
    """Its street, or these roles of the county; never whoever it is about.

    Without a subject: whether there is anything to look at.
    """

    def rule(who: Actor, it: Subject | None) -> bool:
        if it is None:
            return who.holds_any(Role.SUPERVISOR, *county)
        if who.member_id in it.rider_ids:
            return False
        return who.holds(Role.SUPERVISOR, it.street_code) or who.holds_any(*county)

    return rule


def _judges(who: Actor, it: Subject | None) -> bool:
    # Never who has decided on one of the reports.
    return _reviews(Role.ADMINISTRATOR)(who, it) and (
        it is None or who.member_id not in it.decider_ids
    )


FAIRNESS_READ: Final = Permission("fairness.read", _reviews(Role.ADMINISTRATOR, Role.AUDITOR))
FAIRNESS_JUDGE: Final = Permission("fairness.judge", _judges)
# A help for the order of the street's own work; the county has no use for it.
FAIRNESS_TRUST: Final = Permission("fairness.trust", _reviews())
