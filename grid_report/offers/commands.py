"""What the use cases are asked for, read and checked by shape; and what their keys remember."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

from grid_report.offers.application_flow import ApplicationStep
from grid_report.offers.kinds import ForWhom, FreeService, OfferKind, OpensTo, Period, Picture
from grid_report.offers.papers import PaperKind


@dataclass(frozen=True)
class Redeem:
    """Take an offer: which, which slot, for whom. `key` makes sending it twice once.

    `price` is what the rider was shown; None where nobody says.
    """

    key: str
    offer_id: int
    slot_id: int | None = None
    for_whom: ForWhom = ForWhom.RIDER
    guardian_consents: bool = False
    price: int | None = None


def fingerprint(command: Redeem) -> str:
    """Return a digest of everything that makes this request what it is, but the key."""
    said = "|".join(
        (
            str(command.offer_id),
            str(command.slot_id),
            command.for_whom,
            str(command.guardian_consents),
            # What did not name a price hashes as it did before there was one to name.
            *(() if command.price is None else (str(command.price),)),
        )
    )
    return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class Scan:
    """What a station saw or typed: a QR code's text, or six digits."""

    qr: str = ""
    digits: str = ""


@dataclass(frozen=True)
class BookLine:
    """One confirmation a station wrote down without network."""

    nonce: str
    at: datetime
    scan: Scan


@dataclass(frozen=True)
class EditOffer:
    """All of an offer an administrator may write."""

    provider_code: str
    station_code: str | None
    kind: OfferKind
    title_zh: str
    title_en: str
    description_zh: str
    description_en: str
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


@dataclass(frozen=True)
class Apply:
    """Ask for a card of a compound. `key` makes sending it twice once."""

    key: str
    offer_id: int
    compound_code: str
    nickname: str
    purpose: str
    plate: str = ""
    renews: str = ""

    @property
    def fingerprint(self) -> str:
        """A digest of everything that makes this request what it is, but the key."""
        said = "|".join(
            (str(self.offer_id), self.compound_code, self.nickname, self.purpose, self.plate,
             self.renews)
        )  # fmt: skip
        return hashlib.sha256(said.encode()).hexdigest()


@dataclass(frozen=True)
class TakeApplicationStep:
    """One step of an application, by somebody who saw it in one version."""

    step: ApplicationStep
    seen: int | None = None
    words: str = ""
    card_number: str = ""


@dataclass(frozen=True)
class SetOwnerPrice:
    """What owners of a compound pay for a card from now on, and who says why."""

    compound_code: str
    paper: PaperKind
    owners_fen: int
    subsidy_fen: int = 0
    words: str = ""
    seen: int | None = None
