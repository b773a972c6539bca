"""A month as CSV: every figure once, texts no workbook takes for formulas, line by line."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from grid_report.statistics.exports.csv_views import LONG
from grid_report.statistics.measures import CASE_COUNTS, RateName
from grid_report.statistics.month.table_queries import TableName
from grid_report.web.csv_files import lines, plain
from tests.statistics.months import COUNTY, HOSTILE, freeze, get, month_of_cases, rename
from tests.support.builders import STATION, Make

PATH = "/statistics/2026-03.csv"


def read(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "\n=1", " =1", "＝1", "　=1"]
)
def test_a_text_that_looks_like_a_formula_gets_an_apostrophe(text: str) -> None:
    assert plain(text) == f"'{text}"
    (line,) = lines([[text, -3, None, 1.5]])
    assert line.endswith(",-3,,1.5\r\n")


@pytest.mark.parametrize("value", ["社区", "a=1", "RD02", "", -3, 0, None, 1.5])
def test_everything_else_stays_as_it_is(value: Any) -> None:
    assert plain(value) == value


@pytest.mark.database
def test_every_figure_is_a_line_of_its_own(make: Make) -> None:
    client = make.signed_in(month_of_cases(make, cases=10))
    answer = get(client, PATH)
    assert answer.content_type == "text/csv; charset=utf-8"
    found = read(answer)
    assert list(found[0]) == list(LONG)
    assert {row["table"] for row in found} == set(TableName) - {
        TableName.BY_OFFER, TableName.BY_STATION,
    }  # fmt: skip
    assert {(it["month"], it["version"], it["area_code"]) for it in found} == {
        ("2026-03", "0", COUNTY)
    }
    keys = [(row["table"], row["key"], row["measure"]) for row in found]
    assert len(keys) == len(set(keys))
    whole = {row["measure"]: row for row in found if row["table"] == "month"}
    assert set(whole) >= {*CASE_COUNTS, *(f"{name}_percent" for name in RateName)}
    assert (whole["received"]["value"], whole["received"]["denominator"]) == ("11", "")
    filing = whole["filing_percent"]
    assert (filing["value"], filing["numerator"], filing["denominator"]) == ("90.91", "10", "11")
    solved = whole["solved_percent"]
    assert (solved["value"], solved["numerator"], solved["denominator"]) == ("", "0", "0")
    of_station = {
        row["measure"]: row["value"]
        for row in found
        if row["table"] == "by_community" and row["key"] == STATION
    }
    assert of_station["received"] == "11"


@pytest.mark.database
def test_one_table_has_a_column_for_each_figure(make: Make) -> None:
    client = make.signed_in(month_of_cases(make))
    (station,) = [
        row for row in read(get(client, f"{PATH}?table=by_community")) if row["key"] == STATION
    ]
    assert (station["received"], station["accepted"], station["filing_percent"]) == ("4", "3", "")
    assert station["part_of"] == "新城街道"
    for table in TableName:
        rows = list(csv.reader(io.StringIO(get(client, f"{PATH}?table={table}").text)))
        assert len({len(row) for row in rows}) == 1, table
    refused = client.get(f"{PATH}?table=riders", headers={"Accept": "application/json"})
    assert refused.status_code == 422


@pytest.mark.database
def test_excel_gets_its_mark_when_it_asks(make: Make) -> None:
    client = make.signed_in(make.administrator())
    with_mark, without = get(client, f"{PATH}?bom=1"), get(client, PATH)
    assert with_mark.data == b"\xef\xbb\xbf" + without.data


@pytest.mark.database
def test_no_name_becomes_a_formula(make: Make) -> None:
    administrator = month_of_cases(make)
    rename(**HOSTILE)
    client = make.signed_in(administrator)
    for query in ("", "?table=by_unit", "?table=by_community"):
        rows = csv.reader(io.StringIO(get(client, f"{PATH}{query}").text))
        texts = {cell for row in rows for cell in row if not cell.lstrip("-").isdecimal()}
        assert not [it for it in texts if it.startswith(("=", "@", "+", "-"))]
        assert {f"'{HOSTILE['unit']}", f"'{HOSTILE['community']}"} & texts


@pytest.mark.database
def test_a_frozen_version_is_the_same_bytes_and_known_before_it_is_written(make: Make) -> None:
    administrator = month_of_cases(make)
    client = make.signed_in(administrator)
    freeze(make, administrator)
    first = get(client, f"{PATH}?version=1")
    rename("新名社区", "新名物业", "新名")
    freeze(make, administrator, seen=1)
    again = get(client, f"{PATH}?version=1")
    assert (again.data, again.headers["ETag"]) == (first.data, first.headers["ETag"])
    known = {"If-None-Match": first.headers["ETag"]}
    unchanged = get(client, f"{PATH}?version=1", headers=known)
    assert (unchanged.status_code, unchanged.data) == (304, b"")
    assert get(client, PATH, headers=known).status_code == 200
    assert {row["version"] for row in read(get(client, PATH))} == {"2"}
