"""The demo's waiting lines: a full hour, who waits for it, and a place that has just come free."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from grid_report.access import Actor
from grid_report.db import db
from grid_report.demo.cast import Cast
from grid_report.offers.redemptions import slot_queries
from grid_report.offers.redemptions import usecases as redemptions_usecases
from grid_report.offers.redemptions.commands import Redeem

FULL: Final = "法律咨询"
# Who has the place and gives it back; who waits, in this order. The second rider who signs in is
# asked first, the first one after half an hour: both find something to do.
HOLDER: Final = 5
LINE: Final = (1, 0, 6)
# Of another time nobody gives anything back yet.
KEEPER: Final = 7
STILL_WAITING: Final = (8, 9)

Act = Callable[[datetime], object]


def deeds(
    people: Cast, at: datetime, *, ids: Callable[[datetime], Mapping[str, int]], zone: tzinfo
) -> Iterator[tuple[datetime, Act]]:
    """Yield every booking, everybody who joins and the place given back, each with its time."""
    taken: dict[int, str] = {}
    tomorrow = at.astimezone(zone).date() + timedelta(days=1)

    def slot(now: datetime, nth: int) -> int:
        rows = slot_queries.list_slots(ids(now)[FULL], now=now)
        db.session.rollback()
        later = [it.slot.id for it in rows if it.slot.starts_at.astimezone(zone).date() >= tomorrow]
        return later[nth]

    def book(rider: Actor, nth: int, now: datetime) -> None:
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"line-{nth}"))
        command = Redeem(key=key, offer_id=ids(now)[FULL], slot_id=slot(now, nth))
        done = redemptions_usecases.redeem(command, actor=rider, zone=zone, now=now)
        taken[nth] = done.redemption.ref

    def join(rider: Actor, nth: int, now: datetime) -> None:
        redemptions_usecases.join_queue(slot(now, nth), actor=rider, zone=zone, now=now)

    def give_back(rider: Actor, now: datetime) -> None:
        redemptions_usecases.cancel(taken[0], actor=rider, now=now)

    riders = people.riders
    for nth, holder, line in ((0, HOLDER, LINE), (1, KEEPER, STILL_WAITING)):
        yield at - timedelta(hours=6), partial(book, riders[holder], nth)
        for number, who in enumerate(line):
            yield at - timedelta(hours=5 - number), partial(join, riders[who], nth)
    yield at - timedelta(minutes=1), partial(give_back, riders[HOLDER])
