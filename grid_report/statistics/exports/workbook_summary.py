"""The first sheet of a month's workbook: the month at a glance, with its charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from grid_report.statistics.exports.workbook_sheets import Book, Value, columns, share
from grid_report.statistics.measures import Measure, RateName
from grid_report.statistics.month import name_queries
from grid_report.statistics.month.table_queries import Row, Table, TableName

GLANCE: Final = (
    Measure.RECEIVED,
    Measure.URGENT,
    Measure.ACCEPTED,
    Measure.DISPATCHED,
    Measure.REJECTED,
    Measure.WITHDRAWN,
    Measure.MERGED,
    Measure.SHOULD_HANDLE,
    Measure.HANDLED,
    Measure.OVERDUE_OPEN,
    Measure.SUSPENDED,
    Measure.SHOULD_CLOSE,
    Measure.CLOSED,
    Measure.REWORKED,
    Measure.FINISHED,
    Measure.CLOSINGS,
    Measure.REOPENED,
    Measure.ANSWERS,
)
# What came in, was handled and was closed in a month. Amber and red mean lateness: not here.
DRAWN: Final = (
    (Measure.RECEIVED, "#1F5FA8", "circle", "solid"),
    (Measure.FINISHED, "#C2570C", "square", "dash"),
    (Measure.CLOSINGS, "#4B5563", "triangle", "round_dot"),
)
CHARTS_AT: Final = 7
LINES_OF_A_CHART: Final = 19


def summary_sheet(book: Book) -> None:
    """Write what the month is, its counts and rates beside two others, how long things took."""
    page, words, report = (
        book.page(book.words.say("summary"), tall=1),
        book.words,
        book.found.report,
    )
    page.set_column(0, 0, 26)
    # Wide enough for an instant, which otherwise shows as "###".
    page.set_column(1, 1, 17)
    page.set_column(2, 5, 12)
    page.set_column(6, 6, 2)
    page.set_row(0, 28)
    book.write(
        page, 0, 0, words.say("title", area=book.found.area_name, month=report.month), "title"
    )
    about: list[tuple[str, Value, str]] = [
        ("month", str(report.month), ""),
        ("area", f"{book.found.area_name} ({report.area.code})", ""),
        ("as-of", report.at, "time"),
        ("version", book.state(), ""),
    ]
    if report.frozen is not None:
        about.append(("digest", report.frozen.digest, "soft"))
    if report.live_then is not None or report.frozen is None:
        beside = [it.name for it in _around(book)[1:] if it.is_known]
        about.append(("compared-with", ", ".join(beside) or None, ""))
    if report.is_running:
        about.append(("still-runs", words.say("still-runs-note"), ""))
    row = 1
    for name, value, kind in about:
        book.write(page, row, 0, words.say(name), "soft")
        book.write(page, row, 1, value, kind)
        row += 1
    row = _counts(book, page, row + 1)
    row = _rates(book, page, row + 1)
    _times(book, page, row + 1)
    _charts(book, page)


def _around(book: Book) -> tuple[Row, Row, Row]:
    """Return this month, the one before, the same a year before."""
    trend = book.found[TableName.TREND].rows
    return trend[-1], trend[-2], trend[0]


def _counts(book: Book, page: Any, row: int) -> int:
    words = book.words
    names = ("figure", "this-month", "month-before", "change", "year-before", "change")
    book.head(page, row, [words.say(it) for it in names])
    now, *others = _around(book)
    frozen = book.found.report.frozen
    glance = list(GLANCE)
    if name_queries.shape_of(frozen.document if frozen else None) > 1:
        glance.insert(glance.index(Measure.REOPENED) + 1, Measure.RECALLED)
    for measure in glance:
        row += 1
        book.write(page, row, 0, words.measure(measure), "")
        book.write(page, row, 1, now.counts[measure], "count")
        sides = zip((2, 4), others, book.found.report.lacking[1:], strict=True)
        for at, other, lacking in sides:
            known = other.is_known and measure not in lacking
            book.write(page, row, at, other.counts[measure] if known else None, "count")
            # A month that still runs is held against no whole one.
            is_equal = known and not book.found.report.is_running
            change = now.counts[measure] - other.counts[measure] if is_equal else None
            book.write(page, row, at + 1, change, "change")
    return row + 1


def _rates(book: Book, page: Any, row: int) -> int:
    words = book.words
    names = ("rate", "numerator", "denominator", "this-month", "month-before", "year-before")
    book.head(page, row, [words.say(it) for it in names])
    now, *others = _around(book)
    for name in RateName:
        row += 1
        rate = now.rate(name)
        book.write(page, row, 0, words.rate(name), "")
        book.write(page, row, 1, rate.numerator, "count")
        book.write(page, row, 2, rate.denominator, "count")
        for at, one in enumerate((now, *others), 3):
            book.write(page, row, at, share(one, name), "percent")
    book.write(page, row + 1, 0, words.say("small-base"), "soft")
    return row + 2


def _times(book: Book, page: Any, row: int) -> None:
    words = book.words
    names = ("lengths", "cases", "mean", "median", "p90")
    book.head(page, row, [words.say(it) for it in names])
    for name in (TableName.RESPONSE, TableName.HANDLING):
        row += 1
        times = book.found.times(name)
        book.write(page, row, 0, words.sheet(name), "")
        book.write(page, row, 1, times.number, "count")
        mean = None if times.mean is None else round(times.mean, 1)
        for at, value in enumerate((mean, times.median, times.p90), 2):
            book.write(page, row, at, value, "minutes")


def _charts(book: Book, page: Any) -> None:
    trend, groups = book.found[TableName.TREND], book.found[TableName.BY_GROUP]
    line = book.book.add_chart({"type": "line"})
    _series(book, line, trend)
    _place(book, page, line, "chart-trend", 0)
    if groups.rows:
        bars = book.book.add_chart({"type": "column"})
        _series(book, bars, groups, is_bars=True)
        _place(book, page, bars, "chart-groups", LINES_OF_A_CHART)


def _series(book: Book, chart: Any, table: Table, *, is_bars: bool = False) -> None:
    """Draw columns of another sheet; readers that count nothing themselves find the values here."""
    titles = [column.title for column in columns(table, book.words)]
    sheet, last = book.words.sheet(table.name), len(table.rows)
    for measure, colour, marker, dash in DRAWN:
        at = titles.index(book.words.measure(measure))
        values: Sequence[int | None] = [
            row.counts[measure] if row.is_known else None for row in table.rows
        ]
        # Dashes tell lines apart; round a bar they would only fray it.
        line = {"color": colour, "width": 2.25, "dash_type": dash}
        outline = {"border": {"none": True}} if is_bars else {"line": line}
        chart.add_series(
            {
                "name": [sheet, 0, at],
                "categories": [sheet, 1, 0, last, 0],
                "values": [sheet, 1, at, last, at],
                "name_data": [titles[at]],
                "categories_data": [row.name for row in table.rows],
                "values_data": values,
                **outline,
                "fill": {"color": colour},
                "marker": {"type": marker, "size": 6, "fill": {"color": colour}},
            }
        )


def _place(book: Book, page: Any, chart: Any, title: str, row: int) -> None:
    chart.set_title({"name": book.words.say(title), "name_font": {"size": 12}})
    chart.set_legend({"position": "bottom"})
    chart.set_y_axis({"min": 0, "num_format": "#,##0", "major_gridlines": {"visible": True}})
    chart.set_size({"width": 620, "height": 360})
    chart.show_blanks_as("gap")
    described = {"description": book.words.say(f"{title}-note"), "object_position": 2}
    page.insert_chart(row, CHARTS_AT, chart, described)
