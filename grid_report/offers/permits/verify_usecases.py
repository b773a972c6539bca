"""Whether a card is good, for whoever scans it: nothing is said that does not stand on it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import select

from grid_report.accounts import limit_steps
from grid_report.db import transaction, use_case
from grid_report.offers.permits.models import Application

MINUTE_S: Final = 60


@use_case
def look_up(token: str, *, address: str, most: int, now: datetime) -> Application | None:
    """Return the card behind a token, or None; so often a minute from one address. Raises TooMany."""
    with transaction() as session:
        limit_steps.count(session, f"verify:{address}", window_s=MINUTE_S, limit=most, now=now)
        return session.scalars(select(Application).where(Application.token == token)).one_or_none()
