"""Every route × method × role × ownership, walked out of the URL map.

What each person gets is written in `routes_table.txt`; a route that is not in it fails here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, Request

from grid_report.web.guard import is_public
from grid_report.web.http.returning import PAGE_OF
from tests.conftest import KIND
from tests.support.beginnings import Beginning, Beginnings
from tests.support.builders import Make
from tests.support.lengths import Length
from tests.support.walking import ENDING, PERSONS, World, requests_of, walk, world

ON_POSTGRESQL = KIND == "postgresql"

# Open to everybody, and nothing else is. Adding one here is a decision.
PUBLIC = {
    "accounts.code",
    "accounts.enter_code",
    "accounts.privacy",
    "accounts.send_code",
    "accounts.send_sign_in",
    "accounts.send_sign_up",
    "accounts.sign_in",
    "accounts.sign_out",
    "accounts.sign_up",
    "accounts.use_code",
    "api.categories",
    "api.create_token",
    "api.openapi",
    "permits.verify",
    "api.stations",
    "kinds.index",
    "health.healthz",
    "health.metrics",
    "health.readyz",
    "numbers.choice",
    "numbers.choose",
    "open_data.index",
    "open_data.month_csv",
    "pages.components",
    "pages.offline",
    "pages.manifest",
    "pages.session",
    "pages.tour",
    "pages.worker",
    "preferences.save",
    "reports.home",
    "second.again",
    "second.ask",
    "second.confirm",
    "static",
}

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")


def table() -> dict[tuple[str, str], list[int]]:
    rows = {}
    text = Path(__file__).with_name("routes_table.txt").read_text()
    for line in text.splitlines():
        if line and not line.startswith("#"):
            endpoint, method, *statuses = line.split()
            assert (endpoint, method) not in rows, f"{endpoint} {method} is listed twice"
            rows[endpoint, method] = [int(status) for status in statuses]
            assert len(statuses) == len(PERSONS), line
    return rows


TABLE = table()


@pytest.fixture
def beginning(built: Beginnings) -> Beginning:
    return built(world)


@pytest.fixture
def it(make: Make, beginning: Beginning) -> World:
    there: World = beginning.known
    return there.on(make)


def test_every_route_is_in_the_table_and_nothing_else_is(app: Flask) -> None:
    assert set(requests_of(app)) == set(TABLE)


def test_what_is_open_to_guests_is_exactly_this(app: Flask) -> None:
    views = app.view_functions
    assert {name for name, view in views.items() if is_public(view)} | {"static"} == PUBLIC


# Who is turned away at the door meets no database: those are tried on one of the two.
LET_IN = [p for p in PERSONS if p not in ("guest", "rider") and not p.endswith("_elsewhere")]
# These get to every table there is.
BY_DAY = "owner", "worker", "administrator"
WALKED = [
    p if p in BY_DAY or not ON_POSTGRESQL else pytest.param(p, marks=pytest.mark.operations)
    for p in (LET_IN if ON_POSTGRESQL else PERSONS)
]


@pytest.mark.database
@pytest.mark.parametrize("person", WALKED)
def test_everybody_gets_what_the_table_says(it: World, person: str) -> None:
    column = PERSONS.index(person)
    got = dict(walk(it, person))
    assert got == {request: TABLE[request][column] for request in got}
    by_token = dict(walk(it, person, by_token=True))
    assert by_token == {request: TABLE[request][column] for request in by_token}
    assert len(by_token) == len([name for name, _ in TABLE if name.startswith("api.")])


def test_a_guest_is_led_to_the_sign_in_page_or_told_401(it: World) -> None:
    client = it.browser("guest")
    for endpoint, method in TABLE:
        if endpoint in PUBLIC:
            continue
        answer = client.open(it.path(endpoint), method=method, **it.bodies(endpoint))
        if endpoint.startswith("api."):
            assert (answer.status_code, answer.get_json()["code"]) == (401, "sign-in-needed")
            assert answer.content_type == "application/problem+json"
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        else:
            assert answer.status_code == 303
            assert answer.location.startswith("/sign-in")


def test_a_bad_token_is_refused_even_beside_a_good_cookie(it: World) -> None:
    client = it.browser("owner")
    for header in ("Bearer nonsense", "Bearer", "Bearer ", "Basic b3duZXI6eA==", "", "é" * 5):
        for endpoint in ("api.me", "accounts.me", "api.list_reports"):
            answer = client.get(it.path(endpoint), headers={"Authorization": header})
            assert answer.status_code in (401, 303), (endpoint, header)


def test_no_form_is_taken_without_its_csrf_token(it: World) -> None:
    forms = [r for r in TABLE if r[1] != "GET"]
    for person in ("administrator", "owner"):
        client = it.make.signed_in(it.people[person])
        for endpoint, method in forms:
            for headers in ({}, {"X-CSRFToken": "made-up"}, {"Origin": "https://evil.example"}):
                answer = client.open(
                    it.path(endpoint), method=method, headers=headers, **it.bodies(endpoint)
                )
                assert answer.status_code == 400, (endpoint, person)
                if endpoint.startswith("api."):
                    assert answer.get_json()["code"] == "form-expired"


def test_a_guest_cannot_be_made_to_sign_in_as_somebody_else(it: World) -> None:
    client = it.make.app.test_client()
    for endpoint in ("accounts.send_sign_in", "accounts.send_sign_up", "preferences.save"):
        assert client.post(it.path(endpoint), data={"phone": "1"}).status_code == 400


def test_a_token_needs_no_csrf_token_and_a_csrf_token_is_no_token(it: World) -> None:
    client = it.make.app.test_client()
    posts = [r for r in TABLE if r[1] != "GET" and r[0].startswith("api.") and r[0] not in ENDING]
    for endpoint, method in posts:
        answer = client.open(
            it.path(endpoint),
            method=method,
            headers=it.make.token(it.people["owner"]),
            **it.bodies(endpoint),
        )
        assert answer.status_code == TABLE[endpoint, method][PERSONS.index("owner")]


def test_other_methods_are_405_with_those_that_work(it: World) -> None:
    browser = it.browser("administrator")
    by_path: dict[str, set[str]] = {}
    for rule in it.make.app.url_map.iter_rules():
        by_path.setdefault(rule.rule, set()).update(rule.methods or ())
    for rule in it.make.app.url_map.iter_rules():
        path, known = it.path(rule.endpoint), by_path[rule.rule]
        for method in set(METHODS) - known:
            with browser.open(path, method=method) as answer:
                if rule.endpoint in PAGE_OF and method in ("GET", "HEAD"):
                    # A form's own address, opened or reloaded, leads to the form's page.
                    assert answer.status_code == 303, (method, path)
                    continue
                assert answer.status_code == 405, (method, path)
                assert set(answer.headers["Allow"].split(", ")) == known
                if rule.endpoint.startswith("api."):
                    assert answer.content_type == "application/problem+json"
                    if method != "HEAD":
                        assert answer.get_json()["code"] == "method-not-allowed"
        with browser.open(path, method="OPTIONS") as answer:
            assert answer.status_code == 200
            assert set(answer.headers["Allow"].split(", ")) == known


def test_head_answers_as_get_does_without_a_body(it: World) -> None:
    browser = it.browser("worker")
    for endpoint, method in TABLE:
        if method != "GET":
            continue
        path = it.path(endpoint)
        with browser.get(path) as shown, browser.head(path) as headers_only:
            assert headers_only.status_code == shown.status_code, endpoint
            assert headers_only.content_type == shown.content_type
            assert headers_only.data == b""


HOSTILE = (
    "0", "-1", "99999999999999999999", "9" * 5000, "9223372036854775808", "%00", "KY-%00", "%ff",
    "..%2f..%2fetc%2fpasswd", "'--", "%F0%9F%92%A9", "٣", "None", "%20", "a" * 3000, "%0d%0aX:%201",
)  # fmt: skip


def in_turn(values: Sequence[Any], few: int) -> Iterator[list[Any]]:
    """Yield a few of the values, the next ones each time; on the two databases not the same."""
    start = few // 2 if ON_POSTGRESQL else 0
    endless = itertools.islice(itertools.cycle(values), start, None)
    while True:
        yield list(itertools.islice(endless, few))


def able(endpoint: str, method: str) -> str:
    """Return somebody who is let in: whoever is refused at the door proves nothing."""
    row = TABLE[endpoint, method]
    asked = ("owner", "worker", "handler", "station", "administrator", "auditor")
    let_in = (p for p in asked if row[PERSONS.index(p)] not in (401, 403, 404))
    return next(let_in, "administrator")


@pytest.mark.database
@pytest.mark.slow
def test_odd_addresses_are_refused_and_never_break_anything(it: World, length: Length) -> None:
    values = in_turn(HOSTILE, length(4, len(HOSTILE)))
    for endpoint, method in TABLE:
        browser = it.browser(able(endpoint, method))
        for argument in sorted(next(it.make.app.url_map.iter_rules(endpoint)).arguments):
            for value in next(values):
                path = it.path(endpoint, **{argument: value})
                with browser.open(path, method=method) as answer:
                    assert answer.status_code in (303, 308, 404, 415, 422), (method, path[:80])
                    assert "\r" not in str(answer.headers.get("Location", ""))


# Every name that a query or a form is read by, each with something nobody should send.
FIELDS = [
    "limit",
    "cursor",
    "state",
    "sort",
    "light",
    "category",
    "community",
    "street",
    "unit",
    "mine",
    "q",
    "since",
    "until",
    "size",
    "lat",
    "lng",
    "datum",
    "report",
    "role",
    "place",
    "next",
    "up_to",
    "month",
    "kind",
    "judgement",
    "seen_version",
    "key",
    "step",
    "version",
    "note",
    "reason",
    "internal_note",
    "severity",
    "into",
    "deadline",
    "review_on",
    "dispatch",
    "solved",
    "satisfied",
    "words",
    "phone",
    "password",
    "code",
    "name",
    "language",
    "theme",
    "text",
    "current",
    "new",
    "accuracy_m",
    "compound",
    "place_note",
    "description",
    "taken_at",
    "photos",
    "kept_photos",
    "drop_kept",
    "file",
    "consent_account",
    "is_16",
    "notice_version",
    *("show", "near", "free", "slot", "for", "guardian", "qr", "code", "nonce", "at", "lines"),
    *("words", "stars", "station", "kind", "picture", "points", "quota", "quota_period", "stock"),
    *("hours", "valid_days", "cancel_minutes", "noshow_percent", "needs", "title_zh", "version"),
    *("first_day", "last_day", "times", "minutes", "capacity", "provider", "provider_name"),
]
# What a database may read otherwise than we do, and what we read before it sees anything.
VALUES = (
    "\u202e\u0000\u0007", "\ud800".encode("utf-8", "surrogatepass"), "a" * 5000, "1e999",
    "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00",
)  # fmt: skip
READ_FIRST = ("--5", "٣", "'; DROP TABLE reports;--", b"\xff\xfe")
CURSORS = (
    "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwxXQ", "W251bGxd", "W3RydWVd",
    "WyI5OTk5LTEyLTMxVDIzOjU5OjU5LTE0OjAwIiwxXQ",
)  # fmt: skip


class NoticingRequest(Request):
    """A request that tells whether anybody looked at its query."""

    looked = False

    @property
    def args(self) -> Any:
        """Return the query, noticing it."""
        NoticingRequest.looked = True
        return super().args


@pytest.mark.database
@pytest.mark.slow
def test_odd_values_in_queries_and_forms_never_break_anything(it: World, length: Length) -> None:
    it.make.app.request_class = NoticingRequest
    values = VALUES if ON_POSTGRESQL else (*VALUES, *READ_FIRST)
    sent = {
        value: "&".join(f"{name}={quote(value)}" for name in FIELDS)
        for value in (*CURSORS, *values)
    }
    asked = in_turn((*CURSORS, *values), length(4, len(sent)))
    typed = in_turn(values, length(3, len(values)))
    for endpoint, method in requests_of(it.make.app):
        if endpoint in ENDING or endpoint in ("health.metrics", "static"):
            continue
        browser = it.browser(able(endpoint, method))
        path = it.path(endpoint).partition("?")[0]
        reads = method == "GET"
        for value in next(asked if reads else typed):
            carried: dict[str, Any] = (
                {"query_string": sent[value]}
                if reads
                else {"data": sent[value], "content_type": "application/x-www-form-urlencoded"}
            )
            NoticingRequest.looked = False
            with browser.open(path, method=method, **carried) as answer:
                assert answer.status_code < 500, (method, path, value)
            if reads and not NoticingRequest.looked:
                # Nobody looks at the query of this one: whatever it holds, the answer is the same.
                break
