"""The times of an offer as one rider sees them: free, booked, waited for, kept."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from grid_report.db import db
from grid_report.errors import Forbidden, NotFound
from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.catalogue.queries import SLOTS_AHEAD
from grid_report.offers.kinds import WaitState
from grid_report.offers.redemptions import call_off_usecases, slot_queries
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.slot_queries import SlotRow
from tests.offers.redemptions.test_queue import MINUTE
from tests.offers.shop import NOW, ZONE, Shop

pytestmark = pytest.mark.database

SECOND = timedelta(seconds=1)


def seen(shop: Shop, offer_id: int, rider_id: int | None) -> SlotRow:
    db.session.expire_all()
    (row,) = slot_queries.list_slots(offer_id, now=NOW, rider_id=rider_id)
    return row


def test_each_sees_of_a_time_what_it_is_to_them(shop: Shop) -> None:
    clinic, slot = shop.slot(0, capacity=2)
    mine, other, waits, late = (shop.rider() for _ in range(4))
    row = seen(shop, clinic, mine.member_id)
    assert (row.left, row.mine, row.waiting, row.is_open, row.is_kept) == (
        2,
        None,
        None,
        True,
        False,
    )
    shop.take(mine, clinic, slot_id=slot)
    row = seen(shop, clinic, mine.member_id)
    assert (row.left, row.mine, row.is_open) == (1, RedemptionState.RESERVED, False)
    assert seen(shop, clinic, other.member_id).is_open
    shop.take(other, clinic, slot_id=slot)
    for rider in (waits, late):
        assert not seen(shop, clinic, rider.member_id).is_open
        redemptions_usecases.join_queue(slot, actor=rider, zone=ZONE, now=NOW)
    row = seen(shop, clinic, waits.member_id)
    assert row.waiting is not None
    assert (row.waiting.state, row.is_kept, row.is_open) == (WaitState.WAITING, False, False)
    redemptions_usecases.cancel(_ref(shop, slot, other.member_id), actor=other, now=NOW + MINUTE)
    row = seen(shop, clinic, waits.member_id)
    assert (row.left, row.is_kept, row.is_open) == (0, True, True)
    row = seen(shop, clinic, late.member_id)
    assert (row.is_kept, row.is_open) == (False, False)
    # Given back, it is nobody's any more; and nobody in particular has nothing there.
    assert seen(shop, clinic, other.member_id).mine is None
    row = seen(shop, clinic, None)
    assert (row.mine, row.waiting, row.is_open) == (None, None, False)


def _ref(shop: Shop, slot: int, rider_id: int) -> str:
    found = shop.book.value(
        "SELECT ref FROM redemptions WHERE slot_id = :slot AND rider_id = :id",
        slot=slot, id=rider_id,
    )  # fmt: skip
    return str(found)


def test_only_times_ahead_are_listed_in_their_order(shop: Shop) -> None:
    clinic, _ = shop.slot(0, in_hours=48)
    catalogue_usecases.add_slots(
        clinic, [NOW + timedelta(hours=5)], minutes=30, capacity=1, actor=shop.admin, now=NOW
    )

    def starts(now: datetime) -> list[timedelta]:
        one = [it.slot.starts_at - NOW for it in slot_queries.list_slots(clinic, now=now)]
        many = slot_queries.slots_by_offer([clinic], now=now).get(clinic, ())
        assert [it.starts_at - NOW for it in many] == one
        return one

    early, late = timedelta(hours=5), timedelta(hours=48)
    assert starts(NOW) == [early, late]
    # What begins now has begun; what is further off than can be booked is not there yet.
    assert starts(NOW + early - SECOND) == [early, late]
    assert starts(NOW + early) == [late]
    assert starts(NOW + late - SLOTS_AHEAD) == [early]
    assert starts(NOW + late - SLOTS_AHEAD + SECOND) == [early, late]
    until = slot_queries.list_slots(clinic, now=NOW, until=NOW + late)
    assert [it.slot.starts_at - NOW for it in until] == [early]
    first = slot_queries.list_slots(clinic, now=NOW)[0].slot.id
    assert slot_queries.offer_of_slot(first) == clinic
    call_off_usecases.call_off_slot(first, "医生病了", actor=shop.admin, now=NOW)
    assert starts(NOW) == [late]
    with pytest.raises(NotFound):
        slot_queries.offer_of_slot(999_999)


def test_only_riders_wait_in_a_queue(shop: Shop) -> None:
    clinic, slot = shop.slot(0, capacity=1)
    shop.take(shop.rider(), clinic, slot_id=slot)
    with pytest.raises(Forbidden):
        redemptions_usecases.join_queue(slot, actor=shop.staff, zone=ZONE, now=NOW)
    with pytest.raises(Forbidden):
        redemptions_usecases.leave_queue(slot, actor=shop.staff, now=NOW)
