"""All of a rider's points on one sheet, for taking it along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from grid_report.db import db
from grid_report.points.history.queries import list_entries
from grid_report.web.context import settings
from grid_report.web.pages.words import sentence

COLUMNS: Final = ("at", "points", "what", "report", "service", "tariff")


def statement(rider_id: int) -> Iterator[Mapping[str, Any]]:
    """Return every line of a rider's points, newest first, signed as on the page."""
    zone = settings().county.tz
    heads = [sentence("leaving", f"column-{name}") for name in COLUMNS]
    before: int | None = None
    while True:
        found, before = list_entries(rider_id, before, 200)
        db.session.rollback()
        for entry in found:
            words = sentence("points", "entry", kind=entry.kind.value, rule=entry.rule)
            yield dict(
                zip(
                    heads,
                    (
                        entry.at.astimezone(zone).strftime("%Y-%m-%d %H:%M"),
                        entry.points,
                        words,
                        entry.report_number or "",
                        entry.redemption_ref or "",
                        entry.tariff_version or "",
                    ),
                    strict=True,
                )
            )
        if before is None:
            return
