"""A month of an area, whole: what page, API, workbook, CSV and freeze are all made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import NotFound
from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics.counts import live_queries
from grid_report.statistics.counts.areas import Area, children, communities
from grid_report.statistics.counts.queries import EMPTY, SHOWN, WHOLE, Figures, read_months
from grid_report.statistics.measures import LIVE, RULES, Facet, Measure
from grid_report.statistics.models import StatisticsCell, StatisticsFreeze
from grid_report.statistics.month import compared_queries, length_queries, name_queries
from grid_report.statistics.month.compared_queries import months_beside

_LENGTHS: Final = frozenset({Facet.RESPONSE, Facet.HANDLING})


@dataclass(frozen=True)
class Frozen:
    """A version of a month that somebody closed."""

    month: str
    version: int
    frozen_at: datetime
    frozen_by_id: int | None
    reason: str
    document: Mapping[str, Any]
    digest: str
    # The number of the rules it was counted by.
    rules: int = RULES

    @property
    def by_todays_rules(self) -> bool:
        """Tell whether the same cases would be counted the same way today."""
        return self.rules == RULES


@dataclass(frozen=True)
class MonthReport:
    """Everything that is shown of one month and one area.

    `frozen` is the version shown, None for the live counts; `versions` are all there are, the
    newest first. `trend` has thirteen months to this one, the oldest first, with what was received
    by category, and in the month and the year before with how long things took; months that are
    frozen are as they were last frozen. `parts` are the areas this one is made of, `places` all
    communities in it, each with the whole counts of the month.
    """

    month: Month
    area: Area
    at: datetime
    is_running: bool
    figures: Figures
    trend: Sequence[tuple[Month, Figures]]
    parts: Sequence[tuple[Area, Figures]]
    places: Sequence[tuple[Area, Figures]]
    frozen: Frozen | None
    versions: Sequence[Frozen]
    # Months of the trend of which there is nothing: a frozen version kept nothing of them, or they
    # were over before the first case.
    unknown: frozenset[Month] = frozenset()
    # Months that were live when this version was frozen and compared with them; None: it kept
    # nothing of what it was compared with, or is not frozen.
    live_then: frozenset[Month] | None = None

    # What of this month, the month before and the year before was not counted yet when frozen.
    lacking: tuple[frozenset[Measure], frozenset[Measure], frozenset[Measure]] = (frozenset(),) * 3
    # The first month with a case anywhere.
    began: Month | None = None

    @property
    def is_kept(self) -> bool:
        """Tell whether what it is compared with is kept, or still follows the cases."""
        return self.frozen is None or self.live_then is not None

    @property
    def beside(self) -> tuple[Figures | None, Figures | None]:
        """The month before and the same a year before; None where nothing is known of it."""
        of = [None if it in self.unknown else known for it, known in self.trend]
        return of[-2], of[0]

    def older_rules(self, month: Month) -> int | None:
        """Return by which older rules a month beside was frozen; None where by today's."""
        known = next(figures for it, figures in self.trend if it == month)
        return None if known.rules == RULES else known.rules

    @property
    def before(self) -> Figures:
        """The month before."""
        return self.trend[-2][1]

    @property
    def year_before(self) -> Figures:
        """The same month a year before."""
        return self.trend[0][1]


def list_versions(month: Month) -> Sequence[Frozen]:
    """Return the frozen versions of a month, the newest first."""
    rows = db.session.scalars(
        select(StatisticsFreeze)
        .where(StatisticsFreeze.month == str(month), StatisticsFreeze.sealed)
        .order_by(StatisticsFreeze.version.desc())
    )
    return [_frozen(row) for row in rows]


def is_known(month: Month) -> bool:
    """Tell whether anything was ever counted of a month, or somebody froze it."""
    # A frozen version has counts of its own, unless there were none at all.
    counted = (
        select(StatisticsCell.month)
        .where(StatisticsCell.month == str(month), StatisticsCell.facet != Facet.MOVED)
        .limit(1)
    )
    return db.session.scalar(counted) is not None or bool(list_versions(month))


def find_neighbours(
    month: Month, *, oldest: Month, this: Month
) -> tuple[Month | None, Month | None]:
    """Return the nearest months before and after one that have a page, None where there is none.

    From `oldest` to `this` every month has one; of those before only what was counted or frozen.
    """
    before, after = month.plus(-1), month.plus(1)
    return (
        before if oldest <= before < this else _nearest_known(month, oldest, forward=False),
        None if month >= this else after if after >= oldest else
        _nearest_known(month, oldest, forward=True) or oldest,
    )  # fmt: skip


def _nearest_known(month: Month, oldest: Month, *, forward: bool) -> Month | None:
    found = []
    for column in (StatisticsCell.month, StatisticsFreeze.month):
        value = func.min(column) if forward else func.max(column)
        away = column > str(month) if forward else column < str(month)
        wanted = select(value).where(away, column < str(oldest))
        if column is StatisticsCell.month:
            wanted = wanted.where(StatisticsCell.facet != Facet.MOVED)
        found.append(db.session.scalar(wanted))
    known = [Month.parse(it) for it in found if it]
    return (min(known) if forward else max(known)) if known else None


def version_of(versions: Sequence[Frozen], version: int | None) -> Frozen | None:
    """Return the version meant: the newest for None, None for the live counts. Raises NotFound."""
    if version is None:
        return versions[0] if versions else None
    if version == LIVE:
        return None
    found = next((it for it in versions if it.version == version), None)
    if found is None:
        raise NotFound
    return found


def _frozen(row: StatisticsFreeze) -> Frozen:
    return Frozen(
        row.month,
        row.version,
        row.frozen_at,
        row.frozen_by_id,
        row.reason,
        row.document,
        row.digest,
        row.rules,
    )


def newest_versions(months: Sequence[Month], *, by: datetime | None = None) -> dict[str, int]:
    """Return the newest frozen version of each month that has one, or had one by an instant."""
    query = (
        select(StatisticsFreeze.month, StatisticsFreeze.version)
        .where(StatisticsFreeze.month.in_([str(it) for it in months]), StatisticsFreeze.sealed)
        .order_by(StatisticsFreeze.version)
    )
    if by is not None:
        query = query.where(StatisticsFreeze.frozen_at <= by)
    rows = db.session.execute(query)
    return {month: version for month, version in rows}  # noqa: C416 - rows are no pairs to mypy


def read_report(
    month: Month,
    area: Area,
    *,
    version: int | None,
    places: Reference,
    county: County,
    now: datetime,
) -> MonthReport:
    """Return a month of an area: a frozen version, the newest one (None), or live (0).

    Raises NotFound for a version there is not. A month never frozen is shown live. A frozen one
    comes out the same ever after: the months beside it are as it kept them; where it kept nothing
    yet, as they were frozen by then, and those nobody had frozen are unknown.
    """
    versions = list_versions(month)
    frozen = version_of(versions, version)
    shown = frozen.version if frozen else LIVE
    months = [*months_beside(month), month]
    kept_beside = (
        compared_queries.read(frozen.document, month, frozen.version, area.code, rules=frozen.rules)
        if frozen
        else None
    )
    past: Mapping[Month, Figures] = kept_beside.live if kept_beside else {}
    newest = (
        {it: n for it, n in kept_beside.versions.items() if n}
        if kept_beside
        else newest_versions(months, by=frozen.frozen_at if frozen else None)
    )
    chosen = {**newest, str(month): shown}
    began = compared_queries.first_month(db.session())
    unknown = frozenset(
        it
        for it in months
        if str(it) not in chosen
        and it not in past
        and (frozen is not None or began is None or it < began)
    )
    others = [it for it in months if it not in past and it not in unknown]
    here = read_months([month], [area.code], versions=chosen, facets=SHOWN)
    trend = read_months(others, [area.code], versions=chosen, facets=WHOLE)
    lengths_of = {months[0], months[-2]} & set(others)
    timed = length_queries.with_values(
        {
            **read_months(sorted(lengths_of), [area.code], versions=chosen, facets=_LENGTHS),
            **here,
        },
        chosen,
    )
    here = {where: it for where, it in timed.items() if where in here}
    beside = _beside(others, area, chosen, timed, county=county, now=now)
    kept = frozen.document if frozen else None
    (area,) = name_queries.as_kept([area], kept) or [area]
    parts = name_queries.as_kept(children(area, places, county), kept)
    inside = name_queries.as_kept(
        communities(places, street=None if area.is_county else area.code), kept
    )
    below = read_months(
        [month], {it.code for it in [*parts, *inside]}, versions=chosen, facets=WHOLE
    )
    # Months that were never frozen have what is late now; frozen ones have it in their counts.
    by_area = {area.code: here.get((str(month), area.code), EMPTY)} | {
        code: figures for (_, code), figures in below.items()
    }
    if frozen is None:
        by_area = live_queries.merged(
            by_area,
            live_queries.overdue(
                month,
                month,
                area,
                below=[it.code for it in (*parts, *inside)],
                now=now,
                zone=county.tz,
            ),
            live_queries.riders(month, [area.code]),
            live_queries.points(month, [area.code], places=places, county=county),
            live_queries.people(month, county=county) if area.is_county else {},
        )
    whole = [
        (
            it,
            past.get(it, EMPTY)
            if it in past or it in unknown
            else beside(it, trend.get((str(it), area.code), EMPTY)),
        )
        for it in months
    ]
    whole[-1] = (month, by_area[area.code])
    return MonthReport(
        month=month,
        area=area,
        at=frozen.frozen_at if frozen else now,
        is_running=month == Month.of(now, county.tz),
        figures=by_area[area.code],
        trend=whole,
        parts=[(it, by_area.get(it.code, EMPTY)) for it in parts],
        places=[(it, by_area.get(it.code, EMPTY)) for it in inside],
        frozen=frozen,
        versions=versions,
        unknown=unknown,
        lacking=_lacking((month, months[-2], months[0]), chosen, frozen),
        began=began,
        live_then=frozenset(past) if kept_beside else None,
    )


def _lacking(
    months: tuple[Month, Month, Month], chosen: Mapping[str, int], frozen: Frozen | None
) -> tuple[frozenset[Measure], frozenset[Measure], frozenset[Measure]]:
    """Return what some months did not count when they were frozen; the live ones have it all.

    One beside that is kept with a `frozen` one was counted like it.
    """
    documents: dict[str, Mapping[str, Any]] = {}
    others = [str(it) for it in months[1:] if chosen.get(str(it))]
    if others:
        found = db.session.execute(
            select(
                StatisticsFreeze.month, StatisticsFreeze.version, StatisticsFreeze.document
            ).where(StatisticsFreeze.month.in_(others))
        )
        documents = {month: kept for month, version, kept in found if version == chosen[month]}
    own = frozen.document if frozen else None
    lacking = [
        frozenset(Measure) - name_queries.counted(own if n == 0 else documents.get(str(it), own))
        for n, it in enumerate(months)
    ]
    return (lacking[0], lacking[1], lacking[2])


def _beside(
    months: Sequence[Month],
    area: Area,
    chosen: Mapping[str, int],
    timed: Mapping[tuple[str, str], Figures],
    *,
    county: County,
    now: datetime,
) -> Callable[[Month, Figures], Figures]:
    """Return how the months before come by what is compared beside their whole counts.

    `timed` are the lengths of some of them.
    """
    by_category = read_months(
        months, [area.code], versions=chosen, facets={Facet.CATEGORY}, measures={Measure.RECEIVED}
    )
    late = live_queries.overdue_by_month(
        [it for it in months[:-1] if not chosen.get(str(it))], area, now=now, zone=county.tz
    )

    def completed(month: Month, figures: Figures) -> Figures:
        counts = dict(figures.counts)
        counts.update(by_category.get((str(month), area.code), EMPTY).counts)
        lengths_then = timed.get((str(month), area.code), EMPTY)
        counts.update(lengths_then.counts)
        if month in late:
            counts[Facet.ALL, "", Measure.OVERDUE_OPEN] = late[month]
        return replace(figures, counts=counts, values=lengths_then.values)

    return completed
