"""Whose signals and samples a list may hold for somebody."""

from __future__ import annotations

from dataclasses import dataclass

from grid_report.access import Actor
from grid_report.access.roles import Role


@dataclass(frozen=True)
class ReviewScope:
    """Which signals and samples a list may hold for somebody: of these streets, or of all (None)."""

    streets: frozenset[str] | None
    member_id: int


def review_scope(who: Actor) -> ReviewScope:
    """Say whose signals this actor may see; agrees with `FAIRNESS_READ` by a test."""
    everything = who.holds_any(Role.ADMINISTRATOR, Role.AUDITOR)
    return ReviewScope(None if everything else who.places(Role.SUPERVISOR), who.member_id)
