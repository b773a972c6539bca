"""Any history of captures, refunds and settlements: each settled service on exactly one statement."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import GridReportError, NotFound
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.models import Redemption
from grid_report.offers.settlements import usecases as settlements_usecases
from grid_report.offers.settlements.lifecycle import LineVerdict, Side, StatementState
from grid_report.offers.settlements.models import Statement, StatementLine
from grid_report.points.kinds import EventKind
from grid_report.points.ledger.models import Journal
from tests.offers.shop import COUNTY, HERE, NOW, THERE, ZONE, Shop

pytestmark = [pytest.mark.database, pytest.mark.slow]

DAY = timedelta(days=1)
PRICES = (0, 20, 50, 80)


class History:
    """One random history over a few months, with the clock also going back a little."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.dice, self.now = shop, random.Random(seed), NOW
        self.offers = [shop.offer(points, station=s) for s in (HERE, THERE) for points in PRICES]
        self.rider = shop.rider(2000)
        self.taken: list[Redemption] = []

    def step(self) -> None:
        """Do one thing at random; what is refused is refused."""
        act = self.dice.choice(
            [
                *[self.take] * 3,
                *[self.settle] * 2,
                self.end,
                self.draw,
                self.confirm,
                self.question,
                self.wait,
            ]
        )
        with suppress(GridReportError):
            act()
        db.session.rollback()

    def wait(self) -> None:
        """Let time pass; at times a clock is set back."""
        self.now += self.dice.choice([DAY, 4 * DAY, 9 * DAY, timedelta(hours=-5)])

    def take(self) -> None:
        """Take something and hand it out."""
        offer = self.dice.choice(self.offers)
        it = self.shop.take(self.rider, offer, at=self.now)
        staff = self.shop.staff if it.station_code == HERE else self.shop.other_staff
        counter_usecases.scan(self.shop.shown(it, self.now), actor=staff, now=self.now)
        counter_usecases.confirm(it.ref, f"n-{it.ref}", actor=staff, now=self.now)
        self.taken.append(it)
        self.wait()

    def end(self) -> None:
        """Object to a delivery, have it decided, or give its points back."""
        if not self.taken:
            return
        it = self.dice.choice(self.taken)
        if self.dice.random() < 0.5:
            redemptions_usecases.dispute(
                it.ref, "凉了", county=COUNTY, actor=self.rider, now=self.now
            )
        decide = self.dice.choice([counter_usecases.refund, redemptions_scheduled.dismiss])
        decide(it.ref, "核实", actor=self.shop.admin, now=self.now)

    def settle(self) -> None:
        """Run the job, at times one that was held up."""
        redemptions_scheduled.settle_due(now=self.now - self.dice.choice([0, 0, 2]) * DAY)

    def draw(self) -> None:
        """Run the job that draws."""
        settlements_usecases.draw_due(zone=ZONE, fen_per_point=10, now=self.now)

    def some(self) -> tuple[Statement, Month]:
        """Return any statement."""
        found = list(db.session.scalars(select(Statement)))
        if not found:
            raise NotFound
        it = self.dice.choice(found)
        db.session.rollback()
        return it, Month.parse(it.month)

    def staff_of(self, it: Statement) -> Actor:
        """Return who confirms for a provider."""
        return self.shop.staff if it.provider_code.endswith("01") else self.shop.other_staff

    def confirm(self) -> None:
        """Confirm for either side."""
        it, month = self.some()
        args: dict[str, Any] = {"seen": None, "now": self.now}
        if self.dice.random() < 0.5:
            settlements_usecases.confirm(it.provider_code, month, actor=self.staff_of(it), **args)
        else:
            settlements_usecases.countersign(it.provider_code, month, actor=self.shop.admin, **args)

    def question(self) -> None:
        """Question a line, or answer."""
        it, month = self.some()
        if it.state is StatementState.DISPUTED:
            settlements_usecases.answer(
                it.provider_code, month, "有", self.dice.choice(list(LineVerdict)), side=Side.PROVIDER, seen=None,
                actor=self.staff_of(it), now=self.now,
            )  # fmt: skip
            return
        ref = db.session.scalars(
            select(StatementLine.ref).where(StatementLine.statement_id == it.id)
        ).first()
        db.session.rollback()
        settlements_usecases.dispute(
            it.provider_code, month, ref or "", "没有", side=Side.COUNTY, county=COUNTY,
            actor=self.shop.admin, now=self.now,
        )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_after_any_history_each_settled_service_is_on_exactly_one(shop: Shop, seed: int) -> None:
    history = History(shop, seed)
    for _ in range(60):
        history.step()
    assert shop.sound(history.now)
    # What is under way ends, and the last month is drawn.
    redemptions_scheduled.settle_due(now=history.now + 10 * DAY)
    history.now += 45 * DAY
    history.draw()
    db.session.rollback()
    settled = set(
        db.session.scalars(
            select(Redemption.ref).where(Redemption.state == RedemptionState.SETTLED)
        )
    )
    listed = list(db.session.scalars(select(StatementLine.ref)))
    assert len(settled) > 5
    assert sorted(listed) == sorted(settled)
    paid = db.session.execute(
        select(Journal.redemption_ref, Journal.points).where(Journal.kind == EventKind.SETTLE)
    )
    assert {row.redemption_ref: row.points for row in paid} == {
        line.ref: line.points
        for line in db.session.scalars(select(StatementLine).where(StatementLine.points > 0))
    }
    waiting = db.session.scalar(
        select(func.coalesce(func.sum(Statement.points), 0)).where(
            Statement.state != StatementState.CLOSED
        )
    )
    db.session.rollback()
    value = shop.book.value(
        "SELECT COALESCE(SUM(credits - debits), 0) FROM point_accounts WHERE kind = 'provider'"
    )
    assert value == waiting
    assert shop.sound(history.now)
