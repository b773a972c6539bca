"""Chinese mobile numbers: read, masked on screens, sealed in the database."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from grid_report.errors import Invalid
from grid_report.plain_characters import plain

_MOBILE: Final = re.compile(r"1[3-9][0-9]{9}")
_COUNTRY: Final = re.compile(r"^(?:\+86|0086|86(?=1[3-9][0-9]{9}$))")
# What people and address books put between digits, the invisible marks included.
_SEPARATORS: Final = re.compile(r"[\s()\-.\u2010-\u2015\u200b-\u200f\u202a-\u202e\u2060\ufeff]+")

_NONCE_BYTES: Final = 12
_VERSION: Final = b"\x01"


def normalise(text: str) -> str:
    """Read a number the way people write it and return its eleven digits.

    Raises Invalid on field `phone`.
    """
    digits = _SEPARATORS.sub("", plain(text[:64]))
    if not digits:
        raise Invalid.field("phone", "phone-missing")
    digits = _COUNTRY.sub("", digits)
    if not _MOBILE.fullmatch(digits):
        raise Invalid.field("phone", "phone-unreadable")
    return digits


def mask(phone: str) -> str:
    """Hide the middle of a number, enough for its owner to recognise it; '' stays ''."""
    if not phone:
        return ""
    return f"{phone[:3]}****{phone[-4:]}"


class SealBroken(RuntimeError):
    """A sealed value was not made with this secret, or was moved or changed."""


@dataclass(frozen=True)
class SealedPhone:
    """What the database keeps of a number."""

    lookup: str
    sealed: bytes
    tail: str


class Vault:
    """Seals numbers and blinds what is only ever compared. Its keys come from one secret."""

    def __init__(self, secret: str) -> None:
        self._seal = AESGCM(_derive(secret, b"grid-report phone seal 1"))
        self._blind = _derive(secret, b"grid-report blind index 1")

    def blind(self, purpose: str, *parts: str) -> str:
        """Return 64 hex digits that tell equal values apart from others and nothing else."""
        message = "\x1f".join((purpose, *parts)).encode()
        return hmac.new(self._blind, message, hashlib.sha256).hexdigest()

    def lookup(self, phone: str) -> str:
        """Return what a member is found by. Takes a normalised number."""
        return self.blind("phone", phone)

    def counter_code(self, member_id: int, lookup: str) -> str:
        """Return the six digits a member shows at a counter; nothing to sign in with."""
        digits = int(self.blind("counter-code", str(member_id), lookup)[:12], 16)
        return f"{digits % 1_000_000:06d}"

    def seal(self, phone: str) -> SealedPhone:
        """Seal a normalised number; the same number looks different each time."""
        lookup = self.lookup(phone)
        return SealedPhone(lookup, self._sealed(phone, lookup), phone[-4:])

    def seal_as(self, purpose: str, text: str) -> tuple[str, bytes]:
        """Seal what is as personal as a number; return what it is found by, and the sealed text."""
        lookup = self.blind(purpose, text)
        return lookup, self._sealed(text, lookup)

    def _sealed(self, text: str, lookup: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        # Bound to its lookup: a sealed number copied into another row does not open.
        return _VERSION + nonce + self._seal.encrypt(nonce, text.encode(), lookup.encode())

    def open(self, sealed: bytes, lookup: str) -> str:
        """Return the number, or what else was sealed. Raises SealBroken."""
        nonce, box = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _VERSION:
            raise SealBroken
        try:
            return self._seal.decrypt(nonce, box, lookup.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error

    def wrap(self, text: str) -> str:
        """Seal something a browser keeps for us, as text."""
        nonce = os.urandom(_NONCE_BYTES)
        box = self._seal.encrypt(nonce, text.encode(), b"browser")
        return base64.urlsafe_b64encode(nonce + box).decode()

    def unwrap(self, wrapped: str) -> str | None:
        """Return what was wrapped; None when it was not wrapped by us."""
        try:
            raw = base64.urlsafe_b64decode(wrapped.encode())
            box = raw[_NONCE_BYTES:]
            return self._seal.decrypt(raw[:_NONCE_BYTES], box, b"browser").decode()
        except (InvalidTag, ValueError):
            return None


def _derive(secret: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(
        secret.encode()
    )
