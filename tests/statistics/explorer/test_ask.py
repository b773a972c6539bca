"""Questions of the figures: read from a request, shown within permissions, kept under a link."""

from __future__ import annotations

import csv
import io
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder, run_wsgi_app

from grid_report import clock
from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid
from grid_report.places.queries import reference
from grid_report.statistics.counts.areas import find_area
from grid_report.statistics.explorer import rules as explorer_rules
from grid_report.statistics.explorer import usecases as explorer_usecases
from grid_report.statistics.explorer.forms import Form, form_of, read_asked
from grid_report.statistics.explorer.rules import Asked, code_of
from grid_report.statistics.explorer.usecases import TooManyQuestions
from grid_report.statistics.models import StatisticsQuestion
from tests.support import present
from tests.support.builders import BRIGHT, PROPERTY, STATION, STREET, Make
from tests.support.parallel import InParallel

pytestmark = pytest.mark.database

COUNTY = "211282"


# What is asked, out of a request.

GOOD = {
    "from": "2026-04", "to": "2026-09", "area": COUNTY, "kind": "", "unit": "",
    "rows": "month", "columns": ["m_received", "r_closing"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "wrong"),
    [
        ({"from": ""}, {"from": "field-needed"}),
        ({"from": "2026-9"}, {"from": "month-unreadable"}),
        ({"to": "2026-01"}, {"to": "months-backwards"}),
        ({"to": "2031-01"}, {"to": "month-not-counted"}),
        ({"area": "x"}, {"area": "value-unknown"}),
        ({"kind": "X'; DROP TABLE reports"}, {"kind": "value-unknown"}),
        ({"unit": "nobody"}, {"unit": "value-unknown"}),
        ({"rows": "rider"}, {"rows": "value-unknown"}),
        ({"columns": []}, {"columns": "columns-needed"}),
        ({"columns": ["1+1"]}, {"columns": "value-unknown"}),
        ({"columns": ["m_riders"]}, {"columns": "value-unknown"}),
        ({"columns": sorted(explorer_rules.COLUMNS)[:9]}, {"columns": "columns-too-many"}),
        ({"from": "x", "rows": "", "columns": []}, {"from": "month-unreadable", "rows": "value-unknown", "columns": "columns-needed"}),
    ],
)  # fmt: skip
def test_everything_wrong_is_named_by_its_field(
    make: Make, more: dict[str, Any], wrong: dict[str, str]
) -> None:
    with pytest.raises(Invalid) as refused:
        read_asked(
            form_of(GOOD | more),
            this=Month(2026, 11),
            find=lambda code: find_area(code, reference(), make.settings.county) if code else None,
            places=reference(),
        )
    found = {name: some[0].code for name, some in refused.value.problems.items()}
    assert found == wrong


def test_a_question_survives_being_kept(make: Make) -> None:
    form = form_of(GOOD | {"kind": "RD", "unit": PROPERTY, "rows": "unit", "area": STREET})

    def read(some: Form) -> Asked:
        return read_asked(
            some,
            this=Month(2026, 11),
            find=lambda code: find_area(code, reference(), make.settings.county),
            places=reference(),
        )

    asked = read(form)
    assert asked.facet is None
    assert read(form_of(asked.document)) == asked


# The pages.


def ask(client: FlaskClient, **more: Any) -> Any:
    return client.get(f"/statistics/ask?{urlencode(now_asked() | more, doseq=True)}")


def now_asked() -> dict[str, Any]:
    this = Month.of(clock.now(), present.COUNTY)
    return {
        "from": str(this.plus(-2)), "to": str(this), "area": STATION, "rows": "category",
        "columns": ["m_received", "r_filing"],
    }  # fmt: skip


def test_the_page_answers_with_fractions_and_keeps_what_was_typed(make: Make) -> None:
    worker = make.worker()
    make.accepted(worker)
    client = make.signed_in(worker)
    first = client.get("/statistics/ask")
    assert first.status_code == 200
    answer = ask(client)
    assert answer.status_code == 200
    plain = re.sub(r"<[^>]+>", "", answer.text)
    assert "1/1" in plain
    assert "%" not in plain.split("合计")[0]
    wrong = ask(client, **{"from": "2026-4", "title": "x"})
    assert wrong.status_code == 422
    assert 'value="2026-4"' in wrong.text
    assert 'value="r_filing" checked' in wrong.text


def test_an_area_of_others_cannot_be_asked_about(make: Make) -> None:
    client = make.signed_in(make.worker())
    for code in (BRIGHT, STREET, COUNTY, "", "\x00"):
        answer = ask(client, area=code)
        assert answer.status_code == 422
        assert 'href="#f-area"' in answer.text
        assert client.get(f"/statistics/ask.csv?{urlencode({'area': code})}").status_code == 422


def test_the_table_for_a_spreadsheet_holds_numbers_and_no_formulas(make: Make) -> None:
    worker = make.worker()
    make.accepted(worker)
    make.report()
    query = urlencode(now_asked(), doseq=True)
    answer = make.signed_in(worker).get(f"/statistics/ask.csv?{query}")
    assert answer.mimetype == "text/csv"
    assert answer.data.startswith("\ufeff".encode())
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert rows[0][:2] == ["类别", "收到上报"]
    assert rows[1][1:] == ["2", "1", "2", ""]
    assert rows[-1] == ["合计", "2", "1", "2", ""]
    plain = make.signed_in(worker).get(f"/statistics/ask.csv?{query}&bom=0")
    assert not plain.data.startswith("\ufeff".encode())


def test_a_file_is_whole_before_the_app_lets_go_of_it(make: Make) -> None:
    """A server sends what a view returned when the view's context is long gone."""
    worker = make.worker()
    make.accepted(worker)
    client = make.signed_in(worker)
    cookie = client.get_cookie("grid_report")
    assert cookie is not None
    query = urlencode(now_asked(), doseq=True)
    environ = EnvironBuilder(
        f"/statistics/ask.csv?{query}", headers=Headers({"Cookie": f"grid_report={cookie.value}"})
    )
    with ThreadPoolExecutor(1) as elsewhere:
        sent = elsewhere.submit(run_wsgi_app, make.app.wsgi_app, environ.get_environ()).result()
        text = elsewhere.submit(b"".join, sent[0]).result().decode()
    assert sent[1].startswith("200")
    assert "合计" in text


# Saved questions.

DOCUMENT = GOOD | {"area": STATION}


def save(client: FlaskClient, title: str = "逐月", **more: Any) -> Any:
    page = client.get("/statistics/ask").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token is not None
    return client.post(
        "/statistics/ask", data=now_asked() | {"title": title, "csrf_token": token[1]} | more
    )


def test_a_question_saved_twice_is_one_under_one_link(make: Make) -> None:
    worker = make.worker()
    client = make.signed_in(worker)
    first, second = save(client), save(client)
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    page = client.get(first.location)
    assert page.status_code == 200
    assert "逐月" in page.text
    other = save(client, title="另一个")
    assert other.location != first.location
    assert len(explorer_usecases.own_questions(worker)) == 2
    db.session.rollback()


def test_one_saved_at_once_from_many_windows_is_one(make: Make, in_parallel: InParallel) -> None:
    worker = make.worker()

    def again(_: int) -> str:
        return explorer_usecases.save_question("逐月", DOCUMENT, actor=worker, now=make.now)

    codes = in_parallel(again, 4)
    assert len(set(codes)) == 1
    assert len(db.session.scalars(select(StatisticsQuestion)).all()) == 1
    db.session.rollback()


@pytest.mark.parametrize(
    ("title", "words"), [("", "这一项必填"), ("\u200b\u2060", "这一项必填"), ("长" * 81, "最多 80")]
)
def test_a_title_that_does_not_do_is_kept_and_named(make: Make, title: str, words: str) -> None:
    answer = save(make.signed_in(make.worker()), title=title)
    assert answer.status_code == 422
    assert words in answer.text
    assert title in answer.text
    assert 'href="#f-title"' in answer.text
    # The answer stays beside it.
    assert 'id="answer"' in answer.text


def test_a_link_of_others_shows_ones_own_area(make: Make) -> None:
    make.report()
    make.report(community=BRIGHT)
    make.report(community=BRIGHT)
    code = save(make.signed_in(make.worker())).location
    elsewhere = make.signed_in(make.worker(BRIGHT)).get(code)
    assert elsewhere.status_code == 200
    assert "这个查询原来的区域你无权查看" in elsewhere.text
    found = re.search(
        r'<tr class="sheet-total">.*?<td class="num">(\d+)</td>', elsewhere.text, re.S
    )
    assert found is not None
    assert found[1] == "2"
    # Whoever may read it sees it as it was saved.
    street = make.signed_in(make.supervisor()).get(code)
    assert "你无权查看" not in street.text
    assert make.signed_in(make.rider()).get(code).status_code == 403
    assert make.signed_in(make.auditor()).get("/statistics/ask/aaaaaaaaaa").status_code == 404


def test_a_question_about_what_is_gone_is_still_a_page(make: Make) -> None:
    worker = make.worker()
    code = explorer_usecases.save_question(
        "旧", DOCUMENT | {"unit": "gone", "kind": "ZZ99"}, actor=worker, now=make.now
    )
    page = make.signed_in(worker).get(f"/statistics/ask/{code}")
    assert page.status_code == 200
    assert 'href="#f-unit"' in page.text
    assert 'href="#f-kind"' in page.text


def test_only_its_owner_deletes_a_question_and_twice_is_no_mistake(make: Make) -> None:
    worker, other = make.worker(), make.worker()
    code = explorer_usecases.save_question("逐月", DOCUMENT, actor=worker, now=make.now)
    with pytest.raises(Forbidden):
        explorer_usecases.delete_question(code, actor=other)
    assert explorer_usecases.delete_question(code, actor=worker)
    assert not explorer_usecases.delete_question(code, actor=worker)
    assert explorer_usecases.find_question(code) is None
    db.session.rollback()


def test_nobody_keeps_more_questions_than_can_be_read(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explorer_usecases, "MOST_OWN", 2)
    worker = make.worker()
    for title in ("一", "二"):
        explorer_usecases.save_question(title, DOCUMENT, actor=worker, now=make.now)
    with pytest.raises(TooManyQuestions):
        explorer_usecases.save_question("三", DOCUMENT, actor=worker, now=make.now)
    # One that is there already is no further one.
    explorer_usecases.save_question("一", DOCUMENT, actor=worker, now=make.now)
    answer = save(make.signed_in(worker), title="三")
    assert answer.status_code == 409
    assert "已保存 2 个查询" in answer.text


def test_two_people_with_the_same_question_have_a_link_each() -> None:
    assert code_of(1, "a", DOCUMENT) != code_of(2, "a", DOCUMENT)
    assert re.fullmatch("[a-z2-7]{10}", code_of(1, "a", DOCUMENT))
