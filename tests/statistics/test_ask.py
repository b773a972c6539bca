"""Questions of the figures: answered as a slow count over the cases would, and within permissions."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from grid_report.clock import Month
from grid_report.db import db
from grid_report.errors import Forbidden, Invalid
from grid_report.places.queries import reference
from grid_report.reports.models import Report
from grid_report.statistics import answering, questioning, questions
from grid_report.statistics.areas import Area, find_area
from grid_report.statistics.ask_forms import form_of, read_asked
from grid_report.statistics.facts import OWN_HANDLING
from grid_report.statistics.measures import Facet, Measure
from grid_report.statistics.models import StatisticsQuestion
from grid_report.statistics.questioning import Asked, Rows, code_of, row_areas
from grid_report.statistics.questions import TooManyQuestions
from tests.statistics.histories import World
from tests.support.builders import BRIGHT, PROPERTY, STATION, STREET, Make

pytestmark = pytest.mark.database

COUNTY = "211282"
START = datetime(2026, 4, 20, 3, tzinfo=UTC)
FIRST, LAST = Month(2026, 4), Month(2026, 9)
COLUMNS = ["m_received", "m_accepted", "m_should_handle", "r_handling_in_time", "m_overdue_open"]


def area_of(make: Make, code: str) -> Area:
    area = find_area(code, reference(), make.settings.county)
    assert area is not None
    return area


def question(make: Make, **more: Any) -> Asked:
    kind = more.get("kind", "")
    kinds = frozenset(
        code
        for code, it in reference().categories.by_code.items()
        if kind and kind in (code, it.group_code)
    )
    values: dict[str, Any] = {
        "first": FIRST, "last": LAST, "area": area_of(make, more.pop("area", COUNTY)), "kind": kind,
        "kinds": kinds, "unit": "", "rows": Rows.MONTH, "columns": COLUMNS,
    }  # fmt: skip
    return Asked(**{**values, **more})


def slowly(make: Make, asked: Asked, now: datetime) -> tuple[dict[str, Counter[str]], Counter[str]]:
    """Count the same from the reports themselves, one by one, in plain Python."""
    zone, rows, total = make.settings.county.tz, {}, Counter[str]()
    for report in db.session.scalars(select(Report)):
        handler = OWN_HANDLING if report.self_handled else report.unit_code
        if asked.area.code not in (COUNTY, report.street_code, report.community_code):
            continue
        if asked.kind and asked.kind not in (report.category_code, report.group_code):
            continue
        if asked.unit and handler != asked.unit:
            continue
        for measure, months in months_of(report, zone, now).items():
            inside = sorted({it for it in months if str(asked.first) <= it <= str(asked.last)})
            if not inside:
                continue
            keys = {
                Rows.MONTH: inside,
                Rows.STREET: [report.street_code],
                Rows.COMMUNITY: [report.community_code],
                Rows.GROUP: [report.group_code],
                Rows.CATEGORY: [report.category_code],
                Rows.UNIT: [handler] if handler else [],
            }[asked.rows]
            for key in keys:
                rows.setdefault(key, Counter())[measure] += 1
            total[measure] += bool(keys)
    db.session.rollback()
    return rows, total


def months_of(report: Any, zone: Any, now: datetime) -> dict[str, list[str]]:
    def month(at: datetime) -> str:
        return str(Month.of(at, zone))

    found = {"received": [month(report.created_at)]}
    if report.accepted_at is not None:
        found["accepted"] = found["received"]
    if report.state not in ("rejected", "withdrawn", "merged", "suspended", "needs_info"):
        months = [month(report.fix_due)]
        handled = report.handled_at
        if handled is not None and handled <= report.fix_due:
            months.append(month(handled))
            found["handled_in_time"] = months
        found["should_handle"] = months
        if handled is None and report.fix_due < now and report.state != "closed":
            found["overdue_open"] = [month(report.fix_due)]
    return found


def every_question(make: Make) -> Iterator[Asked]:
    filters = (
        {}, {"kind": "RD02"}, {"kind": "RD"}, {"unit": PROPERTY}, {"unit": "self"},
        {"kind": "RD", "unit": PROPERTY}, {"area": STREET}, {"area": STATION},
        {"area": BRIGHT, "kind": "RD01", "unit": "self"},
    )  # fmt: skip
    for more, rows in product(filters, Rows):
        yield question(make, rows=rows, **more)


@pytest.mark.slow
def test_every_answer_is_what_a_slow_count_gives(make: Make) -> None:
    world = World(make, 8, START)
    world.play(110)
    by_case, counted = 0, 0
    for asked in every_question(make):
        found = answering.answer(
            asked, places=reference(), county=make.settings.county, now=world.now
        )
        rows, total = slowly(make, asked, world.now)
        names = {str(it) for it in asked.needs}
        for row in found.rows:
            expected = rows.get(row.key, Counter())
            for name in names:
                got = row.counts.get(Measure(name), 0)
                assert got == expected[name], (asked, row.key, name)
                counted += got
        assert {it.key for it in found.rows} >= set(rows), asked
        for name in names:
            assert found.total.counts.get(Measure(name), 0) == total[name], (asked, name)
        by_case += found.by_case
    assert by_case >= 9
    assert counted > 300


def test_kept_counts_answer_unless_a_kind_meets_a_unit(make: Make) -> None:
    facets = {
        (asked.rows, bool(asked.kind), bool(asked.unit)): asked.facet
        for asked in every_question(make)
    }
    assert facets[Rows.MONTH, False, False] is Facet.ALL
    assert facets[Rows.GROUP, False, False] is Facet.CATEGORY
    assert facets[Rows.UNIT, False, False] is Facet.UNIT
    for both in ((Rows.UNIT, True, False), (Rows.CATEGORY, False, True), (Rows.MONTH, True, True)):
        assert facets[both] is None


def test_no_row_ever_counts_more_than_the_area_asked_for(make: Make) -> None:
    places, county = reference(), make.settings.county
    allowed = {
        STATION: {STATION},
        STREET: {STREET, *(it.code for it in places.communities_of(STREET))},
    }
    for code, inside in allowed.items():
        for rows in (Rows.STREET, Rows.COMMUNITY):
            found = row_areas(area_of(make, code), rows, places, county)
            assert {counted for _, counted in found} <= inside
    assert row_areas(area_of(make, STATION), Rows.STREET, places, county) == [(STREET, STATION)]


def test_too_many_months_or_cases_are_refused_with_the_reason(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.report(at=START)
    both = question(make, kind="RD", unit=PROPERTY)

    def asking(asked: Asked) -> answering.Answer:
        return answering.answer(
            asked, places=reference(), county=make.settings.county, now=make.now
        )

    assert asking(both).by_case
    long = question(make, kind="RD", unit=PROPERTY, first=Month(2024, 4))
    with pytest.raises(Invalid) as refused:
        asking(long)
    assert refused.value.problems["to"][0].code == "asked-too-long"
    # Without one of the two the kept counts can say, however long.
    assert not asking(question(make, kind="RD", first=Month(2024, 4))).by_case
    monkeypatch.setattr(answering, "MOST_CASES", 0)
    with pytest.raises(Invalid) as refused:
        asking(both)
    assert refused.value.problems["to"][0].facts == {"n": 1, "most": 0}
    db.session.rollback()


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
        ({"columns": sorted(questioning.COLUMNS)[:9]}, {"columns": "columns-too-many"}),
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
    asked = question(make, kind="RD", unit=PROPERTY, rows=Rows.UNIT, area=STREET)
    again = read_asked(
        form_of(asked.document),
        this=Month(2026, 11),
        find=lambda code: find_area(code, reference(), make.settings.county),
        places=reference(),
    )
    assert again == asked


# The pages.


def ask(client: FlaskClient, **more: Any) -> Any:
    return client.get(f"/statistics/ask?{urlencode(now_asked() | more, doseq=True)}")


def now_asked() -> dict[str, Any]:
    this = Month.of(datetime.now(UTC), UTC)
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
    assert len(questions.own_questions(worker)) == 2
    db.session.rollback()


def test_one_saved_at_once_from_many_windows_is_one(make: Make, in_parallel: Any) -> None:
    worker = make.worker()

    def again(_: int) -> str:
        return questions.save_question("逐月", DOCUMENT, actor=worker, now=make.now)

    codes = in_parallel(again, 4)
    assert len(set(codes)) == 1
    assert len(db.session.scalars(select(StatisticsQuestion)).all()) == 1
    db.session.rollback()


@pytest.mark.parametrize(("title", "words"), [("", "这一项必填"), ("长" * 81, "最多 80")])
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
    assert "这个查询原来的区域您无权查看" in elsewhere.text
    found = re.search(
        r'<tr class="sheet-total">.*?<td class="num">(\d+)</td>', elsewhere.text, re.S
    )
    assert found is not None
    assert found[1] == "2"
    # Whoever may read it sees it as it was saved.
    street = make.signed_in(make.supervisor()).get(code)
    assert "您无权查看" not in street.text
    assert make.signed_in(make.rider()).get(code).status_code == 403
    assert make.signed_in(make.auditor()).get("/statistics/ask/aaaaaaaaaa").status_code == 404


def test_a_question_about_what_is_gone_is_still_a_page(make: Make) -> None:
    worker = make.worker()
    code = questions.save_question(
        "旧", DOCUMENT | {"unit": "gone", "kind": "ZZ99"}, actor=worker, now=make.now
    )
    page = make.signed_in(worker).get(f"/statistics/ask/{code}")
    assert page.status_code == 200
    assert 'href="#f-unit"' in page.text
    assert 'href="#f-kind"' in page.text


def test_only_its_owner_deletes_a_question_and_twice_is_no_mistake(make: Make) -> None:
    worker, other = make.worker(), make.worker()
    code = questions.save_question("逐月", DOCUMENT, actor=worker, now=make.now)
    with pytest.raises(Forbidden):
        questions.delete_question(code, actor=other)
    assert questions.delete_question(code, actor=worker)
    assert not questions.delete_question(code, actor=worker)
    assert questions.find_question(code) is None
    db.session.rollback()


def test_nobody_keeps_more_questions_than_can_be_read(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(questions, "MOST_OWN", 2)
    worker = make.worker()
    for title in ("一", "二"):
        questions.save_question(title, DOCUMENT, actor=worker, now=make.now)
    with pytest.raises(TooManyQuestions):
        questions.save_question("三", DOCUMENT, actor=worker, now=make.now)
    # One that is there already is no further one.
    questions.save_question("一", DOCUMENT, actor=worker, now=make.now)
    answer = save(make.signed_in(worker), title="三")
    assert answer.status_code == 409
    assert "已保存 2 个查询" in answer.text


def test_two_people_with_the_same_question_have_a_link_each() -> None:
    assert code_of(1, "a", DOCUMENT) != code_of(2, "a", DOCUMENT)
    assert re.fullmatch("[a-z2-7]{10}", code_of(1, "a", DOCUMENT))
