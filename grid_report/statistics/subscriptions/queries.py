"""Who is told of which area's month, and on which day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import or_, select

from grid_report.access import Actor
from grid_report.accounts.members.identity_queries import names_for
from grid_report.db import db
from grid_report.statistics.models import StatisticsDelivery as Delivery
from grid_report.statistics.subscriptions.days import month_due


@dataclass(frozen=True)
class DeliveryRow:
    """A member who is told of an area on a day; `told_month` is the newest told of."""

    id: int
    member_id: int
    area: str
    day: int
    told_month: str
    created_at: datetime


_COLUMNS = (
    Delivery.id,
    Delivery.member_id,
    Delivery.area,
    Delivery.day,
    Delivery.told_month,
    Delivery.created_at,
)


def list_deliveries(reader: Actor) -> Sequence[tuple[DeliveryRow, str]]:
    """List all deliveries with the members' names, by area and member."""
    rows = [
        DeliveryRow(*row)
        for row in db.session.execute(
            select(*_COLUMNS).order_by(Delivery.area, Delivery.day, Delivery.id)
        )
    ]
    names = names_for(reader, (row.member_id for row in rows))
    return [(row, names.get(row.member_id, "")) for row in rows]


def list_due(today: date) -> Sequence[DeliveryRow]:
    """List whom something is to be told today; what is told already is not among it."""
    passed, before = month_due(today.day, today), month_due(today.day + 1, today)
    rows = db.session.execute(
        select(*_COLUMNS)
        .where(
            or_(
                (Delivery.day <= today.day) & (Delivery.told_month < str(passed)),
                (Delivery.day > today.day) & (Delivery.told_month < str(before)),
            )
        )
        .order_by(Delivery.id)
    )
    return [DeliveryRow(*row) for row in rows]
