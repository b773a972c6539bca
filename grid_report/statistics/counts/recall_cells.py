"""What one case taken back adds to the figures, as `counts/cells.py` says it of a case. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, tzinfo
from typing import NamedTuple

from grid_report.clock import Month
from grid_report.statistics.counts.cells import OWN_HANDLING, Cell, Cells
from grid_report.statistics.measures import Facet, Measure


class RecallFacts(NamedTuple):
    """What the figures know of a case taken back: where it was at that moment, and who had it.

    `unit` is None for the own handling of the community.
    """

    at: datetime
    street: str | None
    community: str | None
    category: str
    unit: str | None


def recall_cells(recall: RecallFacts, zone: tzinfo) -> Cells:
    """Count one recall, in the month it happened and under whoever had the case until then."""
    month = str(Month.of(recall.at, zone))
    return Counter(
        {
            Cell(month, facet, key, Measure.RECALLED): 1
            for facet, key in (
                (Facet.ALL, ""),
                (Facet.CATEGORY, recall.category),
                (Facet.UNIT, recall.unit or OWN_HANDLING),
            )
        }
    )
