"""Who may judge: what `access` asks about a signal or a sampled report, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grid_report.access import Actor
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


@dataclass(frozen=True)
class ReviewScope:
    """Which signals and samples a list may hold for somebody: of these streets, or of all (None)."""

    streets: frozenset[str] | None
    member_id: int


def review_scope(who: Actor) -> ReviewScope:
    """Say whose signals this actor may see; agrees with `Action.FAIRNESS_READ` by a test."""
    everything = who.has(Role.ADMINISTRATOR, Role.AUDITOR)
    return ReviewScope(None if everything else who.places(Role.SUPERVISOR), who.member_id)
