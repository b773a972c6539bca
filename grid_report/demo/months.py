"""The demo's statements: two months of services, drawn, confirmed by both sides but for one."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.demo.cast import REST_STATION
from grid_report.offers import after, stating
from grid_report.settings import Settings

VISITS: Final = 12
# The last statement of this station's provider is left for the newcomer to confirm.
LEFT: Final = REST_STATION

Deed = Callable[[datetime], object]


def deeds(
    settings: Settings,
    at: datetime,
    *,
    visit: Callable[[str, random.Random], Deed],
    providers: dict[str, str],
    staff: dict[str, Actor],
    administrator: Actor,
) -> Iterator[tuple[datetime, Deed]]:
    """Yield when what happens: services through two months, their end, both confirmations.

    `visit` plays one service; `providers` names the provider of each station.
    """
    zone = settings.county.tz
    for back in (2, 1):
        month = Month.of(at, zone).plus(-back)
        start, end = month.bounds(zone)
        for number in range(VISITS):
            key = f"{month}-{number}"
            dice = random.Random(key)
            day = start + timedelta(days=2 * number, hours=8, minutes=dice.randrange(480))
            yield day, visit(key, dice)
            yield day + timedelta(hours=73), _settle
        drawn = end + timedelta(minutes=30)
        yield drawn, partial(_draw, settings, zone)
        for station, provider in providers.items():
            who = staff.get(station)
            if who is None or (back == 1 and station == LEFT):
                continue
            yield drawn + timedelta(hours=9), partial(_confirm, provider, month, who)
            yield drawn + timedelta(hours=33), partial(_countersign, provider, month, administrator)


def _settle(now: datetime) -> object:
    return after.settle_due(now=now)


def _draw(settings: Settings, zone: tzinfo, now: datetime) -> object:
    return stating.draw_due(zone=zone, fen_per_point=settings.points.fen_per_point, now=now)


def _confirm(provider: str, month: Month, who: Actor, now: datetime) -> object:
    return stating.confirm(provider, month, seen=None, actor=who, now=now)


def _countersign(provider: str, month: Month, who: Actor, now: datetime) -> object:
    return stating.countersign(provider, month, seen=None, actor=who, now=now)
