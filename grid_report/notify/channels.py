"""Ways to reach people outside the program (SMS, e-mail, a chat app). None is built in.

A channel is called after the inbox copies are committed, outside any transaction. A crash between
sending and noting it sends once more: the receiver drops the copy by `message_id` and member.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from grid_report.access.roles import Role


@dataclass(frozen=True)
class Outgoing:
    """What a channel gets to know."""

    message_id: int
    kind: str
    about: str
    facts: Mapping[str, Any]
    role: Role
    member_ids: Sequence[int]
    created_at: datetime


class Channel(Protocol):
    """Something that can carry a message to members. Raises whatever it likes when it cannot."""

    name: str

    def send(self, message: Outgoing) -> None:
        """Send to every member of the message, or raise."""
        ...
