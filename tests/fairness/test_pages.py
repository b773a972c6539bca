"""The pages: what is in them for whom, what a refused form keeps, and how many statements they take."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from tests.fairness.conftest import Review
from tests.fairness.test_finding import HERE, THERE
from tests.reports.desk.test_lists import counted
from tests.support.builders import BRIGHT, STATION, Make

pytestmark = pytest.mark.database


def signed_in(make: Make, actor: Actor) -> FlaskClient:
    client = make.signed_in(actor)
    page = client.get("/me").text
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    client.environ_base["HTTP_X_CSRFTOKEN"] = token
    return client


def make_odd(make: Make, review: Review, count: int) -> None:
    worker, old = make.worker(), make.now - timedelta(days=2)
    for day in range(count):
        photo = review.photo(day % 10, taken_at=old - timedelta(days=1))
        review.accepted(worker, photos=(photo,), at=make.now - timedelta(days=1, minutes=day))
    review.find()


@pytest.mark.parametrize("path", ["/fairness", "/fairness/sample", "/fairness/rates"])
def test_a_list_takes_as_many_statements_for_many_rows_as_for_few(
    make: Make, review: Review, path: str
) -> None:
    client, used = signed_in(make, make.supervisor()), []
    for count in (2, 8):
        make_odd(make, review, count)
        if count == 2:
            review.draw()
        with counted() as statements:
            assert client.get(path).status_code == 200
        used.append(len(statements))
    assert used[0] == used[1]
    assert used[1] <= 9, statements


def test_the_list_says_in_plain_words_what_is_odd(make: Make, review: Review) -> None:
    rider = make.rider()
    make.report(rider, photos=(review.photo(taken_at=make.now - timedelta(days=2)),))
    review.find()
    street = signed_in(make, make.supervisor())
    page = street.get("/fairness", headers={"Accept-Language": "en"}).text
    assert "taken 2 d before it was sent" in page
    assert rider_alias(rider.member_id) in page
    assert "Trust: not known yet" in page
    for filters, rows in (
        ("kind=photo_old", 1), ("kind=too_fast", 0), ("state=dismissed", 0), ("state=all", 1),
        (f"community={STATION}", 1), (f"community={BRIGHT}", 0),
    ):  # fmt: skip
        found = street.get(f"/fairness?{filters}").text.count("/fairness/signals/")
        assert found == rows, filters
    for wrong in ("kind=odd", "state=odd", "community=1", "cursor=odd", "cursor=WzksMV0"):
        assert street.get(f"/fairness?{wrong}").status_code == 422, wrong
    for actor in (make.administrator(), make.auditor()):
        page = signed_in(make, actor).get("/fairness", headers={"Accept-Language": "en"}).text
        assert "taken 2 d before it was sent" in page
        assert "Trust" not in page
        # Who reported is the community's and the street's to know.
        assert rider_alias(rider.member_id) not in page


def test_a_refused_judgement_keeps_what_was_typed(make: Make, review: Review) -> None:
    make_odd(make, review, 1)
    signal_id = review.signals()[0].id
    path = f"/fairness/signals/{signal_id}"
    first, second = (signed_in(make, make.supervisor()) for _ in range(2))
    answer = first.post(f"{path}/judgement", data={"judgement": "", "words": "三天前的照片"})
    assert answer.status_code == 422
    assert "三天前的照片" in answer.text
    assert 'name="judgement"' in answer.text
    answer = first.post(f"{path}/judgement", data={"judgement": "followed_up", "words": ""})
    assert answer.status_code == 422
    assert first.post(f"{path}/judgement", data={"judgement": "odd"}).status_code == 422
    answer = first.post(f"{path}/judgement", data={"judgement": "dismissed", "words": "a" * 1001})
    assert answer.status_code == 422
    answer = first.post(
        f"{path}/judgement", data={"judgement": "dismissed", "words": "网络不好，晚传了"}
    )
    assert (answer.status_code, answer.location) == (303, "/fairness")
    answer = second.post(
        f"{path}/judgement", data={"judgement": "followed_up", "words": "已问骑手"}
    )
    assert answer.status_code == 409
    assert "已问骑手" in answer.text
    assert "网络不好，晚传了" in answer.text
    assert 'name="judgement"' not in answer.text


def test_from_one_of_the_sample_to_the_next_and_back(make: Make, review: Review) -> None:
    worker = make.worker()
    for _ in range(2):
        review.accepted(worker)
    month = review.draw()
    one, two = (sampled.id for sampled in review.sampled())
    street = signed_in(make, make.supervisor())
    assert f"/fairness/sample/{one}" in street.get("/fairness/sample").text
    answer = street.post(f"/fairness/sample/{one}/judgement", data={"judgement": "disagree"})
    assert answer.status_code == 422
    answer = street.post(
        f"/fairness/sample/{one}/judgement", data={"judgement": "disagree", "words": "看不清"}
    )
    assert answer.location == f"/fairness/sample/{two}"
    answer = street.post(f"/fairness/sample/{two}/judgement", data={"judgement": "agree"})
    assert answer.location == f"/fairness/sample?month={month}"
    page = street.get(answer.location, headers={"Accept-Language": "en"}).text
    assert "2 of 2 looked at" in page
    auditor = signed_in(make, make.auditor())
    page = auditor.get(f"/fairness/sample/{two}").text
    assert 'name="judgement"' not in page
    assert (
        auditor.post(f"/fairness/sample/{two}/judgement", data={"judgement": "agree"}).status_code
        == 403
    )


def test_a_percentage_shows_from_a_base_of_ten(make: Make, review: Review) -> None:
    worker, photo = make.worker(), make.photo()
    for _ in range(9):
        review.accepted(worker, photos=(photo,))
    month = review.draw()
    street = signed_in(make, make.supervisor())
    page = street.get(f"/fairness/rates?month={month}").text
    assert "0 / 9" in page
    assert " %" not in page
    review.accepted(worker, photos=(photo,))
    page = street.get(f"/fairness/rates?month={month}").text
    assert "0 / 10 · <b>0.0 %</b>" in page


@pytest.mark.parametrize("month", ["x", "2026-13", "9999-12", "1969-12", "2026-1"])
@pytest.mark.parametrize("path", ["/fairness/sample", "/fairness/rates"])
def test_a_month_that_is_none_is_refused(make: Make, path: str, month: str) -> None:
    client = make.signed_in(make.auditor())
    assert client.get(f"{path}?month={month}").status_code == 422


def test_a_sensitive_photo_of_another_street_is_not_shown(make: Make, review: Review) -> None:
    elsewhere = "211282002001"
    make.report(photos=(review.photo(),), community=elsewhere, at=make.now - timedelta(days=1))
    make.report(photos=(review.photo(1),))
    review.find()
    signal = review.signals()[0]
    page = signed_in(make, make.supervisor()).get(f"/fairness/signals/{signal.id}").text
    assert page.count("data-photo") == 1
    county = signed_in(make, make.administrator()).get(f"/fairness/signals/{signal.id}").text
    assert county.count("data-photo") == 2


def test_the_county_goes_on_to_propose_that_an_award_be_taken_back(
    make: Make, review: Review
) -> None:
    make_odd(make, review, 1)
    county = signed_in(make, make.administrator())
    page = county.get(f"/fairness/signals/{review.signals()[0].id}").text
    link = page.split('href="/admin/proposals?entry_id=', 1)[1].split("#", 1)[0]
    page = county.get(f"/admin/proposals?entry_id={link}").text
    assert f'value="{link}"' in page
    # Only an administrator proposes.
    street = signed_in(make, make.supervisor())
    page = street.get(f"/fairness/signals/{review.signals()[0].id}").text
    assert "/admin/proposals" not in page


@pytest.mark.parametrize(
    ("seconds", "length"),
    [(40, "40 秒"), (100, "1 分 40 秒"), (599, "9 分 59 秒"), (659, "11 分钟")],
)
def test_the_length_beside_a_speed_gives_that_speed(
    make: Make, review: Review, seconds: int, length: str
) -> None:
    rider = make.rider()
    make.report(rider, at=make.now - timedelta(seconds=seconds), **HERE)
    make.report(rider, at=make.now, **THERE)
    review.find()
    [signal] = review.signals("too_fast")
    facts = signal.facts
    assert (facts["seconds"], facts["kmh"]) == (
        seconds, round(facts["metres"] / seconds * 3.6),
    )  # fmt: skip
    page = signed_in(make, make.administrator()).get(f"/fairness/signals/{signal.id}").text
    assert f"只隔 {length}：相当于时速 {facts['kmh']} 公里" in page
