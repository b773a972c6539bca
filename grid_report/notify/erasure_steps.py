"""Messages to others that quoted a member: the words go, the message stays."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from grid_report.accounts.leaving.erasure_steps import make_anew
from grid_report.accounts.leaving.fates import batches
from grid_report.db import db
from grid_report.notify.models import InboxEntry, Message


@dataclass(frozen=True)
class Said:
    """What somebody said in a step: of which case or service, when, and in which words."""

    about: str
    at: datetime
    words: str


def forget_quotes(said: Collection[Said]) -> Callable[[Session], None]:
    """Find what others were told in somebody's own words; return what empties them.

    A message names the case by the number its reader knows it by, so it is known by the instant of
    the step too, which is its own.
    """
    words = {one.words for one in said if one.words}
    said = [one for one in said if one.words]
    found: set[int] = set()
    for column, values in (
        (Message.about, {one.about for one in said}),
        (Message.created_at, {one.at for one in said}),
    ):
        for batch in batches(sorted(values)):
            rows = db.session.execute(select(Message.id, Message.facts).where(column.in_(batch)))
            found |= {row.id for row in rows if row.facts.get("words") in words}

    def forget(session: Session) -> None:
        for batch in batches(sorted(found)):
            for message in session.scalars(
                select(Message).where(Message.id.in_(batch)).order_by(Message.id).with_for_update()
            ):
                message.facts = message.facts | {"words": ""}
            readers = select(InboxEntry.member_id).where(InboxEntry.message_id.in_(batch))
            make_anew(session, sorted(set(session.scalars(readers))))

    return forget
