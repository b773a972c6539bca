"""Kinds of hazard as the form offers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from grid_report.access import Actor
from grid_report.places.geo.categories import CategoryInfo, call_row, numbers_to_call
from grid_report.places.geo.reference import Reference
from grid_report.reports.kinds import ordering
from grid_report.reports.kinds import queries as kinds_queries
from grid_report.settings import County


@dataclass(frozen=True)
class KindsShown:
    """Groups with their kinds, the codes to offer first, and whom to call before anything."""

    groups: list[dict[str, Any]]
    first: list[str]
    calls: list[dict[str, str]]


def kinds(
    places: Reference,
    month: int,
    language: str,
    county: County,
    actor: Actor | None,
    *,
    community: str | None,
) -> KindsShown:
    """Put together what the form shows of kinds: one statement, for the order.

    For nobody, in the form phones keep, the order is the county's.
    """
    known = places.categories
    place = places.community(community)
    tally = kinds_queries.tally(
        county=county.code,
        month=month,
        member_id=actor.member_id if actor else None,
        community=place.code if place else None,
    )
    return KindsShown(
        groups=[
            {
                "code": group.code,
                "name": group.name(language),
                "icon": group.icon,
                "categories": [_kind(it, language, county) for it in group.categories],
            }
            for group in known.groups(month)
        ],
        first=[it.code for it in ordering.first(known.in_use, month, tally)],
        calls=[
            {"name": it.short(language), "number": numbers_to_call(it, county.call_numbers)[0]}
            for it in call_row(known.in_use)
        ],
    )


def _kind(it: CategoryInfo, language: str, county: County) -> dict[str, Any]:
    return {
        "code": it.code,
        "name": it.name(language),
        "short": it.short(language),
        "colour": it.colour,
        "severity": it.severity,
        "emergency": it.emergency.value,
        "urgent": it.is_urgent,
        "call_numbers": numbers_to_call(it, county.call_numbers),
        "safety_tip": it.safety_tip(language),
        "sensitive": it.sensitive,
    }
