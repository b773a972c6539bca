"""Rows of a month's tables: what each is, its counts, where it leads on to, and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from grid_report.rates import Rate
from grid_report.statistics.counts.areas import Area
from grid_report.statistics.counts.queries import Figures, Key
from grid_report.statistics.measures import Facet, Measure, RateName

# What tables can be sorted by; the first is how they come by themselves, the most first.
AREA_COLUMNS: Final = (
    "received", "name", "filing", "filing_in_time", "handling_in_time", "closing", "overdue_open",
    "solved",
)  # fmt: skip
UNIT_COLUMNS: Final = (
    "should_handle", "name", "handling", "handling_in_time", "rework", "overdue_open", "mean",
)  # fmt: skip
UP: Final = "-up"
BUSY: Final = (
    Measure.RECEIVED, Measure.SHOULD_HANDLE, Measure.SHOULD_CLOSE, Measure.OVERDUE_OPEN,
    Measure.CLOSINGS, Measure.ANSWERS,
)  # fmt: skip

# What a table's total is held against the whole area by; each is a column or a base of one.
HELD_BY_UNIT: Final = (Measure.SHOULD_HANDLE, Measure.SHOULD_CLOSE, Measure.OVERDUE_OPEN)
HELD_BY_PLACE: Final = (Measure.RECEIVED, *HELD_BY_UNIT)


@dataclass(frozen=True)
class Line:
    """One row of a breakdown. `behind` is the address of its cases, short of the measure."""

    code: str
    name: str
    figures: Figures
    facet: Facet = Facet.ALL
    key: str = ""
    area: Area | None = None
    behind: str = ""
    # Of the longest bar of its table, in percent.
    share: int = 0

    def count(self, measure: str) -> int:
        """Return one count of the row."""
        return self.figures.count(Measure(measure), self.facet, self.key)

    def rate(self, name: str) -> Rate:
        """Return one rate of the row."""
        return self.figures.rate(RateName(name), self.facet, self.key)

    @property
    def is_quiet(self) -> bool:
        """Tell whether nothing came in, was due or was closed there."""
        return not any(self.count(it) for it in BUSY)

    @property
    def mean_handling(self) -> float | None:
        """Mean handling time in minutes."""
        return self.figures.mean_handling(self.facet, self.key)

    def to(self, measure: str) -> str:
        """Return the address of the cases a measure counts in this row."""
        return f"{self.behind}&measure={measure}"


@dataclass(frozen=True)
class Order:
    """What a table is sorted by; `up` has the least first."""

    column: str
    up: bool

    def toggled(self, column: str) -> str:
        """Return the order a column's head leads to: the other way round where it is sorted by."""
        if column != self.column:
            return column
        return column if self.up else column + UP


def read_order(text: str, columns: Sequence[str]) -> Order:
    """Read what a table shall be sorted by; what nobody knows is as it comes by itself."""
    column, up = text.removesuffix(UP), text.endswith(UP)
    return Order(column, up) if column in columns else Order(columns[0], up=False)


def in_order(lines: Iterable[Line], order: Order) -> list[Line]:
    """Sort rows; those without a value, and rates with too small a base, stay at the end."""
    value = _value(order.column)
    known: list[Line] = []
    unknown: list[Line] = []
    for line in sorted(lines, key=lambda it: it.code):
        (unknown if value(line) is None else known).append(line)
    if order.column == "name":
        known.sort(key=lambda it: it.code, reverse=order.up)
    else:
        known.sort(key=lambda it: value(it) or 0, reverse=not order.up)
    return known + unknown


def _value(column: str) -> Callable[[Line], float | None]:
    if column == "name":
        return lambda _: 0
    if column == "mean":
        return lambda line: line.mean_handling
    if column in set(RateName):
        return lambda line: line.rate(column).share
    return lambda line: line.count(column)


def with_shares(lines: Sequence[Line], measure: str = "received") -> list[Line]:
    """Give each row its bar: of the most of one measure, in percent."""
    most = max((it.count(measure) for it in lines), default=0)
    return [replace(it, share=round(100 * it.count(measure) / most) if most else 0) for it in lines]


def added_up(figures: Figures, keys: Iterable[str]) -> Figures:
    """Return several categories as one: each of their counts added up, as a whole."""
    wanted = set(keys)
    counts: dict[Key, int] = {}
    for (facet, key, measure), n in figures.counts.items():
        if facet == Facet.CATEGORY and key in wanted:
            where = (Facet.ALL, "", measure)
            counts[where] = counts.get(where, 0) + n
    return Figures(counts)


def absent(figures: Figures, total: Line, measures: Iterable[Measure]) -> list[tuple[Measure, int]]:
    """Return by how much each measure of the whole is more than a table's rows added up."""
    found = [(it, figures.count(it) - total.count(it)) for it in measures]
    return [(it, n) for it, n in found if n > 0]


def summed(lines: Iterable[Line]) -> Line:
    """Return the rows of a table added up, as its last row; it leads to no list of its own."""
    # By the names of measures: the lines of a table share figures with all that is counted in them.
    counts: dict[Key, int] = dict.fromkeys(((Facet.ALL, "", it) for it in Measure), 0)
    for line in lines:
        for measure in Measure:
            counts[Facet.ALL, "", measure] += line.count(measure)
    return Line("", "", Figures(counts))
