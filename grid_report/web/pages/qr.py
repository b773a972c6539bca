"""QR codes that stand in a page."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr_svg(text: str) -> Markup:
    """Draw a QR code as SVG to stand in a page, black on white whatever the theme."""
    code = segno.make_qr(text, error="m")
    # segno writes numbers and its own attributes only; nothing of it came from anybody.
    return Markup(code.svg_inline(border=2, omitsize=True, light="#fff", dark="#000"))  # noqa: S704
