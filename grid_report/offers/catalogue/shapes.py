"""The shapes of offers, redemptions and stations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from flask import url_for
from pydantic import BaseModel, Field

from grid_report.offers.catalogue.models import Offer, Slot, Station
from grid_report.offers.catalogue.queries import OfferRow
from grid_report.offers.forms import MOST_POINTS
from grid_report.offers.kinds import ForWhom, FreeService, OfferKind, OpensTo
from grid_report.offers.permits.lifecycle import ApplicationState
from grid_report.offers.permits.models import Application
from grid_report.offers.permits.rules import PermitKind
from grid_report.offers.redemptions import ending_queries, voucher_views
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.models import Redemption
from grid_report.offers.redemptions.queries import RedemptionRow
from grid_report.places.geo.reference import Reference
from grid_report.places.shapes import CommunityBrief
from grid_report.points.history import queries as history_queries
from grid_report.points.history.shapes import Expiring
from grid_report.web.api.shapes import Answer, Body, Instant, Position, Reader


class StationShown(Answer):
    code: str
    name: str
    address: str
    location: Position
    hours: str
    free_services: list[FreeService]
    community: CommunityBrief | None
    distance_m: int | None = Field(description="from `near`, when that was asked")

    @classmethod
    def of(cls, it: Station, places: Reference, distance_m: int | None = None) -> Self:
        """Show a point of the service map."""
        return cls(
            code=it.code,
            name=it.name,
            address=it.address,
            location=Position(lat=it.lat, lng=it.lng, datum="wgs84"),
            hours=it.hours,
            free_services=[FreeService(name) for name in it.free_services],
            community=CommunityBrief.of(places.community(it.community_code)),
            distance_m=distance_m,
        )


class StationList(Answer):
    items: list[StationShown]


class SlotShown(Answer):
    id: int
    starts_at: Instant
    ends_at: Instant
    left: int

    @classmethod
    def of(cls, it: Slot) -> Self:
        """Show a time, with the places left."""
        return cls(
            id=it.id, starts_at=it.starts_at, ends_at=it.ends_at, left=it.capacity - it.reserved
        )


class OfferBrief(Answer):
    id: int
    title: str


class OfferPhoto(Answer):
    main: str
    thumb: str

    @classmethod
    def of(cls, it: Offer) -> OfferPhoto | None:
        """Show the addresses of an offer's photo; nothing where there is none."""
        if it.photo is None:
            return None
        # Its name in the address: another photo is another address, and none grows old in a cache.
        address = url_for("api.offer_photo", offer_id=it.id, name=it.photo)
        return OfferPhoto(main=f"{address}?size=main", thumb=f"{address}?size=thumb")


class OfferShown(OfferBrief):
    description: str
    picture: str = Field(description="the drawn picture that stands in where there is no photo")
    photo: OfferPhoto | None
    kind: OfferKind
    points: int
    left: int | None = Field(description="null: as many as are wanted")
    for_: list[ForWhom] = Field(serialization_alias="for")
    opens_to: OpensTo = Field(
        description="`first_accepted`: taking it before an accepted report is 409"
        " `first-report-needed`; `proved`: a proved number is enough"
    )
    hours: str
    needs: str
    rating: float | None = Field(description="shown from five ratings up")
    station: StationShown | None
    slots: list[SlotShown] = Field(description="the times of the next two weeks")
    ending: list[Expiring] = Field(
        description="what of its price is over before the last moment to cancel, were it taken now;"
        " cancelled after that day it does not come back"
    )

    @classmethod
    def of(
        cls,
        row: OfferRow,
        slots: Sequence[Slot],
        purse: Sequence[history_queries.Expiring],
        reader: Reader,
        places: Reference,
    ) -> Self:
        """Show an offer with its times; `purse` is what its reader has, by the last day of each."""
        it, at, zone = row.offer, row.station, reader.zone
        free = [slot for slot in slots if slot.reserved < slot.capacity]
        ending = ending_queries.before_taking(it, free, purse, zone=zone, now=reader.now)
        return cls(
            id=it.id,
            title=row.title(reader.language),
            description=row.description(reader.language),
            picture=it.picture.value,
            photo=OfferPhoto.of(it),
            kind=it.kind,
            points=it.points,
            left=row.left,
            for_=row.for_whom,
            opens_to=it.opens_to,
            hours=it.hours,
            needs=it.needs,
            rating=row.rating,
            station=StationShown.of(at, places, row.distance_m) if at else None,
            slots=[SlotShown.of(slot) for slot in slots],
            ending=Expiring.of(ending, zone),
        )


class OfferList(Answer):
    items: list[OfferShown]
    next: str | None


class NearQuery(BaseModel):
    near: str | None = Field(
        default=None,
        pattern=r"^-?[0-9]{1,3}(\.[0-9]{1,10})?,-?[0-9]{1,3}(\.[0-9]{1,10})?$",
        description="`lat,lng` in WGS-84; the nearest come first",
    )


class OfferQuery(NearQuery):
    limit: int | None = Field(default=None, ge=1, le=200)
    cursor: str | None = None


class RedeemRequest(Body):
    offer: int = Field(ge=1, le=2**63 - 1)
    slot: int | None = Field(default=None, ge=1, le=2**63 - 1)
    for_: ForWhom | None = Field(default=None, alias="for", strict=False)
    guardian: bool | None = Field(default=None, description="a child's guardian agrees")
    expected_points: int | None = Field(
        default=None,
        ge=0,
        le=MOST_POINTS,
        description="what was shown to the rider; 409 `price-changed` when it costs something else",
    )


class VoucherShown(Answer):
    qr: str = Field(description="the text of the QR code now; it turns every 30 seconds")
    code: str = Field(description="six digits for the bound station; they change")
    code_until: Instant
    valid_until: Instant

    @classmethod
    def of(cls, it: Redemption, now: datetime) -> VoucherShown | None:
        """Show the codes of what can be used now; nothing of the rest."""
        # A card is shown, not scanned at a station.
        if it.station_code is None or it.state is not RedemptionState.RESERVED:
            return None
        if now >= it.holds_until:
            return None
        code = voucher_views.code_now(it, now)
        return VoucherShown(
            qr=code.qr,
            code=code.digits,
            code_until=code.digits_until,
            valid_until=it.holds_until,
        )


class CardShown(Answer):
    """What an application came to: a card of a compound, or how far it is."""

    paper: PermitKind
    compound: str
    state: ApplicationState
    valid_until: Instant | None

    @classmethod
    def of(cls, it: Application) -> Self:
        """Show an application."""
        return cls(
            paper=it.paper, compound=it.compound_name, state=it.state, valid_until=it.valid_until
        )


class RedemptionShown(Answer):
    ref: str
    state: RedemptionState
    offer: OfferBrief
    points: int
    for_: ForWhom = Field(serialization_alias="for")
    slot: SlotShown | None
    station: StationShown | None
    created_at: Instant
    delivered_at: Instant | None
    penalty_points: int
    ending: list[Expiring] = Field(
        description="of the points on hold: over before the last moment to cancel; cancelled after"
        " that day they do not come back"
    )
    voucher: VoucherShown | None = Field(description="while it can be used")
    application: CardShown | None = Field(description="of what is applied for: access cards")

    @classmethod
    def of(
        cls,
        row: RedemptionRow,
        reader: Reader,
        places: Reference,
        ending: Sequence[history_queries.Expiring],
        card: Application | None = None,
    ) -> Self:
        """Show what a rider took, with the codes while it can be used."""
        it = row.redemption
        return cls(
            ref=it.ref,
            state=it.state,
            offer=OfferBrief(id=row.offer.id, title=row.title(reader.language)),
            points=it.points,
            for_=it.for_whom,
            slot=SlotShown.of(row.slot) if row.slot else None,
            station=StationShown.of(row.station, places) if row.station else None,
            created_at=it.created_at,
            delivered_at=it.delivered_at,
            penalty_points=it.penalty_points,
            ending=Expiring.of(ending, reader.zone),
            voucher=VoucherShown.of(it, reader.now),
            application=CardShown.of(card) if card is not None else None,
        )


class RedemptionList(Answer):
    items: list[RedemptionShown]
    next: str | None
