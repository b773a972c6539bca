"""Taking, cancelling, handing out, objecting: each once, whatever is sent twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from grid_report.errors import Conflict, Forbidden, GridReportError, Invalid, NotFound
from grid_report.offers import errors as offers_errors
from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.kinds import ForWhom, OfferKind, Period
from grid_report.offers.redemptions import call_off_usecases
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.commands import Redeem
from grid_report.offers.redemptions.lifecycle import IllegalRedemptionStep, RedemptionState
from grid_report.points.errors import NotEnoughPoints
from tests.offers.shop import COUNTY, NOW, ZONE, Shop

pytestmark = pytest.mark.database

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def test_a_meal_is_held_handed_out_and_final_after_three_days(shop: Shop) -> None:
    rider, meal = shop.rider(100), shop.offer(80, stock=5)
    taken = shop.take(rider, meal)
    assert taken.state is RedemptionState.RESERVED
    assert shop.points(rider) == (20, 80)
    assert shop.reserved(meal) == 1
    shop.hand_out(taken)
    assert shop.points(rider) == (20, 0)
    assert redemptions_scheduled.settle_due(now=NOW + 71 * HOUR) == 0
    assert redemptions_scheduled.settle_due(now=NOW + 72 * HOUR) == 1
    assert redemptions_scheduled.settle_due(now=NOW + 72 * HOUR) == 0
    assert shop.fresh(taken).state is RedemptionState.SETTLED
    assert (
        shop.book.value("SELECT credits - debits FROM point_accounts WHERE kind = 'provider'") == 80
    )
    assert shop.sound(NOW + 72 * HOUR)


def test_what_is_free_never_touches_the_ledger(shop: Shop) -> None:
    rider = shop.rider()
    clinic, slot = shop.slot(0)
    taken = shop.take(rider, clinic, slot_id=slot)
    shop.hand_out(taken)
    assert redemptions_scheduled.settle_due(now=NOW + 4 * DAY) == 1
    assert shop.book.value("SELECT count(*) FROM point_journal WHERE redemption_ref <> ''") == 0


def test_too_few_points_take_nothing(shop: Shop) -> None:
    rider, meal = shop.rider(30), shop.offer(80, stock=1)
    with pytest.raises(NotEnoughPoints) as refused:
        shop.take(rider, meal)
    assert refused.value.missing_points == 50
    assert shop.reserved(meal) == 0
    assert shop.points(rider) == (30, 0)


def test_the_same_key_takes_once_and_another_request_under_it_is_refused(shop: Shop) -> None:
    rider, meal, key = shop.rider(200), shop.offer(80), str(uuid.uuid4())
    first = redemptions_usecases.redeem(Redeem(key, meal), actor=rider, zone=ZONE, now=NOW)
    again = redemptions_usecases.redeem(Redeem(key, meal), actor=rider, zone=ZONE, now=NOW + HOUR)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.redemption.ref == again.redemption.ref
    assert shop.points(rider) == (120, 80)
    with pytest.raises(offers_errors.BookingKeyReused):
        shop.take(rider, meal, key=key, for_whom=ForWhom.FAMILY)


def test_what_is_cancelled_in_time_comes_back_and_twice_is_once(shop: Shop) -> None:
    rider = shop.rider(100)
    care, slot = shop.slot(80, cancel_minutes=120, quota=1, quota_period=Period.WEEK)
    taken = shop.take(rider, care, slot_id=slot)
    starts = NOW + DAY
    with pytest.raises(offers_errors.CancelTooLate):
        redemptions_usecases.cancel(taken.ref, actor=rider, now=starts - 2 * HOUR)
    early = starts - 2 * HOUR - timedelta(seconds=1)
    assert not redemptions_usecases.cancel(taken.ref, actor=rider, now=early).replayed
    assert redemptions_usecases.cancel(taken.ref, actor=rider, now=early).replayed
    assert shop.points(rider) == (100, 0)
    assert shop.reserved(care, slot) == 0
    assert shop.take(rider, care, slot_id=slot).state is RedemptionState.RESERVED
    assert shop.sound()


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({}, Invalid),
        ({"slot_id": 999_999}, Invalid),
        ({"slot_id": 0, "for_whom": ForWhom.FAMILY}, Invalid),
    ],
)
def test_an_appointment_needs_one_of_its_times(
    shop: Shop, more: dict[str, Any], refusal: type[GridReportError]
) -> None:
    clinic, _ = shop.slot(0)
    with pytest.raises(refusal):
        shop.take(shop.rider(), clinic, **more)


def test_a_quota_counts_by_the_countys_calendar(shop: Shop) -> None:
    rider, cup = shop.rider(200), shop.offer(20, quota=1, quota_period=Period.DAY)
    shop.take(rider, cup)
    with pytest.raises(offers_errors.QuotaUsedUp):
        shop.take(rider, cup)
    # 16:00 UTC is midnight in Shanghai.
    with pytest.raises(offers_errors.QuotaUsedUp):
        shop.take(rider, cup, at=NOW + 11 * HOUR + timedelta(minutes=59))
    assert shop.take(rider, cup, at=NOW + 12 * HOUR)


def test_a_child_needs_its_guardian_and_an_offer_its_people(shop: Shop) -> None:
    care = shop.offer(0, for_whom=frozenset({ForWhom.RIDER, ForWhom.CHILD}))
    rider = shop.rider()
    with pytest.raises(Invalid) as refused:
        shop.take(rider, care, for_whom=ForWhom.CHILD)
    assert list(refused.value.problems) == ["guardian"]
    assert shop.take(rider, care, for_whom=ForWhom.CHILD, guardian_consents=True).guardian_at
    with pytest.raises(Invalid) as refused:
        shop.take(rider, care, for_whom=ForWhom.FAMILY)
    assert list(refused.value.problems) == ["for"]


def test_what_is_gone_retired_or_to_be_applied_for_is_refused(shop: Shop) -> None:
    rider = shop.rider(500)
    one = shop.offer(10, stock=1)
    shop.take(rider, one)
    with pytest.raises(offers_errors.SoldOut):
        shop.take(rider, one)
    catalogue_usecases.retire_offer(one, actor=shop.admin, now=NOW)
    with pytest.raises(offers_errors.OfferGone):
        shop.take(rider, one)
    with pytest.raises(offers_errors.NeedsApplication):
        shop.take(rider, shop.offer(10, kind=OfferKind.APPLICATION))
    with pytest.raises(NotFound):
        shop.take(rider, 999_999)
    with pytest.raises(Forbidden):
        shop.take(shop.staff, one)


def test_a_full_or_past_time_is_refused_and_so_is_the_same_time_twice(shop: Shop) -> None:
    first, second = shop.rider(), shop.rider()
    clinic, slot = shop.slot(0, capacity=1)
    shop.take(first, clinic, slot_id=slot)
    with pytest.raises(offers_errors.SlotFull):
        shop.take(second, clinic, slot_id=slot)
    with pytest.raises(offers_errors.BookedAlready):
        shop.take(first, clinic, slot_id=slot)
    with pytest.raises(offers_errors.SlotOver):
        shop.take(second, clinic, slot_id=slot, at=NOW + DAY)


def test_a_voucher_nobody_shows_expires_and_everything_comes_back(shop: Shop) -> None:
    rider, meal = shop.rider(80), shop.offer(80, stock=1, valid_days=7)
    taken = shop.take(rider, meal)
    assert redemptions_scheduled.end_overdue(now=taken.holds_until - timedelta(seconds=1)) == 0
    assert redemptions_scheduled.end_overdue(now=taken.holds_until) == 1
    assert redemptions_scheduled.end_overdue(now=taken.holds_until) == 0
    assert shop.fresh(taken).state is RedemptionState.EXPIRED
    assert shop.points(rider) == (80, 0)
    assert shop.reserved(meal) == 0
    assert shop.sound(taken.holds_until)


def test_not_coming_costs_nothing_once_and_a_fifth_later(shop: Shop) -> None:
    rider = shop.rider(200)
    for number, lost in ((1, 0), (2, 16)):
        care, slot = shop.slot(83, noshow_percent=20)
        taken = shop.take(rider, care, slot_id=slot)
        assert redemptions_scheduled.end_overdue(now=NOW + DAY + HOUR) == 1
        missed = shop.fresh(taken)
        assert (missed.state, missed.penalty_points) == (RedemptionState.NO_SHOW, lost), number
    assert shop.points(rider) == (184, 0)
    assert shop.sound(NOW + DAY + HOUR)


def test_a_dispute_stops_the_payment_until_it_is_decided(shop: Shop) -> None:
    rider, meal = shop.rider(160), shop.offer(80)
    refunded, dismissed = shop.take(rider, meal), shop.take(rider, meal)
    for number, taken in enumerate((refunded, dismissed)):
        shop.hand_out(taken, nonce=f"n-{number}")
        for replayed in (False, True):
            said = redemptions_usecases.dispute(
                taken.ref, "冷的", county=COUNTY, actor=rider, now=NOW + HOUR
            )
            assert said.replayed is replayed
    assert redemptions_scheduled.settle_due(now=NOW + 5 * DAY) == 0
    for replayed in (False, True):
        back = counter_usecases.refund(refunded.ref, "对不起", actor=shop.admin, now=NOW + 5 * DAY)
        assert back.replayed is replayed
    for _ in range(2):
        redemptions_scheduled.dismiss(
            dismissed.ref, "照片看是好的", actor=shop.admin, now=NOW + 5 * DAY
        )
    assert shop.fresh(refunded).state is RedemptionState.REFUNDED
    assert shop.fresh(dismissed).state is RedemptionState.SETTLED
    assert shop.points(rider) == (80, 0)
    assert shop.sound(NOW + 5 * DAY)


def test_a_dispute_is_decided_by_an_administrator_only(shop: Shop) -> None:
    rider = shop.rider(80)
    taken = shop.take(rider, shop.offer(80))
    shop.hand_out(taken)
    redemptions_usecases.dispute(taken.ref, "冷的", county=COUNTY, actor=rider, now=NOW + HOUR)
    for who in (rider, shop.staff):
        with pytest.raises(Forbidden):
            redemptions_scheduled.dismiss(taken.ref, "没事", actor=who, now=NOW + HOUR)
    with pytest.raises(NotFound):
        redemptions_scheduled.dismiss(taken.ref, "没事", actor=shop.rider(), now=NOW + HOUR)
    assert shop.fresh(taken).state is RedemptionState.DISPUTED


def test_after_three_days_nobody_can_object_any_more(shop: Shop) -> None:
    rider = shop.rider(80)
    taken = shop.take(rider, shop.offer(80))
    shop.hand_out(taken)
    with pytest.raises(Invalid):
        redemptions_usecases.dispute(taken.ref, "  ", county=COUNTY, actor=rider, now=NOW)
    with pytest.raises(offers_errors.DisputeTooLate):
        redemptions_usecases.dispute(
            taken.ref, "冷的", county=COUNTY, actor=rider, now=NOW + 72 * HOUR
        )
    redemptions_scheduled.settle_due(now=NOW + 72 * HOUR)
    with pytest.raises(offers_errors.DisputeTooLate):
        redemptions_usecases.dispute(
            taken.ref, "冷的", county=COUNTY, actor=rider, now=NOW + 73 * HOUR
        )
    with pytest.raises(IllegalRedemptionStep):
        counter_usecases.refund(taken.ref, "好意", actor=shop.admin, now=NOW + 73 * HOUR)


def test_the_station_may_give_back_what_it_handed_out(shop: Shop) -> None:
    rider = shop.rider(80)
    taken = shop.take(rider, shop.offer(80))
    with pytest.raises(IllegalRedemptionStep):
        counter_usecases.refund(taken.ref, "好意", actor=shop.staff, now=NOW)
    shop.hand_out(taken)
    with pytest.raises(NotFound):
        counter_usecases.refund(taken.ref, "好意", actor=shop.other_staff, now=NOW)
    counter_usecases.refund(taken.ref, "好意", actor=shop.staff, now=NOW)
    assert shop.points(rider) == (80, 0)


def test_what_the_station_calls_off_comes_back_with_a_message(shop: Shop) -> None:
    riders = [shop.rider(50) for _ in range(3)]
    care, slot = shop.slot(50, capacity=3)
    taken = [shop.take(rider, care, slot_id=slot) for rider in riders]
    with pytest.raises(Invalid):
        call_off_usecases.call_off_slot(slot, " ", actor=shop.admin, now=NOW)
    assert call_off_usecases.call_off_slot(slot, "医生病了", actor=shop.admin, now=NOW) == 3
    assert call_off_usecases.call_off_slot(slot, "医生病了", actor=shop.admin, now=NOW) == 0
    for rider, one in zip(riders, taken, strict=True):
        assert shop.fresh(one).state is RedemptionState.PROVIDER_CANCELLED
        assert shop.points(rider) == (50, 0)
        assert (
            shop.book.value(
                "SELECT count(*) FROM outbox WHERE kind = 'redemption_called_off' AND member_id = :id",
                id=rider.member_id,
            )
            == 1
        )
    with pytest.raises(offers_errors.SlotOver):
        shop.take(riders[0], care, slot_id=slot)
    assert shop.sound()


def test_one_booking_is_called_off_by_its_own_station_only(shop: Shop) -> None:
    rider = shop.rider(80)
    taken = shop.take(rider, shop.offer(80))
    for stranger in (shop.other_staff, shop.make.worker(), shop.rider()):
        with pytest.raises((Forbidden, NotFound)):
            call_off_usecases.call_off_redemption(taken.ref, "没了", actor=stranger, now=NOW)
    for _ in range(2):
        call_off_usecases.call_off_redemption(taken.ref, "没了", actor=shop.staff, now=NOW)
    assert shop.points(rider) == (80, 0)


def test_somebody_elses_voucher_is_nowhere(shop: Shop) -> None:
    taken, stranger = shop.take(shop.rider(80), shop.offer(80)), shop.rider()
    acts: tuple[Callable[[], object], ...] = (
        lambda: redemptions_usecases.cancel(taken.ref, actor=stranger, now=NOW),
        lambda: redemptions_usecases.dispute(
            taken.ref, "x", county=COUNTY, actor=stranger, now=NOW
        ),
        lambda: redemptions_usecases.rate(taken.ref, 5, "", actor=stranger, now=NOW),
        lambda: redemptions_usecases.cancel("R-NOSUCH", actor=stranger, now=NOW),
    )
    for act in acts:
        with pytest.raises(NotFound):
            act()


def test_ratings_are_one_each_and_shown_from_five_up(shop: Shop) -> None:
    from grid_report.offers.catalogue.queries import find_offer

    cup = shop.offer(0)
    for number in range(5):
        assert find_offer(cup, now=NOW).rating is None
        rider = shop.rider()
        taken = shop.take(rider, cup)
        with pytest.raises(Forbidden):
            redemptions_usecases.rate(taken.ref, 5, "", actor=rider, now=NOW)
        shop.hand_out(taken, nonce=f"n-{number}")
        redemptions_usecases.rate(taken.ref, 5, "", actor=rider, now=NOW)
        assert redemptions_usecases.rate(taken.ref, 5, "", actor=rider, now=NOW).replayed
        with pytest.raises(offers_errors.AlreadyRatedOffer):
            redemptions_usecases.rate(taken.ref, 1, "", actor=rider, now=NOW)
    assert find_offer(cup, now=NOW).rating == 4.5


def test_a_frozen_ledger_stops_what_costs_points_and_nothing_else(shop: Shop) -> None:
    from grid_report.points.budgets import usecases as points

    rider, meal, water = shop.rider(80), shop.offer(80), shop.offer(0)
    points.freeze_ledger(reason="test", now=NOW)
    with pytest.raises(Conflict) as refused:
        shop.take(rider, meal)
    assert refused.value.code == "ledger-frozen"
    assert shop.take(rider, water)
