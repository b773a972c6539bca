"""Reads reference data from CSV files into rows of the tables. Pure.

`SheetError` names the file and each line and column at fault; it is a mistake of whoever edits the
file, so it stops the command and never reaches a rider.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from grid_report.languages import Length, columns, columns_by_language
from grid_report.places.geo.categories import (
    COLOURS,
    COUNTY_KEYS,
    GROUP,
    NAME,
    SAFETY_TIP,
    SHORT,
    SYNONYMS,
    Emergency,
)
from grid_report.places.tables.sheet_problems import Problem, SheetError
from grid_report.places.tables.sheet_text import separator_of
from grid_report.plain_characters import plain

Columns = dict[str, tuple[str, Callable[[str], Any]]]


class Row(dict[str, Any]):
    """One row: column of the table → value; `line` is where it stands in the file."""

    line: int = 0


def _code(pattern: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return read


def _text(most: int, least: int = 1) -> Callable[[str], str]:
    def read(text: str) -> str:
        # A database may refuse what nobody sees, and a page would show it otherwise than it is.
        unseen = any(unicodedata.category(sign) in ("Cc", "Cf") for sign in text)
        if unseen or not least <= len(text) <= most:
            raise ValueError
        return text

    return read


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 < hours < 100_000:
        raise ValueError
    return hours


def _maybe_hours(text: str) -> float | None:
    return _hours(text) if text else None


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        number = int(text)
        if not least <= number <= most:
            raise ValueError
        return number

    return read


def _flag(text: str) -> bool:
    return {"0": False, "1": True}[text]


def _degrees(most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        number = float(text)
        if not -most <= number <= most:
            raise ValueError
        return number

    return read


def _season(text: str) -> str:
    if text != "all":
        first, last = re.fullmatch(r"(\d\d)-(\d\d)", text).groups()  # type: ignore[union-attr]
        if not (1 <= int(first) <= 12 and 1 <= int(last) <= 12):
            raise ValueError
    return text


def _numbers(text: str) -> str:
    # They are dialled as they are written: in plain digits.
    said: str = plain(text)
    for entry in filter(None, said.split("|")):
        if not (re.fullmatch(r"[0-9]{3,12}", entry) or entry in COUNTY_KEYS):
            raise ValueError
    return said


def _sign(text: str) -> str:
    if not re.fullmatch(r"([a-z][a-z0-9-]{0,39})?", text):
        raise ValueError
    return text or "dots"


def _synonyms(most: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        words = [word.strip() for word in re.split(r"[|｜]", text)]
        # One word twice, or nothing between two strokes, is a slip of the hand and no harm.
        return _text(most, 0)("|".join(dict.fromkeys(filter(None, words))))

    return read


def _colour(text: str) -> str:
    if text not in ("", *COLOURS):
        raise ValueError
    return text or COLOURS[0]


def _rank(text: str) -> int | None:
    return _whole(1, 99)(text) if text else None


def _worded(field: str, most: Length, least: int = 1) -> Columns:
    """Return a column for each language, called as in the table."""
    names = columns_by_language(field)
    return {name: (name, _text(most.of(code), least)) for code, name in names.items()}


UNIT_KIND: Final = r"[a-z_]{2,20}"

# Column of the file → column of the table and how it is read.
CATEGORY: Final[Columns] = {
    "code": ("code", _code(r"[A-Z]{2}\d\d")),
    "group": ("group_code", _code(r"[A-Z]{2}")),
    **_worded("group", GROUP),
    **_worded("name", NAME),
    "severity": ("severity", _whole(1, 4)),
    "accept_hours": ("accept_hours", _hours),
    "control_hours": ("control_hours", _maybe_hours),
    "deadline_hours": ("deadline_hours", _hours),
    "emergency": ("emergency", Emergency),
    "call_first": ("call_first", _numbers),
    **_worded("safety_tip", SAFETY_TIP, least=0),
    "unit_type": ("unit_kind", _code(UNIT_KIND)),
    "co_unit_types": ("helper_unit_kinds", _code(rf"({UNIT_KIND}(\|{UNIT_KIND})*)?")),
    "sensitive": ("sensitive", _flag),
    "dedupe_radius_m": ("dedupe_radius_m", _whole(1, 5000)),
    "season": ("season", _season),
    "std_ref": ("std_ref", _text(120, 0)),
    "group_sign": ("group_icon", _sign),
    "sign": ("icon", _sign),
    "asked_first": ("asked_first", _rank),
    **_worded("short", SHORT, least=2),
    **{
        name: (name, _synonyms(SYNONYMS.of(code)))
        for code, name in columns_by_language("synonyms").items()
    },
    "colour": ("colour", _colour),
    "call_row": ("call_row", _rank),
}
# Columns a file of before may lack: what is known without it stays, a new kind has a default.
MAY_LACK: Final = frozenset(
    {"group_sign", "sign", "asked_first", "colour", "call_row"}
    | {*columns("short"), *columns("synonyms")}
)
COMMUNITY: Final[Columns] = {
    "code": ("code", _code(r"\d{12}")),
    "name": ("name", _text(60)),
    "street_code": ("street_code", _code(r"\d{9}")),
    "street_name": ("street_name", _text(60)),
}
UNIT: Final[Columns] = {
    "code": ("code", _code(r"[a-z0-9_-]{2,20}")),
    "name": ("name", _text(80)),
    "kind": ("kind", _code(UNIT_KIND)),
    # County, street and community codes, told apart by their length.
    "covers": ("covers", _code(r"(\d{6}|\d{9}|\d{12})(\|(\d{6}|\d{9}|\d{12}))*")),
}
COMPOUND: Final[Columns] = {
    "code": ("code", _code(r"[A-Za-z0-9-]{2,20}")),
    "name": ("name", _text(80)),
    "community_code": ("community_code", _code(r"\d{12}")),
    "self_managed": ("self_managed", _flag),
    "lat": ("lat", _degrees(90)),
    "lng": ("lng", _degrees(180)),
}
REFERENCE_POINT: Final = {k: v for k, v in COMPOUND.items() if k not in ("code", "self_managed")}


def read_sheet(text: str, columns: Columns, *, file: str) -> list[Row]:
    """Read a CSV file by a table of columns. Raises SheetError with everything that is wrong."""
    first, _, rest = text.partition("\n")
    said = re.fullmatch(r"sep=(.)\s*", first)  # a line some versions of Excel put on top
    body, above = (rest, 1) if said else (text, 0)
    separator = said[1] if said else separator_of(body, columns)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=separator)
    try:
        lines = [(reader.line_num + above, cells) for cells in reader if any(map(str.strip, cells))]
    except csv.Error:
        raise SheetError(file, [Problem("unreadable", reader.line_num + above)]) from None
    if not lines:
        raise SheetError(file, [Problem("empty", 1)])
    problems: list[Problem] = []
    header = _header(lines[0], columns, problems)
    rows = [] if problems else list(_rows(lines[1:], header, columns, problems))
    if problems:
        raise SheetError(file, problems)
    return rows


def refuse_unknown(
    rows: Iterable[Row], column: str, known: set[str], *, file: str, code: str
) -> None:
    """Refuse rows whose column names what is not known; `|` stands between several.

    Raises SheetError naming each line.
    """
    problems = [
        Problem(code, row.line, column, said)
        for row in rows
        for said in str(row[column]).split("|")
        if said not in known
    ]
    if problems:
        raise SheetError(file, problems)


def _header(
    line: tuple[int, list[str]], columns: Columns, problems: list[Problem]
) -> Sequence[str]:
    number, cells = line
    names = [cell.strip().lower() for cell in cells]
    for name, cell in zip(names, cells, strict=True):
        if name and name not in columns:
            problems.append(
                Problem("column-unknown", number, cell.strip(), _nearest(name, columns))
            )
        elif name and names.count(name) > 1:
            problems.append(Problem("column-twice", number, name))
    missing = [name for name in columns if name not in names and name not in MAY_LACK]
    problems += [Problem("column-missing", number, name) for name in missing]
    return names


def _nearest(name: str, columns: Columns) -> str:
    return next(iter(difflib.get_close_matches(name, columns, n=1, cutoff=0.5)), "")


def _rows(
    lines: Iterable[tuple[int, list[str]]],
    header: Sequence[str],
    columns: Columns,
    problems: list[Problem],
) -> Iterator[Row]:
    key = next(name for name in ("code", "name") if name in columns)
    first_at: dict[str, int] = {}
    for number, cells in lines:
        if any(cell.strip() for cell in cells[len(header) :]) or any(
            cell.strip() and not name for name, cell in zip(header, cells, strict=False)
        ):
            problems.append(Problem("too-many-cells", number))
            continue
        said = dict.fromkeys(columns, "") | {
            name: cell.strip() for name, cell in zip(header, cells, strict=False) if name
        }
        row = Row()
        row.line = number
        for column, (name, read) in columns.items():
            if column in MAY_LACK and column not in header:
                continue
            try:
                row[name] = read(said[column])
            except (ValueError, AttributeError, KeyError):
                problems.append(Problem("cell", number, column, said[column][:60]))
        before = first_at.setdefault(said[key], number)
        if before != number:
            problems.append(Problem("twice", number, key, said[key][:60], before))
        yield row
