"""What redemption and station refuse. The five voucher codes are those of the HTTP contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from grid_report.errors import Conflict, Forbidden, GridReportError


class VoucherUnknown(Conflict):
    """No voucher of ours, or not one this station could know."""

    code: ClassVar[str] = "voucher-unknown"


@dataclass(eq=False)
class VoucherWrongStation(Conflict):
    """A good voucher, at another station than the one it was made for."""

    code: ClassVar[str] = "voucher-wrong-station"
    station: str


@dataclass(eq=False)
class VoucherUsed(Conflict):
    """It was confirmed before; when and where is told."""

    code: ClassVar[str] = "voucher-used"
    used_at: str
    station: str


@dataclass(eq=False)
class VoucherExpired(Conflict):
    """Its time is over, or it was taken back before."""

    code: ClassVar[str] = "voucher-expired"
    expired_at: str


class VoucherStepOld(Conflict):
    """A picture of a code, not the code: it has turned since. Also a scan from too long ago."""

    code: ClassVar[str] = "voucher-step-old"


class OfferGone(Conflict):
    """Nobody hands this out any more."""

    code: ClassVar[str] = "offer-gone"


class SoldOut(Conflict):
    """Somebody else took the last one."""

    code: ClassVar[str] = "sold-out"


@dataclass(eq=False)
class PriceChanged(Conflict):
    """It costs something else than the rider was shown: nobody pays what they did not agree to."""

    code: ClassVar[str] = "price-changed"
    points: int


class SlotFull(Conflict):
    """Somebody else took the last place."""

    code: ClassVar[str] = "slot-full"


class SlotOver(Conflict):
    """It has begun, or was called off."""

    code: ClassVar[str] = "slot-over"


@dataclass(eq=False)
class QuotaUsedUp(Conflict):
    """The rider had as many as there are for each."""

    code: ClassVar[str] = "quota-used-up"
    quota: int
    period: str


class FirstReportNeeded(Conflict):
    """Opens with the rider's first accepted report: it costs points, or there is little of it."""

    code: ClassVar[str] = "first-report-needed"


@dataclass(eq=False)
class FreeQuotaUsedUp(Conflict):
    """The person had as much as one provider gives one person for nothing in a month."""

    code: ClassVar[str] = "free-quota-used-up"
    quota: int
    provider: str


class NeedsApplication(Conflict):
    """Has to be applied for; a click cannot decide it."""

    code: ClassVar[str] = "needs-application"


class CancelTooLate(Conflict):
    """Too short before it begins."""

    code: ClassVar[str] = "cancel-too-late"


class DisputeTooLate(Conflict):
    """The 72 hours are over."""

    code: ClassVar[str] = "dispute-too-late"


@dataclass(eq=False)
class BookedAlready(Conflict):
    """The rider has this very time for this very person."""

    code: ClassVar[str] = "booked-already"
    ref: str


class PlacesFree(Conflict):
    """Nobody needs to wait: there are places."""

    code: ClassVar[str] = "places-free"


class AlreadyRatedOffer(Conflict):
    """Rated before."""

    code: ClassVar[str] = "offer-already-rated"


class PriceUnknown(Conflict):
    """Nobody has said yet what owners of the compound pay for it."""

    code: ClassVar[str] = "price-unknown"


class FirmUnknown(Conflict):
    """A compound that does not manage itself, and no property firm that covers it."""

    code: ClassVar[str] = "firm-unknown"


@dataclass(eq=False)
class PermitApplied(Conflict):
    """The rider waits for this card of this compound already."""

    code: ClassVar[str] = "card-applied"
    ref: str


@dataclass(eq=False)
class PermitHeld(Conflict):
    """The rider has this card of this compound; near its end it can be renewed."""

    code: ClassVar[str] = "card-held"
    ref: str


class NotRenewable(Conflict):
    """The card is not near its end, or over already."""

    code: ClassVar[str] = "not-renewable"


class OwnVoucher(Forbidden):
    """Nobody confirms a voucher of their own."""

    code: ClassVar[str] = "own-voucher"


@dataclass(eq=False)
class BookingKeyReused(GridReportError):
    """The idempotency key belongs to another booking that was sent before."""

    code: ClassVar[str] = "idempotency-key-reused"
    status: ClassVar[int] = 422
    number: str
