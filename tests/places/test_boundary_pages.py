"""The administrator's page of boundaries, and the boundaries for the built-in map."""

from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete
from werkzeug.test import TestResponse

from grid_report.db import db, transaction
from grid_report.places import queries, steps
from grid_report.places.boundaries import geojson
from grid_report.places.models import Boundary, BoundaryVersion
from tests.places.test_imports import (
    DEMO_FILE,
    STATION,
    broken,
    counts,
    owner,
    run,
    spiked,
    swapped,
)
from tests.support.builders import Make

pytestmark = pytest.mark.database

OTHERS = ("211282001003", "211282001004")


@pytest.fixture
def browser(app: Flask, make: Make) -> FlaskClient:
    found: FlaskClient = make.signed_in(make.administrator())
    return found


def token_on(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, page.text[:500]
    return found[1]


def post(browser: FlaskClient, address: str, **data: Any) -> TestResponse:
    # Everybody has this page, and it carries forms with a token.
    data["csrf_token"] = token_on(browser.get("/me"))
    return browser.post(address, data=data, content_type="multipart/form-data")


def upload(browser: FlaskClient, content: bytes, name: str = "new.geojson") -> TestResponse:
    return post(browser, "/admin/boundaries", file=(io.BytesIO(content), name))


def test_the_page_shows_the_boundaries_that_count(browser: FlaskClient) -> None:
    page = browser.get("/admin/boundaries")
    assert page.status_code == 200
    assert "演示边界，非真实" in page.text
    assert page.text.count("<path d=") >= 39
    assert "站前社区" in page.text
    assert " style=" not in page.text
    assert "kaiyuan-demo.geojson" in page.text


def test_the_page_is_complete_in_english(browser: FlaskClient) -> None:
    page = browser.get("/admin/boundaries", headers={"Accept-Language": "en"})
    assert "These are demo boundaries" in page.text
    assert "Import boundaries" in page.text


def test_an_upload_is_previewed_then_confirmed(browser: FlaskClient) -> None:
    sent = upload(browser, swapped())
    assert sent.status_code == 303
    assert owner() == STATION
    preview = browser.get(sent.location)
    assert preview.status_code == 200
    assert "new.geojson" in preview.text
    assert "光明社区" in preview.text
    assert "stroke-dasharray" in preview.text
    seen = re.search(r'name="seen_version" value="(\d+)"', preview.text)
    assert seen
    done = browser.post(
        f"{sent.location}/import",
        data={"csrf_token": token_on(preview), "seen_version": seen[1]},
    )
    assert done.status_code == 303
    assert owner() != STATION
    after = browser.get(done.location)
    assert "39" in after.text
    assert "new.geojson" in after.text


def test_a_bad_file_is_refused_with_the_reason_and_changes_nothing(browser: FlaskClient) -> None:
    before = counts()
    page = upload(browser, broken())
    assert page.status_code == 422
    assert "没有闭合" in page.text
    assert "第 6 个要素" in page.text
    assert counts() == before


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8\xff\xe0 a photo", b"[" * 100_000, b'{"type": "\\ud800"}']
)
def test_what_is_no_map_is_refused_not_crashed_on(browser: FlaskClient, content: bytes) -> None:
    assert upload(browser, content).status_code == 422


def test_a_giant_file_is_refused(browser: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geojson, "MOST_BYTES", 1000)
    assert upload(browser, swapped()).status_code == 422


def test_sending_no_file_says_so_beside_the_field(browser: FlaskClient) -> None:
    page = post(browser, "/admin/boundaries")
    assert page.status_code == 422
    assert "请先选择文件" in page.text


def test_the_file_name_is_shown_as_text(browser: FlaskClient) -> None:
    sent = upload(browser, swapped(), "../<b>\u202egnp.geojson")
    page = browser.get(sent.location).text
    assert "<b>" not in page.split('id="summary"')[1].split("</h2>")[0]
    assert "\u202e" not in page
    assert "../" not in page.split('id="summary"')[1].split("</h2>")[0]


def test_a_preview_that_is_out_of_date_is_shown_again(browser: FlaskClient, app: Flask) -> None:
    sent = upload(browser, swapped())
    preview = browser.get(sent.location)
    collection = json.loads(DEMO_FILE.read_text(encoding="utf-8"))
    collection["features"].pop()
    run(json.dumps(collection).encode())
    seen = re.search(r'name="seen_version" value="(\d+)"', preview.text)
    assert seen
    answer = browser.post(
        f"{sent.location}/import",
        data={"csrf_token": token_on(preview), "seen_version": seen[1]},
    )
    assert answer.status_code == 409
    assert "刚才有人导入了别的边界" in answer.text
    assert owner() == STATION


def test_a_file_can_be_thrown_away(browser: FlaskClient) -> None:
    sent = upload(browser, swapped())
    page = browser.get(sent.location)
    done = browser.post(f"{sent.location}/drop", data={"csrf_token": token_on(page)})
    assert done.status_code == 303
    assert browser.get(sent.location).status_code == 404


@pytest.mark.parametrize("seen", ["x", "-1", "９", "1" * 40])
def test_a_bent_form_is_refused(browser: FlaskClient, seen: str) -> None:
    sent = upload(browser, swapped())
    answer = post(browser, f"{sent.location}/import", seen_version=seen)
    assert answer.status_code == 422
    assert owner() == STATION


ADDRESSES = [
    ("GET", "/admin/boundaries"),
    ("POST", "/admin/boundaries"),
    ("GET", "/admin/boundaries/drafts/1"),
    ("POST", "/admin/boundaries/drafts/1/import"),
    ("POST", "/admin/boundaries/drafts/1/drop"),
]


@pytest.mark.parametrize(("method", "address"), [*ADDRESSES, ("GET", "/map/boundaries.json")])
def test_guests_are_sent_to_sign_in(client: FlaskClient, method: str, address: str) -> None:
    answer = client.open(address, method=method)
    assert answer.status_code in (303, 400)
    assert answer.status_code == 400 or "/sign-in" in answer.location


@pytest.mark.parametrize("who", ["rider", "worker", "supervisor", "handler"])
def test_others_may_neither_look_nor_import(app: Flask, make: Make, who: str) -> None:
    browser = make.signed_in(getattr(make, who)())
    for method, address in ADDRESSES:
        answer = browser.get(address) if method == "GET" else post(browser, address)
        assert answer.status_code == 403, address
    assert browser.get("/map/boundaries.json").status_code == 200


def test_the_auditor_looks_but_does_not_import(app: Flask, make: Make) -> None:
    browser = make.signed_in(make.auditor())
    page = browser.get("/admin/boundaries")
    assert page.status_code == 200
    assert 'type="file"' not in page.text
    for method, address in ADDRESSES[1:]:
        answer = browser.get(address) if method == "GET" else post(browser, address)
        assert answer.status_code == 403


def test_what_is_not_there_is_404(browser: FlaskClient) -> None:
    assert browser.get("/admin/boundaries/drafts/77").status_code == 404
    assert browser.get(f"/admin/boundaries/drafts/{2**80}").status_code == 404
    assert post(browser, "/admin/boundaries/drafts/77/drop").status_code == 404
    assert post(browser, "/admin/boundaries/drafts/77/import").status_code == 404


def test_without_boundaries_the_page_says_what_to_do(browser: FlaskClient, app: Flask) -> None:
    with transaction() as session:
        session.execute(delete(Boundary))
        session.execute(delete(BoundaryVersion))
        steps.renew_stamp(session)
    page = browser.get("/admin/boundaries")
    assert page.status_code == 200
    assert "还没有边界" in page.text
    assert json.loads(browser.get("/map/boundaries.json").data)["features"] == []
    sent = upload(browser, DEMO_FILE.read_bytes())
    preview = browser.get(sent.location)
    done = browser.post(
        f"{sent.location}/import", data={"csrf_token": token_on(preview), "seen_version": ""}
    )
    assert done.status_code == 303
    assert owner() == STATION


def test_the_map_gets_light_boundaries_and_keeps_them(app: Flask, make: Make) -> None:
    browser = make.signed_in(make.rider())
    first = browser.get("/map/boundaries.json")
    found = json.loads(first.data)
    assert found["fictional"] is True
    assert len(found["features"]) == 39
    assert found["features"][0]["properties"]["name"] == "站前社区"
    assert len(first.data) < DEMO_FILE.stat().st_size
    assert "private" in first.headers["Cache-Control"]
    again = browser.get("/map/boundaries.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    run(swapped())
    db.session.rollback()
    new = browser.get("/map/boundaries.json", headers={"If-None-Match": first.headers["ETag"]})
    assert new.status_code == 200
    version = queries.reference().boundary_version
    assert version is not None
    assert json.loads(new.data)["version"] == version.id


def test_a_shape_with_a_spike_is_repaired_on_purpose_with_its_picture(
    browser: FlaskClient,
) -> None:
    # The same boundaries as those that count but for the spike, and two that change places.
    content = json.loads(spiked())
    a, b = (f for f in content["features"] if f["properties"]["code"] in OTHERS)
    a["geometry"], b["geometry"] = b["geometry"], a["geometry"]
    sent = upload(browser, json.dumps(content).encode(), "spike.geojson")
    assert sent.status_code == 303
    before = counts()

    preview = browser.get(sent.location).text
    assert "文件里有图形不对" in preview
    assert "边界线自己打了叉" in preview
    assert "/import" not in preview
    refused = post(browser, f"{sent.location}/import", seen_version="1")
    assert refused.status_code == 422
    assert counts() == before

    asked = re.search(r'href="([^"]+repair=1)"', preview)
    assert asked
    repaired = browser.get(asked[1])
    assert "面积：修正前" in repaired.text
    assert repaired.text.count('stroke-dasharray="6 4"') == 1
    assert 'name="repair" value="1"' in repaired.text
    seen = re.search(r'name="seen_version" value="(\d+)"', repaired.text)
    assert seen
    done = post(browser, f"{sent.location}/import", seen_version=seen[1], repair="1")
    assert done.status_code == 303
    assert counts() != before
    assert "图形已修正" in browser.get("/admin/boundaries").text
