"""What things are called: as they were when a month was frozen, as they are now for a running one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from grid_report.languages import LANGUAGES, Written, chosen, written_in_all
from grid_report.offers.catalogue import queries as offers_queries
from grid_report.places.geo.reference import Reference
from grid_report.settings import County
from grid_report.statistics.counts.areas import Area, AreaKind
from grid_report.statistics.measures import BESIDE_ROLLED, LATER, ROLLED, Measure

# What files of a version look like, kept with it: old versions stay the bytes they were.
# 2: months beside that were counted by other rules are named as such, recalls are on the summary,
# and open data opens in a spreadsheet, its columns named in Chinese too.
SHAPE: Final = 2
ROLLED_LATER = frozenset((*ROLLED, *BESIDE_ROLLED)) - {Measure.EXPIRED, Measure.LIABILITY}


@dataclass(frozen=True)
class Names:
    """Names by code. What has a name in each language holds it by language."""

    county: Written
    areas: Mapping[str, str]
    units: Mapping[str, str]
    categories: Mapping[str, Written]
    groups: Mapping[str, Written]
    group_of: Mapping[str, str]
    offers: Mapping[str, Written]
    stations: Mapping[str, str]

    @property
    def languages(self) -> list[str]:
        """The languages it has names in: one added after a freeze is none of its."""
        return [it for it in LANGUAGES if it in self.county]

    def category(self, code: str, language: str) -> str:
        """Return a category's name, its code where nobody knows it."""
        return _named(self.categories, code, language)

    def group(self, code: str, language: str) -> str:
        """Return a group's name."""
        return _named(self.groups, code, language)

    def offer(self, key: str, language: str) -> str:
        """Return an offer's title."""
        return _named(self.offers, key, language)


def _named(known: Mapping[str, Written], code: str, language: str) -> str:
    return chosen(known.get(code, {}), language) or code


def document(places: Reference, county: County) -> dict[str, Any]:
    """Return every name as it is now, as JSON can keep it: a freeze keeps it.

    A community renamed next year does not rename last year's sheet.
    """
    categories = places.categories.by_code.values()
    return {
        "county": {"code": county.code, **written_in_all(county, "name")},
        "areas": {
            **{it.code: it.name for it in places.streets.values()},
            **{it.code: it.name for it in places.communities.values()},
        },
        "units": {it.code: it.name for it in places.units.values()},
        "categories": {it.code: dict(it.names) for it in categories},
        "groups": {it.group_code: dict(it.group_names) for it in categories},
        "group_of": {it.code: it.group_code for it in categories},
        "offers": offers_queries.offer_titles(),
        "stations": offers_queries.station_names(),
        # What this version counts: what is counted later on is none of its.
        "measures": sorted(Measure),
        "shape": SHAPE,
    }


def shape_of(kept: Mapping[str, Any] | None) -> int:
    """Return which shape files of a version have; those of live counts (None) have today's."""
    return SHAPE if kept is None else int(kept.get("shape", 1))


def read_names(kept: Mapping[str, Any] | None, *, places: Reference, county: County) -> Names:
    """Return the names a freeze kept, or those of now; what an old freeze did not keep is as now."""
    found = {**document(places, county), **(kept or {})}
    return Names(**{name: found[name] for name in Names.__dataclass_fields__})


def counted(kept: Mapping[str, Any] | None) -> frozenset[Measure]:
    """Return which measures a freeze counted; the live counts (None) have them all."""
    if kept is None:
        return frozenset(Measure)
    names = kept.get("measures")
    if names is None:
        return frozenset(Measure) - LATER - ROLLED_LATER
    return frozenset(it for it in Measure if it in names)


def as_kept(areas: Sequence[Area], kept: Mapping[str, Any] | None) -> Sequence[Area]:
    """Return areas under the names a freeze kept; those it did not know yet are left out."""
    names = (kept or {}).get("areas")
    if names is None:
        return areas
    return [
        replace(it, name=names.get(it.code, it.name))
        for it in areas
        if it.code in names or it.kind in (AreaKind.COUNTY, AreaKind.UNROUTED)
    ]
