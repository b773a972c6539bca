"""A month as its page shows it: names in the reader's language, rows in the reader's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from grid_report import access
from grid_report.access import Action, Actor
from grid_report.offers import queries as offers_queries
from grid_report.places.queries import reference
from grid_report.places.reference import Reference
from grid_report.settings import County
from grid_report.statistics import cards, corrections, facts, picks
from grid_report.statistics.areas import Area, AreaKind, find_area
from grid_report.statistics.figures import Figures
from grid_report.statistics.measures import Facet, Measure, Rate, RateName
from grid_report.statistics.monthly import MonthReport

TOP = 5
LIST = 10
HOURS = [f"{hour:02d}" for hour in range(24)]
SORTS = ("received", "handling_in_time", "closing", "overdue")


@dataclass(frozen=True)
class Line:
    """One row of a breakdown: what it is, its counts, and where it leads on to."""

    code: str
    name: str
    figures: Figures
    facet: Facet
    key: str
    share: int = 0
    area: Area | None = None

    def count(self, measure: str) -> int:
        """Return one count of the row."""
        return self.figures.count(Measure(measure), self.facet, self.key)

    def rate(self, name: str) -> Rate:
        """Return one rate of the row."""
        return self.figures.rate(RateName(name), self.facet, self.key)

    @property
    def mean_handling(self) -> float | None:
        """Mean handling time in minutes."""
        return self.figures.mean_handling(self.facet, self.key)


def month(report: MonthReport, language: str) -> dict[str, Any]:
    """Return what the page of a month shows beside the report itself."""
    figures = report.figures
    categories = _categories(figures, language)
    places = _areas(report.parts or report.places)
    return {
        "cards": cards.cards(figures, report.before, report.year_before),
        "groups": _groups(figures),
        "categories": categories,
        "top": [line for line in categories if line.count("received")][:TOP],
        "places": places,
        "units": _units(figures),
        "hours": [(hour, figures.by(Facet.HOUR, Measure.RECEIVED).get(hour, 0)) for hour in HOURS],
        "weekdays": [
            (day, figures.by(Facet.WEEKDAY, Measure.RECEIVED).get(str(day), 0))
            for day in range(1, 8)
        ],
        "sources": sorted(figures.by(Facet.SOURCE, Measure.RECEIVED).items()),
        "offers": _named(figures, Facet.OFFER, _titles(language)),
        "stations": _named(figures, Facet.STATION, offers_queries.station_names()),
        "response": figures.response(),
        "handling": figures.handling(),
        "corrections": corrections.list_corrections(report) if report.frozen else [],
        "typical": picks.typical(report.month, report.area),
        **{
            name: case_rows(rows, language, report.at)
            for name, rows in (
                ("late", picks.late(report.month, report.area, at=report.at, limit=LIST)),
                ("suspended", picks.suspended(report.area, limit=LIST)),
                ("reopened", picks.reopened(report.month, report.area, limit=LIST)),
            )
        },
        "group_names": {
            it.group_code: it.group_name(language) for it in reference().categories.by_code.values()
        },
    }


def freeze(report: MonthReport) -> dict[str, Any]:
    """Return what the page before a freeze shows."""
    return {
        "cards": cards.cards(report.figures, report.before, report.year_before),
        "newest": report.versions[0].version if report.versions else 0,
    }


def _by_share(lines: list[Line]) -> list[Line]:
    most = max((line.count("received") for line in lines), default=0)
    return [
        Line(
            line.code, line.name, line.figures, line.facet, line.key,
            round(100 * line.count("received") / most) if most else 0, line.area,
        )
        for line in lines
    ]  # fmt: skip


def _categories(figures: Figures, language: str) -> list[Line]:
    by_code = reference().categories.by_code
    lines = [
        Line(code, by_code[code].name(language) if code in by_code else code, figures,
             Facet.CATEGORY, code)
        for code in figures.keys(Facet.CATEGORY)
    ]  # fmt: skip
    return _by_share(sorted(lines, key=lambda it: (-it.count("received"), it.code)))


def _groups(figures: Figures) -> list[tuple[str, dict[str, int]]]:
    """Return by group what became of what was received."""
    by_code = reference().categories.by_code
    found: dict[str, dict[str, int]] = {}
    for measure in (
        Measure.RECEIVED, Measure.ACCEPTED, Measure.REJECTED, Measure.MERGED, Measure.CLOSINGS
    ):  # fmt: skip
        for code, n in figures.by(Facet.CATEGORY, measure).items():
            group = by_code[code].group_code if code in by_code else code
            counts = found.setdefault(group, {})
            counts[measure] = counts.get(measure, 0) + n
    return sorted(found.items(), key=lambda it: -it[1].get(Measure.RECEIVED, 0))


def _areas(parts: Sequence[tuple[Area, Figures]]) -> list[Line]:
    lines = [
        Line(area.code, area.name, figures, Facet.ALL, "", area=area)
        for area, figures in parts
        if area.kind is not AreaKind.UNROUTED or not figures.is_empty()
    ]
    return _by_share(sorted(lines, key=lambda it: (-it.count("received"), it.code)))


def _units(figures: Figures) -> list[Line]:
    units = reference().units
    lines = [
        Line(key, units[key].name if key in units else "", figures, Facet.UNIT, key)
        for key in figures.keys(Facet.UNIT)
    ]
    return sorted(lines, key=lambda it: (-it.count("should_handle"), it.code))


def _titles(language: str) -> dict[str, str]:
    return {key: title[language] for key, title in offers_queries.offer_titles().items()}


def _named(
    figures: Figures, facet: Facet, names: dict[str, str]
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
    return sorted(rows, key=lambda it: -it[1]["delivered"])


def crumbs(area: Area, places: Reference, county: County) -> list[Area]:
    """Return the areas from the county down to this one."""
    found = [area]
    while found[0].parent is not None:
        above = find_area(found[0].parent, places, county)
        if above is None:
            break
        found.insert(0, above)
    return found


def choices(actor: Actor, places: Reference, county: County) -> list[tuple[str, list[Area]]]:
    """Return the areas somebody may read, the communities under their street's name."""
    whole = find_area("", places, county)
    assert whole is not None
    found: list[tuple[str, list[Area]]] = []
    if access.allowed(actor, Action.STATISTICS_READ, whole):
        found.append(("", [whole]))
    for street in sorted(places.streets.values(), key=lambda it: it.code):
        codes = [street.code, *(it.code for it in places.communities_of(street.code))]
        areas = [it for code in codes if (it := find_area(code, places, county))]
        readable = [it for it in areas if access.allowed(actor, Action.STATISTICS_READ, it)]
        if readable:
            found.append((street.name, readable))
    return found


def key_name(facet: Facet, key: str, language: str) -> str:
    """Return what a key of a breakdown is called, '' for the whole and for the community's own."""
    if facet is Facet.CATEGORY:
        category = reference().categories.by_code.get(key)
        return category.name(language) if category else key
    if facet is Facet.UNIT and key != facts.OWN_HANDLING:
        unit = reference().units.get(key)
        return unit.name if unit else key
    return ""


def case_rows(rows: Sequence[Any], language: str, now: datetime) -> list[dict[str, Any]]:
    """Return cases with their names, and whether each is past its fix deadline."""
    places = reference()
    found = []
    for row in rows:
        community = places.communities.get(row.community_code)
        found.append(
            {
                "row": row,
                "kind": key_name(Facet.CATEGORY, row.category_code, language),
                "place": community.name if community else "",
                "unit": key_name(Facet.UNIT, row.handler or "", language),
                "own": row.handler == facts.OWN_HANDLING,
                "late": row.handled_at is None and row.closed_at is None and row.fix_due < now,
            }
        )
    return found


def subject(row: Any) -> Any:
    """Return a case as permissions look at it: who reported it is nobody's figure."""
    return SimpleNamespace(
        reporter_id=None,
        community_code=row.community_code,
        street_code=row.street_code,
        unit_code=row.unit_code,
        dispatched_at=None,
        handled_by_id=None,
        started_by_id=None,
        self_handled=row.self_handled,
    )
