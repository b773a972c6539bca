"""A card that is asked for, and one that is there: free, so that nobody needs points."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from grid_report import clock
from grid_report.access import Actor
from grid_report.offers.kinds import OfferKind, Picture
from grid_report.offers.permits import price_usecases
from grid_report.offers.permits import usecases as permits_usecases
from grid_report.offers.permits.commands import Apply, SetOwnerPrice, TakeApplicationStep
from grid_report.offers.permits.lifecycle import ApplicationStep
from grid_report.offers.permits.rules import PermitKind
from grid_report.places.queries import reference
from tests.support.builders import STATION, Make


@dataclass(frozen=True)
class Asked:
    """An application, the offer it went through, and the token of another rider's card."""

    offer_id: int
    ref: str
    token: str


def ask_for_cards(make: Make, rider: Actor, handler: Actor, worker: Actor) -> Asked:
    """Let a rider apply for a card of a compound with a property firm, and another one have it."""
    places, now, admin = reference(), clock.now(), make.administrator()
    compound = next(it for it in places.compounds_of(STATION) if not it.self_managed)
    offer_id = make.offer(kind=OfferKind.APPLICATION, station_code=None, picture=Picture.CARD)
    price_usecases.choose_offer(PermitKind.ACCESS_CARD, offer_id, actor=admin, now=now)
    price = SetOwnerPrice(compound.code, PermitKind.ACCESS_CARD, 0)
    price_usecases.set_owner_price(price, places=places, actor=handler, now=now)
    refs = [
        permits_usecases.apply(
            Apply(str(uuid.uuid4()), offer_id, compound.code, "老王", ""),
            places=places, lapse_days=30, renew_days=30, actor=who, now=now,
        ).ref
        for who in (rider, make.rider())
    ]  # fmt: skip
    for step, who in (
        (ApplicationStep.PROPERTY_APPROVE, handler),
        (ApplicationStep.COMMUNITY_APPROVE, worker),
        (ApplicationStep.ISSUE, handler),
    ):
        done = permits_usecases.take_step(refs[1], TakeApplicationStep(step), actor=who, now=now)
    return Asked(offer_id, refs[0], done.application.token or "")
