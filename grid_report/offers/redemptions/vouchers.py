"""The turning code of a voucher, and the six digits that stand in for it.

A QR code holds the version, the reference, the number of its 30-second step and an HMAC over the
three. The phone has the secret and turns the code without network; `static/js/lib/voucher-code.mjs`
does the same sums. Letters are those of a QR code's short mode, so that it stays coarse.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from grid_report.plain_characters import plain

VERSION: Final = "GR1"
STEP_S: Final = 30
# The one shown now, and the one that was shown when the scanner began to look.
STEPS_ACCEPTED: Final = 2
MAC_BYTES: Final = 10
# Two windows are accepted, so that six digits are good for ten minutes at the most.
DIGITS_STEP_S: Final = 300
DIGITS: Final = 6
REF_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
REF_LENGTH: Final = 8

_TEXT: Final = re.compile(r"GR1\.(R-[0-9A-Z]{4,12})\.(\d{1,12})\.([A-Z2-7]{16})")


@dataclass(frozen=True)
class Shown:
    """What a QR code says, before anybody believes it."""

    ref: str
    step: int
    mac: str


def new_secret() -> str:
    """Make the secret of one voucher, as hex."""
    return secrets.token_hex(20)


def new_ref() -> str:
    """Make a reference people can read out: no 0 and O, no 1 and I and L, no U."""
    return "R-" + "".join(secrets.choice(REF_ALPHABET) for _ in range(REF_LENGTH))


def step_at(at: datetime) -> int:
    """Return the number of the 30-second step an instant falls in."""
    return int(at.timestamp()) // STEP_S


def text_for(ref: str, secret: str, step: int) -> str:
    """Write what the QR code of a step says."""
    return f"{VERSION}.{ref}.{step}.{_mac(secret, f'{VERSION}.{ref}.{step}')}"


def _mac(secret: str, message: str) -> str:
    digest = hmac.new(bytes.fromhex(secret), message.encode("ascii"), hashlib.sha256).digest()
    return base64.b32encode(digest[:MAC_BYTES]).decode("ascii")


def parse(text: str) -> Shown | None:
    """Read what a scanner saw; None when it is no voucher of ours."""
    found = _TEXT.fullmatch(plain(text).strip().upper())
    return Shown(found[1], int(found[2]), found[3]) if found else None


def is_genuine(shown: Shown, secret: str) -> bool:
    """Tell whether the code was made with the voucher's secret."""
    expected = _mac(secret, f"{VERSION}.{shown.ref}.{shown.step}")
    return hmac.compare_digest(expected, shown.mac)


def is_fresh(step: int, at: datetime) -> bool:
    """Tell whether a code of this step may be shown now: the present one and the one before."""
    return 0 <= step_at(at) - step < STEPS_ACCEPTED


def digits_at(ref: str, secret: str, at: datetime) -> str:
    """Return the six digits shown at an instant."""
    return _digits(ref, secret, int(at.timestamp()) // DIGITS_STEP_S)


def digits_until(at: datetime) -> float:
    """Return when the digits shown at an instant stop counting, as seconds since 1970."""
    return float((int(at.timestamp()) // DIGITS_STEP_S + STEPS_ACCEPTED) * DIGITS_STEP_S)


def digits_fit(ref: str, secret: str, digits: str, at: datetime) -> bool:
    """Tell whether typed digits are those of now or of the window before."""
    window = int(at.timestamp()) // DIGITS_STEP_S
    return any(
        # As bytes: a text with other letters than ASCII's cannot be compared, and programs send any.
        hmac.compare_digest(_digits(ref, secret, window - age).encode(), digits.encode())
        for age in range(STEPS_ACCEPTED)
    )


def _digits(ref: str, secret: str, window: int) -> str:
    message = f"{VERSION}.{ref}.digits.{window}".encode("ascii")
    digest = hmac.new(bytes.fromhex(secret), message, hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:6], 'big') % 10**DIGITS:0{DIGITS}d}"
