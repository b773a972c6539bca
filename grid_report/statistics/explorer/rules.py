"""Questions of the figures: filters × rows × columns, all of them named things. Pure.

There is no expression and no SQL in a question: only months, an area, a kind, a unit, one breakdown
and columns out of a list.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from grid_report.clock import Month
from grid_report.statistics.counts.areas import Area, AreaKind, children, communities
from grid_report.statistics.measures import CASE_COUNTS, RATES, Facet, Measure, RateName

MOST_COLUMNS: Final = 8
MOST_MONTHS: Final = 60
# What has to be counted case by case, because no kept count has both a kind and a unit.
MOST_MONTHS_BY_CASE: Final = 24
MOST_CASES: Final = 500_000
MOST_OWN: Final = 50
TITLE_MOST: Final = 80

Column = Measure | RateName
# Measures and rates share some names; in a form each says what it is.
COLUMNS: Final[Mapping[str, Column]] = {
    **{f"m_{it}": it for it in CASE_COUNTS},
    **{f"r_{it}": it for it in RateName},
}


class Rows(StrEnum):
    """By what an answer is broken down."""

    MONTH = "month"
    STREET = "street"
    COMMUNITY = "community"
    GROUP = "group"
    CATEGORY = "category"
    UNIT = "unit"


@dataclass(frozen=True)
class Asked:
    """A question; `kinds` are the codes of the categories meant by `kind`, empty for all."""

    first: Month
    last: Month
    area: Area
    kind: str
    kinds: frozenset[str]
    unit: str
    rows: Rows
    columns: Sequence[str]

    @property
    def facet(self) -> Facet | None:
        """The breakdown whose kept counts answer it; None where cases must be counted."""
        by_kind = bool(self.kind) or self.rows in (Rows.GROUP, Rows.CATEGORY)
        by_unit = bool(self.unit) or self.rows is Rows.UNIT
        if by_kind and by_unit:
            return None
        return Facet.CATEGORY if by_kind else Facet.UNIT if by_unit else Facet.ALL

    @property
    def needs(self) -> frozenset[Measure]:
        """Every count its columns are made of."""
        found: set[Measure] = set()
        for column in (COLUMNS[it] for it in self.columns):
            if isinstance(column, RateName):
                found |= {RATES[column].numerator, RATES[column].denominator}
            else:
                found.add(column)
        return frozenset(found)

    def wants(self, facet: Facet, key: str) -> bool:
        """Tell whether the key of a breakdown is meant."""
        if facet is Facet.CATEGORY and self.kind:
            return key in self.kinds
        return key == self.unit if facet is Facet.UNIT and self.unit else True

    @property
    def document(self) -> dict[str, Any]:
        """What is kept of it, and what its address carries: by the names of the form."""
        return {
            "from": str(self.first),
            "to": str(self.last),
            "area": self.area.code,
            "kind": self.kind,
            "unit": self.unit,
            "rows": str(self.rows),
            "columns": list(self.columns),
        }


def row_areas(area: Area, rows: Rows, places: Any, county: Any) -> Sequence[tuple[str, str]]:
    """Return (key of the row, code of the area counted for it): never more than the area itself."""
    if area.kind is AreaKind.UNROUTED:
        return [(area.code, area.code)]
    if area.kind is AreaKind.COMMUNITY:
        # A community's own cases, even where the row is called after its street.
        key = area.code if rows is Rows.COMMUNITY else area.parent or ""
        return [(key, area.code)]
    if area.kind is AreaKind.STREET:
        if rows is Rows.STREET:
            return [(area.code, area.code)]
        return [(it.code, it.code) for it in communities(places, street=area.code)]
    parts = children(area, places, county)
    if rows is Rows.COMMUNITY:
        unrouted = [it for it in parts if it.kind is AreaKind.UNROUTED]
        parts = [*communities(places), *unrouted]
    return [(it.code, it.code) for it in parts]


def code_of(owner_id: int, title: str, document: Mapping[str, Any]) -> str:
    """Return the code of a question's link: saved twice, it is one question."""
    raw = json.dumps([owner_id, title, document], sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(raw.encode()).digest()
    return base64.b32encode(digest).decode().lower()[:10]
