"""Pages over many months: a frozen month is as it was frozen, the others say that they are live."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.statistics.models import StatisticsFreeze
from tests.statistics.counts.test_rules import old
from tests.statistics.months import freeze
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database


def received(make: Make, month: Month, cases: int) -> None:
    for day in range(cases):
        make.report(at=datetime(month.year, month.number, 2 + day, 3, tzinfo=UTC))


def lived(make: Make) -> FlaskClient:
    """Freeze March of both years, last year's by older rules; then more comes in everywhere."""
    for month, cases in ((Month(2025, 3), 2), (Month(2025, 4), 2), (Month(2026, 3), 3)):
        received(make, month, cases)
    administrator = make.administrator()
    freeze(make, administrator, month=Month(2025, 3))
    db.session.rollback()
    digest = db.session.scalar(select(StatisticsFreeze.digest))
    assert digest
    db.session.rollback()
    old(digest)
    freeze(make, administrator, month=Month(2026, 3))
    for month in (Month(2025, 3), Month(2025, 4), Month(2026, 3), Month(2026, 4)):
        received(make, month, 4)
    return make.signed_in(administrator)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_year_says_of_each_month_whether_it_is_frozen(make: Make) -> None:
    page = lived(make).get("/statistics/years/2026").text
    before = plain(page.split('id="before-frozen">')[1].split("</p>")[0])
    assert "2025年3月 按第1版规则统计" in before
    assert "2025年4月" not in before
    assert "其余为即时数" in before
    months = page[page.index("逐月") :]
    march, april = (plain(months.split(f"2026年{n}月</a>")[1].split("</tr>")[0]) for n in (3, 4))
    assert march.startswith(" 第 1 版 3 ")
    assert april.startswith(" 4 ")
    # The charts have the year before as it was frozen too.
    chart = page.split('aria-labelledby="received-title"')[1].split("</table>")[0]
    rows = re.findall(
        r'<th scope="row">(\d+)</th><td class="num">([–\d]+)</td><td class="num">([–\d]+)', chart
    )
    assert rows[2] == ("3", "3", "2")
    assert rows[3] == ("4", "4", "6")


def test_a_map_says_of_each_of_its_months_whether_it_is_frozen(make: Make) -> None:
    client = lived(make)
    page = client.get("/statistics/2026-03/map").text
    table = page[page.index("<details><summary>", page.index("heat-list")) :]
    heads = [plain(it) for it in re.findall(r'<th scope="col" class="num">(.*?)</th>', table)]
    assert len(heads) == 12
    assert heads[-1] == "2026-03 第 1 版 "
    assert heads[0] == "2025-04 即时 "
    row = table[table.index("站前社区") :].split("</tr>")[0]
    numbers = re.findall(r'<td class="num">(\d+)</td>', row)
    assert (numbers[-1], numbers[0]) == ("3", "6")
    older = client.get("/statistics/2025-03/map").text
    said = plain(older.split('class="soft as-of"')[1].split("</div>")[0])
    assert "按第1版规则统计" in said
    assert STATION in older
