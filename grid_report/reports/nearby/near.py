"""Which open reports a rider is shown as maybe the same hazard, and may join. Pure.

Of the own community only: a case across the border is another body's, and the street's to settle.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, TypeVar

from grid_report.places.geo.categories import EMERGENCY_SEVERITY
from grid_report.places.geo.points import Point, distance_m
from grid_report.reports.lifecycle import OPEN, State
from grid_report.reports.sources import LocatedBy

Row = TypeVar("Row", bound=Any)

# Whoever still sees what was handled says something new, and has a report of their own.
JOINABLE: Final = OPEN - {State.HANDLED}
MOST_SHOWN: Final = 5
METRES_A_DEGREE: Final = 111_320
# The phone finds its place again between being asked and sending: it may have moved by so much.
SLACK: Final = 2
# A place from a list or a gate's sign is somebody's middle and says nothing of metres.
MEASURED: Final = frozenset({LocatedBy.PHONE, LocatedBy.PIN})


def nearest(rows: Iterable[Row], here: Point, radius_m: int) -> list[tuple[Row, int]]:
    """Return the few that lie within the radius, with their metres, in the order given."""
    found = [(row, round(distance_m(here, Point(row.lat, row.lng)))) for row in rows]
    return [(row, away) for row, away in found if away <= radius_m][:MOST_SHOWN]


def least_severity(severity: int) -> int:
    """Return how severe a case has to be at least: a danger to life waits for no slower clock."""
    return EMERGENCY_SEVERITY if severity >= EMERGENCY_SEVERITY else 1


def may_join(
    lead: Any,
    *,
    here: Point,
    located_by: LocatedBy | None,
    group: str,
    community: str | None,
    sensitive: bool,
    severity: int,
    radius_m: int,
) -> bool:
    """Tell whether a report at a place may go into a case: open, alike, near, and nobody's secret."""
    return (
        lead.state in JOINABLE
        and lead.severity >= least_severity(severity)
        and not lead.sensitive
        and not sensitive
        and located_by in MEASURED
        # Before it was kept how a place was found.
        and lead.located_by in {*MEASURED, None}
        and lead.group_code == group
        and community is not None
        and lead.community_code == community
        and distance_m(here, Point(lead.lat, lead.lng)) <= SLACK * radius_m
    )
