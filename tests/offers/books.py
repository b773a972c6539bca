"""A helper for tests of statements: serve, draw, confirm, question, look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.redemptions.models import Redemption
from grid_report.offers.settlements import usecases as settlements_usecases
from grid_report.offers.settlements.lifecycle import Side
from grid_report.offers.settlements.models import Statement, StatementLine
from tests.offers.shop import COUNTY, HERE, NOW, ZONE, Shop

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# NOW is 23 November; the county's November ends at 16:00 UTC on its last day.
NOVEMBER, DECEMBER = Month(2026, 11), Month(2026, 12)
END = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
MINE = "provider-01"


def draw(now: datetime) -> int:
    return settlements_usecases.draw_due(zone=ZONE, fen_per_point=10, now=now)


def served(shop: Shop, points: int = 80, *, at: datetime = NOW, station: str = HERE) -> Redemption:
    """Take something and hand it out; it is final 72 hours later."""
    offer = shop.offer(points, station=station)
    taken = shop.take(shop.rider(points), offer, at=at)
    staff = shop.staff if station == HERE else shop.other_staff
    shop.scan(taken, at=at, by=staff)
    counter_usecases.confirm(taken.ref, f"n-{taken.ref}", actor=staff, now=at)
    return taken


def statement(month: Month = NOVEMBER, provider: str = MINE) -> Statement:
    db.session.rollback()
    found = db.session.scalars(
        select(Statement)
        .where(Statement.month == str(month), Statement.provider_code == provider)
        .execution_options(populate_existing=True)
    ).one()
    db.session.rollback()
    return found


def lines(month: Month = NOVEMBER, provider: str = MINE) -> list[StatementLine]:
    it = statement(month, provider)
    found = list(
        db.session.scalars(
            select(StatementLine)
            .where(StatementLine.statement_id == it.id)
            .order_by(StatementLine.id)
        )
    )
    db.session.rollback()
    return found


def confirm(shop: Shop, actor: Actor | None = None, **more: Any) -> Statement:
    return settlements_usecases.confirm(
        MINE, NOVEMBER, seen=None, actor=actor or shop.staff, now=END + 2 * HOUR, **more
    )


def countersign(shop: Shop, actor: Actor | None = None) -> Statement:
    return settlements_usecases.countersign(
        MINE, NOVEMBER, seen=None, actor=actor or shop.admin, now=END + 3 * HOUR
    )


def question(
    shop: Shop, ref: str, side: Side, actor: Actor, words: str = "没有这一份"
) -> Statement:
    return settlements_usecases.dispute(
        MINE, NOVEMBER, ref, words, side=side, county=COUNTY, actor=actor, now=END + HOUR
    )
