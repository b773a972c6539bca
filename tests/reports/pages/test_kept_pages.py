"""The rider's pages and the API say that a report waits for the number, and lead to its proof."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any

import pytest
from sqlalchemy import select

from grid_report.access import Actor, Grant
from grid_report.access.roles import Role
from grid_report.accounts.consent_kinds import ConsentKind
from grid_report.db import db
from grid_report.places.queries import reference
from grid_report.reports.kept_models import KeptPhoto, KeptReport
from grid_report.reports.models import Report
from tests.accounts.browsing import post_form
from tests.support.builders import STATION, Make, picture

pytestmark = pytest.mark.database


def posted(make: Make, rider: Actor) -> tuple[Any, str]:
    browser = make.signed_in(rider)
    page = browser.get("/report/new").text
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert token
    answer = browser.post(
        "/report/new",
        data={
            "csrf_token": token[1], "key": str(uuid.uuid4()), "category": "RD02",
            "community": STATION, "place_note": "北门", "description": "路面有坑",
            "photos": (io.BytesIO(picture()), "a.jpg"),
        },
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    db.session.rollback()
    return browser, db.session.scalars(select(KeptReport.number)).one()


def test_the_form_says_before_anything_is_sent_what_goes_at_once_and_what_waits(
    make: Make,
) -> None:
    page = make.signed_in(make.unproved()).get("/report/new").text
    assert "紧急的立即送出，其他的先完整保存，验证后就送出" in page
    assert 'href="/me/number?next=/report/new"' in page
    assert "紧急的立即送出" not in make.signed_in(make.rider()).get("/report/new").text


def test_each_tile_says_to_whom_is_unproved_whether_it_goes_at_once(make: Make) -> None:
    page = make.signed_in(make.unproved()).get("/report/new").text
    for category in reference().categories.in_use:
        tile = re.search(
            rf'<label class="tile">\s*<input[^>]*value="{category.code}".*?</label>', page, re.S
        )
        assert tile
        assert ("立即送出" in tile[0]) is category.is_urgent, category.code
        assert f'data-goes="{"now" if category.is_urgent else "kept"}"' in tile[0]
    assert "带此标记的立即送出" in page
    proved = make.signed_in(make.rider()).get("/report/new").text
    assert "立即送出" not in proved
    assert "data-goes" not in proved


def test_the_page_after_sending_says_it_waits_and_leads_to_the_proof(make: Make) -> None:
    browser, number = posted(make, make.unproved())
    page = browser.get(f"/report/sent/{number}").text
    assert "data-sent" in page
    assert "等你验证手机号" in page
    assert "上报已完整保存" in page
    assert f'href="/me/number?next=/my/reports/{number}"' in page
    assert "北门" in page
    proof = browser.get(f"/me/number?next=/my/reports/{number}")
    assert proof.status_code == 200
    assert "其他上报先保存" in proof.text


def test_its_page_its_photo_and_its_line_are_the_riders(make: Make) -> None:
    rider = make.unproved()
    browser, number = posted(make, rider)
    name = db.session.scalars(select(KeptPhoto.name)).one()
    page = browser.get(f"/my/reports/{number}").text
    assert "data-sent" not in page
    assert "等你验证手机号" in page
    assert f"/reports/{number}/photos/{name}/main" in page
    for size in ("main", "thumb"):
        with browser.get(f"/reports/{number}/photos/{name}/{size}") as shown:
            assert shown.status_code == 200
    assert browser.get(f"/reports/{number}/photos/{'0' * 64}/main").status_code == 404
    assert browser.get(f"/reports/{number}").headers["Location"] == f"/my/reports/{number}"
    for chosen, there in (("all", True), ("open", True), ("done", False)):
        assert (number in browser.get(f"/my/reports?state={chosen}").text) is there
    make.prove(rider)
    assert "手机号验证后已送出" in browser.get(f"/my/reports/{number}").text
    assert "等你验证手机号" not in browser.get("/my/reports").text


def test_it_is_taken_back_on_its_page(make: Make) -> None:
    browser, number = posted(make, make.unproved())
    page = f"/my/reports/{number}"
    steps = f"/reports/{number}/steps"
    refused = post_form(browser, f"{steps}/supplement", page, version="1", note="还在")
    assert refused.status_code == 409
    assert "等你验证手机号" in refused.text
    assert "还没发出去，请再看一下" in refused.text
    done = post_form(browser, f"{steps}/withdraw", page, version="1")
    assert (done.status_code, done.headers["Location"]) == (303, page)
    assert "/steps/withdraw" not in browser.get(page).text
    assert number in browser.get("/my/reports?state=done").text
    assert number not in browser.get("/my/reports?state=open").text


def test_no_community_is_looked_for_once_a_report_is_taken_back(make: Make) -> None:
    rider, routed = make.unproved(), make.member(Grant(Role.RIDER), consents=[ConsentKind.PHOTOS])
    browser, number = posted(make, rider)
    assert "正在找社区" not in browser.get("/my/reports").text
    post_form(browser, f"/reports/{number}/steps/withdraw", f"/my/reports/{number}", version="1")
    page = browser.get("/my/reports").text
    assert "北门" in page
    assert "正在找社区" not in page
    other = make.signed_in(routed)
    report = make.report(routed, community=None, place_note="桥头")
    assert "正在找社区" in other.get("/my/reports").text
    make.step(report, "withdraw", routed)
    assert "正在找社区" not in other.get("/my/reports").text


def sent(make: Make, rider: Actor, **more: Any) -> Any:
    return make.app.test_client().post(
        "/api/v1/reports",
        data={
            "category": "RD02", "community": STATION, "description": "路面有坑",
            "photos": (io.BytesIO(picture()), "a.jpg"), **more,
        },
        headers=make.token(rider) | {"Idempotency-Key": str(uuid.uuid4())},
    )  # fmt: skip


def test_the_api_answers_201_and_says_what_it_waits_for(make: Make) -> None:
    rider = make.unproved()
    answer = sent(make, rider)
    body = answer.get_json()
    assert answer.status_code == 201
    assert answer.headers["Location"] == f"/api/v1/reports/{body['number']}"
    assert (body["state"], body["light"], body["community"]) == ("kept", None, None)
    assert body["waits_for"] == {"proof_of": "number", "page": "/me/number"}
    assert set(body["due"].values()) == {None}
    assert body["steps"] == ["withdraw"]
    client, headers = make.app.test_client(), make.token(rider)
    shown = client.get(answer.headers["Location"], headers=headers).get_json()
    assert shown == body
    (line,) = client.get("/api/v1/reports", headers=headers).get_json()["items"]
    assert line == {key: value for key, value in body.items() if key != "steps"}
    (step,) = client.get(f"{answer.headers['Location']}/history", headers=headers).get_json()[
        "items"
    ]
    assert (step["step"], step["from"], step["to"]) == ("submit", None, "kept")
    assert step["words"] == "路面有坑"
    for size in ("main", "thumb"):
        with client.get(body["photos"][0][size], headers=headers) as photo:
            assert photo.status_code == 200
    make.prove(rider)
    later = client.get(answer.headers["Location"], headers=headers).get_json()
    assert (later["state"], later["waits_for"]) == ("submitted", None)
    assert later["sent_at"] == body["sent_at"] == body["created_at"]
    assert later["created_at"] > later["sent_at"]
    assert later["due"]["accept"] is not None


def test_the_api_takes_it_back(make: Make) -> None:
    rider = make.unproved()
    number = sent(make, rider).get_json()["number"]
    client, key = make.app.test_client(), str(uuid.uuid4())
    headers = make.token(rider) | {"Idempotency-Key": key}
    path = f"/api/v1/reports/{number}/steps"
    wrong = client.post(path, json={"step": "supplement", "note": "x"}, headers=make.token(rider))
    assert (wrong.status_code, wrong.get_json()["code"]) == (409, "illegal-step")
    done = client.post(path, json={"step": "withdraw"}, headers=headers)
    assert (done.status_code, done.get_json()["state"]) == (200, "withdrawn")
    assert done.get_json()["waits_for"] is None
    again = client.post(path, json={"step": "withdraw"}, headers=headers)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = make.token(make.unproved())
    assert client.post(path, json={"step": "withdraw"}, headers=other).status_code == 404
    history = client.get(f"/api/v1/reports/{number}/history", headers=headers).get_json()
    assert [it["step"] for it in history["items"]] == ["submit", "withdraw"]


def test_the_list_pages_through_kept_ones_and_goes_on_among_the_others(make: Make) -> None:
    rider = make.unproved()
    kept = [make.report(rider).number for _ in range(3)]
    urgent = [make.report(rider, category="RD01").number for _ in range(3)]
    client, headers = make.app.test_client(), make.token(rider)
    for limit in (1, 2, 3, 4, 50):
        found: list[str] = []
        cursor = ""
        for _ in range(10):
            page = client.get(
                f"/api/v1/reports?limit={limit}&cursor={cursor}", headers=headers
            ).get_json()
            assert len(page["items"]) <= limit
            found += [it["number"] for it in page["items"]]
            if page["next"] is None:
                break
            cursor = page["next"]
        assert found == kept[::-1] + urgent[::-1]


@pytest.mark.parametrize(
    ("query", "kept", "urgent"),
    [
        ("state=kept", True, False),
        ("state=open", True, True),
        ("state=kept,submitted", True, True),
        ("state=submitted", False, True),
        ("state=withdrawn", False, False),
        (f"community={STATION}", False, True),
        ("light=yellow", False, True),
        ("sort=due", False, True),
        ("category=RD02", True, False),
        ("q=路面", True, False),
        ("since=2030-01-01", False, False),
        ("until=2030-01-01", True, True),
    ],
)
def test_what_a_list_is_narrowed_to_holds_for_kept_ones_too(
    make: Make, query: str, kept: bool, urgent: bool
) -> None:
    rider = make.unproved()
    waits = make.report(rider, description="路面有坑").number
    at_once = make.report(rider, category="RD01").number
    client, headers = make.app.test_client(), make.token(rider)
    items = client.get(f"/api/v1/reports?{query}", headers=headers).get_json()["items"]
    assert {it["number"] for it in items} == {
        number for number, there in ((waits, kept), (at_once, urgent)) if there
    }


@pytest.mark.parametrize("cursor", ["WyJrZXB0IiwieCJd", "WyJrZXB0IiwtMV0", "WyJrZXB0Il0", "!!"])
def test_a_cursor_nobody_gave_is_refused(make: Make, cursor: str) -> None:
    headers = make.token(make.unproved())
    answer = make.app.test_client().get(f"/api/v1/reports?cursor={cursor}", headers=headers)
    assert answer.status_code == 422


def test_at_the_desk_a_rider_is_told_apart_by_when_it_was_sent(make: Make) -> None:
    rider, worker = make.unproved(at=make.now), make.worker()
    number = make.report(rider, at=make.now).number
    make.prove(rider, at=make.later(5))
    page = make.signed_in(worker).get(f"/desk/{number}").text
    assert "手机号验证后送达" in page
    other = make.report()
    assert "手机号验证后送达" not in make.signed_in(worker).get(f"/desk/{other.number}").text
    db.session.rollback()
    assert db.session.scalars(select(Report.sent_at).where(Report.number == number)).one()


def test_what_went_unproved_is_promised_no_points(make: Make) -> None:
    rider = make.unproved()
    urgent = make.report(rider, category="RD01").number
    assert "积分。" not in make.signed_in(rider).get(f"/report/sent/{urgent}").text
    make.prove(rider)
    other = make.report(rider).number
    assert "积分。" in make.signed_in(rider).get(f"/report/sent/{other}").text
