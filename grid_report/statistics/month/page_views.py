"""What the page of a month shows: its tables with the reader's names, each number with its cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from flask import url_for

from grid_report.clock import Month
from grid_report.offers.catalogue import queries as offers_queries
from grid_report.offers.settlements import list_queries
from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics import views as statistics_views
from grid_report.statistics.counts import recount_queries
from grid_report.statistics.counts.areas import AreaKind
from grid_report.statistics.counts.durations import EDGES
from grid_report.statistics.counts.queries import Figures, Times
from grid_report.statistics.explorer import slice_queries
from grid_report.statistics.measures import LIVE, RULES, Facet, Measure
from grid_report.statistics.month import (
    correction_queries,
    name_queries,
    notable_queries,
    row_queries,
)
from grid_report.statistics.month.queries import MonthReport
from grid_report.statistics.month.row_queries import Line

TOP: Final = 5
# Of each list; the whole of it is a link away.
LIST: Final = 8
SHORT: Final = 10
HOURS: Final = tuple(f"{hour:02d}" for hour in range(24))
DAYS: Final = tuple(str(day) for day in range(1, 8))


def shown_version(report: MonthReport) -> int | None:
    """Return the version links keep to: none where a month was never frozen."""
    if report.frozen:
        return report.frozen.version
    return LIVE if report.versions else None


def behind(report: MonthReport, **more: str | None) -> str:
    """Return the address of the cases behind a month's figures, short of the measure."""
    values: dict[str, Any] = {"area": report.area.code, "version": shown_version(report), **more}
    return url_for("statistics.behind", **{"month": str(report.month), **values})


def of_month(
    report: MonthReport,
    *,
    places: Reference,
    county: County,
    language: str,
    sorting: Mapping[str, str],
) -> dict[str, Any]:
    """Return what the page of a month shows beside the report itself."""
    figures = report.figures
    orders = {
        "sort": row_queries.read_order(sorting.get("sort", ""), row_queries.AREA_COLUMNS),
        "units": row_queries.read_order(sorting.get("units", ""), row_queries.UNIT_COLUMNS),
    }
    categories = _categories(report, places, language)
    services = _named(
        figures,
        Facet.OFFER,
        {key: it[language] for key, it in offers_queries.offer_titles().items()},
    )
    groups = _groups(report, places, language)
    parts = _areas(report, report.parts, orders["sort"])
    inside = _areas(report, report.places, orders["sort"]) if report.area.is_county else []
    units = row_queries.in_order(_units(report, places), orders["units"])
    totals = {
        name: row_queries.summed(some)
        for name, some in (
            ("groups", groups),
            ("categories", categories),
            ("parts", parts),
            ("places", inside),
            ("units", units),
        )
    }
    now = report.at
    return {
        "cards": statistics_views.month_cards(report),
        "behind": behind(report),
        "version": shown_version(report),
        "orders": orders,
        "sorted_by": _sorted_by(report, sorting),
        "trend": _trend(report),
        "groups": groups,
        "group_trend": _group_trend(report, places, language),
        "categories": categories,
        "top": [it for it in categories if it.count("received")][:TOP],
        "parts": parts,
        "places": inside,
        "units": units,
        "totals": totals,
        # What lies in no row: without a community, or without anybody who handles it.
        "absent": {
            "places": row_queries.absent(figures, totals["places"], row_queries.HELD_BY_PLACE),
            "units": row_queries.absent(figures, totals["units"], row_queries.HELD_BY_UNIT),
        },
        "hours": [(it, figures.count(Measure.RECEIVED, Facet.HOUR, it)) for it in HOURS],
        "weekdays": [(it, figures.count(Measure.RECEIVED, Facet.WEEKDAY, it)) for it in DAYS],
        "sources": sorted(figures.by(Facet.SOURCE, Measure.RECEIVED).items()),
        "lengths": [_bars("response", figures.response()), _bars("handling", figures.handling())],
        "offers": services,
        # Statements are the county's with each provider: an area has none.
        "reconciled": list_queries.reconcile(report.month, zone=county.tz)
        if report.area.is_county
        else None,
        "stations": _with_rest(
            _named(figures, Facet.STATION, offers_queries.station_names()), services
        ),
        "typical": statistics_views.typical_rows(
            notable_queries.typical(report.month, report.area), language, now
        ),
        "late": _cases(
            notable_queries.late(report.month, report.area, at=now, limit=LIST), language, now
        ),
        "suspended": _cases(
            notable_queries.suspended(report.month, report.area, limit=LIST), language, now
        ),
        "reopened": _cases(
            notable_queries.reopened(report.month, report.area, limit=LIST), language, now
        ),
        "changes": correction_queries.list_corrections(report, cursor=None, limit=SHORT)
        if report.frozen
        else None,
        "differences": correction_queries.list_differences(report, county=county, now=now)
        if report.frozen
        else [],
        "counted": name_queries.counted(report.frozen.document if report.frozen else None),
        "recounted": recount_queries.read_recount(report.month),
        "rules": RULES,
    }


_cases = statistics_views.case_rows


def _sorted_by(report: MonthReport, sorting: Mapping[str, str]) -> Callable[[str, str, str], str]:
    """Return how the head of a column leads to its table sorted by it, the others as they are."""
    values: dict[str, Any] = {
        "month": str(report.month),
        "area": report.area.code,
        "version": shown_version(report),
        **{name: sorting[name] for name in ("sort", "units") if sorting.get(name)},
    }

    def address(param: str, order: str, anchor: str) -> str:
        return url_for("statistics.month", **{**values, param: order}, _anchor=anchor)

    return address


def _trend(report: MonthReport) -> list[dict[str, Any]]:
    return [
        {
            "month": month,
            "figures": figures,
            "behind": behind(report, month=str(month), version=None)
            if month != report.month
            else behind(report),
        }
        for month, figures in report.trend
    ]


def _categories(report: MonthReport, places: Reference, language: str) -> list[Line]:
    found = [
        Line(
            code,
            statistics_views.key_name(slice_queries.Slice.CATEGORY, code, language),
            report.figures,
            Facet.CATEGORY,
            code,
            behind=behind(report, facet=Facet.CATEGORY, key=code),
        )
        for code in places.categories.by_code
    ]
    known = {it.code for it in found}
    found += [
        Line(code, code, report.figures, Facet.CATEGORY, code)
        for code in report.figures.keys(Facet.CATEGORY)
        if code not in known
    ]
    return row_queries.with_shares(sorted(found, key=lambda it: (-it.count("received"), it.code)))


def _groups(report: MonthReport, places: Reference, language: str) -> list[Line]:
    members: dict[str, list[str]] = {}
    for code in [*places.categories.by_code, *report.figures.keys(Facet.CATEGORY)]:
        members.setdefault(slice_queries.group_of(code, places.categories), []).append(code)
    found = [
        Line(
            group,
            statistics_views.key_name(slice_queries.Slice.GROUP, group, language),
            row_queries.added_up(report.figures, codes),
            behind=behind(report, facet=slice_queries.Slice.GROUP, key=group),
        )
        for group, codes in members.items()
    ]
    return row_queries.with_shares(sorted(found, key=lambda it: (-it.count("received"), it.code)))


def _group_trend(report: MonthReport, places: Reference, language: str) -> dict[str, Any]:
    """Return by month what was received of each group; groups in the order of their codes."""
    rows = []
    groups = sorted(places.categories.group_codes)
    for month, figures in report.trend:
        by: dict[str, int] = {}
        for code, n in figures.by(Facet.CATEGORY, Measure.RECEIVED).items():
            group = slice_queries.group_of(code, places.categories)
            by[group] = by.get(group, 0) + n
        rows.append({"month": month, "counts": [(it, by.get(it, 0)) for it in groups]})
    names = [statistics_views.key_name(slice_queries.Slice.GROUP, it, language) for it in groups]
    return {"names": names, "rows": rows}


def _areas(report: MonthReport, parts: Sequence[tuple[Any, Figures]], order: Any) -> list[Line]:
    found = [
        Line(area.code, area.name, figures, area=area, behind=behind(report, area=area.code))
        for area, figures in parts
        if area.kind is not AreaKind.UNROUTED or not figures.is_empty()
    ]
    return row_queries.in_order(row_queries.with_shares(found), order)


def _units(report: MonthReport, places: Reference) -> list[Line]:
    units = places.units
    return row_queries.with_shares(
        [
            Line(
                key,
                units[key].name if key in units else "",
                report.figures,
                Facet.UNIT,
                key,
                behind=behind(report, facet=Facet.UNIT, key=key),
            )
            for key in report.figures.keys(Facet.UNIT)
        ],
        "should_handle",
    )


def _bars(name: str, times: Times) -> dict[str, Any]:
    """Return a distribution: its bars with their keys, and in which the median and P90 lie."""
    marks: dict[str, list[str]] = {}
    for what, minutes in (("median", times.median), ("p90", times.p90)):
        if minutes is not None:
            edge = next((it for it in EDGES if minutes <= it), None)
            marks.setdefault(slice_queries.bar_key(edge), []).append(what)
    return {
        "name": name,
        "times": times,
        "bars": [
            (edge, n, slice_queries.bar_key(edge), marks.get(slice_queries.bar_key(edge), []))
            for edge, n in times.bars
        ],
    }


def _named(
    figures: Figures, facet: Facet, names: Mapping[str, str]
) -> list[tuple[str, dict[str, int]]]:
    rows = [
        (
            names.get(key, key),
            {
                it.value: figures.count(it, facet, key)
                for it in (Measure.RESERVED, Measure.DELIVERED, Measure.DELIVERED_POINTS)
            },
        )
        for key in figures.keys(facet)
    ]
    return sorted(rows, key=lambda it: (-it[1]["delivered"], it[0]))


def _with_rest(
    stations: list[tuple[str, dict[str, int]]], services: list[tuple[str, dict[str, int]]]
) -> list[tuple[str, dict[str, int]]]:
    """Add a row without a name for what was handed out at no station, so that both tables agree."""
    rest = {
        it.value: sum(counts[it.value] for _, counts in services)
        - sum(counts[it.value] for _, counts in stations)
        for it in (Measure.RESERVED, Measure.DELIVERED, Measure.DELIVERED_POINTS)
    }
    return [*stations, ("", rest)] if any(rest.values()) else stations


def choices_of(this: Month, shown: Month, back: int, first: Month | None) -> list[Month]:
    """Return the months to choose from, the newest first, the one shown among them.

    Before the `first` month with a case there is nothing to choose.
    """
    found = [it for it in (this.plus(-n) for n in range(back)) if it >= (first or this)]
    return found if shown in found else [*found, shown]
