"""Points as the monthly figures read them: by community, of one month or of this moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import Connection, case, func, select, text
from sqlalchemy.orm import Session, aliased

from grid_report.clock import Month
from grid_report.db import db
from grid_report.points.budgets import queries
from grid_report.points.kinds import AccountKind, EventKind
from grid_report.points.ledger.models import IS_EXPIRY, Account, Journal, Lot, LotMovement, Transfer


def pools(month: Month) -> dict[str, tuple[int, int]]:
    """Return what each community's pool of a month was granted and has awarded."""
    found = queries.list_pools(month, None)
    return {code: (pool.granted, pool.awarded) for code, pool in found.items()}


def reserve(month: Month) -> tuple[int, int]:
    """Return what the county's reserve of a month was granted and has awarded."""
    pool = queries.reserve(month)
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


def flows(
    connection: Connection, start: datetime, end: datetime
) -> Iterator[tuple[str, EventKind, int, int]]:
    """Yield what moved riders' points in a half-open stretch, from the ledger's movements.

    As (awarding community, kind of event, points more or less, of them on hold); a hold moves
    nothing. What ended is `expired`: it counts by its last day, whenever the job ran.
    """
    award = aliased(Transfer)
    earned = aliased(Journal)
    moved = LotMovement.free_delta + LotMovement.held_delta
    rows = connection.execute(
        select(
            earned.community_code,
            Journal.kind,
            func.sum(moved),
            func.sum(LotMovement.held_delta),
        )
        .select_from(Journal)
        # From the month's entries to what they moved, never the other way round (+ 0).
        .join(Transfer, Transfer.journal_id == Journal.id + 0)
        .join(LotMovement, LotMovement.transfer_id == Transfer.id + 0)
        .join(Lot, Lot.id == LotMovement.lot_id)
        .join(award, award.id == Lot.transfer_id)
        .join(earned, earned.id == award.journal_id)
        .where(Journal.at >= start, Journal.at < end, Journal.kind != EventKind.EXPIRY)
        .group_by(earned.community_code, Journal.kind)
    )
    for code, kind, points, on_hold in rows:
        yield str(code), kind, int(points), int(on_hold)


def span() -> list[datetime]:
    """Return when the ledger's first and last events were; nothing when there is none."""
    # One by one: each is an end of an index.
    ends = [db.session.scalar(select(of(Journal.at))) for of in (func.min, func.max)]
    return [it for it in ends if it is not None]


def debts_changed(connection: Connection, start: datetime, end: datetime) -> int:
    """Return by how much riders' debts grew in a half-open stretch, from the ledger's transfers."""
    grown = case(
        (Transfer.debit_kind == AccountKind.RIDER_DEBT, Transfer.amount),
        (Transfer.credit_kind == AccountKind.RIDER_DEBT, -Transfer.amount),
        else_=0,
    )
    found = connection.scalar(
        select(func.coalesce(func.sum(grown), 0))
        .select_from(Journal)
        .join(Transfer, Transfer.journal_id == Journal.id + 0)
        .where(Journal.at >= start, Journal.at < end)
    )
    return int(found or 0)


def debts(connection: Connection) -> int:
    """Return what riders owe in all at this moment."""
    owed = func.coalesce(func.sum(Account.debits - Account.credits), 0)
    query = select(owed).where(text("point_accounts.kind = 'rider_debt'"))  # as the index says it
    return int(connection.scalar(query) or 0)


def held(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return by awarding community what riders hold at this moment, and what of it is on hold.

    Reads every lot there is.
    """
    alive = Lot.free + Lot.held
    rows = connection.execute(
        select(Journal.community_code, func.sum(alive), func.sum(Lot.held))
        .select_from(Lot)
        .join(Transfer, Transfer.id == Lot.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(alive > 0, Journal.kind == EventKind.AWARD)
        .group_by(Journal.community_code)
    )
    return {str(code): (int(points), int(on_hold)) for code, points, on_hold in rows}


def communities_of(session: Session, lots: Collection[int]) -> dict[int, str]:
    """Return which communities awarded lots."""
    rows = session.execute(
        select(Lot.id, Journal.community_code)
        .join(Transfer, Transfer.id == Lot.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(Lot.id.in_(sorted(lots)))
    )
    return {lot: str(code) for lot, code in rows}
