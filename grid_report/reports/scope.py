"""Whose reports a list may hold for somebody."""

from __future__ import annotations

from dataclasses import dataclass, field

from grid_report.access import Actor
from grid_report.access.roles import Role


@dataclass(frozen=True)
class ReportScope:
    """Which reports a list may hold for somebody; `desk/queries.py` turns it into SQL."""

    everything: bool = False
    reporter_id: int | None = None
    communities: frozenset[str] = field(default_factory=frozenset)
    streets: frozenset[str] = field(default_factory=frozenset)
    units: frozenset[str] = field(default_factory=frozenset)


def report_scope(who: Actor) -> ReportScope:
    """Say which reports this actor may see; agrees with `REPORT_READ` by a test."""
    return ReportScope(
        everything=who.holds_any(Role.ADMINISTRATOR, Role.AUDITOR),
        reporter_id=who.member_id,
        communities=who.places(Role.WORKER),
        streets=who.places(Role.SUPERVISOR),
        units=who.places(Role.HANDLER),
    )
