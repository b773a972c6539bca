"""The shapes of offers, redemptions, vouchers and stations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from grid_report.api.schemas.common import Answer, Body, CommunityBrief, Position
from grid_report.api.schemas.statement import Expiring
from grid_report.offers.forms import MOST_POINTS
from grid_report.offers.kinds import ForWhom, FreeService, OfferKind, OpensTo
from grid_report.offers.permits.lifecycle import ApplicationState
from grid_report.offers.permits.rules import PaperKind
from grid_report.offers.redemptions.lifecycle import RedemptionState


class StationShown(Answer):
    code: str
    name: str
    address: str
    location: Position
    hours: str
    free_services: list[FreeService]
    community: CommunityBrief | None
    distance_m: int | None = Field(description="from `near`, when that was asked")


class StationList(Answer):
    items: list[StationShown]


class SlotShown(Answer):
    id: int
    starts_at: datetime
    ends_at: datetime
    left: int


class OfferBrief(Answer):
    id: int
    title: str


class OfferPhoto(Answer):
    main: str
    thumb: str


class OfferShown(OfferBrief):
    description: str
    picture: str = Field(description="the drawn picture that stands in where there is no photo")
    photo: OfferPhoto | None
    kind: OfferKind
    points: int
    left: int | None = Field(description="null: as many as are wanted")
    for_: list[ForWhom] = Field(alias="for")
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
    code_until: datetime
    valid_until: datetime


class CardShown(Answer):
    """What an application came to: a card of a compound, or how far it is."""

    paper: PaperKind
    compound: str
    state: ApplicationState
    valid_until: datetime | None


class RedemptionShown(Answer):
    ref: str
    state: RedemptionState
    offer: OfferBrief
    points: int
    for_: ForWhom = Field(alias="for")
    slot: SlotShown | None
    station: StationShown | None
    created_at: datetime
    delivered_at: datetime | None
    penalty_points: int
    ending: list[Expiring] = Field(
        description="of the points on hold: over before the last moment to cancel; cancelled after"
        " that day they do not come back"
    )
    voucher: VoucherShown | None = Field(description="while it can be used")
    application: CardShown | None = Field(description="of what is applied for: access cards")


class RedemptionList(Answer):
    items: list[RedemptionShown]
    next: str | None


class ScanRequest(Body):
    """What was seen (`qr`) or typed (`code`)."""

    qr: Annotated[str, StringConstraints(max_length=200)] | None = None
    code: Annotated[str, StringConstraints(max_length=200)] | None = None


class RiderBrief(Answer):
    name: str
    alias: str


class VoucherPreview(Answer):
    ref: str
    state: RedemptionState
    offer: OfferBrief
    points: int
    for_: ForWhom = Field(alias="for")
    rider: RiderBrief
    slot: SlotShown | None
    needs: str
    station: str
    valid_until: datetime


class ConfirmRequest(Body):
    ref: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    nonce: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class VoucherConfirmed(Answer):
    ref: str
    state: RedemptionState
    points: int
    delivered_at: datetime
    station: str
