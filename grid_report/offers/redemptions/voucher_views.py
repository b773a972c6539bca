"""What pages and API show of a voucher: its code now, as text and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import segno
from markupsafe import Markup

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


def qr_svg(text: str) -> Markup:
    """Draw a QR code as SVG to stand in a page, black on white whatever the theme."""
    code = segno.make_qr(text, error="m")
    # segno writes numbers and its own attributes only; nothing of it came from anybody.
    return Markup(code.svg_inline(border=2, omitsize=True, light="#fff", dark="#000"))  # noqa: S704
