"""The tables of a month: their rows with names, and which counts and rates each shows.

API, workbook and CSV are three ways to write these down; none of them adds anything up itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from grid_report.languages import DEFAULT
from grid_report.rates import Rate
from grid_report.reports.sources import Source
from grid_report.statistics.counts.areas import Area, AreaKind
from grid_report.statistics.counts.cells import OWN_HANDLING
from grid_report.statistics.counts.queries import Figures, Times
from grid_report.statistics.measures import CASE_COUNTS, POINTS, RATES, Facet, Measure, RateName
from grid_report.statistics.month import name_queries
from grid_report.statistics.month.name_queries import Names
from grid_report.statistics.month.queries import MonthReport

# Says a word of the reader's language by its code: `unrouted`, `weekday`, `source`, `minutes`…
Say = Callable[..., str]


class TableName(StrEnum):
    """Every table, by the name it has in the API and in a CSV file."""

    MONTH = "month"
    TREND = "trend"
    BY_GROUP = "by_group"
    BY_CATEGORY = "by_category"
    BY_AREA = "by_area"
    BY_COMMUNITY = "by_community"
    BY_UNIT = "by_unit"
    BY_HOUR = "by_hour"
    BY_WEEKDAY = "by_weekday"
    BY_SOURCE = "by_source"
    RESPONSE = "response"
    HANDLING = "handling"
    SERVICES = "services"
    BY_OFFER = "by_offer"
    BY_STATION = "by_station"
    POINTS = "points"
    PEOPLE = "people"


FLOWS: Final = (*CASE_COUNTS, Measure.RECALLED, Measure.FINISHED, Measure.HANDLING_S)
# A unit is there for what is due; who reported and what was turned down is no work of its.
OF_UNITS: Final = FLOWS[FLOWS.index(Measure.SHOULD_HANDLE) :]
RATES_OF_UNITS: Final = tuple(
    name for name in RateName if {RATES[name].numerator, RATES[name].denominator} <= set(OF_UNITS)
)
SERVICES: Final = (
    Measure.RESERVED,
    Measure.DELIVERED,
    Measure.DELIVERED_POINTS,
    Measure.REFUNDED,
    Measure.REFUNDED_POINTS,
    Measure.NO_SHOWS,
    Measure.APPLICATIONS,
    Measure.CARDS_ISSUED,
)
# Consents and erasures are the county's; everywhere else only riders are counted.
PEOPLE: Final = (
    Measure.RIDERS,
    Measure.CONSENTS,
    Measure.CONSENTS_WITHDRAWN,
    Measure.ERASURES,
)
HOURS: Final = tuple(f"{hour:02d}" for hour in range(24))
WEEKDAYS: Final = tuple(str(day) for day in range(1, 8))


@dataclass(frozen=True)
class Row:
    """One line: its key and name, what it belongs to, and its counts.

    `is_known` is false for a month of the trend that is not kept with a frozen version. `is_live`
    tells whether one was live when the version was frozen; None where that was not kept.
    """

    key: str
    name: str
    counts: Mapping[Measure, int]
    parent: str = ""
    parent_name: str = ""
    is_known: bool = True
    is_live: bool | None = None
    # Of a month beside: by which rules it was counted, where those are not the month's own.
    rules: int | None = None

    def rate(self, name: RateName) -> Rate:
        """Return a rate of this line as its fraction."""
        rule = RATES[name]
        return Rate(self.counts[rule.numerator], self.counts[rule.denominator])

    @property
    def mean_handling(self) -> float | None:
        """How long handling took, in minutes; None where nothing was handled."""
        done = self.counts[Measure.FINISHED]
        return round(self.counts[Measure.HANDLING_S] / done / 60, 1) if done else None


@dataclass(frozen=True)
class Table:
    """Lines with the counts and rates they show, in the order they are shown."""

    name: TableName
    measures: tuple[Measure, ...]
    rates: tuple[RateName, ...]
    rows: Sequence[Row]

    @property
    def has_lengths(self) -> bool:
        """Whether lines say how long handling took."""
        return Measure.FINISHED in self.measures


@dataclass(frozen=True)
class Tables:
    """A month whole, in one language: what it is of, and every table."""

    report: MonthReport
    language: str
    area_name: str
    tables: Mapping[TableName, Table]

    def __getitem__(self, name: TableName) -> Table:
        return self.tables[name]

    def times(self, name: TableName) -> Times:
        """Return the whole times behind a distribution."""
        figures = self.report.figures
        return figures.response() if name is TableName.RESPONSE else figures.handling()


def area_name(area: Area, names: Names, language: str, say: Say) -> str:
    """Return what an area is called."""
    if area.kind is AreaKind.COUNTY:
        return names.county.get(language) or names.county[DEFAULT]
    return say("unrouted") if area.kind is AreaKind.UNROUTED else area.name


def build(report: MonthReport, names: Names, *, language: str, say: Say) -> Tables:
    """Put every table of a month together, in one language."""
    figures = report.figures

    def called(area: Area) -> str:
        return area_name(area, names, language, say)

    categories = [
        _row(
            figures,
            Facet.CATEGORY,
            key,
            names.category(key, language),
            (names.group_of.get(key, ""), names.group(names.group_of.get(key, ""), language)),
        )
        for key in figures.keys(Facet.CATEGORY)
    ]
    rates, here = tuple(RateName), called(report.area)
    counted = name_queries.counted(report.frozen.document if report.frozen else None)
    flows = tuple(it for it in FLOWS if it in counted)
    of_units = tuple(it for it in OF_UNITS if it in counted)
    # A debt is a rider's, who may owe it for what several communities awarded: the county's only.
    points = tuple(
        it for it in POINTS if it in counted and (report.area.is_county or it is not Measure.DEBTS)
    )
    tables = (
        _whole(TableName.MONTH, flows, figures, Facet.ALL, name=here, rates=rates),
        Table(TableName.TREND, flows, rates, list(_trend(report, say))),
        Table(TableName.BY_GROUP, flows, rates, list(_groups(categories))),
        Table(TableName.BY_CATEGORY, flows, rates, categories),
        Table(TableName.BY_AREA, flows, rates, _areas(report.parts, called)),
        Table(
            TableName.BY_COMMUNITY,
            flows,
            rates,
            _areas(report.places, called, names.areas),
        ),
        Table(
            TableName.BY_UNIT,
            of_units,
            RATES_OF_UNITS,
            [
                _row(
                    figures,
                    Facet.UNIT,
                    key,
                    say("own-handling") if key == OWN_HANDLING else names.units.get(key, key),
                )
                for key in figures.keys(Facet.UNIT)
            ],
        ),
        _received(TableName.BY_HOUR, figures, Facet.HOUR, HOURS, lambda it: f"{it}:00"),
        _received(
            TableName.BY_WEEKDAY,
            figures,
            Facet.WEEKDAY,
            WEEKDAYS,
            lambda it: say("weekday", number=it),
        ),
        _received(
            TableName.BY_SOURCE,
            figures,
            Facet.SOURCE,
            sorted({*Source, *figures.keys(Facet.SOURCE)}),
            lambda it: say("source", source=str(it)),
        ),
        _lengths(TableName.RESPONSE, figures.response(), say),
        _lengths(TableName.HANDLING, figures.handling(), say),
        _whole(TableName.SERVICES, SERVICES, figures, Facet.SERVICES, name=here),
        Table(
            TableName.BY_OFFER,
            SERVICES,
            (),
            [
                _row(figures, Facet.OFFER, key, names.offer(key, language))
                for key in sorted(figures.keys(Facet.OFFER), key=_number)
            ],
        ),
        Table(
            TableName.BY_STATION,
            SERVICES,
            (),
            [
                _row(figures, Facet.STATION, key, names.stations.get(key, key))
                for key in figures.keys(Facet.STATION)
            ],
        ),
        _whole(TableName.POINTS, points, figures, Facet.POINTS, name=here),
        _whole(
            TableName.PEOPLE,
            PEOPLE if report.area.is_county else PEOPLE[:1],
            figures,
            Facet.PEOPLE,
            name=here,
        ),
    )
    return Tables(report, language, here, {it.name: it for it in tables})


def _number(key: str) -> tuple[int, str]:
    return (int(key), key) if key.isdecimal() else (0, key)


def _counts(figures: Figures, facet: Facet, key: str) -> dict[Measure, int]:
    return {measure: figures.count(measure, facet, key) for measure in Measure}


def _row(
    figures: Figures, facet: Facet, key: str, name: str, of: tuple[str, str] = ("", "")
) -> Row:
    return Row(key, name, _counts(figures, facet, key), *of)


def _whole(
    table: TableName,
    measures: tuple[Measure, ...],
    figures: Figures,
    facet: Facet,
    *,
    name: str,
    rates: tuple[RateName, ...] = (),
) -> Table:
    return Table(table, measures, rates, [_row(figures, facet, "", name)])


def _trend(report: MonthReport, say: Say) -> Iterator[Row]:
    kept = report.live_then
    tells_rules = name_queries.shape_of(report.frozen.document if report.frozen else None) > 1
    for month, figures in report.trend:
        counts = _counts(figures, Facet.ALL, "")
        is_known = month not in report.unknown
        is_live = month in kept if kept is not None and is_known else None
        name = say("live-then", month=str(month)) if is_live else str(month)
        is_other = is_known and tells_rules and figures.rules != report.figures.rules
        rules = figures.rules if is_other else None
        if rules is not None:
            name = say("by-rules", month=name, rules=rules)
        yield Row(str(month), name, counts, is_known=is_known, is_live=is_live, rules=rules)


def _groups(categories: Iterable[Row]) -> Iterator[Row]:
    members: dict[str, list[Row]] = {}
    for row in categories:
        members.setdefault(row.parent, []).append(row)
    for code, rows in sorted(members.items()):
        counts = {measure: sum(row.counts[measure] for row in rows) for measure in Measure}
        yield Row(code, rows[0].parent_name, counts)


def _areas(
    found: Sequence[tuple[Area, Figures]],
    called: Callable[[Area], str],
    streets: Mapping[str, str] | None = None,
) -> list[Row]:
    return [
        Row(
            area.code,
            called(area),
            _counts(figures, Facet.ALL, ""),
            parent=area.parent or "",
            parent_name=(streets or {}).get(area.parent or "", ""),
        )
        for area, figures in found
    ]


def _received(
    table: TableName,
    figures: Figures,
    facet: Facet,
    keys: Sequence[str],
    name: Callable[[str], str],
) -> Table:
    rows = [_row(figures, facet, str(key), name(key)) for key in keys]
    return Table(table, (Measure.RECEIVED,), (), rows)


def _lengths(table: TableName, times: Times, say: Say) -> Table:
    rows, least = [], 0
    for edge, number in times.bars:
        rows.append(
            Row(
                str(edge) if edge is not None else "longer",
                say("longer-than", minutes=least) if edge is None else say("up-to", minutes=edge),
                {times.measure: number},
            )
        )
        least = edge or least
    return Table(table, (times.measure,), (), rows)
