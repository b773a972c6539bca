"""The HTTP contract of reports: send, list, read, steps, history, photos, rating."""

from __future__ import annotations

import gc
import io
import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from grid_report import clock
from grid_report.db import db
from grid_report.reports.models import Report
from grid_report.reports.pages import shapes as report_shapes
from tests.api.conftest import Programs, problem
from tests.support.builders import BRIGHT, PROPERTY, STATION, Make, center_of, picture

pytestmark = pytest.mark.database


def reports() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Report)) or 0


def files(*contents: bytes) -> list[tuple[io.BytesIO, str]]:
    return [(io.BytesIO(content), f"{n}.jpg") for n, content in enumerate(contents)]


# sending


def test_a_report_is_sent_with_everything_and_read_back(make: Make, program: Programs) -> None:
    asking, center = program(make.rider()), center_of(STATION)
    sent = asking.report(
        photos=2,
        lat=center.lat,
        lng=center.lng,
        datum="gcj02",
        accuracy_m="12.5",
        place_note="东门口",
        description="路面有坑",
        taken_at="2025-11-23T07:00:00+08:00",
    )
    assert sent.status_code == 201, sent.text
    shown = report_shapes.ReportShown.model_validate(sent.json)
    assert sent.headers["Location"] == f"/api/v1/reports/{shown.number}"
    assert "Idempotent-Replayed" not in sent.headers
    assert (shown.state, shown.version, shown.description) == ("submitted", 1, "路面有坑")
    # What was sent in the maps' datum is answered in the satellites'.
    assert shown.location
    assert shown.location.datum == "wgs84"
    assert 0.0005 < abs(shown.location.lat - center.lat) < 0.01
    assert sent.json["taken_at"] == "2025-11-22T23:00:00Z"
    assert len(shown.photos) == 2
    assert shown.steps == ["withdraw"]
    read = asking.get(sent.headers["Location"])
    assert {**read.json, "steps": None} == {**sent.json, "steps": None}
    for size in ("main", "thumb"):
        picture_sent = asking.get(getattr(shown.photos[0], size))
        assert picture_sent.mimetype == "image/jpeg"
        assert picture_sent.data.startswith(b"\xff\xd8")
        assert "private" in picture_sent.headers["Cache-Control"]
        tag = {"If-None-Match": picture_sent.headers["ETag"]}
        assert asking.get(getattr(shown.photos[0], size), headers=tag).status_code == 304


def test_the_same_key_answers_what_was_stored_and_says_so(make: Make, program: Programs) -> None:
    asking, key = program(make.rider()), {"Idempotency-Key": str(uuid.uuid4())}
    shot = picture()
    first, again = (asking.report(headers=key, photos=files(shot)) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert again.json == first.json
    other = asking.report(headers=key, photos=files(shot), description="别的")
    problem(other, 422, "idempotency-key-reused")
    assert reports() == 1


@pytest.mark.parametrize("key", ["not-a-uuid", "1", "x" * 5000, "é", "00000000-0000-0000-0000"])
def test_a_key_that_is_no_uuid_is_refused(make: Make, program: Programs, key: str) -> None:
    rider, worker = make.rider(), make.worker()
    answer = program(rider).report(headers={"Idempotency-Key": key})
    problem(answer, 422, "invalid", "idempotency_key")
    assert reports() == 0
    report = make.report(rider)
    step = program(worker).step(report.number, "note", note="好", headers={"Idempotency-Key": key})
    problem(step, 422, "invalid", "idempotency_key")
    rating = program(rider).post(
        f"reports/{report.number}/rating",
        json={"solved": True, "satisfied": True},
        headers={"Idempotency-Key": key},
    )
    problem(rating, 422, "invalid", "idempotency_key")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"category": "XX99"}, {"category"}),
        ({"category": ""}, {"category"}),
        ({"category": "x" * 500}, {"category"}),
        ({"lat": "42.5"}, {"lng"}),
        ({"lat": "NaN", "lng": "-Infinity"}, {"lat", "lng"}),
        ({"lat": "1e400", "lng": "0x7f"}, {"lat", "lng"}),
        ({"lat": "91", "lng": "181"}, {"lat", "lng"}),
        ({"lat": "39.9", "lng": "116.4"}, {"lat"}),
        ({"lat": "42.5", "lng": "124.0", "datum": "bd09"}, {"datum"}),
        ({"accuracy_m": "-1"}, {"accuracy_m"}),
        ({"accuracy_m": "near"}, {"accuracy_m"}),
        ({"community": "nowhere"}, {"community"}),
        ({"compound": "nowhere"}, {"compound"}),
        ({"place_note": "x" * 201}, {"place_note"}),
        ({"description": "x" * 2001}, {"description"}),
        ({"taken_at": "yesterday"}, {"taken_at"}),
        ({"taken_at": "0001-01-01T00:00:00+14:00"}, {"taken_at"}),
        ({"taken_at": "9999-12-31T23:59:59-12:00"}, {"taken_at"}),
        ({"category": "", "description": "x" * 2001, "lat": "a", "lng": "b"},
         {"category", "description", "lat", "lng"}),
        ({"photos": 0}, {"photos"}),
        ({"photos": "not a file"}, {"photos"}),
        ({"community": ""}, {"lat"}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_report_names_its_fields(
    make: Make, program: Programs, fields: dict[str, Any], wrong: set[str]
) -> None:
    answer = program(make.rider()).report(**fields)
    assert answer.status_code == 422, answer.text
    assert set(answer.json["errors"]) == wrong
    assert reports() == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_photos_that_are_none_are_told_apart(make: Make, program: Programs) -> None:
    asking = program(make.rider())
    problem(asking.report(photos=files(b"<svg onload=alert(1)>")), 415, "not-a-picture", "photos")
    half = picture()[:-200]
    problem(asking.report(photos=files(picture(), half)), 422, "picture-broken", "photos")
    problem(asking.report(photos=7), 422, "invalid", "photos")
    big = b"\xff\xd8\xff" + b"\0" * (15 * 1024 * 1024)
    problem(asking.report(photos=files(big)), 413, "picture-too-large", "photos")
    assert reports() == 0
    # The test client leaves the temporary file of a big form to the collector: here, please.
    gc.collect()


def test_the_hours_limit_says_when_to_come_back(make: Make, program: Programs) -> None:
    rider = make.rider()
    asking, photo = program(rider), make.photo()
    for _ in range(make.settings.limits.reports_per_hour):
        make.report(rider, photos=(photo,))
    refused = asking.report()
    problem(refused, 429, "too-many-reports")
    assert 3000 < int(refused.headers["Retry-After"]) <= 3600
    assert asking.report(category="RD01").status_code == 201


# lists


def test_a_list_is_what_the_single_reports_are(make: Make, program: Programs) -> None:
    rider, worker = make.rider(), make.worker()
    make.accepted(worker, rider)
    make.report(rider, category="PS01")
    merged = make.report(rider)
    make.step(merged, "merge", worker, into=make.report().number)
    for actor in (rider, worker, make.administrator()):
        asking = program(actor)
        page = asking.get("reports").json
        report_shapes.ReportList.model_validate(page)
        assert page["items"]
        for row in page["items"]:
            one = asking.get(f"reports/{row['number']}").json
            assert "steps" not in row
            one.pop("steps")
            assert one == row


def test_pages_hold_each_report_once_whatever_is_added_meanwhile(
    make: Make, program: Programs
) -> None:
    photo, worker = make.photo(), make.worker()
    rider = make.rider()
    start = clock.now() - timedelta(hours=5)
    for number in range(5):
        make.report(rider, category="RD01", photos=(photo,), at=start + timedelta(minutes=number))
    asking = program(worker)
    for sort in ("new", "due"):
        whole = [it["number"] for it in asking.get(f"reports?sort={sort}").json["items"]]
        seen: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            page = asking.get(f"reports?sort={sort}&limit=2&cursor={cursor}").json
            assert len(page["items"]) <= 2
            seen += [it["number"] for it in page["items"]]
            cursor = page["next"]
            if sort == "new" and len(seen) == 2:
                make.report(rider, category="RD01", photos=(photo,))
        assert seen == whole


@pytest.mark.parametrize(
    "query",
    ["mine=perhaps", "state=submitted,invented", "light=blue", "sort=old", "since=23.11.2026",
     "until=9999-12-31T23:59:59-14:00", "q=%00", f"q={'x' * 101}", "category=%27", "limit=",
     "category=ZZ99", "community=211282009999", "street=1", "unit=nobody",
     "limit=0000000201", "limit=000001" + "9" * 30, "limit=" + "0" * 5000 + "9" * 5000,
     "sort=due&cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwxXQ",
     "sort=due&cursor=WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTE0OjAwIiwxXQ",
     "cursor=WzFlMzA4XQ", "cursor=W3RydWVd", "cursor=W251bGxd", "cursor=%F0%9F%92%A9"],
)  # fmt: skip
def test_an_odd_filter_names_its_field(make: Make, program: Programs, query: str) -> None:
    answer = program(make.worker()).get(f"reports?{query}")
    if query == "limit=":
        assert answer.status_code == 200  # said with nothing is not said
        return
    name = query.rpartition("&")[2].split("=")[0]
    problem(answer, 422, "invalid", name)


def test_filters_narrow(make: Make, program: Programs) -> None:
    rider, worker = make.rider(), make.worker()
    old = make.report(rider, at=clock.now() - timedelta(days=2), description="旧的")
    new = make.accepted(worker, rider)
    asking = program(make.supervisor())
    yesterday = (clock.now() - timedelta(days=1)).isoformat().replace("+00:00", "Z")
    for query, expected in (
        ("", {old.number, new.number}),
        ("state=accepted", {new.number}),
        ("state=submitted,accepted", {old.number, new.number}),
        (f"since={yesterday}", {new.number}),
        (f"until={yesterday}", {old.number}),
        (f"community={STATION}", {old.number, new.number}),
        (f"community={BRIGHT}", set()),
        ("q=旧的", {old.number}),
        (f"q={new.number}", {new.number}),
        ("mine=true", set()),
        ("mine=0&light=", {old.number, new.number}),
        ("light=red", {old.number}),
        ("category=RD02", {old.number, new.number}),
        ("category=RD", {old.number, new.number}),
        ("category=FS01", set()),
    ):
        found = {it["number"] for it in asking.get(f"reports?{query}").json["items"]}
        assert found == expected, query


# steps


def test_a_case_goes_all_the_way_by_the_api_alone(make: Make, program: Programs) -> None:
    rider = program(make.rider())
    worker, unit, street = (
        program(make.worker()),
        program(make.handler()),
        program(make.supervisor()),
    )
    number = rider.report().json["number"]
    shown = worker.step(number, "accept", category="RD02", severity=2, version=1)
    assert (shown.status_code, shown.json["state"]) == (200, "accepted")
    assert worker.step(number, "dispatch", unit=PROPERTY).json["unit"] == PROPERTY
    assert unit.step(number, "start").json["state"] == "in_progress"
    refused = unit.step(number, "handle", note="已修好")
    problem(refused, 422, "invalid", "photos")
    handed_in = unit.post(
        f"reports/{number}/steps",
        data={"step": "handle", "note": "已修好", "photos": [(io.BytesIO(picture()), "after.jpg")]},
    )
    assert handed_in.status_code == 200, handed_in.text
    assert [p["kind"] for p in handed_in.json["photos"]] == ["before", "after"]
    problem(unit.step(number, "pass"), 403, "forbidden")
    closed = street.step(number, "pass")
    report_shapes.ReportShown.model_validate(closed.json)
    assert closed.json["state"] == "closed"
    mine = rider.get(f"reports/{number}").json
    assert mine["points"] == 20
    rated = rider.post(f"reports/{number}/rating", json={"solved": True, "satisfied": False})
    report_shapes.Rated.model_validate(rated.json)
    assert rated.status_code == 201
    history = rider.get(f"reports/{number}/history")
    items = history.json["items"]
    assert [it["step"] for it in items] == [
        "submit", "accept", "dispatch", "start", "handle", "pass", "rate",
    ]  # fmt: skip
    assert [it["from"] for it in items][:3] == [None, "submitted", "accepted"]
    assert [it["role"] for it in items][:5] == ["rider", "worker", "worker", "handler", "handler"]
    assert len(items[0]["photos"]) == len(items[4]["photos"]) == 1
    tag = {"If-None-Match": history.headers["ETag"]}
    assert rider.get(f"reports/{number}/history", headers=tag).status_code == 304


def test_an_old_version_an_illegal_step_and_a_reused_key_are_told_apart(
    make: Make, program: Programs
) -> None:
    worker, number = program(make.worker()), make.report().number
    accept = {"category": "RD02", "severity": 2}
    key = {"Idempotency-Key": str(uuid.uuid4())}
    first = worker.step(number, "accept", headers=key, **accept)
    again = worker.step(number, "accept", headers=key, **accept)
    assert first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    problem(worker.step(number, "note", note="x", headers=key), 422, "idempotency-key-reused")
    problem(worker.step(number, "accept", **accept), 409, "illegal-step")
    problem(worker.step(number, "start", version=1), 409, "stale")
    problem(worker.step(number, "start", version=99), 409, "stale")
    assert worker.step(number, "start", version=2).status_code == 200


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ("step",)),
        ({"step": "invented"}, ("step",)),
        ({"step": "submit"}, ("step",)),
        ({"step": "rate"}, ("step",)),
        ({"step": None}, ("step",)),
        ({"step": ["accept"]}, ("step",)),
        ({"step": "accept"}, ("category", "severity")),
        ({"step": "accept", "category": "RD02", "severity": 5}, ("severity",)),
        ({"step": "accept", "category": "RD02", "severity": "2"}, ("severity",)),
        ({"step": "accept", "category": "RD02", "severity": True}, ("severity",)),
        ({"step": "accept", "category": "RD02", "severity": 2.5}, ("severity",)),
        ({"step": "accept", "category": "XX99", "severity": 2}, ("category",)),
        ({"step": "accept", "category": "RD02", "severity": 2, "unit": "nobody"}, ("unit",)),
        ({"step": "accept", "category": "RD02", "severity": 2, "version": 10**30}, ("version",)),
        ({"step": "note", "note": "x" * 1001}, ("note",)),
        ({"step": "note", "note": "\x00\x07"}, ("note",)),
        ({"step": "transfer", "community": "nowhere", "reason": "r"}, ("community",)),
        ({"step": "merge", "into": "KY-20200101-0001"}, ("into",)),
        ({"step": "merge", "into": "\x00"}, ("into",)),
        ([], ("body",)),
        ("accept", ("body",)),
    ],
)
def test_what_is_wrong_with_a_step_names_its_fields(
    make: Make, program: Programs, body: Any, fields: tuple[str, ...]
) -> None:
    number = make.report().number
    answer = program(make.worker()).post(f"reports/{number}/steps", json=body)
    problem(answer, 422, "invalid", *fields)
    db.session.rollback()
    assert db.session.scalars(select(Report.version)).one() == 1


@pytest.mark.parametrize("review_on", ["2026-13-01", "tomorrow", "2099-01-01T25:00", "1"])
def test_a_day_is_a_day(make: Make, program: Programs, review_on: str) -> None:
    number = make.accepted(make.worker()).number
    answer = program(make.supervisor()).step(
        number, "suspend", reason="等配件", review_on=review_on
    )
    problem(answer, 422, "invalid", "review_on")


@pytest.mark.parametrize("deadline", ["soon", "0001-01-01T00:00:00+14:00", "2020-01-01T00:00Z"])
def test_a_deadline_is_an_instant_later_than_the_one_before(
    make: Make, program: Programs, deadline: str
) -> None:
    worker = make.worker()
    report = make.accepted(worker)
    make.step(report, "start", worker)
    answer = program(worker).step(report.number, "extend", reason="缺料", deadline=deadline)
    problem(answer, 422, "invalid", "deadline")


def test_a_form_with_odd_numbers_is_told_so(make: Make, program: Programs) -> None:
    number, worker = make.report().number, program(make.worker())
    for odd in ("--5", "2-", "٣٣", "1e1", "2.0", "9" * 50, " "):
        answer = worker.post(
            f"reports/{number}/steps",
            data={"step": "accept", "category": "RD02", "severity": odd, "version": odd},
        )
        assert answer.status_code == 422, odd
        assert "severity" in answer.json["errors"], odd


# rating


def test_a_rating_is_two_answers_given_once(make: Make, program: Programs) -> None:
    rider = make.rider()
    worker, handler = make.worker(), make.handler()
    report = make.handled(worker, handler, rider)
    asking = program(rider)
    path = f"reports/{report.number}/rating"
    both = {"solved": True, "satisfied": True}
    problem(asking.post(path, json=both), 403, "forbidden")
    make.step(report, "pass", make.worker())
    problem(asking.post(path, json={"solved": 1}), 422, "invalid", "solved", "satisfied")
    problem(asking.post(path, json={**both, "words": "x" * 1001}), 422, "invalid", "words")
    problem(program(worker).post(path, json=both), 403, "forbidden")
    problem(program(make.rider()).post(path, json=both), 404, "not-found")
    assert asking.post(path, json={**both, "words": "谢谢\x00"}).status_code == 201
    again = asking.post(path, json=both)
    assert again.headers["Idempotent-Replayed"] == "true"
    problem(asking.post(path, json={**both, "solved": False}), 409, "already-rated")
