"""Where points are counted, and in which areas, as `counts/cells.py` says it of a case. Pure."""

from __future__ import annotations

from typing import Final

from grid_report.statistics.counts.cells import Cell
from grid_report.statistics.measures import Facet, Measure

# By how much what is on hold changed, beside the kinds of event that move riders' points.
ON_HOLD: Final = "on_hold"
# The same of what riders owe: the county's, for a repayment meets a rider's debt and no community's.
DEBTS: Final = "debts"


def points_cell(month: str, measure: Measure) -> Cell:
    """Return where points of a month are counted, or (`HELD`) those riders hold."""
    return Cell(month, Facet.POINTS, "", measure)


def moved_cell(month: str, what: str) -> Cell:
    """Return where is counted what moved riders' points in a month: a kind of event, `ON_HOLD` or `DEBTS`."""
    return Cell(month, Facet.MOVED, "", what)


def areas_of_points(county: str, street: str | None, community: str) -> tuple[str, ...]:
    """Return every area points count for: of a community nobody knows, the county alone."""
    return (county,) if street is None else (county, street, community)
