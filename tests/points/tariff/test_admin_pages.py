"""Administrators' pages of points, the rules and the handbook, through the browser's requests."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from grid_report import clock
from grid_report.access import Actor
from grid_report.clock import Month, local_day
from grid_report.db import db
from grid_report.points.history import queries as history_queries
from grid_report.points.learning.handbook import QUIZ
from grid_report.points.rewards import tariff_queries
from grid_report.points.tariff.fields import numbers_of
from tests.points.book import pool
from tests.support.builders import STATION, Make

pytestmark = pytest.mark.database


def browser(make: Make, actor: Actor) -> FlaskClient:
    client = make.signed_in(actor)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/me").text)
    assert token is not None
    client.environ_base["HTTP_X_CSRFTOKEN"] = token[1]
    return client


def draft_form(**changed: Any) -> dict[str, Any]:
    return {"code": "2031-1", "seen": "0", **numbers_of(tariff_queries.at(clock.now())), **changed}


def test_one_administrator_writes_and_another_publishes_the_next_version(make: Make) -> None:
    first, second = make.administrator(), make.administrator()
    writer, publisher = browser(make, first), browser(make, second)
    assert writer.post("/admin/tariff/draft", data=draft_form(r1_1=11)).status_code == 303
    page = writer.get("/admin/tariff").text
    assert "2031-1" in page
    assert "/admin/tariff/publish" not in page
    day = local_day(clock.now() + timedelta(days=2), make.settings.county.tz).isoformat()
    sent = {"seen": "1", "starts_on": day}
    assert writer.post("/admin/tariff/publish", data=sent).status_code == 403
    assert "/admin/tariff/publish" in publisher.get("/admin/tariff").text
    old = publisher.post("/admin/tariff/publish", data={"seen": "1", "starts_on": "2020-01-01"})
    assert old.status_code == 422
    assert 'value="2020-01-01"' in old.text
    assert publisher.post("/admin/tariff/publish", data=sent).status_code == 303
    assert "2031-1" in writer.get("/admin/tariff").text
    assert "撤回这一版" in writer.get("/admin/tariff").text
    assert writer.post("/admin/tariff/2020-1/withdraw").status_code == 409
    assert writer.post("/admin/tariff/2031-1/withdraw").status_code == 303


def test_a_refused_draft_keeps_what_was_typed_and_names_the_field(make: Make) -> None:
    client = browser(make, make.administrator())
    answer = client.post("/admin/tariff/draft", data=draft_form(r1_2="viel", cap_day="-1"))
    assert answer.status_code == 422
    assert 'value="viel"' in answer.text
    assert 'value="-1"' in answer.text
    assert client.post("/admin/tariff/draft", data=draft_form(code="a b")).status_code == 422
    assert client.post("/admin/tariff/draft", data=draft_form(seen="7")).status_code == 409


def test_what_waits_shows_who_why_and_lets_only_others_decide(make: Make) -> None:
    first, second = make.administrator(name="甲"), make.administrator(name="乙")
    month = Month.of(clock.now(), make.settings.county.tz)
    form = {
        "kind": "grant",
        "key": str(uuid.uuid4()),
        "community": STATION,
        "month": str(month),
        "points": "500",
        "reason": "冬季巡查",
    }
    mine, other = browser(make, first), browser(make, second)
    for _ in range(2):
        assert mine.post("/admin/proposals", data=form).status_code == 303
    page = mine.get("/admin/proposals").text
    assert page.count("冬季巡查") == 1
    assert "/approve" not in page
    page = other.get("/admin/proposals").text
    assert "甲" in page
    address = re.search(r"/admin/proposals/\d+/approve", page)
    assert address is not None
    assert mine.post(address[0]).status_code == 403
    declined = other.post(address[0].replace("approve", "decline"))
    assert declined.status_code == 422
    assert other.post(address[0], data={"note": "好"}).status_code == 303
    assert other.post(address[0]).status_code == 409
    db.session.rollback()
    assert pool(STATION, month).granted == 3500
    refused = mine.post("/admin/proposals", data={**form, "points": "x"})
    assert refused.status_code == 422
    assert "冬季巡查" in refused.text
    for kind in ("", "theft"):
        assert mine.post("/admin/proposals", data={**form, "kind": kind}).status_code == 422


def test_a_rider_learns_and_reads_the_rules(make: Make) -> None:
    rider = make.rider()
    client = browser(make, rider)
    assert "2020-1" in client.get("/rules").text
    assert client.post("/handbook/photo").location.endswith("/handbook/place")
    assert client.get("/handbook/nothing").status_code == 404
    wrong = client.post("/handbook/quiz", data={"riding": "slow"})
    assert wrong.status_code == 422
    right = {question: answer for question, _, answer in QUIZ}
    for _ in range(2):
        assert client.post("/handbook/quiz", data=right).status_code == 303
    db.session.rollback()
    assert history_queries.balance(rider.member_id).available == 15
    entry = history_queries.list_entries(rider.member_id)[0][0]
    assert client.get(f"/my/points/{entry.id}").status_code == 200


def test_the_page_behind_a_line_says_why_it_is_less(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    for _ in range(4):
        report = make.report(rider)
        make.step(report, "accept", worker, category="RD02", severity=2)
    entry = history_queries.list_entries(rider.member_id)[0][0]
    assert entry.points == 8
    page = make.signed_in(rider).get(f"/my/points/{entry.id}").text
    assert "当天同类第 4 件：15 分减半" in page


def test_who_came_later_reads_why_there_are_no_points(make: Make) -> None:
    rider, worker = make.rider(), make.worker()
    report = make.accepted(worker)
    later = make.report(rider)
    make.step(later, "merge", worker, into=report.number)
    page = make.signed_in(rider).get("/my/points").text
    assert "你提交之前社区已受理这处隐患" in page


def test_the_desk_proposes_good_evidence_with_one_tick(make: Make) -> None:
    worker, rider = make.worker(), make.rider()
    poor = make.report(rider)
    good = make.report(rider, photos=(make.photo(), make.photo()), place_note="站前路 1 号")
    client = browser(make, worker)
    assert 'name="evidence"' not in client.get(f"/desk/{poor.number}").text
    assert 'name="evidence" value="1" checked' in client.get(f"/desk/{good.number}").text
    form = {"category": "RD02", "severity": "2", "evidence": "1"}
    assert client.post(f"/reports/{poor.number}/steps/accept", data=form).status_code == 422
    assert client.post(f"/reports/{good.number}/steps/accept", data=form).status_code == 303
    db.session.rollback()
    assert history_queries.balance(rider.member_id).available == 18


def test_a_program_confirms_good_evidence_as_well(make: Make) -> None:
    worker, rider = make.worker(), make.rider()
    good = make.report(rider, photos=(make.photo(), make.photo()), place_note="站前路 1 号")
    client = make.app.test_client()
    body = {"step": "accept", "category": "RD02", "severity": 2, "evidence": "perhaps"}
    address, header = f"/api/v1/reports/{good.number}/steps", make.token(worker)
    refused = client.post(address, json=body, headers=header)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["evidence"])
    done = client.post(address, json={**body, "evidence": True}, headers=header)
    assert done.status_code == 200
    db.session.rollback()
    assert history_queries.balance(rider.member_id).available == 18


def test_the_pages_of_looking_again_and_of_a_merit(make: Make) -> None:
    worker, rider = make.worker(), make.rider()
    report = make.handled(worker, make.handler(), rider)
    desk, phone = browser(make, worker), browser(make, rider)
    base = f"/reports/{report.number}"
    assert phone.post(f"{base}/recheck/photos").status_code == 409
    assert f"{base}/recheck" in desk.get(f"/desk/{report.number}").text
    assert desk.post(f"{base}/recheck", data={"note": "拍整条路"}).status_code == 303
    assert desk.post(f"{base}/recheck").status_code == 409
    assert "拍整条路" in phone.get(f"/my/reports/{report.number}").text
    assert phone.post(f"{base}/recheck/photos").status_code == 422
    refused = desk.post(f"{base}/merit", data={"points": "7", "reason": "救了人"})
    assert refused.status_code == 422
    assert "救了人" in refused.text
    merit = {"points": "150", "reason": "救了人"}
    assert desk.post(f"{base}/merit", data=merit).status_code == 303
    assert desk.post(f"{base}/merit", data=merit).status_code == 409


@pytest.mark.parametrize("path", ["/admin/tariff", "/admin/tariff/draft", "/admin/proposals"])
def test_the_menu_lights_points_on_each_of_their_pages(make: Make, path: str) -> None:
    page = make.signed_in(make.administrator()).get(path).get_data(as_text=True)
    assert 'href="/admin/tariff" aria-current="page"' in page
