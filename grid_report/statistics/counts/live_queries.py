"""What a running month has beyond its kept counts: what is late now, points, riders, consents.

A frozen month has all of it as counts of its own, written when it was frozen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from sqlalchemy import Select, and_, func, select, union_all

from grid_report.accounts.members import statistics_queries as accounts_figures
from grid_report.clock import Month, months_between
from grid_report.db import db, table_of
from grid_report.places.geo.reference import Reference
from grid_report.points.budgets import statistics_queries as points_figures
from grid_report.points.kinds import EventKind
from grid_report.settings import County
from grid_report.statistics.counts import cells, definition_queries, points_cells
from grid_report.statistics.counts.areas import Area
from grid_report.statistics.counts.cells import DUE, UNROUTED
from grid_report.statistics.counts.definition_queries import C
from grid_report.statistics.counts.queries import EMPTY, Figures, Key
from grid_report.statistics.measures import LIVE, Facet, Measure
from grid_report.statistics.models import StatisticsCell

Added = Mapping[str, Mapping[Key, int]]
_CELLS = table_of(StatisticsCell).c
_SHOWN_AS: Final = {
    Facet.DUE: Facet.ALL,
    Facet.DUE_CATEGORY: Facet.CATEGORY,
    Facet.DUE_UNIT: Facet.UNIT,
}


def merged(figures: Mapping[str, Figures], *more: Added) -> dict[str, Figures]:
    """Return figures by area with what was looked up beside them."""
    found = dict(figures)
    for added in more:
        for area, counts in added.items():
            known = found.get(area, EMPTY)
            found[area] = replace(known, counts={**known.counts, **counts})
    return found


def overdue(
    first: Month,
    last: Month,
    area: Area,
    *,
    below: Collection[str] = (),
    everywhere: bool = False,
    now: datetime,
    zone: tzinfo,
) -> Added:
    """Count what is overdue at this moment: due within the months, past, not handled.

    Of an area by category and handler too, of those `below` it only the whole unless `everywhere`.
    Kept are counts by month and day of the deadline; cases themselves are counted of today only.
    """
    this, local = Month.of(now, zone), now.astimezone(zone)
    months = months_between(first, last)
    wanted = {area.code, *below}
    broken_down = wanted if everywhere else {area.code}
    added: dict[str, dict[Key, int]] = defaultdict(lambda: defaultdict(int))
    for facet, areas in (
        (Facet.DUE, wanted),
        (Facet.DUE_CATEGORY, broken_down),
        (Facet.DUE_UNIT, broken_down),
    ):
        for where, key, n in db.session.execute(_kept(facet, areas, months, local)):
            added[where][_SHOWN_AS[facet], key, Measure.OVERDUE_OPEN] += int(n)
    if this not in months:
        return added
    for street, community, category, handler, n in db.session.execute(
        _today(area, below, now, zone)
    ):
        for where in {
            area.code if area.is_county else "",
            street or UNROUTED,
            community or UNROUTED,
        }:
            if where in wanted:
                added[where][Facet.ALL, "", Measure.OVERDUE_OPEN] += n
            if where in broken_down:
                added[where][Facet.CATEGORY, category, Measure.OVERDUE_OPEN] += n
                if handler is not None:
                    added[where][Facet.UNIT, handler, Measure.OVERDUE_OPEN] += n
    return added


def _kept(
    facet: Facet,
    areas: Collection[str],
    months: Sequence[Month],
    local: datetime,
) -> Select[*tuple[Any, ...]]:
    """Select by area and key what is kept as overdue: months gone by, days gone by of this one."""
    this = Month(local.year, local.month)
    gone = [it for it in months if it < this]
    ranges = [and_(_CELLS.month.in_([str(it) for it in gone]), _CELLS.measure == DUE)]
    if this in months:
        ranges.append(
            and_(
                _CELLS.month == str(this),
                _CELLS.measure >= cells.due_day(1),
                _CELLS.measure < cells.due_day(local.day),
            )
        )
    parts = [
        select(_CELLS.area, _CELLS.key, _CELLS.n).where(
            it,
            _CELLS.version == LIVE,
            _CELLS.area.in_(sorted(areas)),
            _CELLS.facet == facet,
            _CELLS.n != 0,
        )
        for it in ranges
    ]
    if facet is Facet.DUE:
        parts = [it.where(_CELLS.key == "") for it in parts]
    found = union_all(*parts).subquery()
    return select(found.c.area, found.c.key, func.sum(found.c.n)).group_by(
        found.c.area, found.c.key
    )


def _today(
    area: Area, below: Collection[str], now: datetime, zone: tzinfo
) -> Select[*tuple[Any, ...]]:
    """Select by place, category and handler what became overdue today."""
    local = now.astimezone(zone)
    start = local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    query = (
        select(
            C.street_code,
            C.community_code,
            C.category_code,
            definition_queries.HANDLER,
            func.count(),
        )
        .where(definition_queries.OF_CASES[Measure.OVERDUE_OPEN].within(start, now))
        .group_by(C.street_code, C.community_code, C.category_code, definition_queries.HANDLER)
    )
    # A street's code begins that of its communities.
    if all(it.startswith(area.code) for it in below):
        return query.where(definition_queries.in_area(area))
    return query


def overdue_by_month(
    months: Sequence[Month], area: Area, *, now: datetime, zone: tzinfo
) -> dict[Month, int]:
    """Count by month what is overdue in an area at this moment."""
    found = overdue_spread(months, area, now=now, zone=zone)
    return {it: found.get((str(it), area.code), 0) for it in months}


def overdue_spread(
    months: Sequence[Month],
    area: Area,
    *,
    below: Collection[str] = (),
    now: datetime,
    zone: tzinfo,
) -> dict[tuple[str, str], int]:
    """Count by (month of the deadline, area) what is overdue at this moment."""
    if not months:
        return {}
    this = Month.of(now, zone)
    rows = db.session.execute(
        select(_CELLS.month, _CELLS.area, _CELLS.n).where(
            _CELLS.month.in_([str(it) for it in months if it < this]),
            _CELLS.version == LIVE,
            _CELLS.area.in_(sorted({area.code, *below})),
            _CELLS.facet == Facet.DUE,
            _CELLS.key == "",
            _CELLS.measure == DUE,
            _CELLS.also == "",
        )
    )
    found = {(month, where): n for month, where, n in rows}
    if this in months:
        running = overdue(this, this, area, below=below, now=now, zone=zone)
        for where, counts in running.items():
            found[str(this), where] = counts.get((Facet.ALL, "", Measure.OVERDUE_OPEN), 0)
    return found


def riders(month: Month, areas: Collection[str]) -> Added:
    """Count by area how many riders reported; who they are is nobody's figure."""
    rows = db.session.execute(
        select(_CELLS.area, func.count())
        .where(
            _CELLS.month == str(month),
            _CELLS.version == LIVE,
            _CELLS.area.in_(sorted(areas)),
            _CELLS.facet == Facet.RIDER,
            _CELLS.n > 0,
        )
        .group_by(_CELLS.area)
    )
    return {area: {(Facet.PEOPLE, "", Measure.RIDERS): n} for area, n in rows}


# What each kind of event does to what riders hold. A hold moves nothing, nor does its release;
# what ended is kept with the other counts of the month.
_ROLLED: Final[Mapping[str, tuple[Measure, int]]] = {
    EventKind.AWARD: (Measure.EARNED, 1),
    EventKind.CAPTURE: (Measure.REDEEMED, -1),
    EventKind.NOSHOW: (Measure.REDEEMED, -1),
    EventKind.REFUND: (Measure.GIVEN_BACK, 1),
    EventKind.REVERSAL: (Measure.TAKEN_BACK, -1),
    EventKind.REPAYMENT: (Measure.TAKEN_BACK, -1),
}


_BESIDE: Final = {points_cells.ON_HOLD: Measure.ON_HOLD, points_cells.DEBTS: Measure.DEBTS}


def points(month: Month, areas: Collection[str], *, places: Reference, county: County) -> Added:
    """Return by area the month's pools, what riders held at its end, and how that came about.

    Of a running month its end is this moment.
    """
    added: dict[str, dict[Key, int]] = defaultdict(lambda: defaultdict(int))

    def add(community: str, measure: Measure, amount: int) -> None:
        info = places.community(community)
        street = info.street_code if info else None
        for area in points_cells.areas_of_points(county.code, street, community):
            added[area][Facet.POINTS, "", measure] += amount

    for community, (granted, awarded) in points_figures.pools(month).items():
        add(community, Measure.GRANTED, granted)
        add(community, Measure.AWARDED, awarded)
    for area in areas:
        added[area][Facet.POINTS, "", Measure.EXPIRED] = 0
    for area, measure, amount in _rolled(month, _made_of(areas, places, county)):
        added[area][Facet.POINTS, "", measure] += amount
    # The reserve is the county's own.
    granted, awarded = points_figures.reserve(month)
    added[county.code][Facet.POINTS, "", Measure.GRANTED] += granted
    added[county.code][Facet.POINTS, "", Measure.AWARDED] += awarded
    return added


def _made_of(
    areas: Collection[str], places: Reference, county: County
) -> Mapping[str, Collection[str]]:
    """Return which areas the counts of a place are added to: a street is its communities of today.

    What is kept for a street is what was in it when it was counted; a community that changed its
    street since would be in one of them with what it holds, and in the other with what moved.
    """
    found: dict[str, set[str]] = {county.code: {county.code}} if county.code in areas else {}
    for code, info in places.communities.items():
        if wanted := {code, info.street_code} & set(areas):
            found[code] = wanted
    return found


def _rolled(
    month: Month, made_of: Mapping[str, Collection[str]]
) -> Iterator[tuple[str, Measure, int]]:
    """Go back from what riders hold now to the month's end, and from there to its beginning."""
    newest = db.session.scalar(select(func.max(_CELLS.month)).where(_CELLS.month < cells.HELD))
    # Month by month: a stretch of them would read everything else that is counted in it.
    months = months_between(month, max(month, Month.parse(newest))) if newest else [month]
    kept = db.session.execute(
        select(_CELLS.area, _CELLS.month, _CELLS.measure, _CELLS.n).where(
            _CELLS.month.in_([*map(str, months), cells.HELD]),
            _CELLS.version == LIVE,
            _CELLS.area.in_(sorted(made_of)),
            # Of points as such only what is held and what ended is kept.
            _CELLS.facet.in_([Facet.MOVED, Facet.POINTS]),
            _CELLS.key == "",
        )
    )
    for place, when, what, n in kept:
        for measure, amount in _moved(month, when, what, n):
            for area in made_of[place]:
                yield area, measure, amount


def _moved(month: Month, when: str, what: str, n: int) -> Iterator[tuple[Measure, int]]:
    """Say what a count of a month, or of what is held, does to the roll-forward of `month`."""
    if what in _BESIDE:
        if when != str(month):
            yield _BESIDE[what], n if when == cells.HELD else -n
    elif when == cells.HELD:
        yield Measure.LIABILITY, n
        yield Measure.OPENING, n
    else:
        measure, sign = _ROLLED.get(what) or (None, 1)
        gained = -n if what == Measure.EXPIRED else n
        yield Measure.OPENING, -gained
        if when != str(month):
            yield Measure.LIABILITY, -gained
        elif what == Measure.EXPIRED:
            yield Measure.EXPIRED, n
        elif measure is not None:
            yield measure, sign * n


def people(month: Month, *, county: County) -> Added:
    """Count the month's consents and erasures, of the county as a whole."""
    start, end = month.bounds(county.tz)
    given, withdrawn = accounts_figures.count_consents(start, end)
    erased = accounts_figures.count_erasures(start, end)
    return {
        county.code: {
            (Facet.PEOPLE, "", Measure.CONSENTS): given,
            (Facet.PEOPLE, "", Measure.CONSENTS_WITHDRAWN): withdrawn,
            (Facet.PEOPLE, "", Measure.ERASURES): erased,
        }
    }
