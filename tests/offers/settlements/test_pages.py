"""Statements as people see them: the station's phone, the county's list, the workbook."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from openpyxl import Workbook, load_workbook

from grid_report import clock
from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.clock import Month
from grid_report.db import transaction
from grid_report.offers.catalogue.models import Provider, Station
from tests.support.builders import Make

pytestmark = pytest.mark.database

STATION = "station-1"
ODD = ('=HYPERLINK("http://evil.example","x")', "+1", "-2+3", "@SUM(1)", "http://evil.example")


def signed_in(make: Make, who: Actor) -> FlaskClient:
    """Return somebody's browser with the token of its forms."""
    client = make.signed_in(who)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/me").text)
    assert token is not None
    client.environ_base["HTTP_X_CSRFTOKEN"] = token[1]
    return client


class People:
    """Who has to do with a statement, and its month."""

    def __init__(self, make: Make, name: str = "服务商") -> None:
        self.make = make
        make.station(STATION)
        with transaction() as session:
            session.get_one(Provider, f"of-{STATION}").name = name
            session.get_one(Station, STATION).name = name
        self.rider = make.member(Grant(Role.RIDER), name="骑手小张")
        self.staff = make.member(Grant(Role.STATION_STAFF, STATION), name="驿站")
        self.admin, self.auditor = make.administrator(), make.auditor()
        self.month: Month = make.statement(self.rider, self.staff, STATION)

    @property
    def at(self) -> str:
        """The end of the address of both sides' pages."""
        return f"/statements/of-{STATION}/{self.month}"

    def page(self, who: Actor, path: str) -> str:
        """Return a page that is shown."""
        answer = self.make.signed_in(who).get(path)
        assert answer.status_code == 200, answer.text[:500]
        return str(answer.text)

    def send(self, who: Actor, path: str, **form: str) -> tuple[int, str]:
        """Send a form and return the status, and the page it leads to or is refused with."""
        client = signed_in(self.make, who)
        answer = client.post(path, data=form)
        if answer.status_code == 303:
            return 303, str(client.get(answer.location).text)
        return answer.status_code, str(answer.text)


@pytest.fixture
def people(make: Make) -> People:
    return People(make)


def test_both_sides_confirm_on_their_own_pages(people: People) -> None:
    station, county = f"/station{people.at}", f"/admin{people.at}"
    assert "核对无误" in people.page(people.staff, station)
    assert "待服务商确认" in people.page(people.admin, county)
    assert people.send(people.admin, f"{county}/countersign")[0] == 409
    status, page = people.send(people.staff, f"{station}/confirm")
    assert (status, "核对无误" in page) == (303, False)
    assert "代表社会工作部确认" not in people.page(people.auditor, county)
    # What cannot be taken back says so, beside its figures, before the button.
    assert "结清后不能更改，也不能撤回" in people.page(people.admin, county)
    status, page = people.send(people.admin, f"{county}/countersign")
    assert status == 303
    assert "已结清" in page
    assert "已结清" in people.page(people.staff, "/station/statements")


def test_no_page_and_no_workbook_says_whose_it_was(people: People) -> None:
    for who, start in ((people.staff, "/station"), (people.admin, "/admin")):
        assert "骑手小张" not in people.page(who, f"{start}{people.at}")
    cells = [cell for sheet in workbook(people) for row in sheet.values for cell in row]
    assert not [cell for cell in cells if "骑手" in str(cell)]


def test_a_question_keeps_what_was_typed_when_it_is_refused(people: People) -> None:
    status, page = people.send(
        people.staff, f"/station{people.at}/dispute", ref="R-NONE", words="这份没有发"
    )
    assert status == 422
    assert "这份没有发" in page
    ref = next(iter(workbook(people)["明细"].iter_rows(min_row=2, values_only=True)))[4]
    status, page = people.send(people.staff, f"/station{people.at}/dispute", ref=str(ref))
    assert status == 422
    assert f'value="{ref}" selected' in page


def test_a_question_is_answered_by_the_other_side_on_its_page(people: People) -> None:
    ref = next(iter(workbook(people)["明细"].iter_rows(min_row=2, values_only=True)))[4]
    status, page = people.send(
        people.staff, f"/station{people.at}/dispute", ref=str(ref), words="这份没有发"
    )
    assert status == 303
    assert "等待社会工作部答复" in page
    assert people.send(people.staff, f"/station{people.at}/answer", words="x")[0] == 403
    assert "这份没有发" in people.page(people.admin, f"/admin{people.at}")
    assert people.send(people.admin, f"/admin{people.at}/answer", words=" ")[0] == 422
    assert (
        people.send(people.admin, f"/admin{people.at}/answer", words="已核对", verdict="stands")[0]
        == 303
    )
    assert "已核对" in people.page(people.staff, f"/station{people.at}")


def test_the_running_month_is_shown_and_one_to_come_is_not(people: People, make: Make) -> None:
    now = Month.of(clock.now(), make.settings.county.tz)
    here = f"/station/statements/of-{STATION}"
    assert "本月还没结束" in people.page(people.staff, f"{here}/{now}")
    client = make.signed_in(people.staff)
    for month in (str(now.plus(1)), "2026-13", "x"):
        assert client.get(f"{here}/{month}").status_code == 404
    assert client.get(f"/station/statements/nobody/{now}").status_code == 404


def test_another_providers_staff_gets_404(people: People, make: Make) -> None:
    make.station("station-2")
    other = signed_in(make, make.member(Grant(Role.STATION_STAFF, "station-2")))
    for path in ("", ".xlsx"):
        assert other.get(f"/station{people.at}{path}").status_code == 404
    assert other.post(f"/station{people.at}/confirm").status_code == 404


def workbook(people: People) -> Workbook:
    answer = people.make.signed_in(people.admin).get(f"/admin{people.at}.xlsx")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith(f'-{people.month}.xlsx"')
    return load_workbook(BytesIO(answer.data))


def test_the_workbook_holds_numbers_as_numbers_under_a_frozen_heading(people: People) -> None:
    book = workbook(people)
    assert book.sheetnames == ["结算单", "按服务汇总", "明细"]
    lines = book["明细"]
    assert lines.freeze_panes == "A2"
    delivered, settled, station, service, ref, points, yuan, _ = lines[2]
    assert (delivered.is_date, settled.is_date) == (True, True)
    assert (points.data_type, points.value, yuan.value) == ("n", 0, 0)
    assert (station.value, service.value) == ("服务商", "热饮")
    assert ref.value.startswith("R-")
    assert lines.column_dimensions["D"].width > 20


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_looks_like_a_formula_stays_text(make: Make, name: str) -> None:
    people = People(make, name)
    book = workbook(people)
    for cell in (book["结算单"]["B1"], book["明细"]["C2"]):
        assert (cell.data_type, cell.value, cell.hyperlink) == ("s", name, None)


def test_a_wrong_line_says_so_on_both_pages_and_in_the_workbook(people: People) -> None:
    ref = str(next(iter(workbook(people)["明细"].iter_rows(min_row=2, values_only=True)))[4])
    county, station = f"/admin{people.at}", f"/station{people.at}"
    people.send(people.staff, f"{station}/dispute", ref=ref, words="这份没有发")
    status, page = people.send(people.admin, f"{county}/answer", words="确实没有发")
    assert status == 422
    assert "确实没有发" in page
    status, page = people.send(
        people.admin, f"{county}/answer", words="确实没有发", verdict="maybe"
    )
    assert (status, "确实没有发" in page) == (422, True)
    status, page = people.send(
        people.admin, f"{county}/answer", words="确实没有发", verdict="set_off"
    )
    assert status == 303
    for who, path in ((people.admin, county), (people.staff, station)):
        assert people.page(who, path).count("有误，不付款") >= 2
    assert workbook(people)["明细"]["H2"].value == "有误，不付款"


def test_standing_in_is_offered_after_a_week_and_keeps_what_was_typed(
    people: People, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    county = f"/admin{people.at}"
    assert "代服务商确认" not in people.page(people.admin, county)
    status, page = people.send(people.admin, f"{county}/stand-in", words="店主住院")
    assert (status, "店主住院" in page) == (409, True)
    late = clock.now() + timedelta(days=8)
    monkeypatch.setattr("grid_report.offers.settlements.routes.clock.now", lambda: late)
    assert "代服务商确认" in people.page(people.admin, county)
    assert "代服务商确认" not in people.page(people.auditor, county)
    assert people.send(people.admin, f"{county}/stand-in", words=" ")[0] == 422
    assert people.send(people.staff, f"{county}/stand-in", words="x")[0] == 403
    status, page = people.send(people.admin, f"{county}/stand-in", words="店主住院")
    assert status == 303
    assert "已代服务商确认" in page
    assert "店主住院" in people.page(people.staff, f"/station{people.at}")
    # Neither button nor way for the same person; another one closes it.
    assert "结清后不能更改" not in people.page(people.admin, county)
    assert people.send(people.admin, f"{county}/countersign")[0] == 403
    assert "已结清" in people.send(make.administrator(), f"{county}/countersign")[1]
