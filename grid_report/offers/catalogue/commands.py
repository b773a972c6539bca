"""What an administrator asks for: an offer or a station as it is to be."""

from __future__ import annotations

from dataclasses import dataclass, field

from grid_report.languages import Written
from grid_report.offers.kinds import ForWhom, FreeService, OfferKind, OpensTo, Period, Picture


@dataclass(frozen=True)
class EditOffer:
    """All of an offer an administrator may write."""

    provider_code: str
    station_code: str | None
    kind: OfferKind
    titles: Written
    descriptions: Written
    picture: Picture
    points: int
    for_whom: frozenset[ForWhom]
    quota: int | None = None
    quota_period: Period | None = None
    stock: int | None = None
    hours: str = ""
    valid_days: int = 14
    cancel_minutes: int = 0
    noshow_percent: int = 0
    needs: str = ""
    photo: str | None = None
    # None: by its price.
    opens_to: OpensTo | None = None


@dataclass(frozen=True)
class EditStation:
    """All of a station an administrator may write."""

    code: str
    provider_code: str
    provider_name: str
    community_code: str
    name: str
    address: str
    lat: float
    lng: float
    hours: str = ""
    free_services: frozenset[FreeService] = field(default_factory=frozenset)
    # Of its provider: None leaves a known one as it is, 0 is no quota.
    free_a_month: int | None = None
