"""How the rooms above take part in a leaving: each says what it ends, writes and hands out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grid_report.accounts.leaving.fates import Table, Told

# What a room does in an open session.
Work = Callable[[Any], None]


@dataclass(frozen=True)
class Leaver:
    """Who is leaving, and when it is done."""

    member_id: int
    now: datetime


@dataclass(frozen=True)
class Room:
    """What a room does when a member leaves, and what it hands out to take along.

    `ends` are use cases, safe to repeat, that end what is open. `writes` read first, while nothing
    is held, and return what is to be done in the open transaction before the room's `tables` are
    seen to. `told` is what an export says of them,
    `tells` makes further files row by row, and `photos` the member's own pictures: what each is to
    be called, and its name in the store.
    """

    tables: Sequence[Table]
    ends: Sequence[Callable[[Leaver], None]] = ()
    writes: Sequence[Callable[[Leaver], Work]] = ()
    told: Sequence[Told] = ()
    tells: Sequence[tuple[str, Callable[[int], Iterable[Mapping[str, Any]]]]] = ()
    photos: Callable[[int], Iterable[tuple[str, str]]] | None = None
