"""A table from any Excel is read, or refused in a sentence that names line and column."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from grid_report.places import queries
from grid_report.places.tables import sheets
from grid_report.places.tables.sheet_problems import Problem, SheetError
from grid_report.places.tables.sheet_text import read_text
from tests.places.test_cli import run

STATION = "211282001001"
HEAD = "code,name,kind,covers\n"
ROW = f"property-77,朝阳物业（演示）,property,{STATION}\n"


def read(text: str | bytes) -> list[sheets.Row]:
    data = text if isinstance(text, bytes) else text.encode()
    return sheets.read_sheet(read_text(data, file="u.csv"), sheets.UNIT, file="u.csv")


def refused(text: str | bytes) -> tuple[Problem, ...]:
    with pytest.raises(SheetError) as error:
        read(text)
    return error.value.problems


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "，"])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_what_an_excel_writes_is_read(encoding: str, separator: str, ending: str) -> None:
    text = (HEAD + ROW).replace(",", separator).replace("\n", ending)
    [row] = read(text.encode(encoding))
    assert dict(row) == {
        "code": "property-77",
        "name": "朝阳物业（演示）",
        "kind": "property",
        "covers": STATION,
    }
    assert row.line == 2


def test_empty_rows_and_columns_at_the_edge_are_no_mistake() -> None:
    rows = read(
        f"sep=;\n{HEAD.strip().replace(',', ';')};;\n;;;;;\n{ROW.strip().replace(',', ';')};;\n"
    )
    assert [(row["code"], row.line) for row in rows] == [("property-77", 4)]


def test_an_unknown_header_is_named_with_the_one_perhaps_meant() -> None:
    assert refused("code,name,kind,cover\n" + ROW) == (
        Problem("column-unknown", 1, "cover", "covers"),
        Problem("column-missing", 1, "covers"),
    )
    assert refused("code,name,kind,covers,备注\n") == (Problem("column-unknown", 1, "备注", ""),)
    assert refused("code,name,kind,covers,code\n")[0] == Problem("column-twice", 1, "code")


def test_the_same_code_twice_is_named_with_its_first_line() -> None:
    assert refused(HEAD + ROW + f"x1,甲,power,{STATION}\n" + ROW) == (
        Problem("twice", 4, "code", "property-77", 2),
    )


def test_everything_wrong_is_named_at_once() -> None:
    assert refused(f"{HEAD}X!,甲,power,{STATION}\nx1,,power,{STATION}\nx2,甲,power,1,9\n") == (
        Problem("cell", 2, "code", "X!"),
        Problem("cell", 3, "name", ""),
        Problem("too-many-cells", 4),
    )


@pytest.mark.parametrize(
    ("data", "code", "line"),
    [
        (b"", "empty", 1),
        (b"\xef\xbb\xbf\n\n", "empty", 1),
        (b"PK\x03\x04rest of a workbook", "workbook", 1),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "workbook", 1),
        (HEAD.encode() + b"x1,\xff\xff,power\n", "not-text", 2),
        # One torn letter in a file of UTF-8 is no reason to read the rest as other words.
        ((HEAD + ROW).encode() + b"x2,\xe7\x94,power,1\n", "not-text", 3),
        (HEAD.encode() + b'x1,"' + b"a" * 140_000, "unreadable", 2),
    ],
)
def test_what_is_no_table_is_refused_with_its_line(data: bytes, code: str, line: int) -> None:
    [problem] = refused(data)
    assert (problem.code, problem.line) == (code, line)


@pytest.mark.database
def test_units_from_a_chinese_excel_are_loaded(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_bytes((HEAD + ROW).encode("gb18030"))
    assert run(app, "load-units", str(file)) == (0, "2\n")
    unit = queries.reference().unit("property-77")
    assert unit is not None
    assert unit.name == "朝阳物业（演示）"


@pytest.mark.database
def test_a_refused_table_is_told_in_sentences_and_loads_nothing(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "units.csv"
    file.write_text(f"{HEAD}{ROW}x1,甲,power,999999\n{ROW}", encoding="utf-8")
    code, out = run(app, "load-units", str(file))
    assert code == 1
    assert "units.csv: Line 4, column “code”: “property-77” stands in line 2 already." in out
    assert queries.reference().unit("property-77") is None
