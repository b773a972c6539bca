"""Secrets that stand for a sign-in: how they are made, and what is kept of them."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from grid_report.access import Actor

# Lets secret scanners and people recognise a leaked API token for what it is.
TOKEN_PREFIX: Final = "gr1_"  # noqa: S105 - a prefix, not a secret

LONGEST_SECRET: Final = 200


def new_secret(*, for_api: bool) -> str:
    """Return 256 random bits as text."""
    return (TOKEN_PREFIX if for_api else "") + secrets.token_urlsafe(32)


def hash_secret(secret: str) -> str:
    """Return what the database keeps. Secrets are long and random: a plain digest is enough."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


CODE_MINUTES: Final = 5


@dataclass(frozen=True)
class SignedIn:
    """A fresh sign-in. The secret exists here and with its holder; the database has a hash."""

    secret: str = field(repr=False)
    sign_in_id: int
    actor: Actor
    expires_at: datetime
