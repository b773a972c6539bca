"""Messages about the house itself."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from grid_report.access.roles import Role
from grid_report.notify import outbox


def codes_used_up(
    _sender: object, *, session: Session, county: str, most: int, now: datetime
) -> None:
    """Tell administrators that no more codes are sent today. Hears `accounts.signals`."""
    outbox.put(
        session,
        "codes_used_up",
        to_role=(Role.ADMINISTRATOR, county),
        about="",
        facts={"most": most},
        now=now,
    )
