"""All of a rider's points on one sheet, for taking it along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from grid_report.db import db
from grid_report.points.history.queries import list_entries


def statement(rider_id: int) -> Iterator[Mapping[str, Any]]:
    """Return every line of a rider's points, newest first, signed as on the page."""
    before: int | None = None
    while True:
        found, before = list_entries(rider_id, before, 200)
        db.session.rollback()
        for entry in found:
            yield {
                "at": entry.at,
                "points": entry.points,
                "what": entry.kind,
                "rule": entry.rule or "",
                "report": entry.report_number or "",
                "service": entry.redemption_ref or "",
                "tariff": entry.tariff_version or "",
            }
        if before is None:
            return
