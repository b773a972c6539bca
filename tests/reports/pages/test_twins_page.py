"""Without script a step asks between whether it is the same; what was sent is never lost by it."""

from __future__ import annotations

import io
import re
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from grid_report.db import db
from grid_report.reports.models import Report, ReportPhoto
from tests.reports.nearby.test_nearby import at, row
from tests.support.builders import Make, picture

pytestmark = pytest.mark.database


def post(client: FlaskClient, **fields: Any) -> Any:
    spot = at()
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/report/new").text)
    assert token is not None
    data = {
        "csrf_token": token[1], "key": str(uuid.uuid4()), "category": "RD02", "lat": spot["lat"], "lng": spot["lng"],
        "datum": "wgs84", "source": "pin", "description": "路边有坑", **fields,
    }  # fmt: skip
    if "kept_photos" not in data:
        data["photos"] = (io.BytesIO(picture()), "a.jpg")
    return client.post("/report/new", data=data)


def reports() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(Report)) or 0


def test_a_browser_without_script_is_asked_between_and_joins_with_its_photo(make: Make) -> None:
    lead = make.report(make.rider(), at=make.now, **at(12))
    client = make.signed_in(make.rider())
    assert '<noscript><input type="hidden" name="ask_twins" value="1"></noscript>' in (
        client.get("/report/new").text
    )
    key = str(uuid.uuid4())
    asked = post(client, key=key, ask_twins="1")
    assert asked.status_code == 200
    assert reports() == 1
    page = asked.text
    assert f'name="join" value="{lead.number}"' in page
    assert "相距 12 米" in page
    assert "路边有坑" in page
    # It is not asked a second time.
    assert "ask_twins" not in page
    photo = re.search(r'<img src="(/api/v1/reports/nearby/[^"]+)"', page)
    assert photo is not None
    with client.get(photo[1].replace("&amp;", "&")) as shown:
        assert (shown.status_code, shown.mimetype) == (200, "image/jpeg")
    token = re.search(r'name="kept_photos" value="([^"]+)"', page)
    assert token is not None

    done = post(client, key=key, kept_photos=token[1], join=lead.number)
    assert done.status_code == 303
    number = done.location.rsplit("/", 1)[-1]
    mine = row(number)
    assert mine.merged_into_id == lead.id
    assert db.session.scalar(select(func.count()).where(ReportPhoto.report_id == mine.id)) == 1
    page = client.get(done.location).text
    assert f"你的照片已经加到 {lead.number}" in page
    # What it earns is the case's to decide: nothing is promised.
    assert "你得积分" not in page


@pytest.mark.parametrize("answer", ["no", ""])
def test_what_is_different_goes_its_own_way(make: Make, answer: str) -> None:
    make.report(make.rider(), at=make.now, **at())
    done = post(make.signed_in(make.rider()), join=answer)
    assert done.status_code == 303
    mine = row(done.location.rsplit("/", 1)[-1])
    assert (str(mine.state), mine.merged_into_id) == ("submitted", None)


def test_nothing_is_asked_where_there_is_nothing_or_no_measured_place(make: Make) -> None:
    rider = make.signed_in(make.rider())
    assert post(rider, ask_twins="1").status_code == 303
    for point in ({"lat": "", "lng": ""}, {}):
        sent = post(rider, ask_twins="1", source="list", community="211282001001", **point)
        assert sent.status_code == 303


def test_a_case_that_is_over_meanwhile_is_said_so(make: Make) -> None:
    lead = make.report(make.rider(), at=make.now, **at())
    make.step(lead, "reject", make.worker(), reason="没有", at=make.now)
    client = make.signed_in(make.rider())
    done = post(client, join=lead.number)
    assert done.status_code == 303
    page = client.get(done.location).text
    assert "那一件已经办结或转走了" in page
    assert post(client, join="坏" * 40).status_code == 422


def test_the_form_says_kinds_short_and_whom_to_call_from_data(make: Make) -> None:
    client = make.signed_in(make.rider())
    page = client.get("/report/new").text
    assert "<b>路面坑洼</b><small>路面坑洼、破损、井周沉降</small>" in page
    assert 'class="tile-face tint-brown"' in page
    calls = re.findall(r'<a href="tel:(\d+)">(\S+) <span>(\d+)</span></a>', page)
    assert calls == [("119", "着火", "119"), ("119", "漏气", "119"), ("120", "有人受伤", "120")]
    client.set_cookie("language", "en")
    english = client.get("/report/new").text
    assert "<b>Pothole</b><small>Pothole, broken surface</small>" in english
    assert ">Injured <span>120</span>" in english


def test_administrators_read_what_kinds_are_called_in_their_language(make: Make) -> None:
    client = make.signed_in(make.administrator())
    page = client.get("/admin/categories").text
    assert "按钮上写：路面坑洼 · 也叫 坑 · 坑洼" in page
    assert "列在“先打电话”里" in page
    client.set_cookie("language", "en")
    assert (
        "On the tile: Pothole · also called pothole · hole" in client.get("/admin/categories").text
    )
