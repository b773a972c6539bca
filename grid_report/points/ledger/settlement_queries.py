"""What providers were paid for which service: read by their statements."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func

from grid_report.points.causes import REDEMPTION_SETTLED
from grid_report.points.ledger.models import Journal


def with_settlement(query: Select[Any], ref: ColumnElement[str]) -> Select[Any]:
    """Add what its settlement paid, and the entry, to each row of a query on redemptions.

    One look into an index a row, in the same statement; what was free has no settlement.
    """
    settled = and_(Journal.cause_type == REDEMPTION_SETTLED, Journal.cause_id == ref)
    return query.outerjoin(Journal, settled).add_columns(
        func.coalesce(Journal.points, 0).label("points"), Journal.id.label("journal_id")
    )
