"""The review through the API: what may be seen, a judgement given once, rates as fractions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from grid_report.access import Actor
from grid_report.accounts.aliases import rider_alias
from grid_report.db import transaction
from grid_report.fairness.models import Signal
from grid_report.fairness.pages import shapes
from tests.api.conftest import Programs, problem
from tests.fairness.conftest import Review
from tests.reports.desk.test_lists import counted
from tests.support.builders import BRIGHT, STATION, Make

pytestmark = pytest.mark.database


@pytest.fixture
def review(make: Make) -> Review:
    return Review(make)


def make_odd(make: Make, review: Review, count: int, rider: Actor | None = None) -> None:
    """Have reports accepted whose photos are older than they may be."""
    worker, old = make.worker(), make.now - timedelta(days=3)
    for day in range(count):
        photo = review.photo(day % 10, taken_at=old)
        review.accepted(
            worker, rider, photos=(photo,), at=make.now - timedelta(days=1, minutes=day)
        )
    review.find()


def test_a_fact_nobody_knows_is_left_out(make: Make, review: Review, program: Programs) -> None:
    """Two photos of the same second have no speed between them."""
    make_odd(make, review, 1)
    with transaction() as session:
        for it in session.scalars(select(Signal)):
            it.facts = {"metres": 900, "seconds": 0, "kmh": None}
    for signal in program(make.supervisor()).get("fairness/signals").json["items"]:
        assert signal["facts"] == {"metres": 900, "seconds": 0, "same_rider": True}


def test_a_signal_is_seen_by_its_street_and_judged_once(
    make: Make, review: Review, program: Programs
) -> None:
    rider = make.rider()
    make_odd(make, review, 1, rider)
    street = program(make.supervisor())
    listed = shapes.SignalList.model_validate(street.get("fairness/signals").json)
    (it,) = [one for one in listed.items if one.kind == "photo_old"]
    assert (it.state, it.case.alias) == ("open", rider_alias(rider.member_id))
    path = f"fairness/signals/{it.id}"
    shown = shapes.SignalShown.model_validate(street.get(path).json)
    assert shown.may_judge
    assert (shown.facts["seconds"] > 86_400, "photo" in shown.facts) == (True, False)
    (photo,) = shown.case.photos
    assert photo.is_the_one
    assert street.get(photo.thumb).status_code == 200
    assert [award.points for award in shown.case.awards] == [15]
    for odd, fields in (
        ({}, ("judgement",)),
        ({"judgement": "odd"}, ("judgement",)),
        ({"judgement": "open"}, ("judgement",)),
        ({"judgement": "followed_up"}, ("words",)),
        ({"judgement": "dismissed", "words": "x" * 1001}, ("words",)),
    ):
        problem(street.post(f"{path}/judgement", json=odd), 422, "invalid", *fields)
    body = {"judgement": "followed_up", "words": "已问骑手"}
    for _ in range(2):
        done = street.post(f"{path}/judgement", json=body)
        assert (done.status_code, done.json["state"], done.json["may_judge"]) == (
            200,
            "followed_up",
            False,
        )
    other = program(make.supervisor())
    problem(other.post(f"{path}/judgement", json={"judgement": "dismissed"}), 409, "already-judged")
    # The county sees what was odd, but neither whose it is nor the street's order of work.
    (county,) = (
        program(make.auditor()).get("fairness/signals?state=all&kind=photo_old").json["items"]
    )
    assert (county["trust"], county["case"]["alias"]) == (None, None)


def test_the_review_is_nobody_elses(make: Make, review: Review, program: Programs) -> None:
    make_odd(make, review, 1)
    review.draw()
    signal, sampled = review.signals()[0].id, review.sampled()[0].id
    elsewhere, worker = program(make.supervisor("211282002")), program(make.worker())
    for path in (f"fairness/signals/{signal}", f"fairness/sample/{sampled}"):
        for nobody in (worker, program(make.rider())):
            problem(nobody.get(path), 403, "forbidden")
            problem(nobody.post(f"{path}/judgement", json={}), 403, "forbidden")
        problem(elsewhere.get(path), 404, "not-found")
        problem(elsewhere.post(f"{path}/judgement", json={}), 404, "not-found")
        auditor = program(make.auditor())
        assert auditor.get(path).status_code == 200
        assert not auditor.get(path).json["may_judge"]
        problem(auditor.post(f"{path}/judgement", json={}), 403, "forbidden")
    for path in ("signals", "sample", "rates"):
        problem(worker.get(f"fairness/{path}"), 403, "forbidden")
        assert elsewhere.get(f"fairness/{path}").json["items"] == []
    for path in ("signals/999999", "sample/999999"):
        problem(program(make.supervisor()).get(f"fairness/{path}"), 404, "not-found")


def test_a_sample_is_looked_at_one_by_one(make: Make, review: Review, program: Programs) -> None:
    worker = make.worker()
    for _ in range(3):
        review.accepted(worker)
    month = str(review.draw())
    street = program(make.supervisor())
    whole = shapes.SampleShown.model_validate(street.get(f"fairness/sample?month={month}").json)
    assert (whole.population, whole.progress.judged, whole.progress.drawn) == (3, 0, 3)
    assert whole.drawn_at is not None
    ids = []
    cursor: str | None = ""
    while cursor is not None:
        page = street.get(f"fairness/sample?limit=2&cursor={cursor}").json
        ids += [it["id"] for it in page["items"]]
        cursor = page["next"]
    assert ids == [it.id for it in whole.items]
    path = f"fairness/sample/{ids[0]}"
    problem(street.post(f"{path}/judgement", json={"judgement": "disagree"}), 422, "invalid",
            "words")  # fmt: skip
    for _ in range(2):
        done = street.post(f"{path}/judgement", json={"judgement": "agree"})
        shown = shapes.SampledShown.model_validate(done.json)
        assert (shown.finding, shown.may_judge, shown.month) == ("agree", False, month)
    assert street.get("fairness/sample").json["progress"] == {"judged": 1, "drawn": 3}
    rates = shapes.ReviewRatesShown.model_validate(street.get(f"fairness/rates?month={month}").json)
    (it,) = [one for one in rates.items if one.community.code == STATION]
    assert (it.agreement.numerator, it.agreement.denominator, it.agreement.percent) == (1, 1, None)
    assert (it.drawn, it.refusal.denominator) == (3, 3)
    assert BRIGHT not in {one.community.code for one in rates.items}
    never = street.get("fairness/sample?month=2020-01").json
    assert (never["drawn_at"], never["population"], never["items"]) == (None, None, [])
    for odd in ("sample?month=x", "rates?month=2026-13", "signals?kind=odd", "signals?state=odd",
                "signals?community=1", "signals?limit=0", "signals?cursor=W10",
                "sample?cursor=W10"):  # fmt: skip
        name = odd.partition("?")[2].partition("=")[0]
        problem(street.get(f"fairness/{odd}"), 422, "invalid", name)


@pytest.mark.parametrize("path", ["signals", "sample", "rates"])
def test_a_list_costs_the_same_however_long(
    make: Make, review: Review, program: Programs, path: str
) -> None:
    street, used = program(make.supervisor()), []
    for count in (2, 8):
        make_odd(make, review, count)
        if count == 2:
            review.draw()
        with counted() as statements:
            assert street.get(f"fairness/{path}").status_code == 200
        used.append(len(statements))
    assert used[0] == used[1]
