"""What pages and API show of a voucher: its code now, as text and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from grid_report.offers.redemptions import vouchers
from grid_report.offers.redemptions.models import Redemption


@dataclass(frozen=True)
class CodeNow:
    """A voucher's code at an instant: the QR text, the six digits and until when they count."""

    qr: str
    digits: str
    digits_until: datetime


def code_now(redemption: Redemption, at: datetime) -> CodeNow:
    """Return the code to show at an instant."""
    ref, secret = redemption.ref, redemption.secret
    return CodeNow(
        vouchers.text_for(ref, secret, vouchers.step_at(at)),
        vouchers.digits_at(ref, secret, at),
        datetime.fromtimestamp(vouchers.digits_until(at), UTC),
    )
