"""The workbook of a month, read back: numbers are numbers, texts stay texts, charts are there."""

from __future__ import annotations

import io
import time
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from grid_report.clock import Month
from grid_report.statistics.exports.workbook_sheets import FIRST, FIRST_RATES, width
from grid_report.statistics.measures import Measure, RateName
from grid_report.web.pages.words import sentence
from tests.statistics.months import (
    AT,
    COUNTY,
    HOSTILE,
    freeze,
    get,
    month_of_cases,
    rename,
)
from tests.support.builders import PROPERTY, STATION, STREET, Make

pytestmark = pytest.mark.database

PATH = "/statistics/2026-03.xlsx"
SHEETS = [
    "摘要", "十三个月", "按大类", "按类别", "按街道", "按社区", "按责任单位", "按小时", "按星期",
    "按来源", "首次响应时长", "处置时长", "按服务汇总", "按驿站", "服务积分人员", "口径",
]  # fmt: skip


def opened(answer: Any) -> Any:
    assert answer.status_code == 200, answer.text
    return load_workbook(io.BytesIO(answer.data))


def heads(page: Any) -> list[str]:
    return [cell.value for cell in page[1]]


def line_of(page: Any, key: str) -> dict[str, Any]:
    found = next(row for row in page.iter_rows(min_row=2) if key in [it.value for it in row])
    return dict(zip(heads(page), found, strict=True))


def word(measure: Measure) -> str:
    return sentence("figures", f"m_{measure}")


def rate_word(name: RateName) -> str:
    return sentence("figures", f"r_{name}")


def test_every_table_is_a_sheet_that_prints_and_filters(make: Make) -> None:
    book = opened(get(make.signed_in(month_of_cases(make)), PATH))
    assert book.sheetnames == SHEETS
    for page in book.worksheets:
        assert page.page_setup.paperSize == 9
        assert page.sheet_properties.pageSetUpPr.fitToPage
        assert page.page_setup.fitToWidth in (None, 1)
        assert len(page.title) <= 31
        if page.title == "摘要":
            continue
        assert page.freeze_panes is not None
        assert page.freeze_panes.endswith("2")
        assert page.auto_filter.ref.startswith("A1:")
        assert page.print_title_rows == "$1:$1"
        widest = max((width(str(it.value)) for it in page["A"][1:] if it.value), default=0)
        assert page.column_dimensions["A"].width >= min(widest, 24)
    for name in SHEETS[1:14]:
        assert book[name].page_setup.orientation == "landscape"


def test_numbers_are_numbers_and_rates_have_their_format(make: Make) -> None:
    make.report(at=AT - timedelta(days=400))
    book = opened(get(make.signed_in(month_of_cases(make, cases=10)), PATH))
    line = line_of(book["按社区"], STATION)
    assert line[word(Measure.RECEIVED)].value == 11
    assert line[word(Measure.RECEIVED)].data_type == "n"
    assert line[word(Measure.RECEIVED)].number_format == "#,##0"
    rate = line[rate_word(RateName.FILING)]
    assert (rate.value, rate.data_type, rate.number_format) == (0.9091, "n", "0.00%")
    # Nothing was answered: a base below ten is an empty cell, its fraction stands beside it.
    assert line[rate_word(RateName.SOLVED)].value is None
    assert line[word(Measure.ANSWERS)].value == 0
    summary = {row[0].value: row for row in book["摘要"].iter_rows()}
    filing = summary[rate_word(RateName.FILING)]
    assert [it.value for it in filing[1:6]] == [10, 11, 0.9091, None, None]
    assert filing[3].number_format == "0.00%"
    received = summary[word(Measure.RECEIVED)]
    assert [it.value for it in received[1:6]] == [11, 0, 11, 0, 11]
    for page in book.worksheets:
        for row in page.iter_rows():
            assert {it.data_type for it in row} <= {"n", "s", "d"}, page.title


def test_a_wide_table_prints_what_comes_first_and_has_the_others_to_the_right(make: Make) -> None:
    page = opened(get(make.signed_in(month_of_cases(make)), PATH))["按社区"]
    titles = heads(page)
    printed = page.print_area.partition(":")[2].strip("$").split("$")[0]
    last = next(n for n in range(1, 99) if get_column_letter(n) == printed)
    assert titles[last - 1] == rate_word(FIRST_RATES[-1])
    assert {word(it) for it in FIRST} < set(titles[:last])
    # All the others are there as well, to the right.
    assert {rate_word(it) for it in RateName} < set(titles)
    assert word(Measure.EXTENDED) in titles[last:]


def test_the_summary_has_charts_of_real_cells(make: Make) -> None:
    make.report(at=AT - timedelta(days=400))
    administrator = month_of_cases(make)
    make.report(at=AT, category="PS04")
    answer = get(make.signed_in(administrator), PATH)
    charts = opened(answer)["摘要"]._charts
    assert [type(it).__name__ for it in charts] == ["LineChart", "BarChart"]
    for chart, sheet, lines in zip(charts, ("十三个月", "按大类"), (13, 2), strict=True):
        assert len(chart.series) == 3
        page = opened(answer)[sheet]
        for series, measure in zip(
            chart.series, (Measure.RECEIVED, Measure.FINISHED, Measure.CLOSINGS), strict=True
        ):
            letter = get_column_letter(heads(page).index(word(measure)) + 1)
            area = f"${letter}$2:${letter}${lines + 1}"
            assert series.val.numRef.f in (f"'{sheet}'!{area}", f"{sheet}!{area}")
            # Viewers that count nothing find the values in the chart itself.
            kept = [int(float(it.v)) for it in series.val.numRef.numCache.pt]
            assert kept == [cell.value for (cell,) in page[area.replace("$", "")]]
    drawing = zipfile.ZipFile(io.BytesIO(answer.data)).read("xl/drawings/drawing1.xml").decode()
    assert drawing.count('descr="') == 2


def test_every_count_and_rate_says_how_it_is_counted(make: Make) -> None:
    book = opened(get(make.signed_in(month_of_cases(make)), PATH))
    notes = {row[0].value: row for row in book["口径"].iter_rows(min_row=2)}
    for measure in set(Measure) - {Measure.RESPONSE_S, Measure.HANDLING_S}:
        assert notes[word(measure)][2].value, measure
    for name in RateName:
        assert " ÷ " in notes[rate_word(name)][1].value
        assert notes[rate_word(name)][2].value
    assert all(row[2].value for row in notes.values())
    # Whatever stands over a column is explained.
    names = {"代码", "社区", "街道", "平均处置时长（分钟）"}
    assert set(heads(book["按社区"])) - names <= set(notes)


def test_no_name_becomes_a_formula(make: Make) -> None:
    administrator = month_of_cases(make)
    make.station("station-1")
    offer = make.offer("station-1")
    make.redemption(make.rider(), offer)
    rename(**HOSTILE)
    client = make.signed_in(administrator)
    book = opened(get(client, PATH))
    community = line_of(book["按社区"], STATION)["社区"]
    assert (community.value, community.data_type) == (HOSTILE["community"], "s")
    unit = line_of(book["按责任单位"], PROPERTY)["责任单位"]
    assert (unit.value, unit.data_type) == (HOSTILE["unit"], "s")
    this = opened(get(client, f"/statistics/{Month.of(make.now, make.settings.county.tz)}.xlsx"))
    assert HOSTILE["offer"] in [cell.value for cell in this["按服务汇总"]["A"]]
    packed = zipfile.ZipFile(io.BytesIO(get(client, PATH).data))
    assert not [name for name in packed.namelist() if b"<f>" in packed.read(name)
                and name.startswith("xl/worksheets/")]  # fmt: skip
    of_one = opened(get(client, f"{PATH}?area={STATION}"))
    assert of_one["摘要"].oddHeader.left.text.startswith(HOSTILE["community"].replace("&", "&&"))


def test_a_frozen_version_is_the_same_bytes_ever_after(make: Make) -> None:
    administrator = month_of_cases(make)
    late = make.report(at=AT)
    freeze(make, administrator)
    client = make.signed_in(administrator)
    first = get(client, f"{PATH}?version=1")
    assert first.headers["Content-Disposition"] == (
        f'attachment; filename="statistics-2026-03-{COUNTY}-v1.xlsx"'
    )
    # Two seconds are the grain of the times in a ZIP.
    time.sleep(2.1)
    make.step(late, "accept", make.worker(), category="RD02", severity=2)
    freeze(make, administrator, month=Month(2026, 2))
    freeze(make, administrator, seen=1)
    rename("新名社区", "新名物业", "新名")
    make.station("station-9")
    again = get(client, f"{PATH}?version=1")
    assert again.data == first.data
    known = {"If-None-Match": first.headers["ETag"]}
    assert get(client, f"{PATH}?version=1", headers=known).status_code == 304
    second = get(client, PATH)
    assert second.data != first.data
    book = opened(first)
    assert book.properties.created == book.properties.modified
    assert any("第1版" in str(cell.value) for cell in book["摘要"]["B"])
    assert any(len(str(cell.value)) == 64 for cell in book["摘要"]["B"])
    assert not [row for row in book["十三个月"].iter_rows(min_row=2, max_row=13) if row[1].value]
    assert isinstance(book["摘要"]["B4"].value, datetime)


def test_an_english_reader_gets_english_sheets(make: Make) -> None:
    client = make.signed_in(month_of_cases(make))
    client.set_cookie("language", "en")
    book = opened(get(client, PATH))
    assert book.sheetnames[0] == "Summary"
    assert len(set(book.sheetnames)) == len(SHEETS)
    assert all(len(name) <= 31 for name in book.sheetnames)


@pytest.mark.parametrize(
    ("area", "without"), [(STREET, {"按街道"}), (STATION, {"按街道", "按社区"})]
)
def test_a_street_and_a_community_have_the_sheets_of_their_own(
    make: Make, area: str, without: set[str]
) -> None:
    book = opened(get(make.signed_in(month_of_cases(make)), f"{PATH}?area={area}"))
    assert book.sheetnames == [name for name in SHEETS if name not in without]


def test_an_empty_month_is_a_workbook_too(make: Make) -> None:
    book = opened(get(make.signed_in(make.administrator()), "/statistics/2025-01.xlsx"))
    assert book.sheetnames == SHEETS
    assert len(book["摘要"]._charts) == 1
