"""Reads reference data from CSV files into rows of the tables. Pure.

`SheetError` names the file, the line and the column; it is a mistake of whoever edits the files,
so it stops the command and never reaches a rider.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from grid_report.places.categories import COUNTY_KEYS, Emergency

Row = dict[str, Any]


@dataclass(eq=False)
class SheetError(ValueError):
    """A reference file that cannot be used."""

    file: str
    line: int
    column: str
    said: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: column {self.column!r} holds {self.said!r}"


def _code(pattern: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return text

    return read


def _text(most: int, least: int = 1) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not least <= len(text) <= most:
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
    for entry in filter(None, text.split("|")):
        if not (entry.isdigit() or entry in COUNTY_KEYS):
            raise ValueError
    return text


UNIT_KIND: Final = r"[a-z_]{2,20}"

# Column of the file → column of the table and how it is read.
CATEGORY: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "code": ("code", _code(r"[A-Z]{2}\d\d")),
    "group": ("group_code", _code(r"[A-Z]{2}")),
    "group_zh": ("group_zh", _text(40)),
    "group_en": ("group_en", _text(60)),
    "name_zh": ("name_zh", _text(60)),
    "name_en": ("name_en", _text(80)),
    "severity": ("severity", _whole(1, 4)),
    "accept_hours": ("accept_hours", _hours),
    "control_hours": ("control_hours", _maybe_hours),
    "deadline_hours": ("deadline_hours", _hours),
    "emergency": ("emergency", Emergency),
    "call_first": ("call_first", _numbers),
    "safety_tip_zh": ("safety_tip_zh", _text(200, 0)),
    "safety_tip_en": ("safety_tip_en", _text(300, 0)),
    "unit_type": ("unit_kind", _code(UNIT_KIND)),
    "co_unit_types": ("helper_unit_kinds", _code(rf"({UNIT_KIND}(\|{UNIT_KIND})*)?")),
    "sensitive": ("sensitive", _flag),
    "dedupe_radius_m": ("dedupe_radius_m", _whole(1, 5000)),
    "season": ("season", _season),
    "std_ref": ("std_ref", _text(120, 0)),
}
COMMUNITY: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "code": ("code", _code(r"\d{12}")),
    "name": ("name", _text(60)),
    "street_code": ("street_code", _code(r"\d{9}")),
    "street_name": ("street_name", _text(60)),
}
UNIT: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "code": ("code", _code(r"[a-z0-9_-]{2,20}")),
    "name": ("name", _text(80)),
    "kind": ("kind", _code(UNIT_KIND)),
    # County, street and community codes, told apart by their length.
    "covers": ("covers", _code(r"(\d{6}|\d{9}|\d{12})(\|(\d{6}|\d{9}|\d{12}))*")),
}
COMPOUND: Final[dict[str, tuple[str, Callable[[str], Any]]]] = {
    "code": ("code", _code(r"[A-Za-z0-9-]{2,20}")),
    "name": ("name", _text(80)),
    "community_code": ("community_code", _code(r"\d{12}")),
    "self_managed": ("self_managed", _flag),
    "lat": ("lat", _degrees(90)),
    "lng": ("lng", _degrees(180)),
}
REFERENCE_POINT: Final = {k: v for k, v in COMPOUND.items() if k not in ("code", "self_managed")}


def read_sheet(
    text: str, columns: dict[str, tuple[str, Callable[[str], Any]]], *, file: str
) -> list[Row]:
    """Read a CSV file by a table of columns. Raises SheetError."""
    return list(_rows(text, columns, file))


def _rows(
    text: str, columns: dict[str, tuple[str, Callable[[str], Any]]], file: str
) -> Iterator[Row]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = set(columns) - set(reader.fieldnames or ())
    if missing:
        raise SheetError(file, 1, min(missing), "")
    for raw in reader:
        row: Row = {}
        for column, (name, read) in columns.items():
            said = raw[column]
            try:
                row[name] = read(said.strip())
            except (ValueError, AttributeError, KeyError):
                raise SheetError(file, reader.line_num, column, str(said)) from None
        yield row
