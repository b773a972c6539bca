"""Waiting for a full time: the freed place goes down the line, and to nobody else meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from grid_report.accounts.models import AuditEntry
from grid_report.db import db
from grid_report.offers import errors as offers_errors
from grid_report.offers.redemptions import call_off_usecases
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.lifecycle import RedemptionState
from tests.offers.shop import NOW, ZONE, Shop

pytestmark = pytest.mark.database

MINUTE = timedelta(minutes=1)


def full(shop: Shop, **more: float) -> tuple[int, int, object]:
    clinic, slot = shop.slot(0, capacity=1, **more)
    return clinic, slot, shop.take(shop.rider(), clinic, slot_id=slot)


def cancel_first(shop: Shop, slot: int, at: timedelta = MINUTE) -> None:
    from grid_report.offers.redemptions.models import Redemption

    row = db.session.execute(
        select(Redemption.ref, Redemption.rider_id).where(
            Redemption.slot_id == slot, Redemption.state == RedemptionState.RESERVED
        )
    ).one()
    db.session.rollback()
    from grid_report.access import Actor

    redemptions_usecases.cancel(row.ref, actor=Actor(row.rider_id, ""), now=NOW + at)


def told(shop: Shop, rider_id: int) -> int:
    count: int = shop.book.value(
        "SELECT count(*) FROM outbox WHERE kind = 'place_offered' AND member_id = :id", id=rider_id
    )
    return count


def test_a_freed_place_is_kept_for_the_first_in_line(shop: Shop) -> None:
    clinic, slot, _ = full(shop)
    first, second, stranger = (shop.rider() for _ in range(3))
    for rider in (first, second, first):
        redemptions_usecases.join_queue(slot, actor=rider, zone=ZONE, now=NOW)
    cancel_first(shop, slot)
    assert (told(shop, first.member_id), told(shop, second.member_id)) == (1, 0)
    assert shop.reserved(clinic, slot) == 1
    for other in (second, stranger):
        with pytest.raises(offers_errors.SlotFull):
            shop.take(other, clinic, slot_id=slot, at=NOW + 2 * MINUTE)
    taken = shop.take(first, clinic, slot_id=slot, at=NOW + 5 * MINUTE)
    assert taken.state is RedemptionState.RESERVED
    assert shop.reserved(clinic, slot) == 1
    assert redemptions_scheduled.pass_on_places(now=NOW + 60 * MINUTE) == 0


def test_a_place_nobody_takes_in_time_goes_on_and_is_free_in_the_end(shop: Shop) -> None:
    clinic, slot, _ = full(shop)
    first, second = shop.rider(), shop.rider()
    for rider in (first, second):
        redemptions_usecases.join_queue(slot, actor=rider, zone=ZONE, now=NOW)
    cancel_first(shop, slot)
    assert redemptions_scheduled.pass_on_places(now=NOW + 30 * MINUTE) == 0
    assert redemptions_scheduled.pass_on_places(now=NOW + 31 * MINUTE) == 1
    assert told(shop, second.member_id) == 1
    redemptions_usecases.leave_queue(slot, actor=second, now=NOW + 32 * MINUTE)
    assert shop.reserved(clinic, slot) == 0
    assert shop.take(first, clinic, slot_id=slot, at=NOW + 33 * MINUTE)


def test_a_place_that_begins_soon_is_free_for_everybody(shop: Shop) -> None:
    clinic, slot, _ = full(shop, in_hours=0.25)
    redemptions_usecases.join_queue(slot, actor=shop.rider(), zone=ZONE, now=NOW)
    cancel_first(shop, slot, at=6 * MINUTE)
    assert shop.reserved(clinic, slot) == 0


def test_a_place_is_kept_until_ten_minutes_before_it_begins(shop: Shop) -> None:
    clinic, slot, _ = full(shop, in_hours=0.25)
    rider = shop.rider()
    redemptions_usecases.join_queue(slot, actor=rider, zone=ZONE, now=NOW)
    cancel_first(shop, slot, at=4 * MINUTE)
    assert (told(shop, rider.member_id), shop.reserved(clinic, slot)) == (1, 1)
    assert redemptions_scheduled.pass_on_places(now=NOW + 5 * MINUTE - MINUTE / 60) == 0
    assert redemptions_scheduled.pass_on_places(now=NOW + 5 * MINUTE) == 1
    assert shop.reserved(clinic, slot) == 0


def test_nobody_waits_where_places_are_free_or_time_is_over(shop: Shop) -> None:
    _, slot = shop.slot(0, capacity=2)
    with pytest.raises(offers_errors.PlacesFree):
        redemptions_usecases.join_queue(slot, actor=shop.rider(), zone=ZONE, now=NOW)
    with pytest.raises(offers_errors.SlotOver):
        redemptions_usecases.join_queue(
            slot, actor=shop.rider(), zone=ZONE, now=NOW + timedelta(days=2)
        )


def test_a_time_called_off_ends_its_queue(shop: Shop) -> None:
    _, slot, _ = full(shop)
    first = shop.rider()
    redemptions_usecases.join_queue(slot, actor=first, zone=ZONE, now=NOW)
    call_off_usecases.call_off_slot(slot, "医生病了", actor=shop.admin, now=NOW)
    assert told(shop, first.member_id) == 0
    assert shop.book.value("SELECT count(*) FROM offer_queue WHERE state = 'lapsed'") == 1
    # And it is written down who did.
    noted = db.session.scalars(
        select(AuditEntry).where(AuditEntry.action == "slot-called-off")
    ).one()
    assert (noted.actor_id, noted.about) == (shop.admin.member_id, str(slot))
    assert noted.details["booked"] == 1


def test_a_place_kept_for_somebody_is_nobodys_once_the_time_is_called_off(shop: Shop) -> None:
    clinic, slot, _ = full(shop)
    redemptions_usecases.join_queue(slot, actor=shop.rider(), zone=ZONE, now=NOW)
    cancel_first(shop, slot)
    assert shop.reserved(clinic, slot) == 1
    call_off_usecases.call_off_slot(slot, "医生病了", actor=shop.admin, now=NOW + 2 * MINUTE)
    assert shop.reserved(clinic, slot) == 0
