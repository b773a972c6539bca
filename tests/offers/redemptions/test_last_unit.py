"""Many processes, round after round (`--operations` for many): the last unit of an offer, the last place of a slot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from grid_report.db import db, transaction
from grid_report.languages import as_columns
from grid_report.offers.catalogue.models import Offer, Slot
from grid_report.offers.kinds import OfferKind, Picture
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.commands import Redeem
from grid_report.offers.redemptions.models import Redemption
from tests.offers.shop import HERE, NOW, ZONE, Shop
from tests.points.ledger.racing import PROCESSES, run_rounds
from tests.support.builders import in_words

pytestmark = [pytest.mark.database, pytest.mark.slow]


def offers(count: int, *, points: int) -> list[int]:
    """Add many offers with one unit each at once."""
    with transaction() as session:
        rows = [
            Offer(
                provider_code="provider-01",
                station_code=HERE,
                kind=OfferKind.VOUCHER,
                **as_columns("title", in_words("手套", "Gloves")),
                picture=Picture.GLOVES,
                points=points,
                for_rider=True,
                for_family=False,
                for_child=False,
                stock=1,
                stars=0,
                created_at=NOW,
            )
            for _ in range(count)
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def slots(offer_id: int, count: int) -> list[int]:
    """Add many times with one place each at once."""
    with transaction() as session:
        starts = [NOW + timedelta(hours=1 + number) for number in range(count)]
        rows = [
            Slot(offer_id=offer_id, starts_at=at, ends_at=at + timedelta(hours=1), capacity=1)
            for at in starts
        ]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def taken_by(column: InstrumentedAttribute[Any]) -> dict[int, int]:
    """Count the redemptions of each offer, or of each slot."""
    found = db.session.execute(select(column, func.count()).group_by(column))
    counts = {row[0]: row[1] for row in found}
    db.session.rollback()
    return counts


def test_the_last_unit_goes_to_one_every_time(app: Flask, shop: Shop, rounds: int) -> None:
    # Whoever wins every round can pay for it.
    riders = [shop.rider(rounds) for _ in range(PROCESSES)]
    gloves = offers(rounds, points=1)

    def attempt(this_round: int, number: int) -> str:
        command = Redeem(f"{this_round}", gloves[this_round])
        redemptions_usecases.redeem(command, actor=riders[number], zone=ZONE, now=NOW)
        return "taken"

    for answers in run_rounds(app, rounds, attempt):
        assert answers == {"taken": 1, "SoldOut": PROCESSES - 1}
    assert taken_by(Redemption.offer_id) == dict.fromkeys(gloves, 1)
    held = [shop.points(rider)[1] for rider in riders]
    assert sum(held) == rounds
    assert shop.sound()


def test_the_last_place_goes_to_one_every_time(app: Flask, shop: Shop, rounds: int) -> None:
    riders = [shop.rider() for _ in range(PROCESSES)]
    clinic = shop.offer(0, kind=OfferKind.SLOT)
    places = slots(clinic, rounds)

    def attempt(this_round: int, number: int) -> str:
        command = Redeem(f"{this_round}", clinic, places[this_round])
        redemptions_usecases.redeem(command, actor=riders[number], zone=ZONE, now=NOW)
        return "taken"

    for answers in run_rounds(app, rounds, attempt):
        assert answers == {"taken": 1, "SlotFull": PROCESSES - 1}
    assert taken_by(Redemption.slot_id) == dict.fromkeys(places, 1)
