"""Real processes at the same moment, for the last unit, the last place, one key, one voucher."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from grid_report.access import Actor
from grid_report.db import db
from grid_report.errors import GridReportError
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.counter.commands import BookLine
from grid_report.offers.kinds import Period
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.commands import Redeem
from grid_report.offers.redemptions.models import Redemption
from tests.offers.shop import COUNTY, NOW, ZONE, Shop
from tests.support.lengths import racers
from tests.support.parallel import race

pytestmark = [pytest.mark.database, pytest.mark.slow]

PROCESSES = racers()


def code_of(act: Callable[[], Any]) -> str:
    try:
        return str(act())
    except GridReportError as error:
        return error.code


def take(rider: Actor, offer_id: int, slot_id: int | None = None, key: str = "") -> str:
    def act() -> str:
        command = Redeem(key or str(uuid.uuid4()), offer_id, slot_id)
        done = redemptions_usecases.redeem(command, actor=rider, zone=ZONE, now=NOW)
        return "replayed" if done.replayed else "taken"

    return code_of(act)


def test_the_last_unit_goes_to_one_of_many(app: Flask, shop: Shop) -> None:
    riders = [shop.rider(20) for _ in range(PROCESSES)]
    gloves = shop.offer(20, stock=1)
    said = Counter(race(app, [partial(take, rider, gloves) for rider in riders]))
    assert said == {"taken": 1, "sold-out": PROCESSES - 1}
    assert shop.reserved(gloves) == 1
    assert sum(shop.points(rider)[1] for rider in riders) == 20
    assert shop.sound()


def test_the_last_place_goes_to_one_of_many(app: Flask, shop: Shop) -> None:
    riders = [shop.rider() for _ in range(PROCESSES)]
    clinic, slot = shop.slot(0, capacity=1)
    said = Counter(race(app, [partial(take, rider, clinic, slot) for rider in riders]))
    assert said == {"taken": 1, "slot-full": PROCESSES - 1}
    assert shop.reserved(clinic, slot) == 1


def test_one_riders_many_phones_keep_to_quota_key_and_points(app: Flask, shop: Shop) -> None:
    rider = shop.rider(100)
    meal = shop.offer(80)
    cup = shop.offer(10, quota=1, quota_period=Period.DAY)
    key = str(uuid.uuid4())
    said = Counter(race(app, [partial(take, rider, meal, None, key)] * PROCESSES))
    assert said == {"taken": 1, "replayed": PROCESSES - 1}
    said = Counter(race(app, [partial(take, rider, cup)] * PROCESSES))
    assert said == {"taken": 1, "quota-used-up": PROCESSES - 1}
    assert shop.points(rider) == (10, 90)
    assert shop.sound()


def wait(rider: Actor, slot_id: int) -> str:
    def act() -> str:
        redemptions_usecases.join_queue(slot_id, actor=rider, zone=ZONE, now=NOW)
        return "waiting"

    return code_of(act)


def test_one_persons_many_phones_keep_to_what_is_free_a_month(app: Flask, shop: Shop) -> None:
    rider = shop.rider()
    shop.free_a_month(3)
    teas = [shop.offer(0) for _ in range(PROCESSES // 2)]
    clinics = [shop.slot(0, capacity=1) for _ in range(PROCESSES // 2)]
    shop.free_a_month(0)
    for clinic, slot in clinics:
        shop.take(shop.rider(), clinic, slot_id=slot)
    shop.free_a_month(3)
    said = Counter(
        race(
            app,
            [partial(take, rider, tea) for tea in teas]
            + [partial(wait, rider, slot) for _, slot in clinics],
        )
    )
    assert said["free-quota-used-up"] == PROCESSES - 3
    assert said["taken"] + said["waiting"] == 3


def confirm(ref: str, nonce: str, staff: Actor) -> str:
    def act() -> str:
        done = counter_usecases.confirm(ref, nonce, actor=staff, now=NOW)
        return "replayed" if done.replayed else "confirmed"

    return code_of(act)


@pytest.mark.parametrize("same", [True, False], ids=["one nonce", "a nonce each"])
def test_many_confirmations_capture_once(app: Flask, shop: Shop, same: bool) -> None:
    rider = shop.rider(80)
    taken = shop.take(rider, shop.offer(80))
    shop.scan(taken)
    nonces = ["n" if same else f"n-{number}" for number in range(PROCESSES)]
    said = Counter(race(app, [partial(confirm, taken.ref, nonce, shop.staff) for nonce in nonces]))
    assert said == {"confirmed": 1, "replayed" if same else "voucher-used": PROCESSES - 1}
    assert shop.book.value("SELECT count(*) FROM point_journal WHERE kind = 'capture'") == 1
    assert shop.points(rider) == (0, 0)
    assert shop.sound()


def test_cancel_and_confirm_at_once_leave_one_truth(app: Flask, shop: Shop) -> None:
    rider = shop.rider(80)
    taken = shop.take(rider, shop.offer(80, stock=1))
    shop.scan(taken)

    def cancel() -> str:
        return code_of(
            lambda: redemptions_usecases.cancel(taken.ref, actor=rider, now=NOW).replayed
        )

    acts: list[Callable[[], Any]] = [cancel, partial(confirm, taken.ref, "n", shop.staff)] * (
        PROCESSES // 2
    )
    race(app, acts)
    state = shop.fresh(taken).state
    assert shop.points(rider) == ((80, 0) if state == "cancelled" else (0, 0))
    assert shop.sound()


def test_a_line_of_the_book_sent_many_times_at_once_is_one_line(app: Flask, shop: Shop) -> None:
    rider = shop.rider(20)
    taken = shop.take(rider, shop.offer(20))
    line = BookLine("n-1", NOW, shop.digits(taken))

    def upload() -> str:
        (done,) = counter_usecases.upload_book([line], county=COUNTY, actor=shop.staff, now=NOW)
        return done.result.value

    said = Counter(map(str, race(app, [upload] * PROCESSES)))
    assert said == {"confirmed": PROCESSES}
    assert shop.book.value("SELECT count(*) FROM station_book") == 1
    assert shop.fresh(taken).state == "delivered"
    assert shop.sound()


@pytest.mark.parametrize("round_", range(5))
def test_of_two_bookings_missed_at_the_same_moment_one_is_the_first(
    app: Flask, shop: Shop, round_: int
) -> None:
    rider = shop.rider(200)
    refs = []
    for _ in range(2):
        care, slot = shop.slot(83, noshow_percent=20)
        refs.append(shop.take(rider, care, slot_id=slot).ref)
    at = NOW + timedelta(days=1, hours=1)
    # Runs of the job that overlap reach different bookings at the same moment.
    ends = [partial(redemptions_scheduled._end, ref, now=at) for ref in refs]
    # The others meet a booking that has moved on.
    answers = race(app, ends * (PROCESSES // 2))
    assert answers.count(True) == 2
    db.session.rollback()
    assert sorted(db.session.scalars(select(Redemption.penalty_points))) == [0, 16]
    assert shop.points(rider) == (184, 0)
    assert shop.sound(at)
