"""What a running month has beyond its kept counts: what is late now, points, riders, consents.

A frozen month has all of it as counts of its own, written when it was frozen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from sqlalchemy import Subquery, case, func, literal, select

from grid_report.accounts import figures as accounts_figures
from grid_report.clock import Month, months_between
from grid_report.db import db, table_of
from grid_report.places.reference import Reference
from grid_report.points import figures as points_figures
from grid_report.settings import County
from grid_report.statistics import definitions
from grid_report.statistics.areas import Area
from grid_report.statistics.definitions import C
from grid_report.statistics.facts import UNROUTED
from grid_report.statistics.figures import EMPTY, Figures, Key
from grid_report.statistics.measures import LIVE, Facet, Measure
from grid_report.statistics.models import StatisticsCell

Added = Mapping[str, Mapping[Key, int]]
_CELLS = table_of(StatisticsCell).c


def merged(figures: Mapping[str, Figures], *more: Added) -> dict[str, Figures]:
    """Return figures by area with what was looked up beside them."""
    found = dict(figures)
    for added in more:
        for area, counts in added.items():
            found[area] = Figures({**found.get(area, EMPTY).counts, **counts})
    return found


def overdue(first: Month, last: Month, *, county: str, now: datetime, zone: tzinfo) -> Added:
    """Count by area what is overdue at this moment: due within the months, past, not handled."""
    start, end = first.bounds(zone)[0], last.bounds(zone)[1]
    rows = db.session.execute(
        select(C.street_code, C.community_code, C.category_code, definitions.HANDLER, func.count())
        .where(definitions.OF_CASES[Measure.OVERDUE_OPEN].within(start, min(end, now)))
        .group_by(C.street_code, C.community_code, C.category_code, definitions.HANDLER)
    )
    added: dict[str, dict[Key, int]] = defaultdict(lambda: defaultdict(int))
    for street, community, category, handler, n in rows:
        for area in {county, street or UNROUTED, community or UNROUTED}:
            for key in _overdue_keys(category, handler):
                added[area][key] += n
    return added


def overdue_by_month(
    months: Sequence[Month], area: Area, *, now: datetime, zone: tzinfo
) -> dict[Month, int]:
    """Count of months gone by what is overdue in an area at this moment."""
    if not months:
        return {}
    late = _late(months, now=now, zone=zone, within=definitions.in_area(area))
    rows = db.session.execute(select(late.c.month, func.count()).group_by(late.c.month))
    found = {name: n for name, n in rows}  # noqa: C416 - rows are no pairs to mypy
    return {it: found.get(str(it), 0) for it in months}


def overdue_spread(
    months: Sequence[Month], *, county: County, now: datetime
) -> dict[tuple[str, str], int]:
    """Count by (month of the deadline, area) what is overdue at this moment, in one statement."""
    late = _late(months, C.street_code, C.community_code, now=now, zone=county.tz)
    rows = db.session.execute(
        select(late.c.month, late.c.street_code, late.c.community_code, func.count()).group_by(
            late.c.month, late.c.street_code, late.c.community_code
        )
    )
    wanted = {str(it) for it in months}
    found: dict[tuple[str, str], int] = defaultdict(int)
    for month, street, community, n in rows:
        if month in wanted:
            for area in {county.code, street or UNROUTED, community or UNROUTED}:
                found[month, area] += n
    return found


def _late(
    months: Sequence[Month],
    *columns: Any,
    now: datetime,
    zone: tzinfo,
    within: definitions.Clause | None = None,
) -> Subquery:
    """Select what is overdue from the first month to the last, with the `month` of its deadline."""
    every = months_between(min(months), max(months))
    # A month ends where the next one begins.
    which = case(*((C.fix_due < it.bounds(zone)[1], literal(str(it))) for it in every))
    start, end = every[0].bounds(zone)[0], every[-1].bounds(zone)[1]
    late = select(which.label("month"), *columns).where(
        definitions.OF_CASES[Measure.OVERDUE_OPEN].within(start, min(end, now))
    )
    # Named in a subquery: PostgreSQL takes the same expression with other parameters for another.
    return (late if within is None else late.where(within)).subquery()


def _overdue_keys(category: str, handler: str | None) -> Iterable[Key]:
    yield Facet.ALL, "", Measure.OVERDUE_OPEN
    yield Facet.CATEGORY, category, Measure.OVERDUE_OPEN
    if handler is not None:
        yield Facet.UNIT, handler, Measure.OVERDUE_OPEN


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


def points(month: Month, *, places: Reference, county: County) -> Added:
    """Add up by area the month's points; what riders hold is of this moment."""
    start, end = month.bounds(county.tz)
    added: dict[str, dict[Key, int]] = defaultdict(lambda: defaultdict(int))

    def add(community: str, measure: Measure, amount: int) -> None:
        info = places.community(community)
        for area in (county.code, *((info.street_code, community) if info else ())):
            added[area][Facet.POINTS, "", measure] += amount

    for community, (granted, awarded) in points_figures.pools(month).items():
        add(community, Measure.GRANTED, granted)
        add(community, Measure.AWARDED, awarded)
    for community, amount in points_figures.expired(start, end).items():
        add(community, Measure.EXPIRED, amount)
    for community, amount in points_figures.liability().items():
        add(community, Measure.LIABILITY, amount)
    # The reserve is the county's own.
    granted, awarded = points_figures.reserve(month)
    added[county.code][Facet.POINTS, "", Measure.GRANTED] += granted
    added[county.code][Facet.POINTS, "", Measure.AWARDED] += awarded
    return added


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
