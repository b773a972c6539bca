"""Categories as every domain above reads them: groups, seasons, the number to call first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from grid_report.errors import Invalid
from grid_report.languages import Length, Written

# How long what is written of a category may be.
GROUP: Final = Length(characters=40, letters=60)
NAME: Final = Length(characters=60, letters=80)
SAFETY_TIP: Final = Length(characters=200, letters=300)
# What a tile says big, and the other words riders look for; `|` stands between them.
SHORT: Final = Length(characters=4, letters=14)
SYNONYMS: Final = Length(characters=200, letters=300)
# The colours a kind's sign may have: each is a token of the stylesheet, in light and dark.
# Red, amber and green are not among them: those say how late a case is.
COLOURS: Final = (
    "grey", "rose", "orange", "brown", "olive", "teal", "blue", "indigo", "violet",
)  # fmt: skip
FALLBACK_NUMBER: Final = "12345"
EMERGENCY_SEVERITY: Final = 4
# What has to be made safe within so many hours can harm somebody while it waits.
URGENT_CONTROL_HOURS: Final = 2
# So many tiles fit beside the photo on a small phone.
MOST_FIRST: Final = 6
COUNTY_KEYS: Final = ("gas", "water", "heating", "lift_rescue")


class Emergency(StrEnum):
    NO = "no"
    CONDITIONAL = "conditional"
    MUST = "must"


@dataclass(frozen=True)
class CategoryInfo:
    """One kind of hazard. `call_first` holds numbers and county keys as in the reference data."""

    code: str
    group_code: str
    group_names: Written
    names: Written
    severity: int
    accept_hours: float
    control_hours: float | None
    deadline_hours: float
    emergency: Emergency
    call_first: tuple[str, ...]
    safety_tips: Written
    unit_kind: str
    helper_unit_kinds: tuple[str, ...]
    sensitive: bool
    dedupe_radius_m: int
    season: str
    std_ref: str
    group_icon: str = "dots"
    icon: str = "dots"
    asked_first: int | None = None
    shorts: Written = field(default_factory=dict)
    synonyms: Written = field(default_factory=dict)
    colour: str = COLOURS[0]
    # Its place in the row that says to call first; None: not in it.
    call_row: int | None = None
    retired: bool = False

    def name(self, language: str) -> str:
        """Return the name in a language."""
        return self.names[language]

    def short(self, language: str) -> str:
        """Return the short name in a language; where there is none, the name."""
        return self.shorts.get(language) or self.names[language]

    def words(self) -> tuple[str, ...]:
        """Return every word it is looked for with, in all languages."""
        said = [*self.shorts.values(), *self.names.values()]
        said += [word for texts in self.synonyms.values() for word in texts.split("|")]
        return tuple(dict.fromkeys(filter(None, said)))

    def group_name(self, language: str) -> str:
        """Return the group's name in a language."""
        return self.group_names[language]

    def safety_tip(self, language: str) -> str:
        """Return what to mind on the spot, in a language; may be empty."""
        return self.safety_tips[language]

    @property
    def is_urgent(self) -> bool:
        """Whether it cannot wait for anybody's proof: worst, safe within two hours, or called in."""
        return (
            self.severity >= EMERGENCY_SEVERITY
            or (self.control_hours is not None and self.control_hours <= URGENT_CONTROL_HOURS)
            or self.emergency is not Emergency.NO
        )

    @property
    def is_for_the_community(self) -> bool:
        """Tell whether the community itself repairs this kind, without a unit."""
        return self.unit_kind == "community"


@dataclass(frozen=True)
class Group:
    """Categories that are looked for together."""

    code: str
    names: Written
    icon: str
    categories: tuple[CategoryInfo, ...]

    def name(self, language: str) -> str:
        """Return the name in a language."""
        return self.names[language]


class Categories:
    """All categories of a version of the reference data, in the order of their codes."""

    def __init__(self, categories: Iterable[CategoryInfo]) -> None:
        ordered = sorted(categories, key=lambda c: c.code)
        self.by_code: Mapping[str, CategoryInfo] = {c.code: c for c in ordered}
        self.in_use: tuple[CategoryInfo, ...] = tuple(c for c in ordered if not c.retired)
        self.group_codes: frozenset[str] = frozenset(c.group_code for c in ordered)

    def get(self, code: str | None) -> CategoryInfo:
        """Return a category, retired or not. Raises Invalid naming `category`."""
        found = self.by_code.get(code or "")
        if found is None:
            raise Invalid.field("category", "category-unknown" if code else "category-missing")
        return found

    def get_in_use(self, code: str | None) -> CategoryInfo:
        """Return a category that new reports may have. Raises Invalid naming `category`."""
        found = self.get(code)
        if found.retired:
            raise Invalid.field("category", "category-retired")
        return found

    def groups(self, month: int | None = None) -> tuple[Group, ...]:
        """Return the groups with their categories in use.

        With a month (1 to 12) what is in season comes first: in its group, and the groups that
        have something in season before the others.
        """
        members: dict[str, list[CategoryInfo]] = {}
        for category in self.in_use:
            members.setdefault(category.group_code, []).append(category)
        ordered = {
            code: seasonal(found, month) if month else tuple(found)
            for code, found in members.items()
        }
        groups = [
            Group(code, found[0].group_names, found[0].group_icon, found)
            for code, found in ordered.items()
        ]
        return tuple(
            sorted(groups, key=lambda g: not (month and in_season(g.categories[0].season, month)))
        )


def call_row(categories: Iterable[CategoryInfo]) -> tuple[CategoryInfo, ...]:
    """Return the kinds whose numbers stand above all others, in the order the data gives."""
    named = [it for it in categories if it.call_row is not None and it.call_first]
    return tuple(sorted(named, key=lambda it: (it.call_row or 0, it.code)))


def in_season(season: str, month: int) -> bool:
    """Tell whether a month (1 to 12) is in a season like `11-03`; `all` is no season."""
    if season == "all":
        return False
    first, last = (int(part) for part in season.split("-"))
    return first <= month <= last if first <= last else month >= first or month <= last


def seasonal(categories: Sequence[CategoryInfo], month: int) -> tuple[CategoryInfo, ...]:
    """Return the same categories, those in season first, otherwise in the order given."""
    return tuple(sorted(categories, key=lambda c: not in_season(c.season, month)))


def numbers_to_call(category: CategoryInfo, county_numbers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the numbers to call first, the county's filled in for keys like `gas`.

    A key the county left empty falls back to 12345, which then comes last: whoever is trapped
    should not read the switchboard's number before the fire brigade's.
    """
    known: list[str] = []
    unknown: list[str] = []
    for entry in category.call_first:
        number = entry if entry[:1].isdigit() else county_numbers.get(entry, "").strip()
        (known if number else unknown).append(number or FALLBACK_NUMBER)
    return tuple(dict.fromkeys(known + unknown))
