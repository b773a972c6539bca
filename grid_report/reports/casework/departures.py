"""Where a case went that somebody had and has no longer. Pure.

Whoever opens an old link is told so, and nothing of the case that they may not see any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from grid_report.access import Actor
from grid_report.access.roles import Role
from grid_report.places.geo.reference import Reference
from grid_report.reports.lifecycle import Step

# Steps by which a unit loses what was dispatched to it.
FROM_A_UNIT: Final = frozenset({Step.RETURN, Step.START, Step.RECALL, Step.REOPEN})


@dataclass(frozen=True)
class Left:
    """When and by which step a case left whoever asks, and the community it went to."""

    step: str
    at: datetime
    community: str


def left(
    actor: Actor, history: Sequence[Any], community: str | None, places: Reference
) -> Left | None:
    """Return how a case left this actor's hands last; None for whoever never had it.

    `history` is the whole of it, oldest first; `community` is where the case is now.
    """
    # Backwards in time: where the case was after the entry that is looked at.
    here = community
    for entry in reversed(history):
        was, now = (entry.changes.get("community") or [None, None])[:2]
        unit = (entry.changes.get("unit") or [None, None])[0]
        lost = entry.step is Step.TRANSFER and _had(actor, was, now, places)
        lost = lost or (entry.step in FROM_A_UNIT and unit in actor.places(Role.HANDLER))
        if lost and here is not None:
            return Left(entry.step.value, entry.at, here)
        if entry.step is Step.TRANSFER:
            here = was
    return None


def _had(actor: Actor, was: str | None, now: str | None, places: Reference) -> bool:
    if was in actor.places(Role.WORKER):
        return True
    before, after = places.community(was), places.community(now)
    streets = actor.places(Role.SUPERVISOR)
    return (
        before is not None
        and before.street_code in streets
        and (after is None or after.street_code not in streets)
    )
