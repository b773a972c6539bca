"""The sheets of a month's workbook: one a table, the totals, and how everything is counted."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final

from grid_report.statistics.measures import RATES, Measure, RateName
from grid_report.statistics.month import name_queries
from grid_report.statistics.month.table_queries import Row, Table, TableName, Tables

A4: Final = 9

# What is printed of a wide table, so that it can be read on its paper; what else it has stands to
# the right, beyond the print area.
FIRST: Final = (
    Measure.RECEIVED,
    Measure.ACCEPTED,
    Measure.SHOULD_HANDLE,
    Measure.HANDLED_IN_TIME,
    Measure.OVERDUE_OPEN,
    Measure.FINISHED,
    Measure.CLOSINGS,
)
FIRST_RATES: Final = (
    RateName.FILING,
    RateName.FILING_IN_TIME,
    RateName.HANDLING_IN_TIME,
    RateName.CLOSING,
    RateName.REWORK,
    RateName.SOLVED,
)
# Lengths of the whole are told on the summary; the services' total is a line of the totals.
SHEETS: Final = (
    TableName.TREND,
    TableName.BY_GROUP,
    TableName.BY_CATEGORY,
    TableName.BY_AREA,
    TableName.BY_COMMUNITY,
    TableName.BY_UNIT,
    TableName.BY_HOUR,
    TableName.BY_WEEKDAY,
    TableName.BY_SOURCE,
    TableName.RESPONSE,
    TableName.HANDLING,
    TableName.BY_OFFER,
    TableName.BY_STATION,
)
TOTALS: Final = (TableName.SERVICES, TableName.POINTS, TableName.PEOPLE)
# Keys that say something: codes people know, and those other programs join by.
WITH_CODE: Final = frozenset(
    {TableName.BY_CATEGORY, TableName.BY_AREA, TableName.BY_COMMUNITY, TableName.BY_UNIT}
)
WITH_PARENT: Final = {TableName.BY_CATEGORY: "group", TableName.BY_COMMUNITY: "street"}

Value = str | int | float | datetime | None


@dataclass(frozen=True)
class Words:
    """The reader's words: of the exports by code, of measures and rates, and their notes."""

    say: Callable[..., str]
    figure: Callable[[str], str]

    def measure(self, measure: Measure) -> str:
        """Return what a count is called."""
        return self.figure(f"m_{measure}")

    def rate(self, name: RateName) -> str:
        """Return what a rate is called."""
        return self.figure(f"r_{name}")

    def sheet(self, table: TableName) -> str:
        """Return what a sheet is called."""
        return self.say("sheet", table=table.value)


@dataclass(frozen=True)
class Column:
    """A column: its heading, the format of its cells, what it says of a line, whether it prints."""

    title: str
    kind: str
    value: Callable[[Row], Value]
    is_printed: bool = True


class Book:
    """A workbook being written, with the formats all sheets share."""

    def __init__(self, book: Any, found: Tables, words: Words, zone: tzinfo) -> None:
        self.book, self.found, self.words, self.zone = book, found, words, zone
        base = {"valign": "vcenter"}
        self.formats = {
            "": book.add_format(base),
            "wrap": book.add_format({"valign": "top", "text_wrap": True}),
            "note": book.add_format({"valign": "top", "text_wrap": True, "indent": 1}),
            "top-count": book.add_format({"valign": "top", "num_format": "#,##0"}),
            "top": book.add_format({"valign": "top"}),
            "title": book.add_format({**base, "bold": True, "font_size": 16}),
            "soft": book.add_format({**base, "font_color": "#5B6673"}),
            "time": book.add_format({**base, "num_format": "yyyy-mm-dd hh:mm", "align": "left"}),
            "head": book.add_format(
                {
                    **base,
                    "bold": True,
                    "text_wrap": True,
                    "bottom": 1,
                    "bg_color": "#E8EEF5",
                    "align": "center",
                }
            ),
            "count": book.add_format({**base, "num_format": "#,##0"}),
            "change": book.add_format({**base, "num_format": "+#,##0;-#,##0;0"}),
            "percent": book.add_format({**base, "num_format": "0.00%"}),
            "minutes": book.add_format({**base, "num_format": "#,##0.0"}),
        }

    def page(self, name: str, *, landscape: bool = True, tall: int = 0) -> Any:
        """Add a sheet that prints as wide as its paper, with what it is of on every page."""
        page = self.book.add_worksheet(name)
        page.set_paper(A4)
        if landscape:
            page.set_landscape()
        page.fit_to_pages(1, tall)
        page.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        about = f"{self.found.area_name} {self.found.report.month}"
        # & begins a command there: a name may hold one.
        page.set_header(f"&L{about.replace('&', '&&')}&R&A")
        page.set_footer(f"&L{self.state().replace('&', '&&')}&R&P / &N")
        return page

    def note(self, measure: Measure) -> str:
        """Say what a count is of, as it was counted in this version."""
        rolled = Measure.OPENING in self.found[TableName.POINTS].measures
        then = "_then" if measure is Measure.LIABILITY and not rolled else ""
        return self.words.figure(f"m_{measure}{then}_note")

    def state(self) -> str:
        """Say which version this is, or that the counts still run."""
        frozen = self.found.report.frozen
        if frozen is None:
            return self.words.say("not-frozen")
        return self.words.say("frozen-as", version=frozen.version, digest=frozen.digest[:12])

    def write(self, page: Any, row: int, column: int, value: Value, kind: str) -> None:
        """Write a cell as what it is; a text is never looked at for what it might mean."""
        form = self.formats[kind]
        if value is None:
            page.write_blank(row, column, None, form)
        elif isinstance(value, datetime):
            local = value.astimezone(self.zone).replace(tzinfo=None, microsecond=0)
            page.write_datetime(row, column, local, form)
        elif isinstance(value, int | float):
            page.write_number(row, column, value, form)
        else:
            page.write_string(row, column, value, form)

    def head(self, page: Any, row: int, titles: Sequence[str]) -> None:
        """Write a line of headings."""
        page.set_row(row, 48 if max(map(width, titles), default=0) > 12 else 24)
        for at, title in enumerate(titles):
            page.write_string(row, at, title, self.formats["head"])


def width(text: str) -> int:
    """Return how many Latin letters wide a text is: a Chinese one takes two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def columns(table: Table, words: Words) -> list[Column]:
    """Return the columns of a table, the printed ones first."""
    found = []
    if table.name in WITH_CODE:
        found.append(Column(words.say("code"), "", lambda row: row.key))
    found.append(Column(words.say("key-of", table=table.name.value), "", lambda row: row.name))
    if table.name in WITH_PARENT:
        title = words.say(WITH_PARENT[table.name])
        found.append(Column(title, "", lambda row: row.parent_name))
    shown = [it for it in table.measures if it is not Measure.HANDLING_S]
    is_wide = bool(table.rates)
    first = [it for it in FIRST if it in shown] if is_wide else shown
    rates = [it for it in FIRST_RATES if it in table.rates]
    found += [_count(it, words) for it in first]
    if table.has_lengths and is_wide:
        title = words.say("mean-handling")
        found.append(Column(title, "minutes", lambda row: row.mean_handling))
    found += [_rate(it, words) for it in rates]
    found += [_count(it, words, is_printed=False) for it in shown if it not in first]
    found += [_rate(it, words, is_printed=False) for it in table.rates if it not in rates]
    return found


def _count(measure: Measure, words: Words, *, is_printed: bool = True) -> Column:
    return Column(words.measure(measure), "count", lambda row: row.counts[measure], is_printed)


def _rate(name: RateName, words: Words, *, is_printed: bool = True) -> Column:
    return Column(words.rate(name), "percent", lambda row: share(row, name), is_printed)


def share(row: Row, name: RateName) -> float | None:
    """Return a rate as a workbook holds it, as it is printed elsewhere; None below the base."""
    percent = row.rate(name).percent if row.is_known else None
    return None if percent is None else round(percent / 100, 4)


def table_sheet(book: Book, table: Table) -> None:
    """Write a table on a sheet of its own: headings that stay, a filter, widths that fit."""
    page, found = book.page(book.words.sheet(table.name)), columns(table, book.words)
    names = sum(column.kind == "" for column in found)
    book.head(page, 0, [column.title for column in found])
    for at, column in enumerate(found):
        texts = [str(column.value(row)) for row in table.rows] if column.kind == "" else []
        wide = min(40, max([7 if column.kind else 10, *(width(it) + 2 for it in texts)]))
        page.set_column(at, at, wide)
    for number, row in enumerate(table.rows, 1):
        for at, column in enumerate(found):
            is_shown = row.is_known or column.kind == ""
            value = column.value(row) if is_shown else None
            book.write(page, number, at, value, column.kind)
    last = len(table.rows)
    page.freeze_panes(1, names)
    page.autofilter(0, 0, last, len(found) - 1)
    page.repeat_rows(0)
    page.print_area(0, 0, last, sum(column.is_printed for column in found) - 1)


def totals_sheet(book: Book) -> None:
    """Write what there is one number of: services, points, people."""
    words = book.words
    page = book.page(words.say("sheet", table="totals"), landscape=False)
    page.set_column(0, 0, 16)
    page.set_column(1, 1, 26)
    page.set_column(2, 2, 12)
    page.set_column(3, 3, 50)
    book.head(page, 0, [words.say(it) for it in ("part", "figure", "count", "note")])
    number = 0
    for name in TOTALS:
        for measure in book.found[name].measures:
            number += 1
            book.write(page, number, 0, words.sheet(name), "top")
            book.write(page, number, 1, words.measure(measure), "top")
            value = book.found[name].rows[0].counts[measure]
            book.write(page, number, 2, value, "top-count")
            book.write(page, number, 3, book.note(measure), "note")
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, number, 3)
    page.repeat_rows(0)


def notes_sheet(book: Book) -> None:
    """Write how everything is counted: each count and rate by its name, and what holds for all."""
    words = book.words
    page = book.page(words.say("sheet", table="notes"), landscape=False)
    page.set_column(0, 0, 24)
    page.set_column(1, 1, 34)
    page.set_column(2, 2, 70)
    book.head(page, 0, [words.say(it) for it in ("figure", "formula", "note")])
    lines = [
        (words.rate(name), _formula(name, words), words.figure(f"r_{name}_note"))
        for name in RateName
    ]
    frozen = book.found.report.frozen
    counted = name_queries.counted(frozen.document if frozen else None)
    # Versions that kept nothing of what they were compared with stay the bytes they were.
    about_frozen = "frozen" if book.found.report.live_then is None else "kept"
    # Seconds are shown as mean lengths in minutes only.
    lines += [
        (words.measure(it), words.say("a-count"), book.note(it))
        for it in Measure
        if it in counted and it not in (Measure.RESPONSE_S, Measure.HANDLING_S)
    ]
    lines += [
        (words.say(f"about-{it}"), "", words.say(f"about-{it}-note"))
        for it in ("base", "month", "twice", "lengths", about_frozen, "print")
    ]
    for number, line in enumerate(lines, 1):
        for at, text in enumerate(line):
            book.write(page, number, at, text, "wrap")
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, len(lines), 2)
    page.repeat_rows(0)


def _formula(name: RateName, words: Words) -> str:
    rule = RATES[name]
    return f"{words.measure(rule.numerator)} ÷ {words.measure(rule.denominator)}"


def sheets_of(found: Tables) -> list[TableName]:
    """Return which tables get a sheet: a community has no parts, and a street's are its communities."""
    left_out = set() if found.report.area.is_county else {TableName.BY_AREA}
    if not found.report.places:
        left_out.add(TableName.BY_COMMUNITY)
    return [name for name in SHEETS if name not in left_out]
