"""What happens to a booking between the moment a job lists it and the moment it acts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.redemptions import catalogue_queries
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.lifecycle import RedemptionState
from tests.offers.redemptions.test_queue import MINUTE, cancel_first, full
from tests.offers.shop import COUNTY, NOW, ZONE, Shop

pytestmark = pytest.mark.database

DAY = timedelta(days=1)


def first(act: Callable[[], object]) -> Callable[[], bool]:
    """Do something after the list was made, before anything of it is looked at."""
    waiting = [act]

    def should_continue() -> bool:
        while waiting:
            waiting.pop()()
        return True

    return should_continue


def test_what_is_handed_out_at_the_last_moment_does_not_expire(shop: Shop) -> None:
    rider, meal = shop.rider(80), shop.offer(80)
    taken = shop.take(rider, meal)
    end = taken.holds_until
    hand_out = first(lambda: shop.hand_out(taken, at=end - MINUTE))
    assert redemptions_scheduled.end_overdue(now=end, should_continue=hand_out) == 0
    assert shop.fresh(taken).state is RedemptionState.DELIVERED
    assert shop.points(rider) == (0, 0)
    assert shop.sound(end)


def test_what_is_disputed_at_the_last_moment_is_not_final(shop: Shop) -> None:
    rider, meal = shop.rider(80), shop.offer(80)
    taken = shop.take(rider, meal)
    shop.hand_out(taken)
    end = NOW + 3 * DAY
    dispute = first(
        lambda: redemptions_usecases.dispute(
            taken.ref, "凉了", county=COUNTY, actor=rider, now=end - MINUTE
        )
    )
    assert redemptions_scheduled.settle_due(now=end, should_continue=dispute) == 0
    assert shop.fresh(taken).state is RedemptionState.DISPUTED


def test_a_place_taken_at_the_last_moment_is_passed_on_to_nobody(shop: Shop) -> None:
    clinic, slot, _ = full(shop)
    mine, next_one = shop.rider(), shop.rider()
    for rider in (mine, next_one):
        redemptions_usecases.join_queue(slot, actor=rider, zone=ZONE, now=NOW)
    cancel_first(shop, slot)
    take = first(lambda: shop.take(mine, clinic, slot_id=slot, at=NOW + 30 * MINUTE))
    at = NOW + 31 * MINUTE
    assert redemptions_scheduled.pass_on_places(now=at, should_continue=take) == 0
    states = shop.book.value(
        "SELECT count(*) FROM offer_queue WHERE rider_id = :id AND state = 'taken'",
        id=mine.member_id,
    )
    assert (states, shop.reserved(clinic, slot)) == (1, 1)


def test_an_offer_retired_while_a_page_is_put_together_is_left_out(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, stays = shop.offer(10), shop.offer(20)
    look = catalogue_queries._cheapest

    def look_and_retire(cursor: str | None, limit: int) -> list[tuple[int, ...]]:
        found = look(cursor, limit)
        catalogue_usecases.retire_offer(gone, actor=shop.admin, now=NOW)
        return found

    monkeypatch.setattr(catalogue_queries, "_cheapest", look_and_retire)
    page = catalogue_queries.page_of_offers(now=NOW, near=None, cursor=None, limit=10)
    assert [row.offer.id for row in page.items] == [stays]
