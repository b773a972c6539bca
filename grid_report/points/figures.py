"""Points as the monthly figures read them: by community, of one month or of this moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from grid_report.clock import Month
from grid_report.points import budgets_view
from grid_report.points.kinds import EventKind
from grid_report.points.models import IS_EXPIRY, Journal, Lot, LotMovement, Transfer


def pools(month: Month) -> dict[str, tuple[int, int]]:
    """Return what each community's pool of a month was granted and has awarded."""
    found = budgets_view.list_pools(month, None)
    return {code: (pool.granted, pool.awarded) for code, pool in found.items()}


def reserve(month: Month) -> tuple[int, int]:
    """Return what the county's reserve of a month was granted and has awarded."""
    pool = budgets_view.reserve(month)
    return pool.granted, pool.awarded


def expired(connection: Connection, start: datetime, end: datetime) -> dict[str, int]:
    """Return by community the points good for the last time in a half-open stretch, and ended.

    Whenever the job ran: what ends "on 31 October" is October's.
    """
    rows = connection.execute(
        select(Journal.community_code, func.sum(-LotMovement.free_delta))
        .join(Transfer, Transfer.journal_id == Journal.id)
        .join(LotMovement, LotMovement.transfer_id == Transfer.id)
        .join(Lot, Lot.id == LotMovement.lot_id)
        .where(
            text(f"point_journal.{IS_EXPIRY}"),
            Journal.at >= start,
            # The first instant at which they are over is the next month's first.
            Lot.expires_at > start,
            Lot.expires_at <= end,
        )
        .group_by(Journal.community_code)
    )
    return {str(code): int(points) for code, points in rows}


def held(connection: Connection) -> dict[str, int]:
    """Return by awarding community what riders hold at this moment; reads every lot there is."""
    alive = Lot.free + Lot.held
    rows = connection.execute(
        select(Journal.community_code, func.sum(alive))
        .select_from(Lot)
        .join(Transfer, Transfer.id == Lot.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(alive > 0, Journal.kind == EventKind.AWARD)
        .group_by(Journal.community_code)
    )
    return {str(code): int(points) for code, points in rows}


def communities_of(session: Session, lots: Collection[int]) -> dict[int, str]:
    """Return which communities awarded lots."""
    rows = session.execute(
        select(Lot.id, Journal.community_code)
        .join(Transfer, Transfer.id == Lot.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(Lot.id.in_(sorted(lots)))
    )
    return {lot: str(code) for lot, code in rows}
