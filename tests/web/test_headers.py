"""What every answer carries: a strict policy, and cookies that no script or other site gets."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Any

import pytest
from flask import Flask

from tests.support.builders import Make

pytestmark = pytest.mark.database

PATHS = ("/sign-in", "/report/new", "/nowhere", "/healthz", "/api/v1/me", "/api/v1/nowhere",
         "/static/build/manifest.json", "/privacy")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_policy(make: Make, path: str) -> None:
    for client in (make.app.test_client(), make.signed_in(make.rider())):
        with client.get(path) as answer:
            headers = answer.headers
            parts = dict(
                part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";")
            )
        assert parts["default-src"] == parts["script-src"] == parts["style-src"] == "'self'"
        assert parts["object-src"] == parts["base-uri"] == parts["frame-ancestors"] == "'none'"
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert "http" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


def test_a_failing_view_is_answered_with_the_policy_and_without_its_reason(app: Flask) -> None:
    from grid_report.web.guard import public

    @app.get("/broken")
    @public
    def broken() -> str:
        raise RuntimeError("13900000001")

    for kind in ("text/html", "application/json"):
        answer = app.test_client().get("/broken", headers={"Accept": kind})
        assert answer.status_code == 500
        assert "Content-Security-Policy" in answer.headers
        assert "13900000001" not in answer.text
        assert "Traceback" not in answer.text


def test_answers_about_a_person_are_kept_by_nobody_on_the_way(make: Make) -> None:
    rider = make.rider()
    report = make.report(rider)
    browser, token = make.signed_in(rider), make.token(rider)
    for path in ("/my/reports", "/me", "/inbox", f"/my/reports/{report.number}"):
        assert browser.get(path).headers["Cache-Control"].startswith("private"), path
    for path in ("me", "reports", f"reports/{report.number}", "me/points"):
        answer = make.app.test_client().get(f"/api/v1/{path}", headers=token)
        assert answer.headers["Cache-Control"].startswith("private"), path


def test_https_is_remembered_and_plain_http_is_not_called_safe(app: Flask) -> None:
    client = app.test_client()
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers
    answer = client.get("/sign-in", base_url="https://localhost")
    assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]


def cookies_of(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for line in answer.headers.getlist("Set-Cookie"):
        found.update(SimpleCookie(line))
    return found


@pytest.mark.parametrize("secure", [False, True])
def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(
    another_app: Callable[..., Flask], secure: bool
) -> None:
    made = another_app(security={"secure_cookies": secure})
    answer = made.test_client().get("/sign-in", base_url="https://localhost")
    cookies = cookies_of(answer)
    assert ("__Host-grid_report" if secure else "grid_report") in cookies
    for name, cookie in cookies.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Lax", name
        assert bool(cookie["secure"]) is secure, name


def test_a_request_that_changes_nothing_sets_no_session_again(make: Make) -> None:
    browser = make.signed_in(make.rider())
    browser.get("/me")
    assert "grid_report" not in cookies_of(browser.get("/inbox"))


def test_pages_of_somebody_signed_in_are_stored_nowhere_and_answers_for_programs_keep_their_tag(
    make: Make,
) -> None:
    rider, photo = make.rider(), make.photo()
    report = make.report(rider, photos=(photo,))
    browser, token = make.signed_in(rider), make.token(rider)
    table = {
        "/me": "private, no-store",
        "/inbox": "private, no-store",
        f"/my/reports/{report.number}": "private, no-store",
        "/privacy": "private, no-store",
        "/my/reports/KY-1": "private, no-store",
        f"/reports/{report.number}/photos/{photo.name}/thumb": "private",
    }
    for path, wanted in table.items():
        with browser.get(path) as answer:
            assert answer.headers["Cache-Control"].startswith(wanted), path
            assert ("no-store" in answer.headers["Cache-Control"]) is ("no-store" in wanted), path
    with browser.get(f"/reports/{report.number}/photos/{photo.name}/thumb") as shown:
        assert (shown.status_code, bool(shown.headers["ETag"])) == (200, True)
    for path in ("/sign-in", "/privacy"):
        assert make.app.test_client().get(path).headers["Cache-Control"] == "private, no-cache"
    for path in ("me", f"reports/{report.number}"):
        answer = make.app.test_client().get(f"/api/v1/{path}", headers=token)
        assert answer.headers["Cache-Control"] == "private, no-cache", path


def test_a_cookie_with_the_name_of_before_is_read_once_and_replaced(
    make: Make, another_app: Callable[..., Flask]
) -> None:
    rider = make.rider()
    old = make.signed_in(rider).get_cookie("grid_report")
    assert old is not None
    browser = another_app(security={"secure_cookies": True}).test_client()
    browser.set_cookie("grid_report", old.value, secure=True)
    first = browser.get("/me", base_url="https://localhost")
    assert first.status_code == 200
    cookies = cookies_of(first)
    assert cookies["__Host-grid_report"]["path"] == "/"
    assert cookies["__Host-grid_report"]["domain"] == ""
    assert bool(cookies["__Host-grid_report"]["secure"])
    assert int(cookies["grid_report"]["max-age"]) == 0
    assert browser.get_cookie("grid_report") is None
    again = browser.get("/me", base_url="https://localhost")
    assert (again.status_code, cookies_of(again)) == (200, {})


def test_a_damaged_cookie_of_before_signs_nobody_in(
    make: Make, another_app: Callable[..., Flask]
) -> None:
    browser = another_app(security={"secure_cookies": True}).test_client()
    browser.set_cookie("grid_report", "eyJfdXNlcl9pZCI6IjEueCJ9.x.x", secure=True)
    assert browser.get("/me", base_url="https://localhost").status_code == 303


def test_that_staff_is_there_is_written_every_few_minutes_and_only_for_what_people_do(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from sqlalchemy import select

    from grid_report import clock
    from grid_report.accounts.models import SignIn
    from grid_report.db import db

    worker, start = make.worker(), clock.now()
    browser = make.signed_in(worker)

    def seen_after(seconds: int, **headers: str) -> float | None:
        monkeypatch.setattr(clock, "now", lambda: start + timedelta(seconds=seconds))
        assert browser.get("/desk", headers=headers).status_code == 200
        db.session.rollback()
        at = db.session.scalar(select(SignIn.seen_at).where(SignIn.member_id == worker.member_id))
        return None if at is None else round((at - start).total_seconds())

    assert seen_after(60) is None
    assert seen_after(180, **{"Sec-Fetch-Mode": "cors"}) is None
    assert seen_after(180, **{"Sec-Fetch-Mode": "navigate"}) == 180
    assert seen_after(240) == 180
    assert seen_after(360) == 360
    monkeypatch.setattr(clock, "now", lambda: start + timedelta(minutes=37))
    assert browser.get("/desk").status_code == 303
