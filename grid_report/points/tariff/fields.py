"""The numbers of a tariff version, as a form asks for them: names, bounds, and back into rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from grid_report.points.rates import Version


@dataclass(frozen=True)
class TariffField:
    """One number of a version; `index` where the rule keeps several, severity 1 first."""

    name: str
    rule: str
    key: str
    low: int
    high: int
    index: int | None = None


FIELDS: Final = (
    *(TariffField(f"r1_{n}", "R1", "by_severity", 1, 50, n - 1) for n in (1, 2, 3, 4)),
    TariffField("r2", "R2", "points", 0, 50),
    TariffField("r3", "R3", "points", 1, 50),
    TariffField("r4", "R4", "points", 0, 50),
    TariffField("r4_most", "R4", "most_per_case", 0, 10),
    TariffField("r5_percent", "R5", "percent_of_r1", 0, 100),
    TariffField("r5_people", "R5", "most_people", 0, 20),
    TariffField("r8_unit", "R8", "unit_points", 0, 50),
    TariffField("r8_quiz", "R8", "quiz_points", 0, 50),
    TariffField("r10_least", "R10", "least_points", 51, 1000),
    TariffField("r10_most", "R10", "most_points", 51, 1000),
    TariffField("cap_day", "caps", "points_a_day", 0, 10_000),
    TariffField("cap_month", "caps", "points_a_month", 0, 100_000),
    TariffField("half_from", "caps", "half_from_report", 0, 1000),
    TariffField("same_place", "caps", "same_place_hours", 0, 168),
)
# (a smaller one, the one that may not be smaller)
RISING: Final = (
    ("r1_1", "r1_2"),
    ("r1_2", "r1_3"),
    ("r1_3", "r1_4"),
    ("r10_least", "r10_most"),
    ("cap_day", "cap_month"),
)


def numbers_of(version: Version) -> dict[str, int]:
    """Return a version's numbers by the names of the form."""
    return {field.name: _number(version.rules, field) for field in FIELDS}


def _number(rules: Mapping[str, Mapping[str, Any]], field: TariffField) -> int:
    value = rules.get(field.rule, {}).get(field.key, 0)
    return int(value if field.index is None else value[field.index])


def rules_of(numbers: Mapping[str, int]) -> dict[str, dict[str, Any]]:
    """Return the rules of a version with these numbers."""
    rules: dict[str, dict[str, Any]] = {"R6": {"points": 0}}
    for field in FIELDS:
        values = rules.setdefault(field.rule, {})
        if field.index is None:
            values[field.key] = numbers[field.name]
        else:
            values.setdefault(field.key, []).append(numbers[field.name])
    return rules


def falling(numbers: Mapping[str, int]) -> list[str]:
    """Return the fields that are smaller than the one they may not be smaller than."""
    found = []
    for small, great in RISING:
        # No limit is more than every limit.
        unlimited = great.startswith("cap") and 0 in (numbers.get(small), numbers.get(great))
        if not unlimited and numbers[great] < numbers[small]:
            found.append(great)
    return found
