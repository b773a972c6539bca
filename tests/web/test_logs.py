"""Log lines: one JSON object each, with the request's id, and nothing that names a person."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from grid_report.web.http import logs
from tests.support.builders import Make, picture

pytestmark = pytest.mark.database


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Collect what a process writes to its log; call it to get the lines so far."""
    written, root = io.StringIO(), logging.getLogger()
    before = (root.handlers[:], root.level)
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure()
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:], root.level = before[0], before[1]


def test_a_request_and_what_it_did_carry_one_id(make: Make, lines: Any) -> None:
    rider = make.rider()
    answer = make.app.test_client().post(
        "/api/v1/reports",
        data={
            "category": "RD02",
            "lat": "42.5460025",
            "lng": "124.0408182",
            "description": "王五家门口",
            "place_note": "东门",
            "photos": [(io.BytesIO(picture()), "家.jpg")],
        },
        headers={**make.token(rider), "X-Request-Id": "from-the-proxy-1"},
    )
    assert answer.status_code == 201
    assert answer.headers["X-Request-Id"] == "from-the-proxy-1"
    of_request = [it for it in lines() if it.get("request_id") == "from-the-proxy-1"]
    did, asked = of_request[-2:]
    assert (did["event"], did["number"]) == ("report submitted", answer.get_json()["number"])
    assert (asked["event"], asked["status"], asked["member_id"]) == (
        "request", 201, rider.member_id,
    )  # fmt: skip
    assert asked["route"] == "/api/v1/reports"
    assert asked["level"] == "info"
    text = json.dumps(lines(), ensure_ascii=False)
    for personal in ("王五", "东门", "42.54", "124.04", "家.jpg", rider.name, "Bearer", "gr1_"):
        assert personal not in text


def test_addresses_with_a_position_or_words_in_them_are_not_written(make: Make, lines: Any) -> None:
    token = make.token(make.rider())
    for path in ("places/locate?lat=42.546&lng=124.04", "reports?q=王五", "reports/王五"):
        make.app.test_client().get(f"/api/v1/{path}", headers=token)
    text = json.dumps(lines(), ensure_ascii=False)
    assert "42.546" not in text
    assert "王五" not in text


@pytest.mark.parametrize("odd", ["short", "x" * 65, "two words here", 'quote"quote', "é" * 10])
def test_an_odd_id_of_a_client_is_replaced(make: Make, lines: Any, odd: str) -> None:
    answer = make.app.test_client().get("/sign-in", headers={"X-Request-Id": odd})
    assert answer.headers["X-Request-Id"] != odd
    assert len(answer.headers["X-Request-Id"]) == 32
