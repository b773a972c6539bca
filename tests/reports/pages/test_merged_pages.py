"""What the rider of a merged report sees: the case as it stands, and nobody else's."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from grid_report.db import db
from grid_report.reports import queries
from tests.reports.casework.test_merged import AT, Three
from tests.support.builders import Make

pytestmark = pytest.mark.database


def status_of(client: FlaskClient, address: str) -> int:
    answer = client.get(address)
    answer.close()
    return int(answer.status_code)


def statements_of(act: Callable[[], Any]) -> list[str]:
    found: list[str] = []

    def note(_c: Any, _k: Any, statement: str, *_: Any) -> None:
        found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return found


@pytest.fixture
def three(make: Make) -> Three:
    return Three(make)


def page(three: Three, who: int, report: Any) -> str:
    return three.make.signed_in(three.riders[who]).get(f"/my/reports/{report.number}").text


def test_the_page_of_a_merged_report_shows_the_state_and_dates_of_its_case(three: Three) -> None:
    assert "已发送，等社区受理" in page(three, 1, three.b)
    three.accept(three.a)
    text = page(three, 1, three.b)
    assert "已受理，正在安排" in text
    assert "有人先报了" in text
    three.close(three.a)
    assert "已解决" in page(three, 1, three.b)


@pytest.mark.parametrize(
    ("gap", "says"), [(10, "有人先报了"), (-10, "有人后来也报了"), (0, "有人同时报了")]
)
def test_it_says_truly_which_of_the_two_was_first(make: Make, gap: int, says: str) -> None:
    three = Three(make, gap=gap)
    words = {"有人先报了", "有人后来也报了", "有人同时报了"}
    for text in (
        page(three, 1, three.b),
        make.signed_in(three.riders[1]).get(f"/my/points/report/{three.b.number}").text,
    ):
        assert {it for it in words if it in text} == {says}


def test_it_shows_the_photo_of_the_result_and_asks_whether_it_is_solved(three: Three) -> None:
    make = three.make
    three.accept(three.a)
    three.take(three.a, "start", three.worker)
    photo = make.photo()
    three.take(three.a, "handle", three.worker, note="修好了", photos=(photo,))
    address = f"/reports/{three.b.number}/photos/{photo.name}/main"
    client = make.signed_in(three.riders[1])
    assert address in page(three, 1, three.b)
    assert status_of(client, address) == 200
    assert 'id="rate"' not in page(three, 1, three.b)
    three.take(three.a, "pass", three.second)
    assert 'id="rate"' in page(three, 1, three.b)
    form = client.get(f"/my/reports/{three.b.number}").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token is not None
    sent = {"csrf_token": token.group(1), "solved": "0", "satisfied": "0"}
    assert client.post(f"/reports/{three.b.number}/rating", data=sent).status_code == 303
    assert make.fresh(three.b).solved is False
    # A second answer is told so on the report's own page, beside the words written.
    second = {**sent, "solved": "1", "words": "后来又来人修好了"}
    again = client.post(f"/reports/{three.b.number}/rating", data=second)
    assert again.status_code == 409
    for said in ('role="alert"', "后来又来人修好了", three.b.number, "state-card"):
        assert said in again.text, said
    assert make.fresh(three.a).solved is None


def test_the_own_answer_is_no_photo_of_the_result_and_the_result_is_no_answer(
    three: Three,
) -> None:
    make = three.make
    three.take(three.a, "ask", three.worker, reason="在几号楼")
    answer, result = make.photo(), make.photo()
    three.take(three.b, "supplement", three.riders[1], note="三号楼后门", photos=(answer,))
    three.accept(three.a)
    three.take(three.a, "start", three.worker)
    three.take(three.a, "handle", three.worker, note="修好了", photos=(result,))
    shown = re.findall(r'<img src="[^"]*/photos/(\w+)/', page(three, 1, three.b))
    assert [shown.count(it.name) for it in (answer, result)] == [1, 1]


def test_no_photo_and_no_word_of_another_rider_is_on_it(three: Three) -> None:
    make = three.make
    three.take(three.a, "ask", three.worker, reason="在几号楼")
    answer = make.photo()
    assert "在几号楼" in page(three, 1, three.b)
    three.take(three.b, "supplement", three.riders[1], note="三号楼后门", photos=(answer,))
    others = [photo.name for photo in queries.list_photos(three.a.id)]
    assert answer.name in others
    assert "三号楼后门" in page(three, 1, three.b)
    own = make.signed_in(three.riders[1])
    assert status_of(own, f"/reports/{three.b.number}/photos/{answer.name}/thumb") == 200
    for who, report in ((0, three.a), (2, three.c)):
        text = page(three, who, report)
        assert "三号楼后门" not in text
        assert answer.name not in text
        address = f"/reports/{report.number}/photos/{answer.name}/main"
        assert status_of(make.signed_in(three.riders[who]), address) == 404
    assert "另一位上报的人已经回答了" in page(three, 0, three.a)
    # The lead's own photo stays its rider's.
    lead = next(name for name in others if name != answer.name)
    assert status_of(own, f"/reports/{three.b.number}/photos/{lead}/main") == 404
    desk = make.signed_in(three.worker).get(f"/desk/{three.a.number}").text
    assert "三号楼后门" in desk
    assert answer.name in desk


def test_the_list_of_the_own_reports_shows_the_state_of_the_case(three: Three) -> None:
    client = three.make.signed_in(three.riders[1])
    assert "已发送，等社区受理" in client.get("/my/reports").text
    assert three.b.number in client.get("/my/reports?state=open").text
    assert three.b.number not in client.get("/my/reports?state=done").text
    three.take(three.a, "reject", three.worker, reason="不属实")
    assert three.b.number in client.get("/my/reports?state=done").text
    assert three.b.number not in client.get("/my/reports?state=open").text


def test_the_list_asks_as_often_for_many_merged_ones_as_for_one(make: Make) -> None:
    rider, worker, photo = make.rider(), make.worker(), make.photo()
    lead = make.report(photos=(photo,))
    client = make.signed_in(rider)

    def join(nth: int) -> None:
        one = make.report(rider, at=AT + timedelta(hours=2 * nth), photos=(photo,))
        make.step(one, "merge", worker, into=lead.number)

    join(0)
    client.get("/my/reports")
    first = len(statements_of(lambda: client.get("/my/reports")))
    for nth in range(1, 6):
        join(nth)
    assert len(statements_of(lambda: client.get("/my/reports"))) == first
