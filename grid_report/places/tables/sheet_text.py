"""Turns the bytes of a CSV file into text, whichever Excel wrote them. Pure."""

from __future__ import annotations

import codecs
from collections.abc import Collection
from typing import Final

from grid_report.places.tables.sheet_problems import Problem, SheetError

MOST_BYTES: Final = 16 * 1024 * 1024
# What a workbook begins with: a ZIP file (.xlsx), or the older compound file (.xls).
WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# A comma first: where a header has one column, any of them would do.
SEPARATORS: Final = (",", ";", "\t", "，", "；")


def read_text(data: bytes, *, file: str) -> str:
    """Return the text of a file in UTF-8, UTF-16 or GB18030 (Chinese Excel).

    Raises SheetError for a workbook, and naming the line where the text stops making sense.
    """
    if data.startswith(WORKBOOKS):
        raise SheetError(file, [Problem("workbook", 1)])
    if len(data) > MOST_BYTES:
        raise SheetError(file, [Problem("too-large", 1)])
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _decoded(data, "utf-16", file)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # Chinese in UTF-8 up to here is no GB18030: that would read the rest as other words.
        encoding = "utf-8-sig" if _holds_chinese(data[: error.start]) else "gb18030"
        return _decoded(data, encoding, file)


def _holds_chinese(utf8: bytes) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in utf8.decode("utf-8-sig"))


def _decoded(data: bytes, encoding: str, file: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SheetError(file, [Problem("not-text", line)]) from None


def separator_of(text: str, columns: Collection[str]) -> str:
    """Return what stands between the cells: whatever makes most of the first line known names."""
    header = next((line for line in text.splitlines() if line.strip()), "")

    def known(separator: str) -> int:
        cells = [cell.strip().strip('"').lower() for cell in header.split(separator)]
        return sum(cell in columns for cell in cells)

    return max(SEPARATORS, key=known)
