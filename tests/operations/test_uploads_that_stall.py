"""Uploads that stall take the share of whoever sends them, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from flask import Flask

from grid_report import create_app
from grid_report.access import Actor
from grid_report.db import db
from grid_report.serving.upload_places import A_MEMBERS, Places, Sender, places_for, sender_of
from tests.conftest import test_settings
from tests.support.builders import Make
from tests.support.site import Site, settle, site

BODY = b"--x\r\nContent-Disposition: form-data; name=\"photos\"; filename=\"a.jpg\"\r\n\r\n" + b"\xff" * 100_000 + b"\r\n--x--\r\n"  # fmt: skip


def taken(places: Places, sender: Sender, tries: int = 50) -> list[Callable[[], None]]:
    """Return what a sender gets of the places, taking until nothing is left."""
    return [leave for leave in (places.take(sender) for _ in range(tries)) if leave]


def test_a_members_share_is_two_and_comes_back() -> None:
    places = Places(16)
    rider = Sender(7, "198.51.100.7")
    first, second = taken(places, rider)
    assert A_MEMBERS == 2
    first()
    assert len(taken(places, rider)) == 1
    second()


def test_guests_take_nothing_from_members() -> None:
    places = Places(16)
    guests = taken(places, Sender(None, "203.0.113.9"))
    assert len(guests) == 4
    members = [leave for id_ in range(50) for leave in taken(places, Sender(id_, f"192.0.2.{id_}"))]
    assert len(members) == 12
    assert len(guests) + len(members) == 16
    for leave in (*guests, *members):
        leave()
    assert not places._by_member
    assert not places._by_address


@pytest.mark.parametrize("threads", [2, 3, 4, 6, 8, 12, 24, 64])
def test_an_address_has_half_of_the_places_and_never_all_where_there_are_several(
    threads: int,
) -> None:
    count = places_for(threads)
    places = Places(count)
    behind_one = [
        leave for id_ in range(100) for leave in taken(places, Sender(id_, "198.51.100.7"))
    ]
    assert len(behind_one) >= count / 2
    if count >= 4:
        assert taken(places, Sender(1000, "203.0.113.9"))
    assert count < threads


@pytest.mark.database
def test_who_sends_is_known_by_token_and_cookie_and_through_the_proxies_that_are_trusted(
    app: Flask, make: Make
) -> None:
    rider = make.rider()
    with app.test_request_context("/report/new", headers=make.token(rider)) as context:
        environ = dict(context.request.environ)
    environ |= {"HTTP_X_FORWARDED_FOR": "203.0.113.9", "REMOTE_ADDR": "127.0.0.1"}
    with app.app_context():
        assert sender_of(app, 0)(environ) == Sender(rider.member_id, "127.0.0.1")
        assert sender_of(app, 1)(environ) == Sender(rider.member_id, "203.0.113.9")
        assert sender_of(app, 0)(environ | {"HTTP_AUTHORIZATION": "Bearer no"}).member_id is None
        environ.pop("HTTP_AUTHORIZATION")
        assert sender_of(app, 0)(environ).member_id is None


class Riders:
    """A running site and riders who may send."""

    def __init__(self, running: Site, tokens: list[str]) -> None:
        self.running = running
        self.tokens = tokens

    def begin(self, token: str | None) -> Any:
        """Begin an upload; nothing of it comes but the headers and a little."""
        sock = self.running.connect()
        authorization = f"Authorization: {token}\r\n" if token else ""
        sock.sendall(
            (
                f"POST /api/v1/reports HTTP/1.1\r\nHost: localhost\r\n{authorization}"
                "Content-Type: multipart/form-data; boundary=x\r\n"
                f"Accept-Language: en\r\nContent-Length: {len(BODY)}\r\n\r\n"
            ).encode()
            + BODY[:1000]
        )
        return sock

    def send(self, token: str) -> tuple[int, str]:
        """Send a whole upload; return status and code of the answer."""
        answer = self.running.ask(
            "/api/v1/reports",
            method="POST",
            body=BODY,
            headers={
                "Authorization": token,
                "Content-Type": "multipart/form-data; boundary=x",
                "Accept-Language": "en",
            },
        )
        return answer.status, json.loads(answer.text).get("code", "")


@pytest.fixture(scope="module")
def riders(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Riders]:
    """Run a site of one worker for riders with tokens."""
    folder = tmp_path_factory.mktemp("site")
    settings = test_settings(server.fresh(folder), folder)
    app = create_app(settings)
    with app.app_context():
        make = Make(app)
        people: list[Actor] = [make.rider() for _ in range(3)]
        tokens = [make.token(rider)["Authorization"] for rider in people]
        db.session.remove()
        db.engine.dispose()
    with site(settings, folder / "log", GRID_REPORT_SERVER__WORKERS="1") as running:
        yield Riders(running, tokens)


@pytest.mark.slow
def test_forty_stalled_uploads_without_a_token_stop_nobody_who_has_one(riders: Riders) -> None:
    # The form lacks everything but a broken photo: that it is read and refused is what counts.
    assert riders.send(riders.tokens[0])[0] == 422
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(riders.begin(None))
        for _ in range(40):
            stack.enter_context(riders.begin("Bearer of-nobody"))
        settle()
        for token in riders.tokens:
            assert riders.send(token)[0] == 422
        assert riders.running.get("/sign-in", seconds=5) == 200


@pytest.mark.slow
def test_a_member_whose_uploads_stall_stops_only_the_own_third_one(riders: Riders) -> None:
    first, second, third = riders.tokens
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(riders.begin(first))
        settle()
        assert riders.send(first) == (503, "busy")
        assert riders.send(second)[0] == 422
        assert riders.send(third)[0] == 422
