"""The body of a part is handed on while it comes in: a stall ends it, being slow does not."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from grid_report.errors import Busy, TooLarge
from grid_report.serving import slow_clients
from grid_report.serving.slow_clients import BodyGate

LENGTH = 200_000


class Reading:
    """An app that reads its body to the end and keeps it."""

    def __init__(self) -> None:
        self.data = b""
        self.error: Exception | None = None

    def __call__(self, environ: dict[str, Any], _: Any) -> list[bytes]:
        try:
            while more := environ["wsgi.input"].read(70_000):
                self.data += more
        except Busy as error:
            self.error = error
        return []


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The phone's end of a connection and the server's."""
    phone, server = socket.socketpair()
    yield phone, server
    phone.close()
    server.close()


def request(server: socket.socket, method: str = "PATCH") -> dict[str, Any]:
    return {
        "REQUEST_METHOD": method,
        "PATH_INFO": "/api/v1/uploads/x",
        "CONTENT_LENGTH": str(LENGTH),
        "REMOTE_ADDR": "198.51.100.7",
        "wsgi.input": server.makefile("rb"),
        "gunicorn.socket": server,
    }


def test_a_stall_ends_the_body_with_what_came(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_clients, "PIECE_S", 0.3)
    phone, server = ends
    app = Reading()
    gate = BodyGate(app, places=4, most_bytes=10 * LENGTH)
    threading.Thread(target=phone.sendall, args=(b"x" * 100_000,), daemon=True).start()
    started = time.monotonic()
    gate(request(server), lambda *_: None)
    assert (len(app.data), gate.places._guests) == (100_000, 0)
    assert time.monotonic() - started < 10


def test_there_is_no_time_limit_while_bytes_move(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slow_clients, "BODY_S", 0.2)
    phone, server = ends

    def slowly() -> None:
        for _ in range(10):
            phone.sendall(b"x" * (LENGTH // 10))
            time.sleep(0.1)

    threading.Thread(target=slowly, daemon=True).start()
    app = Reading()
    BodyGate(app, places=4, most_bytes=10 * LENGTH)(request(server), lambda *_: None)
    assert len(app.data) == LENGTH


def test_without_a_place_nothing_is_read(ends: tuple[socket.socket, socket.socket]) -> None:
    phone, server = ends
    app = Reading()
    gate = BodyGate(app, places=4, most_bytes=10 * LENGTH)
    assert gate.places.take_as_guest()
    phone.sendall(b"x" * 1000)
    gate(request(server), lambda *_: None)
    assert (app.data, type(app.error)) == (b"", Busy)


def test_a_body_larger_than_any_is_refused_unread(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    phone, server = ends
    app = Reading()
    phone.sendall(b"x" * 1000)
    with pytest.raises(TooLarge):
        BodyGate(app, places=4, most_bytes=1000)(request(server), lambda *_: None)
    assert app.data == b""
