"""Which community answers for a spot. Pure: built from rows, then only read, by any thread.

The order of the design: the compound whose sign was scanned → the smallest boundary that holds the
point → the community chosen from the list when there is no usable position → the nearest reference
point within reach → nobody (the county's unrouted list).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import shapely
from shapely import STRtree

from grid_report.errors import Invalid
from grid_report.places.geo.areas import metres_in_degrees
from grid_report.places.geo.points import Point, distance_m

# Two neighbours drawn with different corners leave slivers no wider than rounding. A point in one
# is on the border for everybody but the arithmetic, so borders reach this far.
BORDER_M: Final = 1.0


class MatchedBy(StrEnum):
    COMPOUND = "compound"
    BOUNDARY = "boundary"
    NEAREST = "nearest"
    CHOSEN = "chosen"
    BY_HAND = "by_hand"
    NONE = "none"


class OutsideCounty(Invalid):
    """The spot is not in the county this installation serves. Raised naming `lat`."""


@dataclass(frozen=True)
class Extent:
    """The rectangle a county lies in, in degrees."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, point: Point) -> bool:
        """Tell whether a point lies in the rectangle or on its rim."""
        return self.south <= point.lat <= self.north and self.west <= point.lng <= self.east

    def distance_m(self, point: Point) -> float:
        """Return how far a point is from the rectangle, in metres; 0 inside."""
        nearest = Point(
            min(max(point.lat, self.south), self.north), min(max(point.lng, self.west), self.east)
        )
        return distance_m(point, nearest)

    @property
    def center(self) -> Point:
        """The middle of the rectangle."""
        return Point((self.south + self.north) / 2, (self.west + self.east) / 2)


@dataclass(frozen=True)
class Area:
    """The boundary of one community."""

    community_code: str
    shape: shapely.Geometry
    area_m2: float

    @property
    def rank(self) -> tuple[int, str]:
        """The order in which areas claim ground: the smaller one, then the lower code.

        Whole square metres: how the last digits come out must not decide about twins.
        """
        return round(self.area_m2), self.community_code


@dataclass(frozen=True)
class Spot:
    """A reference point: a named place whose community is known."""

    name: str
    community_code: str
    point: Point


@dataclass(frozen=True)
class Match:
    """Who answers for a spot, and which rule said so."""

    community_code: str | None
    street_code: str | None
    compound_code: str | None
    matched_by: MatchedBy


NOBODY: Final = Match(None, None, None, MatchedBy.NONE)


class Router:
    """Finds the community of a spot; made once a version of the reference data."""

    def __init__(
        self,
        areas: Sequence[Area],
        *,
        street_of: Mapping[str, str],
        extent: Extent,
        compounds: Mapping[str, str] | None = None,
        spots: Sequence[Spot] = (),
        reach_m: float = 0,
    ) -> None:
        """Build the index. `street_of` names every community; `reach_m` is how far a spot catches.

        Areas are ranked by size and then by code, so of several that hold a point the lowest
        index answers: a point on a shared edge, in an overlap or in an island has one owner.
        """
        ranked = sorted(areas, key=lambda area: area.rank)
        self._shapes = np.array([area.shape for area in ranked], dtype=object)
        self._tree = STRtree(self._shapes)
        self._warm_up()
        self._by_boundary = [
            _match(area.community_code, street_of, MatchedBy.BOUNDARY) for area in ranked
        ]
        self._street_of = dict(street_of)
        self._compounds = dict(compounds or {})
        self._spots = sorted(
            spots, key=lambda s: (s.community_code, s.name, s.point.lat, s.point.lng)
        )
        self._reach_m = reach_m
        self._extent = extent

    @property
    def spots(self) -> Sequence[Spot]:
        """Named spots whose community is known."""
        return self._spots

    def _warm_up(self) -> None:
        # Prepared shapes build their index on first use, which two threads must not do at once.
        shapely.prepare(self._shapes)
        if len(self._shapes):
            inside = shapely.point_on_surface(self._shapes)
            shapely.intersects(self._shapes, inside)
            self._tree.query(inside)

    def locate(
        self,
        point: Point | None,
        *,
        compound_code: str | None = None,
        chosen_community: str | None = None,
    ) -> Match:
        """Return who answers for a spot.

        `point` is None when the phone has no position. Raises OutsideCounty, and Invalid naming
        `compound` or `community` when such a code does not exist.
        """
        if point is not None and not self._extent.holds(point):
            raise self._too_far(point)
        if compound_code:
            return self._by_compound(compound_code)
        chosen = self._chosen(chosen_community) if chosen_community else None
        if point is not None:
            index = self._holding(point)
            if index is not None:
                return self._by_boundary[index]
        if chosen is not None:
            return chosen
        return self._nearest(point) if point is not None else NOBODY

    def locate_many(self, points: Sequence[Point]) -> list[Match | None]:
        """Return the same as `locate` for each point; None for those outside the county."""
        if not points:
            return []
        xy = np.array([(point.lng, point.lat) for point in points])
        spots = shapely.points(xy)
        asked, candidates = self._tree.query(spots)
        held = shapely.intersects(self._shapes[candidates], spots[asked])
        # The lowest index is the smallest area; whoever no area holds keeps the sentinel.
        nobody = len(self._shapes)
        owner = np.full(len(points), nobody)
        np.minimum.at(owner, asked[held], candidates[held])
        outside = (
            (xy[:, 0] < self._extent.west)
            | (xy[:, 0] > self._extent.east)
            | (xy[:, 1] < self._extent.south)
            | (xy[:, 1] > self._extent.north)
        )
        owner[outside] = -1
        matches: list[Match | None] = [*self._by_boundary, NOBODY, None]
        found = [matches[index] for index in owner.tolist()]
        for index in np.flatnonzero(owner == nobody).tolist():
            found[index] = self.locate(points[index])
        return found

    def _holding(self, point: Point) -> int | None:
        """Return the index of the area that owns a point."""
        spot = shapely.Point(point.lng, point.lat)
        # For one point the predicate inside the tree is the quickest; for many see `locate_many`.
        held = self._tree.query(spot, predicate="intersects").tolist()
        if not held:
            reach = metres_in_degrees(BORDER_M)
            held = self._tree.query(spot, predicate="dwithin", distance=reach).tolist()
        return min(held) if held else None

    def _by_compound(self, code: str) -> Match:
        community = self._compounds.get(code)
        if community is None:
            raise Invalid.field("compound", "compound-unknown")
        return Match(community, self._street_of[community], code, MatchedBy.COMPOUND)

    def _chosen(self, code: str) -> Match:
        if code not in self._street_of:
            raise Invalid.field("community", "community-unknown")
        return _match(code, self._street_of, MatchedBy.CHOSEN)

    def _nearest(self, point: Point) -> Match:
        best, best_m = None, self._reach_m
        for spot in self._spots:  # sorted: of two just as far the lower code keeps the place
            away_m = distance_m(point, spot.point)
            if away_m < best_m or (best is None and away_m <= best_m):
                best, best_m = spot, away_m
        if best is None:
            return NOBODY
        return _match(best.community_code, self._street_of, MatchedBy.NEAREST)

    def _too_far(self, point: Point) -> OutsideCounty:
        away_km = max(1, round(self._extent.distance_m(point) / 1000))
        return OutsideCounty.field("lat", "outside-county", away_km=away_km)


def _match(code: str, street_of: Mapping[str, str], by: MatchedBy) -> Match:
    return Match(code, street_of[code], None, by)
