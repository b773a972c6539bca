"""Kinds of hazard as the illustrated page shows them. Pure."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass

from grid_report.places.geo.categories import CategoryInfo, Group, numbers_to_call
from grid_report.settings import County


@dataclass(frozen=True)
class KindPicture:
    """One kind: its picture in `static/hazards`, '' for its sign alone, and whom to call first."""

    code: str
    name: str
    picture: str
    call: str
    tip: str


@dataclass(frozen=True)
class KindGroup:
    """Kinds that stand together."""

    name: str
    icon: str
    kinds: tuple[KindPicture, ...]


def gallery(
    groups: Sequence[Group], language: str, county: County, pictures: Set[str]
) -> list[KindGroup]:
    """Show every kind in its group; of people in need nobody is asked to take a picture."""
    return [
        KindGroup(
            group.name(language),
            group.icon,
            tuple(_kind(it, language, county, pictures) for it in group.categories),
        )
        for group in groups
    ]


def _kind(it: CategoryInfo, language: str, county: County, pictures: Set[str]) -> KindPicture:
    numbers = numbers_to_call(it, county.call_numbers)
    return KindPicture(
        code=it.code,
        name=it.name(language),
        picture=it.code if it.code in pictures and not it.sensitive else "",
        call=numbers[0] if numbers and it.emergency.value == "must" else "",
        tip=it.safety_tip(language),
    )
