"""A month as a workbook that needs no hand-work: numbers as numbers, charts, ready to print.

The same frozen version gives the same bytes, today and in a year: nothing in it is of the day it
was made.
"""

from __future__ import annotations

from datetime import UTC, tzinfo
from io import BytesIO
from typing import Final

import xlsxwriter

from grid_report.statistics.exports.workbook_sheets import (
    Book,
    Words,
    notes_sheet,
    sheets_of,
    table_sheet,
    totals_sheet,
)
from grid_report.statistics.exports.workbook_summary import summary_sheet
from grid_report.statistics.month.table_queries import Tables

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A community may call itself `=cmd()` or `http://…`: it stays what somebody typed.
OPTIONS: Final = {
    "constant_memory": True,
    "in_memory": False,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}


def workbook(found: Tables, *, words: Words, zone: tzinfo) -> bytes:
    """Write a month: the summary with its charts, a sheet a table, how it is counted."""
    stream = BytesIO()
    with xlsxwriter.Workbook(stream, OPTIONS) as made:
        # The instant of the figures, never that of the file.
        made.set_properties(
            {
                "title": f"{found.area_name} {found.report.month}",
                "comments": found.report.frozen.digest if found.report.frozen else "",
                "created": found.report.at.astimezone(UTC).replace(tzinfo=None, microsecond=0),
            }
        )
        book = Book(made, found, words, zone)
        summary_sheet(book)
        for name in sheets_of(found):
            table_sheet(book, found[name])
        totals_sheet(book)
        notes_sheet(book)
    return stream.getvalue()
