"""The reference data of one version, read-only and shared by all threads of a process."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from grid_report.places.geo.categories import Categories, CategoryInfo
from grid_report.places.geo.points import Point
from grid_report.places.geo.routing import Area, Extent, Match, Router, Spot


@dataclass(frozen=True)
class StreetInfo:
    code: str
    name: str


@dataclass(frozen=True)
class CommunityInfo:
    """A community; `center` is a point inside its boundary, None without one."""

    code: str
    name: str
    street_code: str
    street_name: str
    center: Point | None
    area_m2: float | None


@dataclass(frozen=True)
class CompoundInfo:
    code: str
    name: str
    community_code: str
    self_managed: bool
    point: Point


@dataclass(frozen=True)
class UnitInfo:
    """A unit and the codes of the counties, streets and communities it covers."""

    code: str
    name: str
    kind: str
    covers: frozenset[str]
    retired: bool = False


@dataclass(frozen=True)
class VersionInfo:
    """Where the boundaries that count came from."""

    id: int
    made_at: datetime
    source: str
    fictional: bool


@dataclass(frozen=True)
class Reference:
    """Everything places know, of one version."""

    county_code: str
    extent: Extent
    categories: Categories
    streets: Mapping[str, StreetInfo]
    communities: Mapping[str, CommunityInfo]
    compounds: Mapping[str, CompoundInfo]
    units: Mapping[str, UnitInfo]
    boundary_version: VersionInfo | None
    areas: tuple[Area, ...]
    router: Router
    spots: tuple[Spot, ...] = ()

    def category(self, code: str | None) -> CategoryInfo | None:
        """Return a category, retired or not."""
        return self.categories.by_code.get(code or "")

    def street(self, code: str | None) -> StreetInfo | None:
        """Return a street."""
        return self.streets.get(code or "")

    def community(self, code: str | None) -> CommunityInfo | None:
        """Return a community."""
        return self.communities.get(code or "")

    def compound(self, code: str | None) -> CompoundInfo | None:
        """Return a compound."""
        return self.compounds.get(code or "")

    def unit(self, code: str | None) -> UnitInfo | None:
        """Return a unit, retired or not."""
        return self.units.get(code or "")

    def locate(
        self,
        point: Point | None,
        *,
        compound_code: str | None = None,
        chosen_community: str | None = None,
    ) -> Match:
        """Return who answers for a spot; see `Router.locate`."""
        return self.router.locate(
            point, compound_code=compound_code, chosen_community=chosen_community
        )

    @cached_property
    def names_digest(self) -> str:
        """A short text that changes when a community or street is renamed."""
        names = repr([(c.code, c.name, c.street_code) for c in self.communities.values()])
        return hashlib.sha256(names.encode()).hexdigest()[:12]

    @cached_property
    def light_spots(self) -> str:
        """Where compounds and known spots are, to about a metre, as compact JSON.

        Names of compounds are left out: whoever asks has a list of them.
        """
        found = {
            "compounds": {it.code: _metres(it.point) for it in self.compounds.values()},
            "spots": [[it.name, *_metres(it.point)] for it in self.spots],
        }
        return json.dumps(found, ensure_ascii=False, separators=(",", ":"))

    def communities_of(self, street_code: str) -> tuple[CommunityInfo, ...]:
        """Return a street's communities in the order of their codes."""
        return tuple(c for c in self.communities.values() if c.street_code == street_code)

    def compounds_of(self, community_code: str) -> tuple[CompoundInfo, ...]:
        """Return a community's compounds in the order of their codes."""
        return self._compounds_by_community.get(community_code, ())

    @cached_property
    def _compounds_by_community(self) -> dict[str, tuple[CompoundInfo, ...]]:
        found: dict[str, list[CompoundInfo]] = {}
        for compound in self.compounds.values():
            found.setdefault(compound.community_code, []).append(compound)
        return {code: tuple(compounds) for code, compounds in found.items()}

    def stand_in(self, community_code: str) -> Point:
        """Return a point to write down for a report whose place was chosen from the list."""
        community = self.community(community_code)
        if community is not None and community.center is not None:
            return community.center
        compounds = self.compounds_of(community_code)
        return compounds[0].point if compounds else self.extent.center

    def unit_covers(self, unit_code: str, community_code: str) -> bool:
        """Tell whether a unit in use covers a community."""
        unit = self.units.get(unit_code)
        return unit is not None and not unit.retired and bool(self._width(unit, community_code))

    def units_covering(
        self, community_code: str, category_code: str | None = None, *, compound: str | None = None
    ) -> tuple[UnitInfo, ...]:
        """Return the units in use that cover a community, best proposal first.

        First the kind the category names, then its helpers in their order, then all others; of
        one kind the one closest to the spot (community before street before county, then the one
        that covers least). In a self-managed compound no property firm is proposed first.
        """
        category = self.categories.by_code.get(category_code or "")
        order: dict[str, int] = {}
        if category is not None:
            for kind in (category.unit_kind, *category.helper_unit_kinds):
                order.setdefault(kind, len(order))
        living = self.compounds.get(compound or "")
        if living is not None and living.self_managed:
            order["property"] = len(order) + 1

        def rank(unit: UnitInfo) -> tuple[int, int, int, str]:
            width = self._width(unit, community_code)
            return order.get(unit.kind, 99), width, len(unit.covers), unit.code

        covering = [
            unit
            for unit in self.units.values()
            if not unit.retired and self._width(unit, community_code)
        ]
        return tuple(sorted(covering, key=rank))

    def _width(self, unit: UnitInfo, community_code: str) -> int:
        """Return 1 for community, 2 for street, 3 for county; 0 when the unit is not for it."""
        community = self.communities.get(community_code)
        if community is None:
            return 0
        codes = (community.code, community.street_code, self.county_code)
        return next((i for i, code in enumerate(codes, start=1) if code in unit.covers), 0)


def _metres(point: Point) -> list[float]:
    return [round(point.lat, 5), round(point.lng, 5)]
