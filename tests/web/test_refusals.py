"""Pages that refuse keep the ways on for whoever is signed in, and never fail themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from tests.support.builders import Make

pytestmark = pytest.mark.database

FOOT = '<nav class="foot"'
DESK = '<nav class="main"'
BARE = '<header class="guest-head">'


def test_a_rider_keeps_the_bar_at_the_foot(make: Make) -> None:
    phone = make.signed_in(make.rider())
    for path, status in (("/nothing/here", 404), ("/desk", 403), ("/my/reports/KY-1", 404)):
        page = phone.get(path)
        assert page.status_code == status, path
        assert FOOT in page.text
        assert "error-sentence" in page.text
        assert BARE not in page.text
        # One heading: the frame has it.
        assert page.text.count("<h1") == 1


def test_a_worker_keeps_the_desks_header(make: Make) -> None:
    page = make.signed_in(make.worker()).get("/desk/cases/KY-20200101-0001")
    assert page.status_code == 404
    assert DESK in page.text
    assert page.text.count("<h1") == 1


def test_a_form_that_expired_keeps_the_frame_too(make: Make) -> None:
    page = make.signed_in(make.rider()).post("/me/profile", data={"name": "x"})
    assert page.status_code == 400
    assert FOOT in page.text


def test_a_guest_gets_the_bare_page(client: FlaskClient) -> None:
    page = client.get("/verify/no-such-card")
    assert page.status_code == 404
    page = client.get("/nothing/here")
    assert page.status_code == 404
    assert BARE in page.text
    assert FOOT not in page.text


def broken(*_: Any, **__: Any) -> Any:
    raise OperationalError("SELECT 1", {}, Exception("the disk is gone"))


def count_with(monkeypatch: pytest.MonkeyPatch, phone: FlaskClient, count: Any) -> None:
    """Have the frame's count of unread messages counted in another way."""
    wired = phone.application.extensions["grid_report"]
    other = replace(wired, unread_count=count)
    monkeypatch.setitem(phone.application.extensions, "grid_report", other)


def test_a_failure_keeps_the_frame_and_asks_the_database_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = make.signed_in(make.rider())
    phone.application.config["PROPAGATE_EXCEPTIONS"] = False
    asked: list[int] = []

    def count(member_id: int) -> int:
        asked.append(member_id)
        return 0

    count_with(monkeypatch, phone, count)
    monkeypatch.setitem(phone.application.view_functions, "reports.mine", broken)
    page = phone.get("/my/reports")
    assert page.status_code == 500
    assert FOOT in page.text
    assert asked == []


def test_a_frame_that_fails_leaves_the_bare_page(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = make.signed_in(make.rider())
    count_with(monkeypatch, phone, broken)
    page = phone.get("/nothing/here")
    assert page.status_code == 404
    assert BARE in page.text
    assert "error-sentence" in page.text
