"""Messages to others that quoted a member: the words go, the message stays."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.accounts.leaving.fates import batches
from grid_report.db import db
from grid_report.notify.models import Message


def forget_quotes(abouts: Collection[str], words: Collection[str]) -> Callable[[Session], None]:
    """Find what others were told about cases and services in somebody's own words; return its end."""
    words = {one for one in words if one}
    found = [
        row.id
        for batch in batches(sorted(abouts) if words else ())
        for row in db.session.execute(
            select(Message.id, Message.facts).where(Message.about.in_(batch))
        )
        if row.facts.get("words") in words
    ]

    def forget(session: Session) -> None:
        for batch in batches(found):
            for message in session.scalars(
                select(Message).where(Message.id.in_(batch)).order_by(Message.id).with_for_update()
            ):
                message.facts = message.facts | {"words": ""}

    return forget
