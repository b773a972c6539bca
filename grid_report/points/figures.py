"""Points as the monthly figures read them: by community, of one month or of this moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, case, func, or_, select, text, true
from sqlalchemy.orm import Session, aliased

from grid_report.clock import Month
from grid_report.points import budgets_view
from grid_report.points.kinds import AccountKind, EventKind
from grid_report.points.models import IS_EXPIRY, Account, Journal, Lot, LotMovement, Transfer


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


@dataclass(frozen=True)
class Flows:
    """What moved riders' points, by (awarding community, kind of event): of a month and since it.

    `held` is by how much what is on hold changed since the month's end, by community.
    """

    during: Mapping[tuple[str, EventKind], int]
    since: Mapping[str, int]
    held_since: Mapping[str, int]


def flows(session: Session, start: datetime, end: datetime) -> Flows:
    """Return the movements of lots in a half-open stretch and after it, in one statement.

    A hold moves nothing. What ends "on 31 October" is October's, whenever the job ran, and no
    entry of it was written before: everything that counts here was written from `start` on.
    """
    award = aliased(Transfer)
    earned = aliased(Journal)
    is_expiry = Journal.kind == EventKind.EXPIRY
    begun = case((is_expiry, Lot.expires_at > start), else_=true())
    is_in = case((is_expiry, Lot.expires_at <= end), else_=Journal.at < end)
    moved = LotMovement.free_delta + LotMovement.held_delta
    rows = session.execute(
        select(
            earned.community_code,
            Journal.kind,
            func.coalesce(func.sum(moved).filter(is_in), 0),
            func.coalesce(func.sum(moved).filter(~is_in), 0),
            func.coalesce(func.sum(LotMovement.held_delta).filter(~is_in), 0),
        )
        .select_from(Journal)
        # From the month's entries to what they moved, never the other way round (+ 0).
        .join(Transfer, Transfer.journal_id == Journal.id + 0)
        .join(LotMovement, LotMovement.transfer_id == Transfer.id + 0)
        .join(Lot, Lot.id == LotMovement.lot_id)
        .join(award, award.id == Lot.transfer_id)
        .join(earned, earned.id == award.journal_id)
        .where(Journal.at >= start, begun)
        .group_by(earned.community_code, Journal.kind)
    )
    during: dict[tuple[str, EventKind], int] = {}
    since: Counter[str] = Counter()
    held_since: Counter[str] = Counter()
    for code, kind, inside, after, of_holds in rows:
        during[str(code), kind] = int(inside)
        since[str(code)] += int(after)
        held_since[str(code)] += int(of_holds)
    return Flows(during, since, held_since)


def on_hold(session: Session) -> dict[str, int]:
    """Return by awarding community what is on hold at this moment; reads what is."""
    rows = session.execute(
        select(Journal.community_code, func.sum(Lot.held))
        .select_from(Lot)
        .join(Transfer, Transfer.id == Lot.transfer_id)
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(text("point_lots.held > 0"))  # as the index says it
        .group_by(Journal.community_code)
    )
    return {str(code): int(points) for code, points in rows}


def debts(session: Session, end: datetime) -> int:
    """Return what riders owed in all at an instant; reads what was charged and repaid by debtors."""
    owed = case(
        (Transfer.debit_kind == AccountKind.RIDER_DEBT, Transfer.amount), else_=-Transfer.amount
    )
    found = session.scalar(
        select(func.coalesce(func.sum(owed), 0))
        .select_from(Account)
        .join(
            Transfer,
            or_(Transfer.debit_account_id == Account.id, Transfer.credit_account_id == Account.id),
        )
        .join(Journal, Journal.id == Transfer.journal_id)
        .where(text("point_accounts.kind = 'rider_debt'"), Journal.at < end)
    )
    return int(found or 0)


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
