"""A helper for tests of offers: stations with staff, offers, riders with points, and their clock."""

from __future__ import annotations

import itertools
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.db import db, transaction
from grid_report.languages import LANGUAGES
from grid_report.offers.catalogue import usecases as catalogue_usecases
from grid_report.offers.catalogue.commands import EditOffer, EditStation
from grid_report.offers.catalogue.models import Offer, Provider, Slot
from grid_report.offers.counter import usecases as counter_usecases
from grid_report.offers.counter.commands import Scan
from grid_report.offers.kinds import ForWhom, FreeService, OfferKind, Picture
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions import vouchers
from grid_report.offers.redemptions.commands import Redeem
from grid_report.offers.redemptions.models import Redemption
from grid_report.points.audit import queries as audit_queries
from grid_report.points.history import queries as history_queries
from tests.points.book import Book
from tests.support.builders import STATION, Make, in_words

# A Monday noon in Shanghai.
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
COUNTY = "211282"
HERE, THERE = "station-01", "station-02"


class Shop:
    """One warm station, another one beside it, and people."""

    def __init__(self, make: Make, now: datetime = NOW) -> None:
        self.make, self.now = make, now
        self.book = Book()
        self.admin = make.administrator()
        self.staff = make.member(Grant(Role.STATION_STAFF, HERE), name="驿站")
        self.other_staff = make.member(Grant(Role.STATION_STAFF, THERE), name="隔壁")
        self.numbers = itertools.count(1)
        for code in (HERE, THERE):
            catalogue_usecases.save_station(
                EditStation(
                    code=code,
                    provider_code=f"provider-{code[-2:]}",
                    provider_name=f"店{code[-2:]}",
                    community_code=STATION,
                    name=f"驿站{code[-2:]}",
                    address="站前街 1 号",
                    lat=42.546,
                    lng=124.0408,
                    hours="Mon-Sun 07:00-21:00",
                    free_services=frozenset({FreeService.REST, FreeService.WATER}),
                    # As providers of before: many tests take what is free many times.
                    free_a_month=0,
                ),
                actor=self.admin,
                now=now,
            )

    def rider(self, points: int = 0) -> Actor:
        """Make a rider with so many points of honest work."""
        rider = self.make.rider()
        while points > 0:
            some = min(points, 40)
            self.book.award(rider.member_id, some, severity=4, at=self.now - timedelta(days=1))
            points -= some
        return rider

    @staticmethod
    def free_a_month(most: int, station: str = HERE) -> None:
        """Say how much of what is free one person gets a month at a station's provider."""
        with transaction() as session:
            provider = session.get(Provider, f"provider-{station[-2:]}")
            assert provider is not None
            provider.free_a_month = most

    def offer(self, points: int = 80, *, station: str = HERE, **more: Any) -> int:
        """Make an offer and return its id."""
        values: dict[str, Any] = {
            "provider_code": f"provider-{station[-2:]}",
            "station_code": station,
            "kind": OfferKind.VOUCHER,
            "titles": in_words(f"热饭{next(self.numbers)}", "A warm meal"),
            "descriptions": dict.fromkeys(LANGUAGES, ""),
            "picture": Picture.MEAL,
            "points": points,
            "for_whom": frozenset(ForWhom),
            "valid_days": 7,
        }
        return catalogue_usecases.save_offer(
            None, EditOffer(**{**values, **more}), actor=self.admin, now=self.now
        )

    def slot(
        self, points: int = 0, *, capacity: int = 1, in_hours: float = 24, **more: Any
    ) -> tuple[int, int]:
        """Make an offer with one time and return both ids."""
        offer_id = self.offer(points, kind=OfferKind.SLOT, **more)
        catalogue_usecases.add_slots(
            offer_id,
            [self.now + timedelta(hours=in_hours)],
            minutes=30,
            capacity=capacity,
            actor=self.admin,
            now=self.now,
        )
        slot_id = db.session.scalars(select(Slot.id).where(Slot.offer_id == offer_id)).one()
        db.session.rollback()
        return offer_id, slot_id

    def take(
        self, rider: Actor, offer_id: int, *, at: datetime | None = None, **more: Any
    ) -> Redemption:
        """Take an offer."""
        command = Redeem(key=more.pop("key", str(uuid.uuid4())), offer_id=offer_id, **more)
        return redemptions_usecases.redeem(
            command, actor=rider, zone=ZONE, now=at or self.now
        ).redemption

    def shown(self, redemption: Redemption, at: datetime | None = None) -> Scan:
        """Return what a scanner sees on the rider's phone."""
        step = vouchers.step_at(at or self.now)
        return Scan(qr=vouchers.text_for(redemption.ref, redemption.secret, step))

    def digits(self, redemption: Redemption, at: datetime | None = None) -> Scan:
        """Return what the rider reads out."""
        at = at or self.now
        return Scan(digits=vouchers.digits_at(redemption.ref, redemption.secret, at))

    def scan(
        self, redemption: Redemption, *, at: datetime | None = None, by: Actor | None = None
    ) -> Redemption:
        """Scan a voucher's code of the moment."""
        at = at or self.now
        return counter_usecases.scan(self.shown(redemption, at), actor=by or self.staff, now=at)

    def hand_out(
        self, redemption: Redemption, *, at: datetime | None = None, nonce: str = "n-1"
    ) -> counter_usecases.Confirmed:
        """Scan and confirm."""
        self.scan(redemption, at=at)
        return counter_usecases.confirm(redemption.ref, nonce, actor=self.staff, now=at or self.now)

    @staticmethod
    def fresh(redemption: Redemption) -> Redemption:
        """Read a redemption again."""
        db.session.rollback()
        found = db.session.get(Redemption, redemption.id, populate_existing=True)
        assert found is not None
        db.session.rollback()
        return found

    @staticmethod
    def reserved(offer_id: int, slot_id: int | None = None) -> int:
        """Return how many are reserved of an offer, or of its time."""
        db.session.rollback()
        query = (
            select(Offer.reserved).where(Offer.id == offer_id)
            if slot_id is None
            else select(Slot.reserved).where(Slot.id == slot_id)
        )
        found = db.session.scalars(query).one()
        db.session.rollback()
        return found

    @staticmethod
    def points(rider: Actor) -> tuple[int, int]:
        """Return what a rider can spend and what is on hold."""
        db.session.rollback()
        found = history_queries.balance(rider.member_id)
        db.session.rollback()
        return found.available, found.held

    def sound(self, at: datetime | None = None) -> bool:
        """Audit the ledger."""
        found: list[audit_queries.Difference] = self.book.differences(at or self.now)
        assert found == []
        return True
