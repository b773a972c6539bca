"""What the pages of the figures share: areas to choose from, names, cases as they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from grid_report import access
from grid_report.access import Actor
from grid_report.accounts.members.identity_queries import names_for
from grid_report.places.geo.reference import Reference
from grid_report.places.queries import reference
from grid_report.reports import clocks
from grid_report.settings import County
from grid_report.statistics.counts import cells, durations
from grid_report.statistics.counts.areas import Area, find_area
from grid_report.statistics.explorer.lateness import late_clocks
from grid_report.statistics.explorer.slice_queries import Slice
from grid_report.statistics.month import card_queries
from grid_report.statistics.month.queries import Frozen, MonthReport
from grid_report.statistics.permissions import STATISTICS_READ


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
    if access.allowed(actor, STATISTICS_READ, whole):
        found.append(("", [whole]))
    for street in sorted(places.streets.values(), key=lambda it: it.code):
        codes = [street.code, *(it.code for it in places.communities_of(street.code))]
        areas = [it for code in codes if (it := find_area(code, places, county))]
        readable = [it for it in areas if access.allowed(actor, STATISTICS_READ, it)]
        if readable:
            found.append((street.name, readable))
    return found


def key_name(where: Slice, key: str, language: str) -> str:
    """Return what a key of a breakdown is called, '' where the page's words say it."""
    kinds = reference().categories.by_code
    if where is Slice.CATEGORY:
        category = kinds.get(key)
        return category.name(language) if category else key
    if where is Slice.GROUP:
        one = next((it for it in kinds.values() if it.group_code == key), None)
        return one.group_name(language) if one else key
    if where is Slice.UNIT and key != cells.OWN_HANDLING:
        unit = reference().units.get(key)
        return unit.name if unit else key
    return ""


def case_rows(rows: Sequence[Any], language: str, now: datetime) -> list[dict[str, Any]]:
    """Return cases with their names, and the light of the clock that runs."""
    places = reference()
    found = []
    for row in rows:
        community = places.communities.get(row.community_code)
        light = clocks.light(row.next_due, row.next_warn, now)
        found.append(
            {
                "row": row,
                "kind": key_name(Slice.CATEGORY, row.category_code, language),
                "place": community.name if community else "",
                "unit": key_name(Slice.UNIT, row.handler or "", language),
                "own": row.handler == cells.OWN_HANDLING,
                "light": light.value if light else None,
                "late": [it.value for it in late_clocks(row, now)],
                # As median and P90 are made of them.
                "answered": _minutes(row.created_at, row.first_accepted_at),
                "took": _minutes(row.dispatched_at or row.started_at, row.handled_at),
                "seconds_left": int((row.next_due - now).total_seconds()) if light else None,
            }
        )
    return found


def _minutes(since: datetime | None, until: datetime | None) -> int | None:
    if since is None or until is None:
        return None
    return durations.whole_minutes(int((until - since).total_seconds()))


def typical_rows(found: Sequence[Any], language: str, now: datetime) -> list[dict[str, Any]]:
    """Return typical cases with their names, their photos and how long they took, in minutes."""
    rows = case_rows([it.row for it in found], language, now)
    return [
        {**row, "before": it.before, "after": it.after, "minutes": it.spent_s / 60}
        for row, it in zip(rows, found, strict=True)
    ]


def frozen_by(versions: Sequence[Frozen], reader: Actor) -> dict[int, str]:
    """Return the names of those who froze a month, by their ids, as this reader knows them."""
    return names_for(reader, (it.frozen_by_id for it in versions if it.frozen_by_id is not None))


def freeze(report: MonthReport, reader: Actor) -> dict[str, Any]:
    """Return what the page before a freeze shows."""
    return {
        "cards": month_cards(report),
        "newest": report.versions[0].version if report.versions else 0,
        "frozen_by": frozen_by(report.versions, reader),
    }


def month_cards(report: MonthReport) -> Sequence[card_queries.Card]:
    """Return a month's cards."""
    return card_queries.cards(
        report.figures,
        *report.beside,
        is_running=report.is_running,
        lacking=report.lacking,
    )


@dataclass(frozen=True)
class CaseNow:
    """A case as permissions look at it: who reported it is nobody's figure."""

    community_code: str | None
    street_code: str | None
    unit_code: str | None
    self_handled: bool
    reporter_id: None = None
    dispatched_at: None = None
    started_by_id: None = None
    handled_by_id: None = None


def case_now(row: Any) -> CaseNow:
    """Return who may open a case of a list: decided by where it is, not where a round ended."""
    return CaseNow(
        row.now_community_code, row.now_street_code, row.now_unit_code, row.now_self_handled
    )
