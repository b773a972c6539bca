"""What a station asks for: a code looked at or confirmed, a line of its book."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


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
