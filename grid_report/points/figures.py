"""Points as the monthly figures read them: by community, of one month or of this moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select, text

from grid_report.clock import Month
from grid_report.db import db
from grid_report.points import budgets_view
from grid_report.points.kinds import EventKind
from grid_report.points.models import IS_EXPIRY, Journal, Lot, Transfer


def pools(month: Month) -> dict[str, tuple[int, int]]:
    """Return what each community's pool of a month was granted and has awarded."""
    found = budgets_view.list_pools(month, None)
    return {code: (pool.granted, pool.awarded) for code, pool in found.items()}


def reserve(month: Month) -> tuple[int, int]:
    """Return what the county's reserve of a month was granted and has awarded."""
    pool = budgets_view.reserve(month)
    return pool.granted, pool.awarded


def expired(start: datetime, end: datetime) -> dict[str, int]:
    """Return by community what expired in a half-open stretch of time."""
    rows = db.session.execute(
        select(Journal.community_code, func.sum(Journal.points))
        .where(text(IS_EXPIRY), Journal.at >= start, Journal.at < end)
        .group_by(Journal.community_code)
    )
    return {str(code): int(points) for code, points in rows}


def liability() -> dict[str, int]:
    """Return by awarding community what riders hold at this moment."""
    alive = Lot.free + Lot.held
    rows = db.session.execute(
        select(Journal.community_code, func.sum(alive))
        .select_from(Lot)
        .join(Transfer, Transfer.id == Lot.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(alive > 0, Journal.kind == EventKind.AWARD)
        .group_by(Journal.community_code)
    )
    return {str(code): int(points) for code, points in rows}
