"""What a rider took, as a list and one by one: page by page, with its last instants."""

from __future__ import annotations

from datetime import timedelta

import pytest

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.languages import written
from grid_report.offers.redemptions import queries
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.lifecycle import RedemptionState, RedemptionStep
from grid_report.statistics.counts.queries import read_months
from grid_report.statistics.measures import Facet, Measure
from grid_report.web.pages.qr import qr_svg
from tests.offers.shop import COUNTY, HERE, NOW, Shop

pytestmark = pytest.mark.database


def test_what_was_taken_is_listed_page_by_page_the_newest_first(shop: Shop) -> None:
    rider, other, meal = shop.rider(300), shop.rider(100), shop.offer(10, stock=9)
    refs = [shop.take(rider, meal).ref for _ in range(5)]
    shop.take(other, meal)
    page, following = queries.list_redemptions(rider.member_id, limit=2)
    assert [it.redemption.ref for it in page] == [refs[4], refs[3]]
    page, following = queries.list_redemptions(rider.member_id, before=following, limit=2)
    assert [it.redemption.ref for it in page] == [refs[2], refs[1]]
    page, following = queries.list_redemptions(rider.member_id, before=following, limit=2)
    assert [it.redemption.ref for it in page] == [refs[0]]
    assert following is None
    page, following = queries.list_redemptions(rider.member_id, limit=5)
    assert (len(page), following) == (5, None)


def test_the_last_instant_of_a_voucher_is_a_second_before_its_end(shop: Shop) -> None:
    taken = shop.take(shop.rider(100), shop.offer(10, stock=1))
    row = queries.find_redemption(taken.ref)
    assert row.last_instant == row.redemption.holds_until - timedelta(seconds=1)
    assert (
        written(row.offer, "title", "zh_CN")
        == row.title("zh_CN")
        != row.title("en")
        == "A warm meal"
    )
    with pytest.raises(NotFound):
        queries.find_redemption("R-NONE")


def test_a_time_that_was_booked_can_be_given_back_as_long_as_its_offer_says(shop: Shop) -> None:
    offer, slot = shop.slot(10, in_hours=24, cancel_minutes=120)
    taken = shop.take(shop.rider(100), offer, slot_id=slot)
    until = NOW + timedelta(hours=22)
    row = queries.find_redemption(taken.ref)
    assert (row.station and row.station.code, row.slot and row.slot.id) == (HERE, slot)
    assert row.cancel_until == until
    assert row.may_cancel(until - timedelta(seconds=1))
    assert not row.may_cancel(until + timedelta(seconds=1))
    assert row.dispute_until is None


def test_an_objection_is_possible_for_three_days_from_the_delivery(shop: Shop) -> None:
    taken = shop.take(shop.rider(100), shop.offer(10, stock=1))
    shop.hand_out(taken)
    row = queries.find_redemption(taken.ref)
    assert row.dispute_until == NOW + timedelta(hours=72)
    assert not row.may_cancel(NOW)


def test_what_its_rider_thought_of_it_is_a_line_of_its_history(shop: Shop) -> None:
    rider = shop.rider(80)
    taken = shop.take(rider, shop.offer(80))
    shop.hand_out(taken)
    redemptions_usecases.rate(taken.ref, 4, "热的", actor=rider, now=NOW + timedelta(hours=1))
    line = queries.list_entries(taken.id)[-1]
    assert (line.step, line.actor_id, line.role) == (RedemptionStep.RATE, rider.member_id, "rider")
    assert line.from_state is line.to_state is RedemptionState.DELIVERED
    rating = queries.find_rating(taken.id)
    assert rating is not None
    assert (rating.stars, rating.words) == (4, "热的")


def test_what_is_taken_is_in_the_figures_of_its_month_at_once(shop: Shop) -> None:
    shop.take(shop.rider(80), shop.offer(80))
    db.session.rollback()
    month = Month(2026, 11)
    figures = read_months([month], [COUNTY])[str(month), COUNTY]
    assert figures.count(Measure.RESERVED, Facet.SERVICES) == 1


def test_a_code_is_drawn_black_on_white_as_large_as_its_place() -> None:
    drawn = qr_svg("GR1.R-ABCDEFGH.59000000.0123456789abcdef")
    # 29 modules and two of rim on each side; the page says how large, and a dark theme changes nothing.
    assert 'viewBox="0 0 33 33"' in drawn
    assert "width=" not in drawn
    assert 'fill="#fff"' in drawn
    assert 'stroke="#000"' in drawn
