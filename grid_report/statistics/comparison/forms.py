"""What is compared with what, out of a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from grid_report.clock import Month
from grid_report.errors import Invalid
from grid_report.statistics.comparison.periods import Period, earlier, read_period
from grid_report.statistics.counts.areas import Area
from grid_report.statistics.measures import COMPOSITE, RateName
from grid_report.web.text import clean, read_int

MOST_WEIGHT = 100


@dataclass(frozen=True)
class Comparison:
    """Two periods, two areas, and what the rates of a score weigh."""

    periods: tuple[Period, Period]
    areas: tuple[Area, Area]
    weights: Mapping[RateName, int]


def read_comparison(
    values: Mapping[str, Any], *, this: Month, home: Area, find: Callable[[str], Area | None]
) -> Comparison:
    """Read a comparison; without anything, the last two whole months. Raises Invalid.

    `find` returns the area of a code that the reader may read.
    """
    problems = Invalid()
    newest = Period(this.plus(-1), this.plus(-1), str(this.plus(-1)))
    first = read_period(values, "a", default=newest, this=this, problems=problems)
    # Without a second one: as long a time before.
    before = earlier(first)["before"]
    second = read_period(values, "b", default=before, this=this, problems=problems)
    areas = []
    default = home
    for name in ("area_a", "area_b"):
        code = clean(values.get(name))
        area = find(code) if code else default
        if area is None:
            problems.add(name, "value-unknown")
            area = home
        areas.append(area)
        default = area
    weights = {}
    for rate, preset in COMPOSITE.items():
        weight = read_int(values, f"w_{rate}", 0, MOST_WEIGHT, problems)
        weights[rate] = preset if weight is None else weight
    if not any(weights.values()):
        problems.add(f"w_{next(iter(weights))}", "weights-all-zero")
    problems.raise_if_any()
    return Comparison((first, second), (areas[0], areas[1]), weights)
