"""Reads for those who hand out and those who decide: bookings, books, disputes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from grid_report.db import db
from grid_report.offers.catalogue.models import Slot
from grid_report.offers.kinds import BookResult
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.models import BookEntry, Redemption, RedemptionEntry
from grid_report.offers.redemptions.queries import ROW, RedemptionRow


def list_bookings(
    stations: Sequence[str], start: datetime, end: datetime
) -> tuple[list[RedemptionRow], list[RedemptionRow]]:
    """List what a station expects between two instants, and what it handed out then."""
    expected = ROW.where(
        Redemption.station_code.in_(stations),
        Redemption.state == RedemptionState.RESERVED,
        Slot.starts_at >= start,
        Slot.starts_at < end,
    ).order_by(Slot.starts_at, Redemption.id)
    done = ROW.where(
        Redemption.station_code.in_(stations),
        Redemption.delivered_at >= start,
        Redemption.delivered_at < end,
    ).order_by(Redemption.delivered_at.desc())
    return (
        [RedemptionRow(*row) for row in db.session.execute(expected)],
        [RedemptionRow(*row) for row in db.session.execute(done)],
    )


def count_open_vouchers(stations: Sequence[str]) -> int:
    """Count the vouchers without a time that may be shown at these stations any day."""
    return int(
        db.session.scalar(
            select(func.count())
            .select_from(Redemption)
            .where(
                Redemption.station_code.in_(stations),
                Redemption.state == RedemptionState.RESERVED,
                Redemption.slot_id.is_(None),
            )
        )
        or 0
    )


def list_book(stations: Sequence[str], limit: int = 30) -> Sequence[tuple[BookEntry, str | None]]:
    """List the newest lines of the stations' books with the references they are about."""
    rows = db.session.execute(
        select(BookEntry, Redemption.ref)
        .outerjoin(Redemption, Redemption.id == BookEntry.redemption_id)
        .where(BookEntry.station_code.in_(stations))
        .order_by(BookEntry.id.desc())
        .limit(limit)
    )
    return [(entry, ref) for entry, ref in rows]


@dataclass(frozen=True)
class Dispute:
    """Something an administrator has to decide: what the rider said, or a colliding book."""

    row: RedemptionRow
    words: str
    at: datetime


def list_disputes(limit: int = 100) -> list[Dispute]:
    """List the open disputes, the oldest first."""
    rows = [
        RedemptionRow(*row)
        for row in db.session.execute(
            ROW.where(Redemption.state == RedemptionState.DISPUTED)
            .order_by(Redemption.disputed_at)
            .limit(limit)
        )
    ]
    words: dict[int, str] = {}
    ids = [row.redemption.id for row in rows]
    for entry in db.session.scalars(
        select(RedemptionEntry)
        .where(RedemptionEntry.redemption_id.in_(ids))
        .order_by(RedemptionEntry.id)
    ):
        if entry.to_state is RedemptionState.DISPUTED and entry.words:
            words[entry.redemption_id] = entry.words
    return [
        Dispute(row, words.get(row.redemption.id, ""), row.redemption.disputed_at)
        for row in rows
        if row.redemption.disputed_at is not None
    ]


def list_collisions(limit: int = 30) -> list[tuple[BookEntry, RedemptionRow]]:
    """List the book lines that collided with what had happened meanwhile, newest first."""
    entries = db.session.scalars(
        select(BookEntry)
        .where(BookEntry.result == BookResult.DISPUTED, BookEntry.redemption_id.is_not(None))
        .order_by(BookEntry.id.desc())
        .limit(limit)
    ).all()
    rows = {
        row.redemption.id: row
        for row in (
            RedemptionRow(*found)
            for found in db.session.execute(
                ROW.where(Redemption.id.in_([entry.redemption_id for entry in entries]))
            )
        )
    }
    return [(entry, rows[entry.redemption_id]) for entry in entries if entry.redemption_id in rows]
