"""What a review needs to know of the ledger: what reports earned, and what was taken back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, select

from grid_report.db import db
from grid_report.points.kinds import EventKind, Verdict
from grid_report.points.models import Journal


@dataclass(frozen=True)
class Award:
    """An entry that a reversal can be proposed for."""

    entry_id: int
    rule: str | None
    points: int


def count_reversals(rider_ids: Collection[int]) -> dict[int, int]:
    """Count the awards taken back from riders for more than an honest mistake."""
    if not rider_ids:
        return {}
    rows = db.session.execute(
        select(Journal.rider_id, func.count())
        .where(
            Journal.rider_id.in_(rider_ids),
            Journal.kind == EventKind.REVERSAL,
            Journal.verdict.in_((Verdict.NEGLIGENT, Verdict.FRAUD)),
        )
        .group_by(Journal.rider_id)
    )
    return {int(rider): int(count) for rider, count in rows if rider is not None}


def awards_of(numbers: Collection[str]) -> dict[str, list[Award]]:
    """Return what each report was awarded, in one statement; others than its rider's as well."""
    found: dict[str, list[Award]] = {number: [] for number in numbers}
    if found:
        rows = db.session.execute(
            select(Journal.report_number, Journal.id, Journal.rule, Journal.points)
            .where(Journal.report_number.in_(found), Journal.kind == EventKind.AWARD)
            .order_by(Journal.id)
        )
        for number, entry_id, rule, points in rows:
            found[str(number)].append(Award(entry_id, rule, points))
    return found
