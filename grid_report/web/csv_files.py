"""CSV as everybody's Excel opens it, written some hundred lines at a time."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

MEDIA_TYPE: Final = "text/csv; charset=utf-8"
BOM: Final = "\ufeff"
LINES_AT_ONCE: Final = 500
# A workbook takes a text that begins so for a formula, whatever its sender meant.
FORMULAS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Cell = str | int | float | None


def plain(value: Cell) -> Cell:
    """Return a cell that no workbook takes for a formula: such a text gets an apostrophe."""
    if isinstance(value, str) and value.lstrip(" \u3000").startswith(FORMULAS):
        return f"'{value}"
    return value


def lines(rows: Iterable[Iterable[Cell]], *, bom: bool = False) -> Iterator[str]:
    """Write rows as CSV, some hundred lines at a time."""
    file = io.StringIO()
    writer = csv.writer(file)
    if bom:
        file.write(BOM)
    for number, row in enumerate(rows, 1):
        writer.writerow([plain(cell) for cell in row])
        if number % LINES_AT_ONCE == 0:
            yield file.getvalue()
            file.seek(0)
            file.truncate()
    if file.tell():
        yield file.getvalue()
