"""Messages to others that quoted a member: the words go, the message stays."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.notify.models import Message


def forget_quotes(session: Session, abouts: Collection[str], words: Collection[str]) -> None:
    """Empty somebody's own words in what others were told about these cases and services."""
    words = {one for one in words if one}
    if not words:
        return
    found = session.scalars(
        select(Message)
        .where(Message.about.in_(sorted(abouts)))
        .order_by(Message.id)
        .with_for_update()
    )
    for message in found:
        if message.facts.get("words") in words:
            message.facts = message.facts | {"words": ""}
