"""The demo's statements: two months of services, in every state a statement is found in.

The older month is closed, once after a line was questioned; of the last one, one waits for the
county and one for the newcomer who signs in as the station.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Final

from grid_report.access import Actor
from grid_report.clock import Month
from grid_report.db import db
from grid_report.demo.cast import REST_STATION
from grid_report.offers.redemptions import scheduled as redemptions_scheduled
from grid_report.offers.settlements import queries as settlements_queries
from grid_report.offers.settlements import usecases as settlements_usecases
from grid_report.offers.settlements.lifecycle import LineVerdict, Side
from grid_report.points.budgets import scheduled as budgets_scheduled
from grid_report.points.policy import Terms, terms_of
from grid_report.settings import Settings

VISITS: Final = 12
SETTLED_MONTHS: Final = 13
# The last statement of this station's provider is left for the newcomer to confirm.
LEFT: Final = REST_STATION
QUESTIONED: Final = "当天有骑手反映没有领到，请核对登记本"
ANSWERED: Final = "核对过登记本，当天确实漏发，这一笔不结算"

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
    zone, terms = settings.county.tz, terms_of(settings)
    for back in (1, 0):
        begun = Month.of(at, zone).plus(-back).bounds(zone)[0] + timedelta(minutes=10)
        yield begun, _expire
        yield begun + timedelta(hours=8), partial(_tell_of_expiry, terms)
    for back in range(SETTLED_MONTHS, 2, -1):
        # Months of which only an old card or two tell; the provider and the county agreed at once.
        month = Month.of(at, zone).plus(-back)
        drawn = month.bounds(zone)[1] + timedelta(minutes=30)
        yield drawn - timedelta(hours=1), _settle
        yield drawn, partial(_draw, settings, zone)
        provider, who = providers[LEFT], staff.get(LEFT)
        if who is not None:
            yield drawn + timedelta(hours=9), partial(_confirm, provider, month, who)
            yield drawn + timedelta(hours=33), partial(_countersign, provider, month, administrator)
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
            confirm = partial(_confirm, provider, month, who)
            yield drawn + timedelta(hours=9), confirm
            if back == 1:
                continue
            if station == LEFT:
                yield (
                    drawn + timedelta(hours=12),
                    partial(_question, provider, month, administrator, settings),
                )
                yield drawn + timedelta(hours=20), partial(_answer, provider, month, who)
                yield drawn + timedelta(hours=21), confirm
            yield drawn + timedelta(hours=33), partial(_countersign, provider, month, administrator)


def _expire(now: datetime) -> object:
    return budgets_scheduled.expire_points(now=now)


def _tell_of_expiry(terms: Terms, now: datetime) -> object:
    return budgets_scheduled.tell_of_expiry(terms=terms, now=now)


def _settle(now: datetime) -> object:
    return redemptions_scheduled.settle_due(now=now)


def _draw(settings: Settings, zone: tzinfo, now: datetime) -> object:
    return settlements_usecases.draw_due(
        zone=zone, fen_per_point=settings.points.fen_per_point, now=now
    )


def _confirm(provider: str, month: Month, who: Actor, now: datetime) -> object:
    return settlements_usecases.confirm(provider, month, seen=None, actor=who, now=now)


def _countersign(provider: str, month: Month, who: Actor, now: datetime) -> object:
    return settlements_usecases.countersign(provider, month, seen=None, actor=who, now=now)


def _question(provider: str, month: Month, who: Actor, settings: Settings, now: datetime) -> object:
    county, fen = settings.county, settings.points.fen_per_point
    sheet = settlements_queries.find_sheet(
        provider, month, zone=county.tz, fen_per_point=fen, now=now
    )
    # Read to the end: PostgreSQL hands the lines out through a cursor that wants to be closed.
    lines = [it for it in settlements_queries.all_lines(sheet) if it.points]
    db.session.rollback()
    if not lines:
        # In a very small world nobody had a report accepted then: there was nothing to buy.
        return None
    return settlements_usecases.dispute(
        provider, month, lines[0].ref, QUESTIONED, side=Side.COUNTY, county=county.code, actor=who,
        now=now,
    )  # fmt: skip


def _answer(provider: str, month: Month, who: Actor, now: datetime) -> object:
    return settlements_usecases.answer(
        provider, month, ANSWERED, LineVerdict.SET_OFF, side=Side.PROVIDER, seen=None, actor=who,
        now=now,
    )  # fmt: skip
