"""The messages a member has, for taking them along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from sqlalchemy import select

from grid_report.db import db
from grid_report.notify.models import InboxEntry, Message

AT_ONCE: Final = 200


def list_messages(member_id: int) -> Iterator[Mapping[str, Any]]:
    """Return every message in a member's inbox, oldest first, some at a time."""
    last = 0
    while True:
        batch = db.session.execute(
            select(
                InboxEntry.id,
                Message.kind,
                InboxEntry.role,
                Message.about,
                Message.facts,
                Message.created_at,
                InboxEntry.read_at,
            )
            .join(Message, Message.id == InboxEntry.message_id)
            .where(InboxEntry.member_id == member_id, InboxEntry.id > last)
            .order_by(InboxEntry.id)
            .limit(AT_ONCE)
        ).all()
        db.session.rollback()
        for row in batch:
            said = dict(row._mapping)
            last = said.pop("id")
            yield said
        if len(batch) < AT_ONCE:
            return
