"""Reads a month's decisions and asks what a version would have made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo

from sqlalchemy import func, select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.points.causes import LEARNING_QUIZ
from grid_report.points.kinds import EventKind
from grid_report.points.ledger.models import Journal
from grid_report.points.rates import Version
from grid_report.points.rewards.caps import Facts
from grid_report.points.rewards.models import ClaimRow
from grid_report.points.tariff.simulate import STAYS, Comparison, PastDecision, replay


def try_on_month(version: Version, month: Month, zone: tzinfo) -> Sequence[Comparison]:
    """Return what each community's month came to, and would have come to, by community code."""
    found = replay(version, _decisions(month, zone), zone)
    return [found[code] for code in sorted(found)]


def _decisions(month: Month, zone: tzinfo) -> Iterator[PastDecision]:
    start, end = month.bounds(zone)
    rows = db.session.execute(
        select(
            ClaimRow.cause_type,
            ClaimRow.rider_id,
            ClaimRow.at,
            ClaimRow.community_code,
            ClaimRow.rule,
            ClaimRow.severity,
            ClaimRow.nth,
            ClaimRow.after_closing_s,
            ClaimRow.rate,
            ClaimRow.points,
            ClaimRow.cut,
        )
        .where(ClaimRow.at >= start, ClaimRow.at < end)
        .order_by(ClaimRow.id)
        .execution_options(yield_per=2000)
    )
    for row in rows:
        facts = Facts(
            row.rule,
            row.severity,
            row.nth,
            row.after_closing_s,
            is_quiz=row.cause_type == LEARNING_QUIZ,
            # People chose the points of a merit; no version says how many.
            rate=row.rate if row.rule == "R10" else None,
            cut=row.cut if row.cut in STAYS else None,
        )
        yield PastDecision(row.rider_id, row.at, row.community_code, facts, row.points)


def paid_by_community(month: Month) -> dict[str, int]:
    """Return what each community's awards of a month came to in the ledger."""
    rows = db.session.execute(
        select(Journal.community_code, func.sum(Journal.points))
        .where(Journal.kind == EventKind.AWARD, Journal.month == str(month))
        .group_by(Journal.community_code)
    )
    return {code: int(points) for code, points in rows if code is not None}
