"""Photos that were fine in a form that was not: kept under a signed token, so that nobody has to
take them again. The files are durable already; the orphan sweep leaves them their time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

from grid_report.media.uploads.photos import AdmittedPhoto

SALT = "staged-photo"
MOST_SECONDS = 3600
MOST_TOKENS = 24


def keep(photo: AdmittedPhoto, *, secret: str, member_id: int) -> str:
    """Return the token that brings an admitted photo back for the same member."""
    values: dict[str, Any] = asdict(photo)
    if photo.taken_at is not None:
        values["taken_at"] = photo.taken_at.isoformat()
    values["member"] = member_id
    return URLSafeTimedSerializer(secret, salt=SALT).dumps(values)


def take(tokens: Sequence[str], *, secret: str, member_id: int) -> list[AdmittedPhoto]:
    """Bring photos back; tokens that are old, forged or somebody else's are passed over."""
    found = []
    reader = URLSafeTimedSerializer(secret, salt=SALT)
    for token in list(tokens)[:MOST_TOKENS]:
        try:
            values = reader.loads(token, max_age=MOST_SECONDS)
            if values.pop("member") != member_id:
                continue
            if values.get("taken_at"):
                values["taken_at"] = datetime.fromisoformat(values["taken_at"])
            if values.get("position"):
                values["position"] = tuple(values["position"])
            found.append(AdmittedPhoto(**values))
        except (BadData, KeyError, TypeError, ValueError):
            continue
    return found
