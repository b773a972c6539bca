"""What a channel gets to know of a message, and what it has to do with it.

`send` is called after the inbox copies are committed, outside any transaction (what a channel carries
and when is asked within one). A crash between sending and noting it sends once more: the receiver drops the copy by `message_id` and member.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from grid_report.access.roles import Role
from grid_report.notify.quiet_hours import USUAL, QuietHours


@dataclass(frozen=True)
class Outgoing:
    """A message on its way to members; `role` says as what they read it.

    `quiet` are the hours of those who have chosen some; `later` is when those are asked about again
    who may not be told now.
    """

    message_id: int
    kind: str
    about: str
    facts: Mapping[str, Any]
    role: Role
    member_ids: Sequence[int]
    created_at: datetime
    quiet: Mapping[int, QuietHours] = field(default_factory=dict)
    later: datetime | None = None

    def quiet_of(self, member_id: int) -> QuietHours:
        """Return the hours in which a member is not to be disturbed."""
        return self.quiet.get(member_id, USUAL)


class NotNow(RuntimeError):
    """Nothing is wrong, but a channel may not send before an instant. Counts as no attempt."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class Channel(Protocol):
    """A way to reach members outside the program, such as a text message."""

    name: str
    # How long sending to one member may take at most: until then nobody else does.
    busy_for: timedelta

    def reaches(self, member_id: int) -> bool:
        """Tell whether a member has an address here."""
        ...

    def tells_of(self, kind: str) -> bool:
        """Tell whether it has words for a kind: what it has none for is not offered."""
        ...

    def carries(self, message: Outgoing) -> bool:
        """Tell whether a message is for this channel at all."""
        ...

    def when(self, message: Outgoing, member_id: int, now: datetime) -> datetime | None:
        """Return the earliest instant a member may be told, `now` or later; None: too late."""
        ...

    def send(self, message: Outgoing, member_id: int, *, now: datetime) -> bool:
        """Send to one member; False when the member has no address here.

        Raises NotNow, and whatever it likes when it cannot.
        """
        ...


def is_wanted(chosen: bool | None, role: Role) -> bool:
    """Tell whether a reader is told of a kind on a channel; `chosen` is what the member said, if anything.

    Staff are told at work unless they stop it. Riders have to ask for it: the notice they agreed to
    uses their number for their reports and nothing else.
    """
    return role is not Role.RIDER if chosen is None else chosen
