"""The month page whole: every rate, a total under every table, ways to jump, which clock is late."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient

from grid_report.clock import Month
from grid_report.reports.lifecycle import State
from grid_report.statistics.counts.queries import Figures
from grid_report.statistics.explorer.lateness import late_clocks
from grid_report.statistics.measures import Facet, RateName
from grid_report.statistics.month import name_queries, row_queries
from grid_report.statistics.month.row_queries import Line
from tests.statistics.months import AT, freeze, get, month_of_cases
from tests.support.builders import BRIGHT, PROPERTY, STREET, Make
from tests.support.cards import ask_for_cards

PATH = "/statistics/2026-03"
NOW = datetime(2026, 11, 16, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def plain(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def cards_of(page: str) -> dict[str, str]:
    """Return what each card says, by its name."""
    whole = page.split('<ul class="figure-cards"')[1].split("\n</ul>")[0]
    found = {}
    for card in whole.split('<li class="card figure-card')[1:]:
        name = re.search(r"<span>(.*?)</span>", card)
        assert name is not None
        found[name[1]] = plain(card.split("</h2>")[1])
    return found


def lived(make: Make) -> FlaskClient:
    """Have cases of two communities, by a unit and by the community itself, one taken back."""
    administrator = month_of_cases(make, 3)
    worker = make.worker(BRIGHT)
    for _ in range(2):
        report = make.report(at=AT, community=BRIGHT)
        make.step(report, "accept", worker, category="RD02", severity=2, at=AT)
        make.step(report, "start", worker, at=AT + HOUR)
    make.step(report, "recall", worker, reason="没人", at=AT + 2 * HOUR)
    make.redemption(rider := make.rider(), make.offer(make.station()))
    assert rider
    return make.signed_in(administrator)


@pytest.mark.database
def test_every_rate_of_the_area_is_on_the_page_as_in_the_files(make: Make) -> None:
    client = lived(make)
    cards = cards_of(client.get(PATH).text)
    rows = csv.DictReader(io.StringIO(get(client, f"{PATH}.csv").text))
    filed = {row["measure"]: row for row in rows if row["table"] == "month"}
    names = {
        "派遣率": RateName.DISPATCHING,
        "处置率": RateName.HANDLING,
        "按期结案率": RateName.CLOSING_IN_TIME,
        "返工率": RateName.REWORK,
        "延期率": RateName.EXTENSION,
    }
    found: Any = client.get("/api/v1/statistics/months/2026-03").json
    for words, name in names.items():
        row = filed[f"{name}_percent"]
        n, of = row["numerator"], row["denominator"]
        assert f" {n} / {of} " in cards[words], (words, cards[words])
        rate = found["rates"][name]
        assert (str(rate["numerator"]), str(rate["denominator"])) == (n, of)
    assert (filed["dispatching_percent"]["numerator"]) == "4"
    # All there are, and nothing twice.
    assert sum(" / " in it or "–" in it or "无" in it for it in cards.values()) >= len(RateName)


@pytest.mark.database
def test_each_table_ends_with_what_its_rows_add_up_to(make: Make) -> None:
    client = lived(make)
    page = client.get(PATH).text
    tables = re.findall(r"<table class=\"table figures-table\">.*?</table>", page, re.DOTALL)
    # Classes, kinds, streets, communities, units.
    assert len(tables) == 5
    # By who handles without what was taken back and waits for somebody.
    received = [6, 6, 6, 6, 4]
    for table, n in zip(tables, received, strict=True):
        total = plain(table.split("<tfoot>")[1].split("</tfoot>")[0])
        assert total.strip().startswith(f"合计 {n} "), total
    streets = plain(tables[2].split("<tfoot>")[1].split("</tfoot>")[0])
    # Filed of received, in time of filed, in time of due.
    assert "5/6" in streets
    assert "5/5" in streets
    street = client.get(f"{PATH}?area={STREET}").text
    parts = street[street.index('id="parts"') :].split("</table>")[0]
    assert plain(parts.split("<tfoot>")[1]).strip().startswith("合计 6 ")
    # The charts' tables, and the services.
    for anchor, n in (("hours", 6), ("weekdays", 6), ("response", 5), ("handling", 0)):
        table = page[page.index(f'id="{anchor}"') :].split("</table>")[0]
        assert plain(table.split("<tfoot>")[1]).split() == ["合计", str(n)]
    asked = client.get(f"/statistics/{Month.of(make.now, make.settings.county.tz)}").text
    used = asked[asked.index("使用的服务") :].split("</section>")[0]
    assert used.count("<table") == used.count("<tfoot>") == 2
    totals = [plain(it.split("</tfoot>")[0]).split() for it in used.split("<tfoot>")[1:]]
    assert totals == [["合计", "1", "0", "0"]] * 2


@pytest.mark.database
def test_what_is_in_no_row_of_a_table_is_said_under_it(make: Make) -> None:
    client = lived(make)

    def under(anchor: str) -> str:
        page = client.get(PATH).text
        return plain(page[page.index(f'id="{anchor}"') :].split("</table>")[1].split("<details")[0])

    # One was taken back and one never filed: both wait for somebody.
    assert "不在表内，无人处置：应处置 2" in under("units")
    assert "不在表内" not in under("places")
    make.report(at=AT, community=None, lat=42.70, lng=124.60)
    assert "不在表内，没有社区：收到上报 1" in under("places")
    # By street they have a row of their own.
    assert "不在表内" not in under("parts")


def test_rows_are_added_up_under_their_own_facet_and_key() -> None:
    figures = Figures(
        {
            (Facet.UNIT, "a", "should_handle"): 12, (Facet.UNIT, "a", "handled"): 3,
            (Facet.UNIT, "b", "should_handle"): 8, (Facet.UNIT, "b", "handled"): 7,
            (Facet.UNIT, "c", "should_handle"): 100, (Facet.ALL, "", "should_handle"): 999,
        }
    )  # fmt: skip
    total = row_queries.summed([Line(it, it, figures, Facet.UNIT, it) for it in ("a", "b")])
    assert total.count("should_handle") == 20
    assert total.rate("handling").text == "50.0"
    assert total.behind == ""


@pytest.mark.database
@pytest.mark.parametrize("area", ["", STREET, BRIGHT])
def test_what_leads_on_the_page_leads_somewhere(make: Make, area: str) -> None:
    page = lived(make).get(f"{PATH}?area={area}").text
    jumps = page.split('<nav class="jump')[1].split("</nav>")[0]
    anchors = re.findall(r'href="#([^"]+)"', jumps)
    assert len(anchors) == len(set(anchors)) >= 7
    for anchor in anchors:
        assert page.count(f'id="{anchor}"') == 1, anchor


@pytest.mark.database
def test_recalls_are_a_figure_of_their_own_where_they_were_counted(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = lived(make)
    assert cards_of(client.get(PATH).text)["收回次数"].strip().startswith("1 ")

    def summary(path: str) -> list[Any]:
        book = openpyxl.load_workbook(io.BytesIO(get(client, path).data))
        return [[it.value for it in row] for row in book["摘要"].iter_rows()]

    def recalls(path: str) -> list[Any]:
        return [row[1:4] for row in summary(path) if row[0] == "收回次数"]

    assert recalls(f"{PATH}.xlsx") == [[1, None, None]]
    administrator = make.administrator()
    whole = name_queries.document

    def older(*given: Any) -> dict[str, Any]:
        left_out = ("measures", "shape")
        return {name: it for name, it in whole(*given).items() if name not in left_out}

    monkeypatch.setattr(name_queries, "document", older)
    freeze(make, administrator)
    monkeypatch.undo()
    freeze(make, administrator, seen=1)
    old = cards_of(client.get(f"{PATH}?version=1").text)["收回次数"]
    assert "当时没有保存" in old
    assert not re.search(r"\d", old)
    assert recalls(f"{PATH}.xlsx?version=1") == []
    assert recalls(f"{PATH}.xlsx?version=2") == [[1, None, None]]
    # What a month beside did not count is no nought.
    freeze_again = client.get("/statistics/2026-04").text
    assert "降1" in cards_of(freeze_again)["收回次数"].replace(" ", "")


@pytest.mark.database
def test_a_month_is_not_held_against_what_the_one_before_did_not_count(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = lived(make)
    whole = name_queries.document

    def older(*given: Any) -> dict[str, Any]:
        return {name: it for name, it in whole(*given).items() if name != "measures"}

    monkeypatch.setattr(name_queries, "document", older)
    freeze(make, make.administrator())
    monkeypatch.undo()
    make.report(at=AT + timedelta(days=31))
    april = cards_of(client.get("/statistics/2026-04").text)
    assert april["收回次数"].count("无可比数据") == 2
    assert "降5" in april["收到上报"].replace(" ", "")
    book = openpyxl.load_workbook(io.BytesIO(get(client, "/statistics/2026-04.xlsx").data))
    (row,) = [it for it in book["摘要"].iter_rows(values_only=True) if it[0] == "收回次数"]
    assert row[1:4] == (0, None, None)


def case(state: State, **more: Any) -> Any:
    """Make a case of which every clock runs out at its hour: 1, 2, 3 and 4 from noon."""
    known: dict[str, Any] = {
        "state": state,
        "accepted_in_time": None,
        "accept_due": NOW + HOUR,
        "controlled_at": None,
        "control_due": NOW + 2 * HOUR,
        "handled_at": None,
        "fix_due": NOW + 3 * HOUR,
        "closed_at": None,
        "close_due": NOW + 4 * HOUR,
    }
    return SimpleNamespace(**{**known, **more})


@pytest.mark.parametrize(
    ("found", "hours", "late"),
    [
        (case(State.SUBMITTED), 0.5, []),
        (case(State.SUBMITTED), 1.5, ["accept"]),
        (case(State.SUBMITTED), 5, ["accept", "fix", "close"]),
        (case(State.ACCEPTED, accepted_in_time=True), 2.5, ["control"]),
        (case(State.ACCEPTED, accepted_in_time=False), 1.5, ["accept"]),
        (case(State.IN_PROGRESS, controlled_at=NOW), 3.5, ["fix"]),
        (case(State.IN_PROGRESS, controlled_at=NOW + 2.5 * HOUR), 2.6, ["control"]),
        (case(State.IN_PROGRESS, control_due=None), 5, ["fix", "close"]),
        (case(State.HANDLED, handled_at=NOW, controlled_at=NOW), 5, ["close"]),
        (case(State.HANDLED, handled_at=NOW + 3.5 * HOUR), 3.6, ["fix"]),
        (
            case(State.CLOSED, handled_at=NOW, closed_at=NOW + 5 * HOUR, controlled_at=NOW),
            9,
            ["close"],
        ),
        (case(State.CLOSED, handled_at=NOW, closed_at=NOW), 9, []),
        # What stands still is late by nothing, and what is over without neither.
        (case(State.SUSPENDED), 9, []),
        (case(State.NEEDS_INFO), 9, []),
        (case(State.REJECTED), 9, []),
        (case(State.MERGED), 9, []),
    ],
)
def test_the_clocks_that_are_late_are_named(found: Any, hours: float, late: list[str]) -> None:
    assert late_clocks(found, NOW + hours * HOUR) == late


@pytest.mark.database
def test_each_late_list_names_the_clocks(make: Make) -> None:
    worker = make.worker()
    report = make.report(at=AT, category="RD02")
    make.step(report, "accept", worker, category="RD02", severity=2, at=AT + 90 * HOUR)
    make.step(report, "dispatch", worker, unit=PROPERTY, at=AT + 90 * HOUR)
    client = make.signed_in(worker)
    page = client.get(PATH).text
    listed = page[page.index('id="list-overdue_open"') :].split("</section>")[0]
    assert report.number in listed
    due = make.fresh(report)
    clocks = ["接单", *(["控制"] if due.control_due else []), "处置", "结案"]
    assert f"超时：{'、'.join(clocks)}" in plain(listed)
    for query in (
        "measure=overdue_open",
        "measure=should_handle&without=handled_in_time",
        "measure=accepted&without=accepted_in_time",
    ):
        text = client.get(f"{PATH}/cases?{query}").text
        assert f"超时：{'、'.join(clocks)}" in plain(text), query
    # A round that is over has no clock of making safe, and is a row like the others.
    other = make.handled(worker, make.handler())
    make.step(other, "pass", make.worker())
    make.step(other, "reopen", make.supervisor(), reason="又坏了")
    month = f"{Month.of(make.now, make.settings.county.tz)}"
    assert other.number in client.get(f"/statistics/{month}/cases?measure=reopened").text


@pytest.mark.database
def test_services_by_station_come_to_the_same_total_with_those_at_none(make: Make) -> None:
    rider, worker, handler = make.rider(), make.worker(), make.handler()
    cup = make.offer(make.station())
    ask_for_cards(make, rider, handler, worker)
    make.redemption(rider, cup)
    this = Month.of(make.now, make.settings.county.tz)
    page = make.signed_in(make.administrator()).get(f"/statistics/{this}").text
    used = [
        plain(it) for it in re.findall(r"<table.*?</table>", page, re.DOTALL) if "预约服务" in it
    ]
    assert len(used) == 2
    assert "不经驿站：通行卡证" in used[1]
    assert "不经驿站" not in used[0]
    assert used[0].split("合计")[1] == used[1].split("合计")[1]
