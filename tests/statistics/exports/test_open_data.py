"""Open data: nothing small, nothing sensitive, nothing from which either could be worked out."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from grid_report import clock
from grid_report.clock import Month
from grid_report.db import db, table_of, transaction
from grid_report.places import steps
from grid_report.places.models import Category
from grid_report.places.queries import reference
from grid_report.statistics.measures import LIVE
from grid_report.statistics.models import StatisticsCell, StatisticsFreeze
from grid_report.statistics.month import name_queries
from grid_report.statistics.open_data.rules import LEAST, open_counts
from grid_report.web.csv_files import BOM
from tests.statistics.months import COUNTY, MARCH, freeze, get, rename
from tests.support.builders import STATION, Make

CODES = st.sampled_from(["A", "B", "C", "D"])


@given(
    received=st.dictionaries(st.tuples(CODES, CODES), st.integers(0, 12)),
    known=st.frozensets(CODES),
    categories=st.dictionaries(CODES, st.booleans()),
)
def test_nothing_small_sensitive_or_unknown_is_ever_in_it(
    received: dict[tuple[str, str], int], known: frozenset[str], categories: dict[str, bool]
) -> None:
    found = open_counts(received, communities=known, categories=categories.items())
    assert all(it.received >= LEAST for it in found)
    assert all(categories[it.category] is False for it in found)
    assert all(it.community in known for it in found)
    assert found == sorted(found)
    # What is left out leaves no trace: none and a few look the same.
    fewer = {key: n if n >= LEAST else 0 for key, n in received.items()}
    assert open_counts(fewer, communities=known, categories=categories.items()) == found


def test_five_are_published_and_four_are_not() -> None:
    received = {
        ("B", "x"): 5,
        ("A", "y"): 7,
        ("A", "x"): 4,
        ("A", "z"): 9,
        ("C", "x"): 9,
        ("B", "?"): 9,
    }
    found = open_counts(
        received, communities={"A", "B"}, categories=[("x", False), ("y", False), ("z", True)]
    )
    assert [tuple(it) for it in found] == [("A", "y", 7), ("B", "x", 5)]


def made_up(make: Make, seed: int) -> dict[tuple[str, str], int]:
    """Count a month that never was: every community and category, small numbers and big ones."""
    chance, places = random.Random(seed), reference()
    received = {
        (community, category): chance.choice([0, 1, 2, 3, 4, 5, 6, 9, 40])
        for community in places.communities
        for category in places.categories.by_code
    }
    rows: list[dict[str, Any]] = [
        {"area": area, "key": category, "n": n} for (area, category), n in received.items() if n
    ]
    shared = {
        "month": str(MARCH), "version": LIVE, "facet": "category", "measure": "received",
        "also": "",
    }  # fmt: skip
    with transaction() as session:
        session.execute(insert(table_of(StatisticsCell)), [{**shared, **row} for row in rows])
    return received


def rows_of(client: FlaskClient, month: str = "2026-03") -> list[dict[str, str]]:
    return [
        {name.split(" ")[0]: cell for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text_of(client, month).removeprefix(BOM)))
    ]


def text_of(client: FlaskClient, month: str = "2026-03") -> str:
    answer = get(client, f"/open-data/{month}.csv")
    assert answer.status_code == 200
    return str(answer.text)


@pytest.mark.database
@pytest.mark.parametrize("seed", range(3))
def test_the_file_of_a_frozen_month_has_only_what_anybody_may_know(make: Make, seed: int) -> None:
    received = made_up(make, seed)
    freeze(make, make.administrator())
    sensitive = {it.code for it in reference().categories.by_code.values() if it.sensitive}
    assert sensitive
    rows = rows_of(make.app.test_client())
    assert {int(row["received"]) for row in rows} == {5, 6, 9, 40}
    assert not {row["category_code"] for row in rows} & sensitive
    shown = {(row["community_code"], row["category_code"]): int(row["received"]) for row in rows}
    assert shown == {
        key: n for key, n in received.items() if n >= LEAST and key[1] not in sensitive
    }
    # No line adds others up.
    assert len(shown) == len(rows)
    assert all(len(row["community_code"]) == 12 and len(row["category_code"]) == 4 for row in rows)


@pytest.mark.database
def test_a_month_nobody_froze_is_not_published(make: Make) -> None:
    made_up(make, 1)
    guest = make.app.test_client()
    assert get(guest, "/open-data/2026-03.csv").status_code == 404
    freeze(make, make.administrator())
    assert get(guest, "/open-data/2026-03.csv").status_code == 200
    for month in ("2026-02", "2026-13", "9999-12", "x", "2026-3"):
        assert get(guest, f"/open-data/{month}.csv").status_code == 404, month
    this = Month.of(clock.now(), make.settings.county.tz)
    assert get(guest, f"/open-data/{this}.csv").status_code == 404


@pytest.mark.database
def test_a_category_that_becomes_sensitive_leaves_older_files_too(make: Make) -> None:
    made_up(make, 2)
    freeze(make, make.administrator())
    guest = make.app.test_client()
    assert "RD02" in {row["category_code"] for row in rows_of(guest)}
    with transaction() as session:
        session.execute(update(Category).where(Category.code == "RD02").values(sensitive=True))
        steps.renew_stamp(session)
    assert "RD02" not in {row["category_code"] for row in rows_of(guest)}


@pytest.mark.database
def test_the_file_says_how_it_may_be_used_and_is_kept_by_its_mark(make: Make) -> None:
    made_up(make, 3)
    freeze(make, make.administrator())
    rename("=1+1", "单位", "服务")
    guest = make.app.test_client()
    answer = get(guest, "/open-data/2026-03.csv")
    assert answer.headers["Link"].endswith('rel="license"')
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cache-Control"].startswith("public")
    # The names are those of the day the month was frozen.
    assert "=1+1" not in answer.text
    assert "站前社区" in {row["community"] for row in rows_of(guest) if STATION in row.values()}
    known = {"If-None-Match": answer.headers["ETag"]}
    assert get(guest, "/open-data/2026-03.csv", headers=known).status_code == 304
    freeze(make, make.administrator(), seen=1)
    assert {row["version"] for row in rows_of(guest)} == {"2"}
    assert {row["community"] for row in rows_of(guest) if STATION in row.values()} == {"'=1+1"}


@pytest.mark.database
def test_anybody_finds_the_months_and_what_their_columns_mean(make: Make) -> None:
    made_up(make, 4)
    guest = make.app.test_client()
    assert "2026-03.csv" not in guest.get("/open-data").text
    administrator = make.administrator()
    freeze(make, administrator)
    freeze(make, administrator, month=Month(2026, 1))
    page = guest.get("/open-data").text
    assert page.index("/open-data/2026-03.csv") < page.index("/open-data/2026-01.csv")
    assert "CC BY 4.0" in page
    heads = text_of(guest).removeprefix(BOM).split("\r\n")[0].split(",")
    assert len(heads) == 13
    for column in heads:
        assert f"<code>{column}</code>" in page
    assert COUNTY not in {row["community_code"] for row in rows_of(guest)}


@pytest.mark.database
def test_a_month_without_a_row_to_publish_says_so(make: Make) -> None:
    """Held against the files: a count of five has a row, four and what is sensitive have none."""
    cells: dict[Month, tuple[str, str, int]] = {
        Month(2026, 1): (STATION, "RD02", 4),
        Month(2026, 2): (STATION, "RD02", 5),
        Month(2026, 3): (COUNTY, "RD02", 9),
        Month(2026, 4): (STATION, "RD01", 9),
    }
    with transaction() as session:
        session.execute(update(Category).where(Category.code == "RD01").values(sensitive=True))
        steps.renew_stamp(session)
        session.execute(
            insert(table_of(StatisticsCell)),
            [
                {
                    "month": str(month), "version": LIVE, "facet": "category", "also": "",
                    "measure": "received", "area": area, "key": key, "n": n,
                }
                for month, (area, key, n) in cells.items()
            ],
        )  # fmt: skip
    administrator, guest = make.administrator(), make.app.test_client()
    for month in cells:
        freeze(make, administrator, month=month)
    page = guest.get("/open-data").text
    for month in cells:
        row = page[page.index(f"/open-data/{month}.csv") :].split("</li>")[0]
        assert ("没有可公开的行" in row) == (not rows_of(guest, str(month))), month
    assert len(rows_of(guest, "2026-02")) == 1
    assert page.count("没有可公开的行") == 3


# Whoever changes a word here changes the bytes of versions that are out: a new shape first.
HEADS = (
    "month 月份,version 版本,street_code 街道代码,street 街道,community_code 社区代码,"
    "community 社区,group_code 大类代码,group_zh 大类（中文）,group_en 大类（英文）,"
    "category_code 类别代码,category_zh 类别（中文）,category_en 类别（英文）,received 收到上报"
)


@pytest.mark.database
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_it_opens_in_a_spreadsheet_and_versions_of_before_keep_their_bytes(
    make: Make, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    made_up(make, 5)
    administrator = make.administrator()
    whole = name_queries.document

    def older(*given: Any) -> dict[str, Any]:
        return {name: it for name, it in whole(*given).items() if name != "shape"}

    monkeypatch.setattr(name_queries, "document", older)
    freeze(make, administrator)
    monkeypatch.undo()
    guest = make.app.test_client()
    guest.set_cookie("language", language)
    before = get(guest, "/open-data/2026-03.csv")
    assert before.data.startswith(b"month,version,street_code,street,community_code,community,")
    freeze(make, administrator, seen=1)
    now = get(guest, "/open-data/2026-03.csv")
    assert now.data.startswith(b"\xef\xbb\xbf")
    first, *rows = now.data.decode("utf-8-sig").split("\r\n")
    assert first == HEADS
    assert [row.replace(",2,", ",1,", 1) for row in rows] == before.text.split("\r\n")[1:]
    assert before.headers["ETag"] != now.headers["ETag"]


@pytest.mark.database
def test_a_month_frozen_before_a_language_was_added_has_no_column_of_it(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_up(make, 5)
    whole = name_queries.document

    def older(*given: Any) -> dict[str, Any]:
        found = whole(*given)
        del found["county"]["en"]
        for names in (*found["categories"].values(), *found["groups"].values()):
            names.pop("en", None)
        return found

    monkeypatch.setattr(name_queries, "document", older)
    freeze(make, make.administrator())
    monkeypatch.undo()
    guest = make.app.test_client()
    first = text_of(guest).removeprefix(BOM).split("\r\n")[0]
    assert first == ",".join(it for it in HEADS.split(",") if "_en" not in it)
    (row, *_) = rows_of(guest)
    assert row["group_zh"]
    assert "group_en" not in row
    (kept,) = db.session.scalars(select(StatisticsFreeze.document))
    names = name_queries.read_names(kept, places=reference(), county=make.settings.county)
    assert names.category("RD02", "en") == names.category("RD02", "zh_CN") != "RD02"
