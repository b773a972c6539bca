"""What a checked file would change about the boundaries that count. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import shapely

from grid_report.places.geo.areas import area_m2
from grid_report.places.geo.routing import Area

# A border that moved by less ground than this is the same border, written down again.
LEAST_MOVED_M2: Final = 1.0


@dataclass(frozen=True)
class Change:
    """One community whose boundary comes, goes or moves. Areas in square metres."""

    code: str
    name: str
    before_m2: float | None
    after_m2: float | None
    moved_m2: float  # ground that is in one of the two and not in the other

    @property
    def difference_m2(self) -> float:
        """Return how much larger the area gets; negative when it shrinks."""
        return (self.after_m2 or 0.0) - (self.before_m2 or 0.0)


@dataclass(frozen=True)
class Changes:
    added: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    unchanged: int = 0

    @property
    def any(self) -> bool:
        """Tell whether importing would do anything."""
        return bool(self.added or self.removed or self.changed)


def compare(before: Sequence[Area], after: Sequence[Area], names: Mapping[str, str]) -> Changes:
    """Say what replacing one set of boundaries by another changes."""
    old = {area.community_code: area for area in before}
    new = {area.community_code: area for area in after}
    added = [
        Change(code, names.get(code, code), None, new[code].area_m2, new[code].area_m2)
        for code in sorted(new.keys() - old.keys())
    ]
    removed = [
        Change(code, names.get(code, code), old[code].area_m2, None, old[code].area_m2)
        for code in sorted(old.keys() - new.keys())
    ]
    changed = []
    for code in sorted(new.keys() & old.keys()):
        moved = _moved_m2(old[code].shape, new[code].shape)
        if moved >= LEAST_MOVED_M2:
            changed.append(
                Change(code, names.get(code, code), old[code].area_m2, new[code].area_m2, moved)
            )
    unchanged = len(new.keys() & old.keys()) - len(changed)
    return Changes(tuple(added), tuple(removed), tuple(changed), unchanged)


def _moved_m2(before: shapely.Geometry, after: shapely.Geometry) -> float:
    if shapely.equals_exact(before, after):
        return 0.0
    return area_m2(shapely.symmetric_difference(before, after))


@dataclass(frozen=True)
class Passing:
    """Open cases of one community on ground that becomes another one's.

    `before` is none for cases that are nobody's yet, on ground that was nobody's. `movable` of them can go along; on the others somebody works already, or waits for an answer.
    """

    before: str | None
    after: str
    cases: int
    movable: int
