"""Very many urgent reports of one rider, shown as one row. Pure."""

from __future__ import annotations

from grid_report.reports.lifecycle import State
from grid_report.reports.models import Report


def is_folded_away(report: Report) -> bool:
    """Tell whether a report is one of many behind one row, and not the first of them."""
    return (
        report.folded_id is not None
        and report.folded_id != report.id
        and report.state is State.SUBMITTED
    )
