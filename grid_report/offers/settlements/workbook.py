"""A statement as a workbook: numbers as numbers, text as text whatever it begins with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, tzinfo
from io import BytesIO
from typing import Any, Final

import xlsxwriter

from grid_report.offers.settlements.lifecycle import StatementState
from grid_report.offers.settlements.queries import Line, Sheet

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A provider may call itself `=cmd()` or `http://…`: it stays what somebody typed.
OPTIONS: Final = {
    "constant_memory": True,
    "in_memory": False,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}

Column = tuple[str, int, str]
LINES: Final[Sequence[Column]] = (
    ("delivered", 17, "time"),
    ("settled", 17, "time"),
    ("station", 20, ""),
    ("service", 24, ""),
    ("ref", 14, ""),
    ("points", 10, "count"),
    ("yuan", 10, "yuan"),
    ("verdict", 24, ""),
)
SUMS: Final[Sequence[Column]] = (
    ("service", 24, ""),
    ("count", 10, "count"),
    ("points", 10, "count"),
    ("yuan", 12, "yuan"),
)


def workbook(
    sheet: Sheet,
    lines: Iterable[Line],
    *,
    zone: tzinfo,
    language: str,
    word: Callable[[str], str],
    state: Callable[[StatementState], str],
) -> bytes:
    """Write a statement: what it is about, its sums by service, its lines; one sheet a table."""
    stream, verdicts = BytesIO(), sheet.verdicts
    with xlsxwriter.Workbook(stream, OPTIONS) as book:
        formats = {
            "": book.add_format(),
            "head": book.add_format({"bold": True, "bottom": 1}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            "count": book.add_format({"num_format": "#,##0"}),
            "yuan": book.add_format({"num_format": "#,##0.00"}),
        }
        _about(book, formats, sheet, zone=zone, word=word, state=state)
        _table(
            book,
            formats,
            word("sums"),
            [(word(name), width, kind) for name, width, kind in SUMS],
            [
                (it.title(language), it.services, it.points, _yuan(sheet, it.points))
                for it in sheet.sums
            ],
        )
        _table(
            book,
            formats,
            word("lines"),
            [(word(name), width, kind) for name, width, kind in LINES],
            (
                (
                    _local(it.delivered_at, zone),
                    _local(it.settled_at, zone),
                    it.station_name,
                    it.title(language),
                    it.ref,
                    it.points,
                    _yuan(sheet, it.points),
                    word(f"line-{verdicts[it.ref]}") if it.ref in verdicts else "",
                )
                for it in lines
            ),
        )
    return stream.getvalue()


def _about(
    book: Any,
    formats: dict[str, Any],
    sheet: Sheet,
    *,
    zone: tzinfo,
    word: Callable[[str], str],
    state: Callable[[StatementState], str],
) -> None:
    page = book.add_worksheet(word("statement"))
    page.set_paper(9)
    page.set_column(0, 0, 22)
    page.set_column(1, 1, 32)
    rows: list[tuple[str, object, str]] = [
        ("provider", sheet.provider_name, ""),
        ("provider_code", sheet.provider_code, ""),
        ("month", str(sheet.month), ""),
        ("state", state(sheet.state), ""),
        ("services", sheet.services, "count"),
        ("free", sheet.free_services, "count"),
        ("points", sheet.points, "count"),
        ("yuan_a_point", sheet.fen_per_point / 100, "yuan"),
        ("yuan", sheet.fen / 100, "yuan"),
    ]
    if sheet.set_off_points:
        rows += [
            ("set_off", -_yuan(sheet, sheet.set_off_points), "yuan"),
            ("to_pay", sheet.fen_to_pay / 100, "yuan"),
        ]
    it = sheet.statement
    if it is not None:
        rows += [
            (name, _local(at, zone), "time")
            for name, at in (
                ("drawn", it.drawn_at),
                ("provider_confirmed", it.provider_confirmed_at),
                ("county_confirmed", it.county_confirmed_at),
            )
            if at is not None
        ]
    for number, (name, value, kind) in enumerate(rows):
        page.write_string(number, 0, word(name), formats["head"])
        _cell(page, number, 1, value, formats[kind])


def _table(
    book: Any,
    formats: dict[str, Any],
    name: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
) -> None:
    page = book.add_worksheet(name)
    page.set_paper(9)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.freeze_panes(1, 0)
    for at, (title, width, _) in enumerate(columns):
        page.set_column(at, at, width)
        page.write_string(0, at, title, formats["head"])
    for number, row in enumerate(rows, 1):
        for at, value in enumerate(row):
            _cell(page, number, at, value, formats[columns[at][2]])


def _cell(page: Any, row: int, column: int, value: object, form: Any) -> None:
    """Write a cell as what it is; a text is never looked at for what it might mean."""
    if isinstance(value, datetime):
        page.write_datetime(row, column, value, form)
    elif isinstance(value, int | float):
        page.write_number(row, column, value, form)
    else:
        page.write_string(row, column, str(value), form)


def _yuan(sheet: Sheet, points: int) -> float:
    return points * sheet.fen_per_point / 100


def _local(at: datetime, zone: tzinfo) -> datetime:
    """Return an instant as the county's clock shows it: a workbook knows no zones."""
    return at.astimezone(zone).replace(tzinfo=None, microsecond=0)
