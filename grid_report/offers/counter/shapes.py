"""The shapes of a station's scans: a voucher looked at, and confirmed."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, StringConstraints

from grid_report.accounts.aliases import rider_alias
from grid_report.offers.catalogue.shapes import OfferBrief, SlotShown
from grid_report.offers.kinds import ForWhom
from grid_report.offers.redemptions.lifecycle import RedemptionState
from grid_report.offers.redemptions.models import Redemption
from grid_report.offers.redemptions.queries import RedemptionRow
from grid_report.web.api.shapes import Answer, Body, Instant


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
    for_: ForWhom = Field(serialization_alias="for")
    rider: RiderBrief
    slot: SlotShown | None
    needs: str
    station: str
    valid_until: Instant

    @classmethod
    def of(cls, row: RedemptionRow, rider: str, language: str) -> Self:
        """Show a voucher to the station it is for."""
        it = row.redemption
        assert it.station_code is not None
        return cls(
            ref=it.ref,
            state=it.state,
            offer=OfferBrief(id=row.offer.id, title=row.title(language)),
            points=it.points,
            for_=it.for_whom,
            rider=RiderBrief(name=rider, alias=rider_alias(it.rider_id)),
            slot=SlotShown.of(row.slot) if row.slot else None,
            needs=row.offer.needs,
            station=it.station_code,
            valid_until=it.holds_until,
        )


class ConfirmRequest(Body):
    ref: Annotated[str, StringConstraints(min_length=1, max_length=20)]
    nonce: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class VoucherConfirmed(Answer):
    ref: str
    state: RedemptionState
    points: int
    delivered_at: Instant
    station: str

    @classmethod
    def of(cls, it: Redemption) -> Self:
        """Show what was handed out."""
        assert it.delivered_at is not None
        assert it.station_code is not None
        return cls(
            ref=it.ref,
            state=it.state,
            points=it.points,
            delivered_at=it.delivered_at,
            station=it.station_code,
        )
