"""What providers were paid for which service: read by their statements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.points.causes import REDEMPTION_SETTLED
from grid_report.points.models import Journal

AT_ONCE: Final = 500


def settlements(session: Session, refs: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return points and entry of each settlement, by the redemption's reference."""
    found: dict[str, tuple[int, int]] = {}
    for start in range(0, len(refs), AT_ONCE):
        rows = session.execute(
            select(Journal.cause_id, Journal.points, Journal.id).where(
                Journal.cause_type == REDEMPTION_SETTLED,
                Journal.cause_id.in_(refs[start : start + AT_ONCE]),
            )
        )
        found |= {ref: (points, entry_id) for ref, points, entry_id in rows}
    return found
