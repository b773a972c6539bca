"""Which kinds of news a member may choose, and on which channels. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from grid_report.access.roles import Role
from grid_report.notify.kinds import KINDS, readers_beside
from grid_report.notify.outgoing import Channel, is_wanted

# What a member said: kind and channel → wanted or not.
Said = Mapping[tuple[str, str], bool]


@dataclass(frozen=True)
class Offered:
    """A kind of news with the channels that can bring it, each wanted or not."""

    kind: str
    wanted: Mapping[str, bool]


def reads_as(kind: str, roles: Collection[Role]) -> Role | None:
    """Return as what somebody with these roles is told of a kind; None: not at all."""
    held = sorted(readers_beside(kind) & set(roles))
    return next((role for role in held if role is not Role.RIDER), held[0] if held else None)


def offers(roles: Collection[Role], channels: Sequence[Channel], said: Said) -> list[Offered]:
    """List what somebody with these roles may choose, with what was said, or goes without a word."""
    found = []
    for kind in KINDS:
        role = reads_as(kind, roles)
        on = [channel.name for channel in channels if channel.tells_of(kind)]
        if role is not None and on:
            wanted = {name: is_wanted(said.get((kind, name)), role) for name in on}
            found.append(Offered(kind, wanted))
    return found


def is_offered(
    kind: str, channel: str, roles: Collection[Role], channels: Sequence[Channel]
) -> bool:
    """Tell whether somebody with these roles may choose a kind on a channel."""
    on = any(one.name == channel and one.tells_of(kind) for one in channels)
    return on and reads_as(kind, roles) is not None
