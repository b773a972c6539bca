"""Points that end while a booking holds them are said before, and come back as was said."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from grid_report import clock
from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.notify.models import Message
from grid_report.offers.catalogue import queries as catalogue_queries
from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.kinds import OfferKind
from grid_report.offers.redemptions import call_off_usecases, slot_queries
from grid_report.offers.redemptions import ending_queries as endings
from grid_report.offers.redemptions import queries as redemptions_queries
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.points.budgets import scheduled as budgets_scheduled
from grid_report.points.history import ending_queries
from grid_report.points.history import queries as points_queries
from grid_report.points.history.queries import Expiring
from grid_report.points.kinds import Verdict
from tests.offers.cards import Cards
from tests.offers.shop import NOW, ZONE, Shop
from tests.support import present
from tests.support.builders import Make

pytestmark = pytest.mark.database

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# The first instant at which what was earned in November 2025 is over.
OVER = datetime(2026, 11, 30, 16, tzinfo=UTC)


def ends_soon(shop: Shop, *, soon: int = 30, late: int = 50) -> Actor:
    """Make a rider with points that end this month, and later ones."""
    rider = shop.make.rider()
    for points, at in ((soon, NOW - timedelta(days=370)), (late, NOW - DAY)):
        if points:
            shop.book.award(rider.member_id, points, severity=4, at=at)
    return rider


def said_before(shop: Shop, rider: Actor, offer_id: int) -> list[tuple[int, date]]:
    offer = catalogue_queries.find_offer(offer_id, now=NOW).offer
    slots = [it.slot for it in slot_queries.list_slots(offer_id, now=NOW) if it.is_open]
    purse = ending_queries.purse(rider.member_id, NOW)
    found = endings.before_taking(offer, slots, purse, zone=ZONE, now=NOW)
    db.session.rollback()
    return [(it.points, it.on(ZONE)) for it in found]


def said_after(ref: str) -> list[tuple[int, date]]:
    found = endings.of_taken([redemptions_queries.find_redemption(ref)]).get(ref, ())
    db.session.rollback()
    return [(it.points, it.on(ZONE)) for it in found]


LAST = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("price", "more", "said"),
    [
        # A voucher of seven days holds to the end of the 29th, of eight to the very end of the 30th.
        (80, {"valid_days": 7}, []),
        (80, {"valid_days": 8}, []),
        (80, {"valid_days": 9}, [(30, LAST)]),
        # What ends first is used first: of a price of 20 all of it ends.
        (20, {"valid_days": 9}, [(20, LAST)]),
        # It may be cancelled to the last day of the points, or one minute longer.
        (80, {"valid_days": 9, "cancel_minutes": 1440}, []),
        (80, {"valid_days": 9, "cancel_minutes": 1439}, [(30, LAST)]),
        # More than there is cannot be booked: nothing is said of it.
        (90, {"valid_days": 9}, []),
        (0, {"valid_days": 9}, []),
        (10, {"kind": OfferKind.APPLICATION}, []),
    ],
)
def test_a_voucher_says_which_points_end_before_it_can_be_cancelled_for_the_last_time(
    shop: Shop, price: int, more: dict[str, Any], said: list[tuple[int, date]]
) -> None:
    rider = ends_soon(shop)
    offer_id = shop.offer(price, **more)
    assert said_before(shop, rider, offer_id) == said
    if price in (20, 80):
        taken = shop.take(rider, offer_id)
        assert said_after(taken.ref) == said


@pytest.mark.parametrize(
    ("in_hours", "minutes", "said"),
    [
        (7 * 24, 0, []),
        (8 * 24, 12 * 60, []),
        (8 * 24, 12 * 60 - 1, [(30, LAST)]),
        (9 * 24, 0, [(30, LAST)]),
    ],
)
def test_an_appointment_says_it_of_the_latest_time_there_is_to_choose(
    shop: Shop, in_hours: int, minutes: int, said: list[tuple[int, date]]
) -> None:
    rider = ends_soon(shop)
    # 12:00 in the county on the 23rd: eight days later it is noon on the first of December.
    care, slot = shop.slot(80, in_hours=in_hours, cancel_minutes=minutes)
    catalogue_usecases.add_slots(
        care, [NOW + HOUR], minutes=30, capacity=1, actor=shop.admin, now=NOW
    )
    assert said_before(shop, rider, care) == said
    taken = shop.take(rider, care, slot_id=slot)
    assert said_after(taken.ref) == said
    # The late time is full: the other one begins long before.
    assert said_before(shop, ends_soon(shop), care) == []


def test_what_is_cancelled_after_its_day_comes_back_as_was_said(shop: Shop) -> None:
    rider = ends_soon(shop)
    meal = shop.offer(80, valid_days=9)
    ((lost, day),) = said_before(shop, rider, meal)
    taken = shop.take(rider, meal)
    late = OVER + HOUR
    assert not redemptions_usecases.cancel(taken.ref, actor=rider, now=late).replayed
    assert points_queries.balance(rider.member_id, late).available == 80 - lost == 50
    assert budgets_scheduled.expire_points(now=late) == 1
    assert shop.points(rider) == (50, 0)
    assert day == LAST
    assert said_after(taken.ref) == []
    assert shop.sound(late)


def test_what_is_cancelled_on_its_day_comes_back_whole(shop: Shop) -> None:
    rider = ends_soon(shop)
    taken = shop.take(rider, shop.offer(80, valid_days=9))
    redemptions_usecases.cancel(taken.ref, actor=rider, now=OVER - timedelta(seconds=1))
    assert points_queries.balance(rider.member_id, OVER - timedelta(seconds=1)).available == 80


def test_a_purse_is_used_by_what_ends_first() -> None:
    purse = [Expiring(10, OVER), Expiring(20, OVER + DAY), Expiring(30, OVER + 9 * DAY)]
    assert ending_queries.ending(purse, 25, OVER) == []
    assert ending_queries.ending(purse, 25, OVER + DAY) == [Expiring(10, OVER)]
    assert ending_queries.ending(purse, 25, OVER + 2 * DAY) == [
        Expiring(10, OVER),
        Expiring(15, OVER + DAY),
    ]
    assert ending_queries.ending(purse, 61, OVER + 20 * DAY) == []


# --- what is really taken, and what really comes back --------------------------------------------


def told(ref: str, kind: str) -> dict[str, Any]:
    db.session.rollback()
    return (
        db.session.scalars(select(Message).where(Message.about == ref, Message.kind == kind))
        .one()
        .facts
    )


def missed(shop: Shop, rider: Actor) -> None:
    """Miss a free appointment: the next one costs."""
    free, slot = shop.slot(0, in_hours=1)
    shop.take(rider, free, slot_id=slot)
    assert redemptions_scheduled.end_overdue(now=NOW + 2 * HOUR) == 1


@pytest.mark.parametrize(
    ("price", "wrong", "lost"), [(43, 40, 3), (40, 40, 0), (43, 35, 8), (43, 30, 8)]
)
def test_a_missed_booking_shows_what_was_really_lost_beside_what_was_owed(
    shop: Shop, price: int, wrong: int, lost: int
) -> None:
    rider = shop.make.rider()
    missed(shop, rider)
    entry = shop.book.award(rider.member_id, wrong, severity=4, at=NOW - DAY).entry_id
    if wrong < price:
        shop.book.award(rider.member_id, price - wrong, severity=3, at=NOW - DAY)
    care, slot = shop.slot(price, noshow_percent=20)
    taken = shop.take(rider, care, slot_id=slot, at=NOW + 3 * HOUR)
    shop.book.reverse(entry, Verdict.HONEST, at=NOW + 4 * HOUR)
    end = NOW + DAY + HOUR
    assert redemptions_scheduled.end_overdue(now=end) == 1
    assert shop.fresh(taken).penalty_points == lost
    assert shop.points(rider) == (price - wrong - lost, 0)
    facts = told(taken.ref, "redemption_missed")
    assert (facts["penalty"], facts["points"]) == (lost, price - wrong - lost)
    page = shop.make.signed_in(rider).get(f"/my/services/{taken.ref}").text
    assert (f"扣了 {lost} 分。" in page) == (lost > 0)
    assert shop.sound(end)


def test_of_what_was_free_nothing_comes_back_and_nothing_is_lost(shop: Shop) -> None:
    rider = shop.rider(40)
    free, slot = shop.slot(0, in_hours=1)
    taken = shop.take(rider, free, slot_id=slot)
    assert redemptions_scheduled.end_overdue(now=NOW + 2 * HOUR) == 1
    facts = told(taken.ref, "redemption_missed")
    assert (facts["points"], facts["penalty"]) == (0, 0)
    assert shop.points(rider) == (40, 0)


@pytest.mark.parametrize(("after", "lost"), [(30 * DAY, 0), (30 * DAY - HOUR, 8)])
def test_a_missed_booking_is_remembered_for_thirty_days(
    shop: Shop, after: timedelta, lost: int
) -> None:
    rider = shop.rider(40)
    missed(shop, rider)
    first = NOW + 2 * HOUR
    care, slot = shop.slot(40, noshow_percent=20, in_hours=(after + HOUR) / HOUR)
    taken = shop.take(rider, care, slot_id=slot, at=NOW + 3 * HOUR)
    assert redemptions_scheduled.end_overdue(now=first + after) == 1
    assert shop.fresh(taken).penalty_points == lost


def _expire(shop: Shop, ref: str, at: datetime) -> str:
    assert redemptions_scheduled.end_overdue(now=at) == 1
    return "redemption_expired"


def _call_off(shop: Shop, ref: str, at: datetime) -> str:
    call_off_usecases.call_off_redemption(ref, "炉子坏了", actor=shop.staff, now=at)
    return "redemption_called_off"


def _refund(shop: Shop, ref: str, at: datetime) -> str:
    counter_usecases.refund(ref, "凉的", actor=shop.staff, now=at)
    return "redemption_refunded"


@pytest.mark.parametrize("end", [_expire, _call_off, _refund])
def test_a_message_says_what_really_came_back(
    shop: Shop, end: Callable[[Shop, str, datetime], str]
) -> None:
    rider = ends_soon(shop)
    wrong = shop.book.award(rider.member_id, 20, severity=3, at=NOW - DAY).entry_id
    taken = shop.take(rider, shop.offer(100, valid_days=9))
    at = taken.holds_until
    if end is _refund:
        at = OVER + HOUR
        shop.hand_out(taken, at=OVER)
    shop.book.reverse(wrong, Verdict.HONEST, at=NOW + HOUR)
    kind = end(shop, taken.ref, at)
    # 100 less 20 that were owed and 30 that were over meanwhile.
    assert told(taken.ref, kind)["points"] == 50
    assert points_queries.balance(rider.member_id, at).available == 50


def test_of_what_is_all_over_nothing_comes_back(shop: Shop) -> None:
    rider = ends_soon(shop, late=0)
    taken = shop.take(rider, shop.offer(30, valid_days=9))
    assert redemptions_scheduled.end_overdue(now=taken.holds_until) == 1
    assert told(taken.ref, "redemption_expired")["points"] == 0


# --- pages and API -------------------------------------------------------------------------------


WORDS = re.compile(r"其中 (\d+) 分\d{4}年\d+月\d+日到期：过了这一天再取消，这些积分不会退回。")


def test_the_page_says_it_before_and_after_and_not_where_nothing_ends(make: Make) -> None:
    now = clock.now()
    shop = Shop(make, now)
    rider = make.rider()
    # Over at the end of the month after next, whatever day it is.
    shop.book.award(rider.member_id, 30, severity=4, at=now - timedelta(days=330))
    shop.book.award(rider.member_id, 40, severity=4, at=now)
    short, long = shop.offer(70, valid_days=3), shop.offer(70, valid_days=90)
    client = make.signed_in(rider)
    assert WORDS.findall(client.get(f"/services/{short}").text) == []
    assert WORDS.findall(client.get(f"/services/{long}").text) == ["30"]
    asked = {"headers": make.token(rider)}
    program = make.app.test_client()
    shown = {
        it["id"]: it["ending"] for it in program.get("/api/v1/offers", **asked).get_json()["items"]
    }
    (lot, _) = ending_queries.purse(rider.member_id, now)
    said = [{"points": 30, "on": lot.on(make.settings.county.tz).isoformat()}]
    assert shown == {short: [], long: said}
    assert program.get(f"/api/v1/offers/{long}", **asked).get_json()["ending"] == said
    # Nobody else's points are spoken of.
    staff = {"headers": make.token(shop.staff)}
    assert program.get(f"/api/v1/offers/{long}", **staff).get_json()["ending"] == []
    db.session.rollback()
    answer = program.post("/api/v1/redemptions", json={"offer": long, "for": "rider"}, **asked)
    assert (answer.status_code, answer.get_json()["ending"]) == (201, said)
    assert program.get("/api/v1/me/redemptions", **asked).get_json()["items"][0]["ending"] == said
    assert WORDS.findall(client.get(f"/my/services/{answer.get_json()['ref']}").text) == ["30"]
    cancelled = program.post(f"/api/v1/redemptions/{answer.get_json()['ref']}/cancel", **asked)
    assert (cancelled.status_code, cancelled.get_json()["ending"]) == (200, [])


@pytest.mark.at(present.USUAL)
def test_an_application_says_it_of_the_month_in_which_it_may_be_withdrawn(cards: Cards) -> None:
    now, zone = clock.now(), cards.make.settings.county.tz
    rider, other = cards.shop.rider(155), cards.shop.rider(155)
    begin, _ = Month.of(now, zone).plus(-12).bounds(zone)
    cards.shop.book.award(rider.member_id, 30, severity=4, at=begin)
    (lot, *_) = ending_queries.purse(rider.member_id, now)
    words = [f"你有 {lot.points} 分"] if lot.expires_at < now + timedelta(days=30) else []
    for who, said in ((rider, words), (other, [])):
        page = cards.make.signed_in(who).get(f"/services/{cards.card}/apply").text
        assert re.findall(r"你有 \d+ 分(?=.{6,12}到期：用在这里的部分)", page) == said
    ref = cards.apply(rider, at=now).ref
    found = said_after(ref)
    assert found == ([(30, lot.on(ZONE))] if words else [])
