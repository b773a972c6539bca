"""Areas of the figures: the county, its streets, their communities, and what has no community yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics.counts.cells import UNROUTED


class AreaKind(StrEnum):
    """What an area is."""

    COUNTY = "county"
    STREET = "street"
    COMMUNITY = "community"
    UNROUTED = "unrouted"


@dataclass(frozen=True)
class Area:
    """An area with its name; `parent` is the code of the area it is part of.

    The county's and the unrouted area's names are words of the page's language: here they are "".
    """

    code: str
    kind: AreaKind
    name: str
    parent: str | None = None

    @property
    def is_county(self) -> bool:
        """Tell whether it is the whole."""
        return self.kind is AreaKind.COUNTY


def whole(county: County) -> Area:
    """Return the county as an area."""
    return Area(county.code, AreaKind.COUNTY, "")


def find_area(code: str, places: Reference, county: County) -> Area | None:
    """Return the area of a code, the county for an empty one; None when there is no such area."""
    if code in ("", county.code):
        return whole(county)
    if code == UNROUTED:
        return Area(UNROUTED, AreaKind.UNROUTED, "", county.code)
    street = places.streets.get(code)
    if street is not None:
        return Area(street.code, AreaKind.STREET, street.name, county.code)
    community = places.communities.get(code)
    if community is not None:
        return Area(community.code, AreaKind.COMMUNITY, community.name, community.street_code)
    return None


def children(area: Area, places: Reference, county: County) -> Sequence[Area]:
    """Return the areas an area is made of, in the order of their codes."""
    if area.kind is AreaKind.COUNTY:
        streets = [
            Area(it.code, AreaKind.STREET, it.name, county.code)
            for it in sorted(places.streets.values(), key=lambda it: it.code)
        ]
        return [*streets, Area(UNROUTED, AreaKind.UNROUTED, "", county.code)]
    if area.kind is AreaKind.STREET:
        return communities(places, street=area.code)
    return []


def communities(places: Reference, *, street: str | None = None) -> Sequence[Area]:
    """Return the communities of a street, or all of them, in the order of their codes."""
    return [
        Area(it.code, AreaKind.COMMUNITY, it.name, it.street_code)
        for it in sorted(places.communities.values(), key=lambda it: it.code)
        if street is None or it.street_code == street
    ]


def members_of(area: Area, places: Reference) -> frozenset[str]:
    """Return the codes of the communities an area is made of, itself if it is one."""
    if area.kind is AreaKind.COUNTY:
        return frozenset(places.communities)
    if area.kind is AreaKind.STREET:
        return frozenset(it.code for it in communities(places, street=area.code))
    return frozenset({area.code})
