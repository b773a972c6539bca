"""What changed of a frozen month since: case by case, and added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from grid_report.db import db
from grid_report.statistics.definitions import C
from grid_report.statistics.models import StatisticsCorrection
from grid_report.statistics.monthly import MonthReport

MOST: Final = 50


@dataclass(frozen=True)
class Correction:
    """One change: when, of which case (None for a service), and by how much each measure."""

    at: datetime
    number: str | None
    area: str
    changes: Mapping[str, int]


def list_corrections(report: MonthReport) -> Sequence[Correction]:
    """List what changed since the version shown was frozen, newest first, in the report's area."""
    assert report.frozen is not None
    query = (
        select(StatisticsCorrection)
        .where(
            StatisticsCorrection.month == str(report.month),
            StatisticsCorrection.version == report.frozen.version,
        )
        .order_by(StatisticsCorrection.id.desc())
        .limit(MOST)
    )
    if not report.area.is_county:
        # A street's code begins that of its communities.
        query = query.where(StatisticsCorrection.area.startswith(report.area.code, autoescape=True))
    rows = db.session.scalars(query).all()
    ids = [row.about_id for row in rows if row.about == "case"]
    numbers: dict[int, Any] = (
        {
            row.id: row.number
            for row in db.session.execute(select(C.id, C.number).where(C.id.in_(ids)))
        }
        if ids
        else {}
    )
    return [
        Correction(
            row.at,
            numbers.get(row.about_id) if row.about == "case" else None,
            row.area,
            row.changes,
        )
        for row in rows
    ]
