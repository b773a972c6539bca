"""A helper for tests of cards: two compounds with their prices, and those who decide."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from grid_report.access import Actor
from grid_report.db import db
from grid_report.offers.kinds import OfferKind, Picture
from grid_report.offers.permits import price_usecases
from grid_report.offers.permits import usecases as permits_usecases
from grid_report.offers.permits.commands import Apply, SetOwnerPrice, TakeApplicationStep
from grid_report.offers.permits.lifecycle import ApplicationStep
from grid_report.offers.permits.models import Application
from grid_report.offers.permits.rules import PermitKind
from grid_report.places.geo.reference import CompoundInfo
from grid_report.places.queries import reference
from tests.offers.shop import Shop
from tests.support.builders import BRIGHT, PROPERTY, STATION, Make

T = ApplicationStep
LAPSE_DAYS = 30
RENEW_DAYS = 30


class Cards:
    """The shop, with cards of one compound that has a firm and of one that has none."""

    def __init__(self, make: Make) -> None:
        self.shop = shop = Shop(make)
        self.make, self.now = make, shop.now
        self.places = reference()
        self.with_firm = self.compound(self_managed=False)
        self.alone = self.compound(self_managed=True)
        self.firm = make.handler(PROPERTY)
        self.worker = make.worker(self.with_firm.community_code)
        self.worker_alone = make.worker(self.alone.community_code)
        self.card = shop.offer(0, kind=OfferKind.APPLICATION, station_code=None,
                               picture=Picture.CARD, valid_days=366)  # fmt: skip
        self.pass_ = shop.offer(0, kind=OfferKind.APPLICATION, station_code=None,
                                picture=Picture.CARD, valid_days=180)  # fmt: skip
        price_usecases.choose_offer(
            PermitKind.ACCESS_CARD, self.card, actor=shop.admin, now=self.now
        )
        price_usecases.choose_offer(PermitKind.VEHICLE, self.pass_, actor=shop.admin, now=self.now)
        self.price(self.with_firm, 1555, by=self.firm)
        self.price(self.alone, 1500, subsidy_fen=1500, by=shop.admin, words="县级补贴")

    def compound(self, *, self_managed: bool) -> CompoundInfo:
        """Return a compound of the station's community, or whichever manages itself."""
        found = [it for it in self.places.compounds.values() if it.self_managed is self_managed]
        here = (STATION, BRIGHT)
        return min(
            found, key=lambda it: (it.community_code not in here, it.community_code, it.code)
        )

    def price(
        self,
        compound: CompoundInfo,
        fen: int,
        *,
        by: Actor,
        paper: PermitKind = PermitKind.ACCESS_CARD,
        **more: Any,
    ) -> int:
        """Set a compound's price."""
        command = SetOwnerPrice(compound.code, paper, fen, **more)
        return price_usecases.set_owner_price(command, places=self.places, actor=by, now=self.now)

    def apply(
        self,
        rider: Actor,
        compound: CompoundInfo | None = None,
        *,
        at: datetime | None = None,
        **more: Any,
    ) -> permits_usecases.Applied:
        """Ask for a card."""
        values: dict[str, Any] = {
            "key": str(uuid.uuid4()), "offer_id": self.card, "nickname": "老王",
            "compound_code": (compound or self.with_firm).code, "purpose": "每天送餐",
        }  # fmt: skip
        return permits_usecases.apply(
            Apply(**{**values, **more}), places=self.places, lapse_days=LAPSE_DAYS,
            renew_days=RENEW_DAYS, actor=rider, now=at or self.now,
        )  # fmt: skip

    def step(
        self, ref: str, step: ApplicationStep, by: Actor, *, at: datetime | None = None, **more: Any
    ) -> permits_usecases.Applied:
        """Take a step."""
        return permits_usecases.take_step(
            ref, TakeApplicationStep(step, **more), actor=by, now=at or self.now
        )

    def approved(self, rider: Actor, **more: Any) -> str:
        """Take an application as far as the community's yes."""
        ref = self.apply(rider, **more).ref
        self.step(ref, T.PROPERTY_APPROVE, self.firm, at=more.get("at"))
        self.step(ref, T.COMMUNITY_APPROVE, self.worker, at=more.get("at"))
        return ref

    def issued(self, rider: Actor, **more: Any) -> str:
        """Take an application as far as the card."""
        ref = self.approved(rider, **more)
        self.step(ref, T.ISSUE, self.firm, at=more.get("at"), card_number="0042")
        return ref

    def fresh(self, ref: str) -> Application:
        """Read an application again."""
        from grid_report.offers.permits.queries import find_permit

        db.session.rollback()
        db.session.expire_all()
        found = find_permit(ref).application
        db.session.rollback()
        return found
