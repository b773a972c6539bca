"""Which property firm keeps a compound's cards."""

from __future__ import annotations

from typing import Final

from grid_report.places.geo.reference import CompoundInfo, Reference, UnitInfo

PROPERTY: Final = "property"


def firms_of(places: Reference, compound: CompoundInfo) -> tuple[UnitInfo, ...]:
    """Return the property firms that cover a compound, the nearest first; none manages itself."""
    if compound.self_managed:
        return ()
    return tuple(
        unit for unit in places.units_covering(compound.community_code) if unit.kind == PROPERTY
    )


def firm_of(places: Reference, compound: CompoundInfo, named: str | None) -> UnitInfo | None:
    """Return the firm that keeps a compound's cards: the one named if it still covers it."""
    firms = firms_of(places, compound)
    return next((unit for unit in firms if unit.code == named), next(iter(firms), None))
