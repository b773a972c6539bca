"""Looking around before sending: so often an hour, as photos of others are shown."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from grid_report.access import Actor
from grid_report.accounts import limit_steps
from grid_report.db import transaction, use_case

HOUR_S: Final = 3600


@use_case
def count_look(actor: Actor, *, most: int, now: datetime) -> None:
    """Count that a rider is shown somebody's report; where and which is not kept. Raises TooMany."""
    with transaction() as session:
        name = f"nearby:{actor.member_id}"
        limit_steps.count(session, name, window_s=HOUR_S, limit=most, now=now)
