"""Clocks that run ahead and are set back, at the counter and at the end of a month."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grid_report.errors import Conflict
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.errors import DisputeTooLate, VoucherExpired
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.lifecycle import IllegalRedemptionStep, RedemptionState
from grid_report.offers.settlements import usecases as settlements_usecases
from tests.offers.books import (
    DAY,
    DECEMBER,
    END,
    HOUR,
    MINE,
    NOVEMBER,
    confirm,
    countersign,
    draw,
    lines,
    served,
)
from tests.offers.shop import COUNTY, NOW, Shop

pytestmark = pytest.mark.database


def test_what_a_fast_clock_settled_is_final_when_it_is_set_back(shop: Shop) -> None:
    rider, meal = shop.rider(80), shop.offer(80)
    taken = shop.take(rider, meal)
    shop.hand_out(taken)
    assert redemptions_scheduled.settle_due(now=NOW + 4 * DAY) == 1
    with pytest.raises(DisputeTooLate):
        redemptions_usecases.dispute(taken.ref, "凉了", county=COUNTY, actor=rider, now=NOW + HOUR)
    with pytest.raises(IllegalRedemptionStep):
        counter_usecases.refund(taken.ref, "凉了", actor=shop.staff, now=NOW + HOUR)
    assert redemptions_scheduled.settle_due(now=NOW + HOUR) == 0
    assert redemptions_scheduled.settle_due(now=NOW + 4 * DAY) == 0
    assert shop.points(rider) == (0, 0)
    assert shop.sound(NOW + 4 * DAY)


def test_a_voucher_a_fast_clock_ended_is_over_and_its_points_are_back_once(shop: Shop) -> None:
    rider, meal = shop.rider(80), shop.offer(80, stock=1)
    taken = shop.take(rider, meal)
    assert redemptions_scheduled.end_overdue(now=NOW + 30 * DAY) == 1
    assert (shop.points(rider), shop.reserved(meal)) == ((80, 0), 0)
    with pytest.raises(VoucherExpired):
        shop.scan(taken, at=NOW + HOUR)
    with pytest.raises(Conflict):
        counter_usecases.confirm(taken.ref, "n", actor=shop.staff, now=NOW + HOUR)
    assert redemptions_scheduled.end_overdue(now=NOW + 30 * DAY) == 0
    # Taken anew with the clock set back, it is good again.
    again = shop.take(rider, meal, at=NOW + HOUR)
    shop.hand_out(again, at=NOW + 2 * HOUR)
    assert shop.fresh(again).state is RedemptionState.DELIVERED
    assert shop.sound(NOW + 30 * DAY)


def test_a_month_a_fast_clock_drew_and_closed_leaves_the_rest_to_the_next(shop: Shop) -> None:
    first = served(shop, 80)
    redemptions_scheduled.settle_due(now=NOW + 4 * DAY)
    # The 27th of November, and the clock says December.
    assert draw(END + HOUR) == 1
    confirm(shop)
    countersign(shop)
    late = served(shop, 50, at=NOW + DAY)
    assert redemptions_scheduled.settle_due(now=NOW + 5 * DAY) == 1
    assert draw(NOW + 5 * DAY) == 0
    assert draw(END + 2 * HOUR) == 0
    assert draw(END + 32 * DAY) == 1
    assert [line.ref for line in lines()] == [first.ref]
    assert [line.ref for line in lines(DECEMBER)] == [late.ref]
    assert shop.sound(END + 32 * DAY)


def test_standing_in_waits_a_week_by_a_clock_that_was_set_back(drawn: Shop) -> None:
    """A clock behind the drawing only makes the week longer, never shorter."""
    with pytest.raises(Conflict) as refused:
        settlements_usecases.stand_in(
            MINE, NOVEMBER,
            "x", seen=None, actor=drawn.admin, now=NOW - timedelta(days=300),
        )  # fmt: skip
    assert refused.value.code == "provider-has-time"
