"""A frozen month keeps what it was compared with, and says which of it was live at that moment."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from grid_report.clock import Month
from grid_report.db import db, transaction
from grid_report.statistics.measures import Measure
from grid_report.statistics.models import StatisticsFreeze
from grid_report.statistics.month import compared_queries, freeze_steps
from tests.statistics.months import MARCH, freeze, get
from tests.support.builders import Make

pytestmark = pytest.mark.database

PATH = "/statistics/2026-03"
FEBRUARY, YEAR_BEFORE = Month(2026, 2), Month(2025, 3)


def received(make: Make, month: Month, cases: int) -> None:
    for day in range(cases):
        make.report(at=datetime(month.year, month.number, 2 + day, 3, tzinfo=UTC))


def lived(make: Make) -> FlaskClient:
    """Have three cases of March, two of February and one a year before; freeze the oldest, then March."""
    received(make, MARCH, 3)
    received(make, FEBRUARY, 2)
    received(make, YEAR_BEFORE, 1)
    administrator = make.administrator()
    freeze(make, administrator, month=YEAR_BEFORE)
    freeze(make, administrator)
    # Whatever comes later is another month's business.
    received(make, FEBRUARY, 5)
    received(make, YEAR_BEFORE, 4)
    freeze(make, administrator, seen=1, month=YEAR_BEFORE)
    return make.signed_in(administrator)


def counted(client: FlaskClient) -> Iterator[tuple[str, str, int]]:
    rows = csv.DictReader(io.StringIO(get(client, f"{PATH}.csv").text))
    for row in rows:
        if (row["table"], row["measure"]) == ("trend", "received"):
            yield row["key"], row["name"], int(row["value"])


def test_every_form_shows_the_comparison_it_was_frozen_with_and_what_was_live_then(
    make: Make,
) -> None:
    client = lived(make)
    trend = {key: (name, n) for key, name, n in counted(client)}
    assert trend["2026-03"] == ("2026-03", 3)
    assert trend["2026-02"] == ("2026-02（冻结时的即时数）", 2)
    assert trend["2025-03"] == ("2025-03", 1)
    assert trend["2025-12"] == ("2025-12（冻结时的即时数）", 0)
    book = openpyxl.load_workbook(io.BytesIO(get(client, f"{PATH}.xlsx").data))
    summary = [[cell.value for cell in row] for row in book["摘要"].iter_rows()]
    (line,) = [row for row in summary if row[0] == "收到上报"]
    assert line[1:6] == [3, 2, 1, 1, 2]
    assert ["对比月份", "2026-02（冻结时的即时数）, 2025-03"] in [row[:2] for row in summary]
    shown = client.get(PATH).text
    steps = shown[shown.index("figure-steps") :].split("</p>")[0]
    assert steps.count("冻结时的即时数") == 1
    assert "当时没有保存" not in shown


def test_the_api_marks_what_was_live(make: Make) -> None:
    client = lived(make)
    found: Any = client.get("/api/v1/statistics/months/2026-03").json
    beside = found["comparison"]
    assert (beside["before"]["received"], beside["before"]["live"]) == (2, True)
    assert (beside["year_before"]["received"], beside["year_before"]["live"]) == (1, False)
    assert len(found["trend"]) == 13
    live: Any = client.get("/api/v1/statistics/months/2026-03?version=0").json
    assert live["comparison"]["before"]["received"] == 7
    assert "live" not in live["comparison"]["before"]


def test_what_is_late_and_how_long_it_took_is_kept_of_the_months_beside(make: Make) -> None:
    client = lived(make)
    version: Any = db.session.query(StatisticsFreeze).filter_by(month="2026-03").one()
    kept = compared_queries.read(version.document, MARCH, 1, "211282", rules=2)
    assert kept is not None
    assert kept.versions["2025-03"] == 1
    assert kept.live[FEBRUARY].count(Measure.OVERDUE_OPEN) == 2
    assert client.get("/statistics/2026-03/bulletin").text.count("冻结时的即时数") == 1


def test_a_single_case_of_a_month_beside_is_kept_as_well(make: Make) -> None:
    received(make, MARCH, 1)
    received(make, FEBRUARY, 1)
    freeze(make, make.administrator())
    version: Any = db.session.query(StatisticsFreeze).one()
    kept = compared_queries.read(version.document, MARCH, 1, "211282", rules=2)
    assert kept is not None
    assert kept.live[FEBRUARY].count("received") == 1  # type: ignore[arg-type]


def test_a_version_of_before_says_that_nothing_was_kept_and_stays_as_it_was(make: Make) -> None:
    client = lived(make)
    with transaction() as session:
        dropped = "DROP TRIGGER statistics_freezes_before_update"
        on_table = " ON statistics_freezes" if db.engine.dialect.name == "postgresql" else ""
        session.execute(text(dropped + on_table))
        document = dict(session.query(StatisticsFreeze).filter_by(month="2026-03").one().document)
        del document[compared_queries.NAME]
        session.query(StatisticsFreeze).filter_by(month="2026-03").update({"document": document})
    shown = client.get(PATH).text
    assert "当时没有保存" in shown
    assert "冻结时的即时数" not in shown
    # As it was handed out then: what was frozen by then, nothing of what was not.
    assert list(counted(client)) == [("2025-03", "2025-03", 1), ("2026-03", "2026-03", 3)]
    found: Any = client.get("/api/v1/statistics/months/2026-03").json
    assert found["comparison"]["before"] is None
    assert "live" not in found["comparison"]["year_before"]


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE statistics_compared SET n = n + 1",
        "DELETE FROM statistics_compared",
        "INSERT INTO statistics_compared (month, version, area, of_month, facet, key, measure, n)"
        " VALUES ('2026-03', 1, 'x', '2026-02', '', '', 'received', 9)",
        "INSERT INTO statistics_compared (month, version, area, of_month, facet, key, measure, n)"
        " VALUES ('2026-03', 7, 'x', '2026-02', '', '', 'received', 9)",
    ],
)
def test_what_was_kept_with_a_version_is_sealed_and_in_its_digest(make: Make, sql: str) -> None:
    lived(make)
    with pytest.raises(DBAPIError, match=r"stay|sealed"), transaction() as session:
        session.execute(text(sql))
    with transaction() as session:
        (version,) = session.query(StatisticsFreeze).filter_by(month="2026-03")
        assert freeze_steps.digest(session, MARCH, 1) == version.digest
        assert compared_queries.rows_of(session, MARCH, 1)
