"""Who may judge: what `access` asks about a signal or a sampled report, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from grid_report.accounts.roles import Role
from grid_report.errors import Conflict


@dataclass(frozen=True)
class Subject:
    """What a look is about: where, whose reports, and who has decided on them."""

    street_code: str | None
    rider_ids: frozenset[int]
    decider_ids: frozenset[int] = frozenset()


@dataclass(eq=False)
class AlreadyJudged(Conflict):
    """Somebody has looked at it before and said something else. The first words stay."""

    code: ClassVar[str] = "already-judged"


def reviews(who: Any, it: Subject | None, *county: Role) -> bool:
    """Tell whether somebody looks at what is odd there: its street, or these roles of the county.

    Never at what is about an own report. Without a subject: whether there is anything to look at.
    """
    if it is None:
        return bool(who.has(Role.SUPERVISOR, *county))
    if who.member_id in it.rider_ids:
        return False
    return it.street_code in who.places(Role.SUPERVISOR) or bool(who.has(*county))


def may_judge(who: Any, it: Subject | None) -> bool:
    """Tell whether somebody says what it is: never who has decided on one of the reports."""
    return reviews(who, it, Role.ADMINISTRATOR) and (
        it is None or who.member_id not in it.decider_ids
    )
