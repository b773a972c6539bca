"""A month as CSV: one long table of everything, or one table a line each; read by programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from grid_report.statistics.measures import Measure
from grid_report.statistics.month.table_queries import Row, Table, TableName, Tables
from grid_report.web.csv_files import Cell

LONG: Final = (
    "month", "version", "area_code", "area",
    "table", "key", "name", "measure", "value", "numerator", "denominator",
)  # fmt: skip


def long_rows(found: Tables) -> Iterator[Iterable[Cell]]:
    """Yield every figure of a month on a line of its own, under the names the API uses."""
    yield LONG
    about = _about(found)
    for table in found.tables.values():
        for row in table.rows:
            if row.is_known:
                for cells in _of_row(table, row):
                    yield (*about, table.name.value, row.key, row.name, *cells)
        if table.name in (TableName.RESPONSE, TableName.HANDLING):
            times = found.times(table.name)
            mean = None if times.mean is None else round(times.mean, 1)
            for name, value in (("mean", mean), ("median", times.median), ("p90", times.p90)):
                yield (*about, table.name.value, "", "", f"{name}_minutes", value, None, None)


def _about(found: Tables) -> tuple[Cell, ...]:
    report = found.report
    version = report.frozen.version if report.frozen else 0
    return str(report.month), version, report.area.code, found.area_name


def _of_row(table: Table, row: Row) -> Iterator[tuple[Cell, ...]]:
    for measure in _shown(table):
        yield measure.value, row.counts[measure], None, None
    if table.has_lengths and table.rates:
        yield "mean_handling_minutes", row.mean_handling, None, None
    for name in table.rates:
        rate = row.rate(name)
        yield f"{name.value}_percent", rate.percent, rate.numerator, rate.denominator


def _shown(table: Table) -> list[Measure]:
    return [it for it in table.measures if it is not Measure.HANDLING_S]


def wide_rows(found: Tables, name: TableName) -> Iterator[Iterable[Cell]]:
    """Yield one table: a line for each of its own, a column for each count and rate."""
    table, about = found[name], _about(found)
    has_lengths = table.has_lengths and bool(table.rates)
    yield (
        *LONG[:4],
        "key",
        "name",
        "part_of",
        *(it.value for it in _shown(table)),
        *(["mean_handling_minutes"] if has_lengths else []),
        *(f"{it.value}_percent" for it in table.rates),
    )
    for row in table.rows:
        if row.is_known:
            yield (
                *about,
                row.key,
                row.name,
                row.parent_name,
                *(row.counts[it] for it in _shown(table)),
                *([row.mean_handling] if has_lengths else []),
                *(row.rate(it).percent for it in table.rates),
            )


def rows_of(found: Tables, name: TableName | None) -> Iterator[Iterable[Any]]:
    """Return the rows of one table, or of everything."""
    return long_rows(found) if name is None else wide_rows(found, name)
